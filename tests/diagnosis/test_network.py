"""What a network that lies or keeps us in is called."""

import pytest

from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.checks.network import check_network
from mailsetup.model.dns import Absent, DnsAnswer, Reply
from mailsetup.model.finding import Finding
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import World, run

FIREFOX = "http://detectportal.firefox.com/success.txt"
GNOME = "http://nmcheck.gnome.org/check_network_status.txt"


def page(url: str, body: bytes, status: int = 200, location: str = "") -> HttpReply:
    return HttpReply(status, url, body, location=location)


def seen(world: World) -> tuple[Finding, ...]:
    return run(check_network(world.network()))


class Lying(World):
    """A resolver that has an address for every name."""

    async def addresses(self, host: str) -> Reply[str]:
        return DnsAnswer(("198.51.100.1",))


class OnlyTopLevel(World):
    """One that invents addresses below real top-level domains only, for the sake of advertising."""

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
def test_another_answer_than_the_known_one_is_a_sign_in_page(reply: HttpReply) -> None:
    (finding,) = seen(World(web={FIREFOX: reply}))
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
def test_a_network_that_lets_us_out_or_says_nothing_is_not_blamed(
    web: dict[str, HttpReply | HttpFailure],
) -> None:
    assert seen(World(web=web)) == ()


@pytest.mark.parametrize("kind", [Lying, OnlyTopLevel])
def test_an_answer_for_a_name_that_cannot_exist_is_a_false_one(kind: type[World]) -> None:
    (finding,) = seen(kind())
    assert finding.id == "client.dns.hijacked"
    assert finding.evidence["answer"] == ("198.51.100.1",)


def test_the_sign_in_page_explains_the_false_answers() -> None:
    both = seen(Lying(web={FIREFOX: page(FIREFOX, b"", 302, "http://hotel.example/")}))
    assert next(finding.id for finding in both) == "client.network.captive-portal"


def test_offline_nothing_is_asked() -> None:
    from mailsetup.assistant.run_options import RunOptions
    from tests.support.network.scripted_network import address

    verdict = run(Assistant(RunOptions(offline=True)).explain_absence(address()))
    assert verdict.findings == ()
