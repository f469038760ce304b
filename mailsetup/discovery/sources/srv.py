"""Service records in the domain's DNS (RFC 6186, RFC 8314 section 5.1)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import assert_never

from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.outcome import Found, NotFound, Outcome, Unreachable
from mailsetup.model.settings import (
    STANDARD_PORTS,
    AccountSettings,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.dns import Absent, Answer, NoAnswer, Reply, SrvRecord, rfc2782_order
from mailsetup.net.network import Network

# Implicit TLS first within each protocol: ours to prefer (RFC 8314 section 3).
_LABELS = (
    ("_imaps", Protocol.IMAP, SocketType.TLS),
    ("_imap", Protocol.IMAP, SocketType.STARTTLS),
    ("_pop3s", Protocol.POP3, SocketType.TLS),
    ("_pop3", Protocol.POP3, SocketType.STARTTLS),
    ("_submissions", Protocol.SMTP, SocketType.TLS),
    ("_submission", Protocol.SMTP, SocketType.STARTTLS),
)
_MAX_TARGETS = 20


class Srv:
    """``_imaps._tcp.<domain>`` and its five sisters, all asked at once.

    The domain does not say how to log in: the user name is the address (RFC 6186 section 4), the
    authentication a password.
    """

    method = Method.SRV

    def location(self, address: EmailAddress) -> str:
        """The name that all the records stand under."""
        return f"_tcp.{address.domain}"

    async def discover(self, address: EmailAddress, net: Network) -> Outcome:
        """Ask, choose the protocol first, then order each protocol's servers."""
        location = self.location(address)
        replies = dict(
            zip(
                (label for label, _, _ in _LABELS),
                await asyncio.gather(
                    *(net.dns.srv(f"{label}.{location}") for label, _, _ in _LABELS)
                ),
                strict=True,
            )
        )
        offered = {label: _usable(reply) for label, reply in replies.items()}
        servers = {
            protocol: _servers(protocol, offered, address)
            for protocol in (Protocol.IMAP, Protocol.POP3, Protocol.SMTP)
        }
        incoming = servers[Protocol.IMAP] + servers[Protocol.POP3]
        if _priority(Protocol.POP3, offered) < _priority(Protocol.IMAP, offered):
            incoming = servers[Protocol.POP3] + servers[Protocol.IMAP]
        settings = AccountSettings(incoming, servers[Protocol.SMTP])
        if not settings.servers:
            return _nothing(location, tuple(replies.values()))
        validated = all(
            reply.validated
            for label, reply in replies.items()
            if isinstance(reply, Answer) and offered[label]
        )
        channel = Channel.DNSSEC if validated else Channel.DNS
        return Found(settings, Source(self.method, location, channel), vouched=validated)


async def declined_services(domain: str, net: Network) -> frozenset[tuple[Protocol, SocketType]]:
    """What the domain says it does not offer: nobody may guess it (RFC 6186 section 3.4)."""
    replies = await asyncio.gather(
        *(net.dns.srv(f"{label}._tcp.{domain}") for label, _, _ in _LABELS)
    )
    return frozenset(
        (protocol, security)
        for (_, protocol, security), reply in zip(_LABELS, replies, strict=True)
        if isinstance(reply, Answer) and all(not record.target for record in reply.records)
    )


def _usable(reply: Reply[SrvRecord]) -> tuple[SrvRecord, ...]:
    """Records with a target that may be connected to, in the order of RFC 2782."""
    match reply:
        case Answer():
            good = [
                record
                for record in reply.records[:_MAX_TARGETS]
                if parse_host(record.target) is not None and parse_port(record.port) is not None
            ]
            return rfc2782_order(good)
        case Absent() | NoAnswer():
            return ()
        case _:
            assert_never(reply)


def _servers(
    protocol: Protocol, offered: Mapping[str, Sequence[SrvRecord]], address: EmailAddress
) -> tuple[ServerSettings, ...]:
    found = [
        ServerSettings(
            protocol,
            record.target,
            record.port,
            _security(protocol, security, record.port),
            address.ascii,
        )
        for label, spoken, security in _LABELS
        if spoken is protocol
        for record in offered[label]
    ]
    found.sort(key=lambda server: server.security is not SocketType.TLS)
    return tuple(dict.fromkeys(found))


def _security(protocol: Protocol, by_label: SocketType, port: int) -> SocketType:
    """The label's security, unless the port is the standard one of the other kind.

    ``_submissions`` with 587 and ``_imap`` with 993 are frequent slips; on a port that the
    registry gave to one kind, no server speaks the other.
    """
    for security in (SocketType.TLS, SocketType.STARTTLS):
        if STANDARD_PORTS[protocol, security] == port:
            return security
    return by_label


def _priority(protocol: Protocol, offered: Mapping[str, Sequence[SrvRecord]]) -> int:
    """The protocol's best priority; a lower number is preferred (RFC 6186 section 3.4)."""
    return min(
        (
            record.priority
            for label, spoken, _ in _LABELS
            if spoken is protocol
            for record in offered[label]
        ),
        default=65536,
    )


def _nothing(location: str, replies: Sequence[Reply[SrvRecord]]) -> Outcome:
    if any(isinstance(reply, Answer) for reply in replies):
        # Records are there, and all of them say "." (or name no host): deliberately not offered.
        return NotFound(location, "not-offered")
    for reply in replies:
        if isinstance(reply, NoAnswer):
            return Unreachable(location, str(reply.fault))
    return NotFound(location)
