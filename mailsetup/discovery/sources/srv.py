"""Service records in the domain's DNS (RFC 6186, RFC 8314 section 5.1)."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, assert_never

from mailsetup.discovery.trust import is_own_host
from mailsetup.formats import srv_labels
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, Reply, SrvRecord
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import (
    STANDARD_PORTS,
    AccountSettings,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.dns.resolver import rfc2782_order
from mailsetup.net.network import Network

_LABELS: Final = tuple((label, *key) for key, label in srv_labels.MAIL.items())
_MAX_TARGETS = 20
_GRACE = 0.2
"""Seconds for optional answers once the needed ones have arrived."""


class Srv:
    """``_imaps._tcp.<domain>`` and similar names, all queried concurrently.

    The records do not say how to log in: the user name is the address (RFC 6186 section 4), the
    authentication a password. Records of other services are read, too.
    """

    method = Method.SRV

    def location(self, address: EmailAddress) -> str:
        """The parent name of all records."""
        return f"_tcp.{address.domain}"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Query all names, choose the preferred protocol, and order each protocol's servers."""
        location = self.location(address)
        mail = asyncio.ensure_future(_mail_records(location, net))
        other = asyncio.ensure_future(_services(address, net))
        try:
            replies = await mail
            offered = {label: _usable(reply) for label, reply in replies.items()}
            incoming, outgoing = _chosen(offered, address)
            if not incoming + outgoing:
                return _not_found(location, tuple(replies.values()))
            channel = await _channel(location, replies, offered, address, net)
            await asyncio.wait([other], timeout=_GRACE)
            services = other.result() if other.done() else ()
        finally:
            for task in (mail, other):
                task.cancel()
            await asyncio.gather(mail, other, return_exceptions=True)
        settings = AccountSettings(incoming, outgoing, services=services)
        source = Source(self.method, location, channel)
        return Found(settings, source, vouched=channel is Channel.DNSSEC)


async def _mail_records(location: str, net: Network) -> dict[str, Reply[SrvRecord]]:
    """The replies for all mail labels.

    Once there are servers for receiving and sending, the remaining queries get `_GRACE` seconds.
    """
    tasks = {
        label: asyncio.ensure_future(net.dns.srv(f"{label}.{location}")) for label, _, _ in _LABELS
    }
    loop = asyncio.get_running_loop()
    deadline: float | None = None
    try:
        while pending := [task for task in tasks.values() if not task.done()]:
            got = {
                protocol is Protocol.SMTP
                for label, protocol, _ in _LABELS
                if tasks[label].done() and _usable(tasks[label].result())
            }
            if len(got) == 2 and deadline is None:
                deadline = loop.time() + _GRACE
            left = None if deadline is None else deadline - loop.time()
            if left is not None and left <= 0:
                break
            await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
    unanswered = DnsFailure(DnsFault.TIMEOUT)
    return {
        label: unanswered if task.cancelled() else task.result() for label, task in tasks.items()
    }


def _chosen(
    offered: Mapping[str, Sequence[SrvRecord]], address: EmailAddress
) -> tuple[tuple[ServerSettings, ...], tuple[ServerSettings, ...]]:
    """Incoming servers, the preferred protocol's first, and outgoing ones."""
    servers = {protocol: _servers(protocol, offered, address) for protocol in Protocol}
    incoming = servers[Protocol.IMAP] + servers[Protocol.POP3]
    if _priority(Protocol.POP3, offered) < _priority(Protocol.IMAP, offered):
        incoming = servers[Protocol.POP3] + servers[Protocol.IMAP]
    return incoming, servers[Protocol.SMTP]


