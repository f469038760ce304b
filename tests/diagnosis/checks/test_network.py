"""Captive portals and rewritten DNS answers."""

import pytest

from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.checks.network import check_network
from mailsetup.model.dns import Absent, DnsAnswer, Reply
from mailsetup.model.finding import Finding
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import ScriptedNetwork, run

FIREFOX = "http://detectportal.firefox.com/success.txt"
GNOME = "http://nmcheck.gnome.org/check_network_status.txt"


def page(url: str, body: bytes, status: int = 200, location: str = "") -> HttpReply:
    return HttpReply(status, url, body, location=location)


def findings_of(scripted: ScriptedNetwork) -> tuple[Finding, ...]:
    return run(check_network(scripted.network()))


class AnswersEveryName(ScriptedNetwork):
    """A resolver that has an address for every name."""

    async def addresses(self, host: str) -> Reply[str]:
        return DnsAnswer(("198.51.100.1",))


class OnlyTopLevel(ScriptedNetwork):
    """One that returns addresses for nonexistent names below real top-level domains only."""

    async def addresses(self, host: str) -> Reply[str]:
        if host.endswith(".com"):
            return DnsAnswer(("198.51.100.1",))
        return Absent(nxdomain=True)


@pytest.mark.parametrize(
    "reply",
    [
        page(FIREFOX, b"", 302, "http://hotel.example/login"),
        page(FIREFOX, b"<html>Welcome</html>"),
        page(FIREFOX, b"", 511),
    ],
)
def test_unexpected_page_content_is_a_captive_portal(reply: HttpReply) -> None:
    (finding,) = findings_of(ScriptedNetwork(web={FIREFOX: reply}))
    assert finding.id == "client.network.captive-portal"
    assert finding.evidence["asked"] == FIREFOX


@pytest.mark.parametrize(
    "web",
    [
        {FIREFOX: page(FIREFOX, b"success\n")},
        {FIREFOX: page(FIREFOX, b"moved", 404), GNOME: page(GNOME, b"NetworkManager is online\n")},
        {FIREFOX: HttpFailure(HttpFault.TIMEOUT, FIREFOX)},
        {},
    ],
)
def test_expected_content_or_no_reply_is_no_captive_portal(
    web: dict[str, HttpReply | HttpFailure],
) -> None:
    assert findings_of(ScriptedNetwork(web=web)) == ()


@pytest.mark.parametrize("kind", [AnswersEveryName, OnlyTopLevel])
def test_address_for_a_nonexistent_name_is_dns_hijacking(kind: type[ScriptedNetwork]) -> None:
    (finding,) = findings_of(kind())
    assert finding.id == "client.dns.hijacked"
    assert finding.evidence["answer"] == ("198.51.100.1",)


def test_captive_portal_comes_before_dns_hijacking() -> None:
    both = findings_of(
        AnswersEveryName(web={FIREFOX: page(FIREFOX, b"", 302, "http://hotel.example/")})
    )
    assert next(finding.id for finding in both) == "client.network.captive-portal"


def test_nothing_is_queried_when_offline() -> None:
    from mailsetup.assistant.run_options import RunOptions
    from tests.support.network.scripted_network import address

    verdict = run(Assistant(RunOptions(offline=True)).explain_absence(address()))
    assert verdict.findings == ()
