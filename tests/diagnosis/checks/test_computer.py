"""Faults of this computer and its network."""

from datetime import UTC, datetime, timedelta

import pytest

from mailsetup.diagnosis.chain import diagnose
from mailsetup.diagnosis.checks.computer import check_computer, duration
from mailsetup.diagnosis.checks.server import finding_of
from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, Stage
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.dial import ConnectFault
from mailsetup.net.http import HttpReply
from tests.support.network.scripted_network import ScriptedNetwork, address, imap, run, smtp

TRUE_TIME = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PAGE = "http://detectportal.firefox.com/success.txt"
IMAP = ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana@bodega.es")
SMTP = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")


def certificate(
    issuer: str = "R11 / Let's Encrypt", begin: int = -30, end: int = 30
) -> CertificateFacts:
    """A certificate that is valid for so many days around the true time."""
    return CertificateFacts(
        ("imap.bodega.es",),
        issuer,
        TRUE_TIME + timedelta(days=begin),
        TRUE_TIME + timedelta(days=end),
        "",
    )


def failure(
    error: DialogueFault, server: ServerSettings = IMAP, facts: CertificateFacts | None = None
) -> DialogueFailure:
    return DialogueFailure(Stage.CONNECT, error, server, certificate=facts)


def findings_of(scripted: ScriptedNetwork, *failures: DialogueFailure) -> tuple[Finding, ...]:
    return run(check_computer(failures, scripted.network()))


def world_at(days_ahead: float) -> ScriptedNetwork:
    scripted = ScriptedNetwork(offset=TRUE_TIME.timestamp() + days_ahead * 86400)
    scripted.web[PAGE] = HttpReply(200, PAGE, b"success", date=TRUE_TIME)
    return scripted


@pytest.mark.fault("client.clock.wrong")
@pytest.mark.parametrize(
    ("error", "days"),
    [(DialogueFault.CERTIFICATE_EXPIRED, 400.0), (DialogueFault.CERTIFICATE_NOT_YET_VALID, -400.0)],
)
def test_wrong_clock_is_found_from_a_valid_certificate(error: DialogueFault, days: float) -> None:
    (finding,) = findings_of(world_at(days), failure(error, facts=certificate()))
    assert finding.id == "client.clock.wrong"
    assert finding.facts["offset"] == "400 d"


@pytest.mark.parametrize(
    ("days", "begin", "end"),
    [(0.0, -60, -30), (400.0, -60, -30), (0.001, -30, 30)],
)
def test_expired_certificate_with_correct_clock_is_no_clock_finding(
    days: float, begin: int, end: int
) -> None:
    late = failure(DialogueFault.CERTIFICATE_EXPIRED, facts=certificate(begin=begin, end=end))
    assert findings_of(world_at(days), late) == ()


def test_clock_is_not_blamed_without_a_reference_time() -> None:
    scripted = ScriptedNetwork(offset=TRUE_TIME.timestamp() + 4e7)
    assert (
        findings_of(scripted, failure(DialogueFault.CERTIFICATE_EXPIRED, facts=certificate())) == ()
    )


@pytest.mark.fault("client.tls.intercepted")
@pytest.mark.parametrize(
    "issuer", ["Avast Web/Mail Shield Root", "ESET SSL Filter CA", "Fortinet / FG100"]
)
def test_antivirus_interception_is_recognised_by_issuer_name(issuer: str) -> None:
    unknown = failure(DialogueFault.CERTIFICATE_UNKNOWN_ISSUER, facts=certificate(issuer))
    (finding,) = findings_of(ScriptedNetwork(), unknown)
    assert finding.id == "client.tls.intercepted"
    assert finding.facts["issuer"] == issuer


def test_company_proxy_is_recognised_by_issuing_for_other_hosts() -> None:
    scripted = ScriptedNetwork(issuers={"imap.gmail.com": "Bodegas IT"})
    scripted.mail["imap.gmail.com", 993] = imap()
    unknown = failure(DialogueFault.CERTIFICATE_UNKNOWN_ISSUER, facts=certificate("Bodegas IT"))
    (finding,) = findings_of(scripted, unknown)
    assert finding.id == "client.tls.intercepted"


