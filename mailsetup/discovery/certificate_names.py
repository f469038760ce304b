"""Other names for a server whose certificate does not match the name that was asked for.

Shared hosting answers for ``mail.customer.es`` with the certificate of ``srv12.hoster.com``. That
name is worth trying when it resolves to the same address. A name in an unverified certificate is
only a proposal: a TLS handshake under that name has to succeed, and the user is asked.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from mailsetup.discovery.capabilities import request_tls
from mailsetup.discovery.exchangers import best_exchangers
from mailsetup.model.certificate import CertificateFacts, TlsFailure, TlsFault
from mailsetup.model.dialogue import DialogueFailure, DialogueFault
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.hostname import is_within, parse_host
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.net.connection import LeftoverBytesError
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network

_TIMEOUT = 5.0
_MAX_NAMES = 20
_MAX_TRIED = 6
_COMMON_LABELS: Final = ("mail", "imap", "smtp", "server", "www")
"""Labels below a wildcard that are tried in addition to matching names in the DNS."""


async def other_names(
    failure: ConnectFailure, domain: str, net: Network, upgrades: Protocol | None = None
) -> list[str]:
    """The names in a mismatching certificate that are really the server's, most likely first.

    Each resolves to one of the addresses of the name that was asked for. ``upgrades`` is the port's
    protocol where TLS starts with STARTTLS, and None for implicit TLS.
    """
    certificate = await _certificate(failure, net, upgrades)
    own = await net.dns.addresses(failure.host)
    if certificate is None or not isinstance(own, DnsAnswer):
        return []
    names = [
        *_without_wildcards(certificate),
        *await _below_wildcards(certificate, failure, domain, net),
    ]
    names = [name for name in dict.fromkeys(names) if name != failure.host][:_MAX_NAMES]
    replies = await asyncio.gather(*(net.dns.addresses(name) for name in names))
    return [
        name
        for name, reply in zip(names, replies, strict=True)
        if isinstance(reply, DnsAnswer) and set(reply.records) & set(own.records)
    ]


async def proven_name(
    failure: ConnectFailure, domain: str, net: Network, upgrades: Protocol | None = None
) -> str | None:
    """The first of the other names for which the same port has a valid certificate."""
    names = (await other_names(failure, domain, net, upgrades))[:_MAX_TRIED]
    attempts = [
        asyncio.ensure_future(_is_valid_for(name, failure.port, net, upgrades)) for name in names
    ]
    try:
        if attempts:
            await asyncio.wait(attempts, timeout=_TIMEOUT)
        for name, attempt in zip(names, attempts, strict=True):
            if attempt.done() and attempt.result():
                return name
        return None
    finally:
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)


async def proven_name_for(failure: DialogueFailure, domain: str, net: Network) -> str | None:
    """The proven name of a server whose dialogue failed by the name in its certificate."""
    if failure.error is not DialogueFault.CERTIFICATE_WRONG_NAME:
        return None
    server = failure.server
    tls = TlsFailure(TlsFault.WRONG_NAME, certificate=failure.certificate)
    seen = ConnectFailure(ConnectFault.TLS, server.host, server.port, tls)
    upgrades = server.protocol if server.security is SocketType.STARTTLS else None
    return await proven_name(seen, domain, net, upgrades)


async def _is_valid_for(host: str, port: int, net: Network, upgrades: Protocol | None) -> bool:
    connection = await net.connect(host, port, implicit_tls=upgrades is None)
    if isinstance(connection, ConnectFailure):
        return False
    try:
        if upgrades is None:
            return True
        ready = await request_tls(connection, upgrades)
        return ready and await connection.start_tls() is None
    except LeftoverBytesError:
        return False
    finally:
        connection.close()


async def _certificate(
    failure: ConnectFailure, net: Network, upgrades: Protocol | None
) -> CertificateFacts | None:
    """The server's certificate, read over a new connection where the failure does not have it."""
    if failure.tls is not None and failure.tls.certificate is not None:
        return failure.tls.certificate
    try:
        async with asyncio.timeout(_TIMEOUT):
            connection = await net.connect(failure.host, failure.port, implicit_tls=False)
            if isinstance(connection, ConnectFailure):
                return None
            try:
                if upgrades is not None and not await request_tls(connection, upgrades):
                    return None
                return (await connection.inspect_tls()).certificate
            except LeftoverBytesError:
                return None
            finally:
                connection.close()
    except TimeoutError:
        return None


def _without_wildcards(certificate: CertificateFacts) -> list[str]:
    hosts = (parse_host(name) for name in certificate.names if "*" not in name)
    return [host for host in hosts if host is not None]


async def _below_wildcards(
    certificate: CertificateFacts, failure: ConnectFailure, domain: str, net: Network
) -> list[str]:
    """Names that a wildcard covers: those in the DNS for this server, then common ones."""
    parents = [name.removeprefix("*.") for name in certificate.names if name.startswith("*.")]
    parents = [parent for parent in parents if parse_host(parent) is not None]
    if not parents:
        return []
    reply = await net.dns.addresses(failure.host)
    addresses = reply.records if isinstance(reply, DnsAnswer) else ()
    exchangers, aliases, reverse = await asyncio.gather(
        net.dns.mx(domain),
        net.dns.aliases(failure.host),
        asyncio.gather(*(net.dns.names_of(address) for address in addresses[:4])),
    )
    names: list[str] = [
        *aliases,
        *(name for pointers in reverse for name in pointers),
        *best_exchangers(exchangers),
    ]
    covered = [name for name in names if _is_covered(name, parents)]
    # Some hostings name each customer's server after the customer's domain.
    labels = (domain.replace(".", "-"), *_COMMON_LABELS)
    return covered + [f"{label}.{parent}" for parent in parents for label in labels]


def _is_covered(name: str, parents: Iterable[str]) -> bool:
    """A wildcard stands for exactly one label (RFC 9525 section 6.3)."""
    return parse_host(name) is not None and any(
        is_within(name, parent) and name.count(".") == parent.count(".") + 1 for parent in parents
    )
