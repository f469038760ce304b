"""The state of a domain without an account: its DNS, its published settings, and its servers.

For monitoring. No password is involved.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailsetup.assistant.run_options import RunOptions
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.diagnosis.checks.domain import check_domain
from mailsetup.diagnosis.checks.network import check_network
from mailsetup.diagnosis.checks.server import finding_of
from mailsetup.diagnosis.health.domain_health import HealthRequest, check_dns_health
from mailsetup.discovery.certificate_names import proven_name_for
from mailsetup.discovery.find import find
from mailsetup.model.address import EmailAddress
from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, Stage
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Fact, Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Authentication, Protocol, ServerSettings, SocketType
from mailsetup.net.network import Network
from mailsetup.verify.login import offered_mechanisms, open_session

EXPIRING = 14
"""Days of validity below which a certificate is a warning; automatic renewal is earlier."""
MAX_SERVERS = 12
_EXCHANGER_TIMEOUT = 8.0
"""Seconds for a mail exchanger. Many networks block port 25, so a timeout is no finding."""


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """One server as it answered. ``finding`` is its fault, if any."""

    server: ServerSettings
    finding: Finding | None = None
    tls_version: str = ""
    certificate: CertificateFacts | None = None
    days_left: int | None = None
    mechanisms: tuple[str, ...] = ()
    """The login mechanisms that the server offers."""


@dataclass(frozen=True, slots=True)
class DomainReport:
    """The result. ``exchangers`` are those whose certificate could be read."""

    domain: str
    discovery: Discovery
    diagnosis: Diagnosis
    servers: tuple[ServerSeen, ...]
    exchangers: tuple[ServerSeen, ...]
    elapsed_ms: float

    @property
    def is_found(self) -> bool:
        """Whether there are settings for the domain."""
        return self.discovery.outcome is not DiscoveryStatus.NOT_FOUND

    @property
    def is_healthy(self) -> bool:
        """Whether no link is broken."""
        return self.diagnosis.first_broken is None


async def watch(
    domain: str, net: Network, options: RunOptions, known: Discovery | None = None
) -> DomainReport:
    """Check everything concurrently.

    ``domain`` consists of A-labels. ``known`` are the expected settings, in place of the published.
    """
    started = net.clock.monotonic()
    address = EmailAddress("postmaster", domain)
    discovery = known or await find(address, net, options)
    settings = discovery.settings
    wanted = settings.servers[:MAX_SERVERS] if settings is not None else ()
    facts = discovery.domain_facts
    request = HealthRequest(
        address,
        incoming_host=settings.incoming[0].host if settings and settings.incoming else "",
        outgoing_host=settings.outgoing[0].host if settings and settings.outgoing else "",
        exchangers=facts,
        tried=discovery.tried,
    )
    of_domain, health, servers, exchangers = await asyncio.gather(
        check_domain(address, net, facts),
        check_dns_health(request, net),
        asyncio.gather(*(_seen(server, address, net) for server in wanted)),
        asyncio.gather(*(_exchanger(host, net) for host in _exchangers(discovery))),
    )
    of_servers = tuple(one.finding for one in servers if one.finding is not None)
    of_network = () if of_servers != () or settings is not None else await check_network(net)
    findings = (*of_network, *of_domain.findings, *health, *of_servers)
    proven = {Link.DNS} if of_domain.in_order else set()
    if servers and all(one.finding is None for one in servers):
        proven |= {Link.HOSTING, Link.CLIENT}
    return DomainReport(
        domain=domain,
        discovery=discovery,
        diagnosis=diagnose(findings, proven),
        servers=tuple(servers),
        exchangers=tuple(one for one in exchangers if one is not None),
        elapsed_ms=1000 * (net.clock.monotonic() - started),
    )


def _exchangers(discovery: Discovery) -> tuple[str, ...]:
    facts = discovery.domain_facts
    if facts is None:
        return ()
    return tuple(dict.fromkeys(one.host for one in facts.exchangers if one.host))[:MAX_SERVERS]


async def _seen(server: ServerSettings, address: EmailAddress, net: Network) -> ServerSeen:
    opened = await open_session(server, net)
    if isinstance(opened, DialogueFailure):
        name = await proven_name_for(opened, address.domain, net)
        return ServerSeen(server, finding_of(opened, address, proven_name=name))
    async with opened:
        certificate = opened.certificate
        offered = offered_mechanisms(opened)
        days = _days_left(certificate, net)
        finding = _expiring(server, certificate, days)
        finding = finding or _without_mechanism(server, offered, address)
        return ServerSeen(
            server, finding, opened.tls_version, certificate, days, tuple(sorted(offered))
        )


def _days_left(certificate: CertificateFacts | None, net: Network) -> int | None:
    return (certificate.not_after - net.clock.now()).days if certificate is not None else None


def _expiring(
    server: ServerSettings, certificate: CertificateFacts | None, days: int | None
) -> Finding | None:
    if certificate is None or days is None or days >= EXPIRING:
        return None
    facts: dict[str, Fact] = {"host": server.host, "days": days}
    evidence: dict[str, Fact] = {
        "server": f"{server.host}:{server.port}",
        "certificate_expires": certificate.not_after.isoformat(),
        "certificate_issuer": certificate.issuer,
    }
    return Finding(FindingId.HOSTING_TLS_CERTIFICATE_EXPIRING, Status.WARN, facts, evidence)


_MECHANISMS: Final[Mapping[Authentication, tuple[str, ...]]] = MappingProxyType(
    {
        Authentication.PASSWORD_CLEARTEXT: ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1"),
        Authentication.PASSWORD_ENCRYPTED: (
            "CRAM-MD5",
            "DIGEST-MD5",
            "SCRAM-SHA-256",
            "SCRAM-SHA-1",
        ),
        Authentication.OAUTH2: ("XOAUTH2", "OAUTHBEARER"),
        Authentication.NTLM: ("NTLM",),
        Authentication.GSSAPI: ("GSSAPI",),
        Authentication.TLS_CLIENT_CERT: ("EXTERNAL",),
    }
)


def _without_mechanism(
    server: ServerSettings, offered: frozenset[str], address: EmailAddress
) -> Finding | None:
    """The fault of a server that offers no mechanism that its settings name."""
    if Authentication.NONE in server.authentication:
        return None
    expected = {name for kind in server.authentication for name in _MECHANISMS.get(kind, ())}
    if expected & offered:
        return None
    text = " ".join(sorted(offered))
    failure = DialogueFailure(Stage.LOGIN, DialogueFault.NO_COMMON_MECHANISM, server, text=text)
    return finding_of(failure, address)


async def _exchanger(host: str, net: Network) -> ServerSeen | None:
    """The certificate of a mail exchanger, where port 25 is reachable and the name is proven."""
    server = ServerSettings(
        Protocol.SMTP, host, 25, SocketType.STARTTLS, "", (Authentication.NONE,)
    )
    try:
        async with asyncio.timeout(_EXCHANGER_TIMEOUT):
            opened = await open_session(server, net)
    except TimeoutError:
        return None
    if isinstance(opened, DialogueFailure):
        return None
    async with opened:
        certificate = opened.certificate
        return ServerSeen(
            server, None, opened.tls_version, certificate, _days_left(certificate, net)
        )