async def _channel(
    location: str,
    replies: Mapping[str, Reply[SrvRecord]],
    offered: Mapping[str, Sequence[SrvRecord]],
    address: EmailAddress,
    net: Network,
) -> Channel:
    """DNSSEC where every used record is validated.

    Signatures are verified only where that matters: hosts within the address's domain need none.
    """
    used = [(label, reply) for label, reply in replies.items() if offered[label]]
    unproven = [
        label for label, reply in used if not (isinstance(reply, DnsAnswer) and reply.validated)
    ]
    if unproven:
        targets = [record.target for records in offered.values() for record in records]
        if all(is_own_host(target, address.domain) for target in targets):
            return Channel.DNS
        proofs = (net.dns.is_signed(f"{label}.{location}", "SRV") for label in unproven)
        if not all(await asyncio.gather(*proofs)):
            return Channel.DNS
    return Channel.DNSSEC


async def _services(address: EmailAddress, net: Network) -> tuple[Service, ...]:
    """JMAP, ManageSieve, CalDAV and CardDAV (RFC 8620, 5804, 6764), queried concurrently."""
    found = await asyncio.gather(
        *(_service(label, kind, address, net) for kind, label in srv_labels.SERVICES.items())
    )
    return tuple(service for service in found if service is not None)


async def _service(
    label: str, kind: ServiceKind, address: EmailAddress, net: Network
) -> Service | None:
    name = f"{label}._tcp.{address.domain}"
    is_dav = kind in (ServiceKind.CALDAV, ServiceKind.CARDDAV)
    reply, texts = await asyncio.gather(
        net.dns.srv(name), net.dns.txt(name) if is_dav else _no_text()
    )
    record = next(iter(_usable(reply)), None)
    if record is None:
        return None
    if kind is ServiceKind.MANAGESIEVE:
        return Service(
            kind,
            address.ascii,
            host=record.target,
            port=record.port,
            security=SocketType.STARTTLS,
        )
    path = f"/.well-known/{kind}"
    if isinstance(texts, DnsAnswer):
        paths = (text.removeprefix("path=") for text in texts.records if text.startswith("path=/"))
        path = next(paths, path)
    port = "" if record.port == 443 else f":{record.port}"
    url = https_url(f"https://{record.target}{port}{path}")
    return Service(kind, address.ascii, url=url) if url else None


async def _no_text() -> Reply[str]:
    return Absent(nxdomain=False)


async def is_declined(label: str, domain: str, net: Network) -> bool:
    """Whether the domain declares that it does not offer a service, which must not be guessed then.

    RFC 6186 section 3.4.
    """
    reply = await net.dns.srv(f"{label}._tcp.{domain}")
    return isinstance(reply, DnsAnswer) and all(not record.target for record in reply.records)


def _usable(reply: Reply[SrvRecord]) -> tuple[SrvRecord, ...]:
    """Records with a target that may be connected to, in the order of RFC 2782."""
    match reply:
        case DnsAnswer():
            good = [
                record
                for record in reply.records[:_MAX_TARGETS]
                if parse_host(record.target) is not None and parse_port(record.port) is not None
            ]
            return rfc2782_order(good)
        case Absent() | DnsFailure():
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
        for label, served, security in _LABELS
        if served is protocol
        for record in offered[label]
    ]
    found.sort(key=lambda server: server.security is not SocketType.TLS)
    return tuple(dict.fromkeys(found))


def _security(protocol: Protocol, by_label: SocketType, port: int) -> SocketType:
    """The label's security, unless the port is the standard one of the other kind.

    ``_submissions`` with 587 and ``_imap`` with 993 are frequent mistakes; on a standard port of
    one kind, no server uses the other.
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
            for label, served, _ in _LABELS
            if served is protocol
            for record in offered[label]
        ),
        default=65536,
    )


def _not_found(location: str, replies: Sequence[Reply[SrvRecord]]) -> SourceResult:
    if any(isinstance(reply, DnsAnswer) for reply in replies):
        # All records have the target "." (or no valid host): the service is not offered.
        return NotFound(location, "not-offered")
    for reply in replies:
        if isinstance(reply, DnsFailure):
            return Unreachable(location, str(reply.fault))
    return NotFound(location)
