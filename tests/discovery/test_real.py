"""The search against real servers: knot, nginx, Dovecot and Postfix on loopback."""

from dataclasses import replace

import pytest

from mailsetup.discovery.certificate_names import proven_name
from mailsetup.discovery.find import find
from mailsetup.discovery.sources import probe
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dialogue import LoggedIn
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.domain_facts import DomainState
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Authentication, HostAlias, Protocol, SocketType
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, SourceStatus
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import open_network
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.smtp import SmtpSession
from tests.support.network.scripted_network import address
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


@pytest.fixture(autouse=True)
def _time_for_every_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the best name may answer later than the product waits for it."""
    monkeypatch.setattr(probe, "_GRACE", (10.0, 10.0))


async def looked(servers: RealServers, domain: str) -> Discovery:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as net:
        return await find(address(f"ana@{domain}"), net)


@pytest.mark.parametrize(
    ("domain", "verdict", "method", "host", "confirm"),
    [
        ("bodega.test", DiscoveryStatus.FOUND, Method.AUTOCONFIG, "imap.bodega.test", ()),
        (
            "peñíscola.test",
            DiscoveryStatus.FOUND,
            Method.AUTOCONFIG,
            "mail.xn--pescola-8ya9a.test",
            (),
        ),
        ("onlysrv.test", DiscoveryStatus.FOUND, Method.SRV, "mail.onlysrv.test", ()),
        (
            "onlyautoconfig.test",
            DiscoveryStatus.FOUND,
            Method.AUTOCONFIG,
            "mail.onlyautoconfig.test",
            (),
        ),
        ("wellknown.test", DiscoveryStatus.FOUND, Method.WELL_KNOWN, "mail.wellknown.test", ()),
        (
            "mxhosted.test",
            DiscoveryStatus.NEEDS_CONFIRMATION,
            Method.MX,
            "mail.hoster.test",
            ("hoster.test",),
        ),
        (
            "foreign-srv.test",
            DiscoveryStatus.NEEDS_CONFIRMATION,
            Method.SRV,
            "mail.hoster.test",
            ("hoster.test",),
        ),
        ("html200.test", DiscoveryStatus.FOUND, Method.PROBE, "imap.html200.test", ()),
        ("probing.test", DiscoveryStatus.FOUND, Method.PROBE, "imap.probing.test", ()),
        ("pacc.test", DiscoveryStatus.FOUND, Method.PACC, "mail.pacc.test", ()),
        (
            "shared.test",
            DiscoveryStatus.NEEDS_CONFIRMATION,
            Method.PROBE,
            "srv12.hoster.test",
            ("hoster.test",),
        ),
    ],
)
async def test_settings_are_found_by_the_published_method(
    servers: RealServers,
    domain: str,
    verdict: DiscoveryStatus,
    method: Method,
    host: str,
    confirm: tuple[str, ...],
) -> None:
    discovery = await looked(servers, domain)
    assert discovery.outcome is verdict, discovery
    assert discovery.source is not None
    assert discovery.source.method is method
    assert discovery.confirm == confirm
    assert discovery.settings is not None
    assert discovery.settings.is_complete
    first = discovery.settings.incoming[0]
    assert (first.host, first.port, first.security) == (host, 993, SocketType.TLS)
    assert discovery.settings.outgoing[0].port == 465
    assert not any(tried.status is SourceStatus.CRASHED for tried in discovery.tried)


async def test_a_department_below_the_companys_domain_is_found_by_its_exchanger(
    servers: RealServers,
) -> None:
    with servers.name_server.temporary("ventas.bodega.test. MX 10 mx.bodega.test."):
        discovery = await looked(servers, "ventas.bodega.test")
    assert discovery.outcome is DiscoveryStatus.FOUND, discovery
    assert discovery.source is not None
    assert discovery.source.method is Method.MX
    assert discovery.settings is not None
    assert discovery.settings.hosts == ("imap.bodega.test",)
    assert discovery.settings.incoming[0].username == "ana@ventas.bodega.test"


async def test_autodiscover_is_asked_with_the_address_and_no_password(
    servers: RealServers,
) -> None:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as net:
        outcome = await Autodiscover().discover(address("ana@outlookish.test"), net)
    assert isinstance(outcome, Found)
    assert [str(server) for server in outcome.settings.servers] == [
        "imap mail.outlookish.test:993 tls",
        "smtp mail.outlookish.test:587 starttls",
    ]


async def test_the_result_names_both_the_certificates_and_the_original_host(
    servers: RealServers,
) -> None:
    discovery = await looked(servers, "shared.test")
    assert discovery.settings is not None
    assert discovery.settings.aliases == (HostAlias("mail.shared.test", "srv12.hoster.test"),)


@pytest.mark.parametrize(
    ("port", "upgrades"),
    [(993, None), (143, Protocol.IMAP), (465, None), (587, Protocol.SMTP)],
)
async def test_the_valid_name_is_found_on_every_kind_of_port(
    servers: RealServers, port: int, upgrades: Protocol | None
) -> None:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    wrong = ConnectFailure(
        ConnectFault.TLS, "mail.shared.test", port, TlsFailure(TlsFault.WRONG_NAME)
    )
    async with open_network(options) as net:
        assert await proven_name(wrong, "shared.test", net, upgrades) == "srv12.hoster.test"


async def test_the_login_reuses_the_connections_of_the_search(servers: RealServers) -> None:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    opened: list[tuple[str, int]] = []
    async with open_network(options) as real:

        async def connect(
            host: str, port: int, *, implicit_tls: bool, explain: bool = False
        ) -> Connection | ConnectFailure:
            opened.append((host, port))
            return await real.connect(host, port, implicit_tls=implicit_tls, explain=explain)

        net = replace(real, connect=connect)
        discovery = await find(address("ana@probing.test"), net)
        assert discovery.settings is not None
        before = len(opened)
        incoming = await open_as(ImapSession, discovery.settings.incoming[0], net)
        outgoing = await open_as(SmtpSession, discovery.settings.outgoing[0], net)
        assert isinstance(incoming, ImapSession)
        assert isinstance(outgoing, SmtpSession)
        assert len(opened) == before
        secret = Secret(servers.accounts["ana@probing.test"])
        async with incoming, outgoing:
            assert isinstance(await log_in(incoming, secret, net), LoggedIn)
            proof = await log_in(outgoing, secret, net)
            assert isinstance(proof, LoggedIn)
            assert proof.size_limit == 12_000_000


async def test_probing_reads_the_capabilities_of_real_servers(servers: RealServers) -> None:
    settings = (await looked(servers, "probing.test")).settings
    assert settings is not None
    assert settings.incoming[0].authentication == (
        Authentication.PASSWORD_CLEARTEXT,
        Authentication.PASSWORD_ENCRYPTED,
    )
    assert Authentication.PASSWORD_CLEARTEXT in settings.outgoing[0].authentication
    assert settings.outgoing[0].host == "smtp.probing.test"


async def test_a_server_with_the_wrong_certificate_is_not_guessed(servers: RealServers) -> None:
    discovery = await looked(servers, "wrongcert.test")
    assert {tried.method: tried.status for tried in discovery.tried}[Method.PROBE] in (
        SourceStatus.ABSENT,
        SourceStatus.CANCELLED,
    )


async def test_the_reason_is_reported_where_nothing_was_found(servers: RealServers) -> None:
    null = await looked(servers, "nullmx.test")
    assert null.outcome is DiscoveryStatus.NOT_FOUND
    assert null.domain_facts is not None
    assert null.domain_facts.null_mx
    assert {tried.method: tried.reason for tried in null.tried}[Method.MX] == "null-mx"

    gone = await looked(servers, "dead.test")
    assert gone.domain_facts is not None
    assert gone.domain_facts.unresolvable == ("gone.dead.test",)

    missing = await looked(servers, "nobody.test")
    assert missing.outcome is DiscoveryStatus.NOT_FOUND
    assert missing.domain_facts is not None
    assert missing.domain_facts.state is DomainState.MISSING