@pytest.mark.parametrize("elsewhere", ["", "Somebody else"])
def test_self_issued_certificate_of_one_server_is_no_interception(elsewhere: str) -> None:
    scripted = ScriptedNetwork(issuers={"imap.gmail.com": elsewhere} if elsewhere else {})
    scripted.mail["imap.gmail.com", 993] = imap()
    unknown = failure(DialogueFault.CERTIFICATE_UNKNOWN_ISSUER, facts=certificate("Bodegas IT"))
    assert findings_of(scripted, unknown) == ()


def network(*open_places: tuple[str, int]) -> ScriptedNetwork:
    """A network that drops packets to all endpoints but these."""
    scripted = ScriptedNetwork()
    for host in ("imap.bodega.es", "smtp.bodega.es", "imap.gmail.com", "smtp.gmail.com",
                 "pop.gmail.com", "outlook.office365.com", "v1.ispdb.net"):  # fmt: skip
        for port in (993, 143, 995, 110, 465, 587, 443):
            scripted.mail[host, port] = ConnectFault.TIMEOUT
    for host, port in open_places:
        scripted.mail[host, port] = smtp() if port in (465, 587) else imap()
    return scripted


@pytest.mark.fault("client.network.port-blocked")
def test_port_unreachable_at_all_servers_is_blocked_by_the_network() -> None:
    scripted = network(("imap.gmail.com", 993), ("v1.ispdb.net", 443), ("smtp.bodega.es", 587))
    (finding,) = findings_of(scripted, failure(DialogueFault.TIMEOUT, SMTP))
    assert finding.id == "client.network.port-blocked"
    assert finding.facts == {"blocked": "465", "open": "587"}


def test_port_reachable_elsewhere_is_not_blocked() -> None:
    scripted = network(("smtp.gmail.com", 465), ("v1.ispdb.net", 443))
    assert findings_of(scripted, failure(DialogueFault.TIMEOUT, SMTP)) == ()


def test_no_port_is_blamed_when_nothing_is_reachable() -> None:
    assert findings_of(network(), failure(DialogueFault.TIMEOUT, SMTP)) == ()


def test_port_without_comparison_server_is_not_reported() -> None:
    odd = ServerSettings(Protocol.IMAP, "imap.bodega.es", 10993, SocketType.TLS, "ana")
    assert findings_of(network(("v1.ispdb.net", 443)), failure(DialogueFault.TIMEOUT, odd)) == ()


def test_wrong_clock_hides_certificate_findings() -> None:
    late = failure(DialogueFault.CERTIFICATE_EXPIRED, facts=certificate())
    both = (
        finding_of(late, address()),
        Finding(FindingId.CLIENT_CLOCK_WRONG, Status.FAIL, {"offset": ""}),
    )
    verdict = diagnose(both, ())
    assert [finding.id for finding in verdict.findings] == ["client.clock.wrong"]
    assert verdict.first_broken is Link.CLIENT


def test_blocked_port_does_not_stop_the_rest_of_the_chain() -> None:
    closed = Finding(
        FindingId.CLIENT_NETWORK_PORT_BLOCKED, Status.FAIL, {"blocked": "465", "open": "—"}
    )
    unreached = Finding(FindingId.HOSTING_SERVER_UNREACHABLE, Status.FAIL, {"host": "x"})
    warned = Finding(FindingId.DNS_DMARC_MISSING, Status.WARN)
    verdict = diagnose((unreached, closed, warned), (Link.ACCOUNT,))
    assert [one.id for one in verdict.findings] == [closed.id, warned.id]
    assert dict(verdict.chain)[Link.HOSTING] is Status.UNKNOWN


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(25, "25 min"), (90, "1 h 30 min"), (120, "2 h 0 min"), (1440, "1 d"), (1500, "1 d 1 h")],
)
def test_duration_uses_language_independent_symbols(minutes: int, text: str) -> None:
    assert duration(timedelta(minutes=minutes)) == text
