"""Other names of a server whose certificate does not carry the one that was asked for.

Shared hosting answers for ``mail.customer.es`` with the certificate of ``srv12.hoster.com``. That
name is worth trying when it leads to the same machine. What stands in an unverified certificate is
only a proposal: the name has to prove itself in a handshake of its own, and the person is asked.
"""

import asyncio
from collections.abc import Iterable

from mailsetup.discovery.capabilities import ask_for_tls
from mailsetup.discovery.sources.mx import best_exchangers
from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.hostname import is_within, parse_host
from mailsetup.model.settings import Protocol
from mailsetup.net.connection import LeftoverBytesError
from mailsetup.net.dial import ConnectFailure
from mailsetup.net.network import Network

_LOOK_TIMEOUT = 5.0
_MAX_NAMES = 20
_MAX_TRIED = 6
_USUAL = ("mail", "imap", "smtp", "server", "www")
"""Names below a wildcard that are tried when nothing in the DNS fits it."""


async def other_names(
    failure: ConnectFailure, domain: str, net: Network, upgrades: Protocol | None = None
) -> list[str]:
    """The names that a server with a wrong name in its certificate really has, likeliest first.

    Each leads to one of the addresses that the name asked for leads to. ``upgrades`` is what the
    port speaks where TLS begins there with STARTTLS.
    """
    certificate = await _certificate(failure, net, upgrades)
    here = await net.dns.addresses(failure.host)
    if certificate is None or not isinstance(here, DnsAnswer):
        return []
    names = [*_plain(certificate), *await _below_wildcards(certificate, failure, domain, net)]
    names = [name for name in dict.fromkeys(names) if name != failure.host][:_MAX_NAMES]
    there = await asyncio.gather(*(net.dns.addresses(name) for name in names))
    return [
        name
        for name, reply in zip(names, there, strict=True)
        if isinstance(reply, DnsAnswer) and set(reply.records) & set(here.records)
    ]


async def proven_name(
    failure: ConnectFailure, domain: str, net: Network, upgrades: Protocol | None = None
) -> str | None:
    """The first of the other names under which the same port proves itself."""
    names = (await other_names(failure, domain, net, upgrades))[:_MAX_TRIED]
    tries = [
        asyncio.ensure_future(_proves_itself(name, failure.port, net, upgrades)) for name in names
    ]
    try:
        await asyncio.wait(tries, timeout=_LOOK_TIMEOUT) if tries else None
        for name, attempt in zip(names, tries, strict=True):
            if attempt.done() and attempt.result():
                return name
        return None
    finally:
        for attempt in tries:
            attempt.cancel()
        await asyncio.gather(*tries, return_exceptions=True)


async def _proves_itself(host: str, port: int, net: Network, upgrades: Protocol | None) -> bool:
    connection = await net.connect(host, port, implicit_tls=upgrades is None)
    if isinstance(connection, ConnectFailure):
        return False
    try:
        if upgrades is None:
            return True
        agreed = await ask_for_tls(connection, upgrades)
        return agreed and await connection.start_tls() is None
    except LeftoverBytesError:
        return False
    finally:
        connection.close()


async def _certificate(
    failure: ConnectFailure, net: Network, upgrades: Protocol | None
) -> CertificateFacts | None:
    """The certificate itself: looked at on a connection that says nothing else."""
    if failure.tls is not None and failure.tls.certificate is not None:
        return failure.tls.certificate
    try:
        async with asyncio.timeout(_LOOK_TIMEOUT):
            again = await net.connect(failure.host, failure.port, implicit_tls=False)
            if isinstance(again, ConnectFailure):
                return None
            try:
                if upgrades is not None and not await ask_for_tls(again, upgrades):
                    return None
                return (await again.inspect_tls()).certificate
            except LeftoverBytesError:
                return None
            finally:
                again.close()
    except TimeoutError:
        return None


def _plain(certificate: CertificateFacts) -> list[str]:
    hosts = (parse_host(name) for name in certificate.names if "*" not in name)
    return [host for host in hosts if host is not None]


async def _below_wildcards(
    certificate: CertificateFacts, failure: ConnectFailure, domain: str, net: Network
) -> list[str]:
    """Names that a wildcard covers: those that the DNS gives this machine, then the usual ones."""
    owners = [name.removeprefix("*.") for name in certificate.names if name.startswith("*.")]
    owners = [owner for owner in owners if parse_host(owner) is not None]
    if not owners:
        return []
    reply = await net.dns.addresses(failure.host)
    machines = reply.records if isinstance(reply, DnsAnswer) else ()
    exchangers, aliases, reverse = await asyncio.gather(
        net.dns.mx(domain),
        net.dns.aliases(failure.host),
        asyncio.gather(*(net.dns.names_of(machine) for machine in machines[:4])),
    )
    known: list[str] = [
        *aliases,
        *(name for names in reverse for name in names),
        *best_exchangers(exchangers),
    ]
    fitting = [name for name in known if _is_covered(name, owners)]
    # Some hostings name each customer's server after the customer's domain.
    labels = (domain.replace(".", "-"), *_USUAL)
    return fitting + [f"{label}.{owner}" for owner in owners for label in labels]


def _is_covered(name: str, owners: Iterable[str]) -> bool:
    """A wildcard stands for exactly one label (RFC 9525 section 6.3)."""
    return parse_host(name) is not None and any(
        is_within(name, owner) and name.count(".") == owner.count(".") + 1 for owner in owners
    )
