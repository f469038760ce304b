"""Autodiscover: what is asked where, what is believed, and what is asked of the person first."""

import json

import pytest

from mailsetup.discovery.find import find
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.dns import DnsAnswer as Records
from mailsetup.model.dns import SrvRecord
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, NeedsInput, NotFound, SourceResult
from mailsetup.net.http import HttpReply
from tests.support.network.scripted_network import World, address, run
from tests.support.samples.autodiscover import (
    protocol,
    redirect_address,
    redirect_url,
    response,
)
from tests.support.samples.autodiscover import (
    settings_response as servers,
)

HOST = "https://autodiscover.bodega.es"
PATH = "/autodiscover/autodiscover.xml"
APEX = "https://bodega.es" + PATH
PLAIN = "http://autodiscover.bodega.es" + PATH
JSON = HOST + "/autodiscover/autodiscover.json/v1.0/ana%40bodega.es"
ANA = address()


def world(answers: dict[str, bytes | HttpReply]) -> World:
    made = World()
    for url, answer in answers.items():
        reply = answer if isinstance(answer, HttpReply) else HttpReply(200, url, answer, "text/xml")
        if url.startswith("http://") or ".json" in url:
            made.web[url] = reply
        else:
            made.posts[url] = reply
    return made


def ask(made: World, *agreed: str, who: EmailAddress = ANA) -> SourceResult:
    return run(Autodiscover(agreed).discover(who, made.network()))


def found(made: World, *agreed: str) -> Found:
    outcome = ask(made, *agreed)
    assert isinstance(outcome, Found), outcome
    return outcome


def away(target: str, status: int = 302) -> HttpReply:
    return HttpReply(status, HOST + PATH, b"", location=target)


class TestAsking:
    @pytest.mark.parametrize("url", [HOST + PATH, APEX])
    def test_the_domains_own_document(self, url: str) -> None:
        made = world({url: servers()})
        outcome = found(made)
        assert outcome.source.location == url
        assert outcome.source.method is Method.AUTODISCOVER
        assert domains_to_confirm(outcome, ANA) == ()

    def test_hosts_of_somebody_else_are_asked_about(self) -> None:
        outcome = found(world({APEX: servers("mail.hoster.com")}))
        assert domains_to_confirm(outcome, ANA) == ("hoster.com",)

    def test_no_password_and_nothing_else_secret_is_ever_sent(self) -> None:
        made = world({APEX: servers()})
        found(made)
        assert all(b"assword" not in body and b"ana@bodega.es" in body for _, body in made.posted)

    @pytest.mark.parametrize("domain", ["com.es", "co.uk", "es.com.ar"])
    def test_a_public_suffix_is_never_asked(self, domain: str) -> None:
        made = World()
        outcome = ask(made, who=EmailAddress("ana", domain))
        if outcome == NotFound(domain, "public-suffix"):
            assert not made.asked_urls
        assert not any("autodiscover.es" in url.split("/")[2:3] for url in made.asked_urls)

    def test_only_hosts_of_the_domain_are_asked(self) -> None:
        made = World()
        ask(made, who=EmailAddress("ana", "mail.bodega.es"))
        hosts = {url.split("/")[2] for url in made.asked_urls}
        assert hosts == {"autodiscover.mail.bodega.es", "mail.bodega.es"}

    @pytest.mark.parametrize(
        "chain", [("autodiscover.outlook.com", "x.ms-acdc.office.com"), ("a.b", "outlook.com")]
    )
    def test_an_alias_to_microsoft_is_its_mailbox(self, chain: tuple[str, ...]) -> None:
        made = World(chains={"autodiscover.bodega.es": chain})
        outcome = found(made)
        assert outcome.settings.incoming[0].host == "outlook.office365.com"
        assert outcome.vouched
        assert not made.posted or all("outlook" not in url for url, _ in made.posted)

    def test_an_own_redirect_is_followed_and_a_loop_ends(self) -> None:
        other = "https://mail.bodega.es" + PATH
        assert found(world({APEX: away(other), other: servers()})).source.location == other
        assert ask(world({APEX: away(other), other: away(APEX)})) == NotFound(APEX, "redirect-loop")
        assert found(world({APEX: redirect_url(other), other: servers()})).settings.incoming

    @pytest.mark.parametrize("form", ["http", "xml", "plain", "srv"])
    def test_a_redirect_to_somebody_else_asks_first(self, form: str) -> None:
        target = "https://ad.hoster.com" + PATH
        answers: dict[str, bytes | HttpReply] = {target: servers("mail.hoster.com")}
        if form == "http":
            answers[APEX] = away(target, 307)
        elif form == "xml":
            answers[APEX] = redirect_url(target)
        elif form == "plain":
            answers[PLAIN] = away(target)
        made = world(answers)
        if form == "srv":
            made.dns["_autodiscover._tcp.bodega.es", "SRV"] = Records(
                (SrvRecord(0, 0, 443, "ad.hoster.com"),)
            )
        outcome = ask(made)
        assert isinstance(outcome, NeedsInput)
        assert (outcome.question, outcome.confirm) == ("redirect", ("hoster.com",))
        assert not any("hoster.com" in url for url in made.asked_urls)
        assert found(made, "hoster.com").settings.hosts == ("mail.hoster.com",)

    @pytest.mark.parametrize(
        "target", ["https://portal.hotel.com/login?to=autodiscover", "https://hotel.com/"]
    )
    def test_a_sign_in_page_of_the_network_is_no_redirect_of_the_domains(self, target: str) -> None:
        # Whoever is asked about it would agree to the hotel as their mail provider.
        made = world({PLAIN: away(target)})
        assert ask(made) == NotFound(PLAIN, "no-redirect")
        assert run(find(ANA, made.network())).outcome is DiscoveryStatus.NOT_FOUND

    def test_a_plain_redirect_to_plain_http_is_refused(self) -> None:
        outcome = ask(world({PLAIN: away("http://autodiscover.bodega.es/x")}))
        assert isinstance(outcome, NotFound)

    @pytest.mark.parametrize(
        "target",
        [
            "https://autodiscover-s.outlook.com/Autodiscover/Autodiscover.xml",
            "https://outlook.office365.com/autodiscover",
        ],
    )
    def test_a_redirect_to_microsoft_needs_nobody_asked(self, target: str) -> None:
        made = world({PLAIN: away(target)})
        assert found(made).settings.incoming[0].host == "outlook.office365.com"
        assert not any("outlook" in url for url in made.asked_urls)

    def test_srv_by_priority_and_with_its_port(self) -> None:
        second, first = "https://b.bodega.es" + PATH, "https://a.bodega.es:8443" + PATH
        made = world(
            {
                second: servers("second.bodega.es"),
                first: servers("first.bodega.es"),
            }
        )
        made.dns["_autodiscover._tcp.bodega.es", "SRV"] = Records(
            (SrvRecord(20, 0, 443, "b.bodega.es"), SrvRecord(10, 0, 8443, "a.bodega.es"))
        )
        assert found(made).settings.hosts == ("first.bodega.es",)

    def test_srv_goes_on_to_the_next_target(self) -> None:
        made = world({"https://b.bodega.es" + PATH: servers("second.bodega.es")})
        made.dns["_autodiscover._tcp.bodega.es", "SRV"] = Records(
            (SrvRecord(10, 0, 443, "a.bodega.es"), SrvRecord(20, 0, 443, "b.bodega.es"))
        )
        assert found(made).settings.hosts == ("second.bodega.es",)

    def test_another_address_of_the_same_domain_keeps_the_persons_name(self) -> None:
        other = address("buzon7@mail.bodega.es")
        made = world(
            {
                APEX: redirect_address(other.ascii),
                "https://autodiscover.mail.bodega.es" + PATH: response(
                    protocol("IMAP", "mail.bodega.es", "<Port>993</Port>")
                    + protocol("SMTP", "mail.bodega.es", "<Port>465</Port>")
                ),
            }
        )
        assert {server.username for server in found(made).settings.servers} == {ANA.ascii}

    def test_another_address_of_somebody_else_asks_first(self) -> None:
        made = world({APEX: redirect_address("ana@hoster.com")})
        outcome = ask(made)
        assert isinstance(outcome, NeedsInput)
        assert outcome.confirm == ("hoster.com",)

    def test_two_addresses_that_name_each_other_end(self) -> None:
        made = world(
            {
                APEX: redirect_address("b@x.bodega.es"),
                "https://x.bodega.es" + PATH: redirect_address("ana@bodega.es"),
                "https://autodiscover.x.bodega.es" + PATH: redirect_address("ana@bodega.es"),
            }
        )
        assert isinstance(ask(made), NotFound)

    def test_exchange_of_ones_own_is_told(self) -> None:
        exchange = response(protocol("EXPR", "owa.bodega.es"))
        for made in (
            world({APEX: exchange}),
            world({APEX: HttpReply(401, APEX, b"", challenge="negotiate, ntlm")}),
        ):
            outcome = ask(made)
            assert isinstance(outcome, NeedsInput)
            assert outcome.question == "exchange"
            assert run(find(ANA, made.network())).warnings == ("exchange",)

    def test_a_server_that_only_wants_a_login_is_not_exchange(self) -> None:
        made = world({APEX: HttpReply(401, APEX, b"", challenge='basic realm="x"')})
        assert ask(made) == NotFound(APEX, "wants-login")

    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://outlook.office365.com/autodiscover/autodiscover.xml", True),
            ("https://owa.bodega.es/autodiscover/autodiscover.xml", False),
        ],
    )
    def test_the_json_answer_names_whose_mailbox_it_is(self, url: str, host: bool) -> None:
        document = json.dumps({"Protocol": "AutodiscoverV1", "Url": url}).encode()
        outcome = ask(world({JSON: document}))
        assert isinstance(outcome, Found if host else NeedsInput)

    @pytest.mark.parametrize("document", [b"[]", b"{", b'{"Url": 7}', b'{"Url": "http://x.es"}'])
    def test_other_json_is_nothing(self, document: bytes) -> None:
        assert isinstance(ask(world({JSON: document})), NotFound)

    def test_the_question_of_a_redirect_is_the_searchs_question(self) -> None:
        made = world({PLAIN: away("https://ad.hoster.com" + PATH)})
        discovery = run(find(ANA, made.network()))
        assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
        assert discovery.confirm == ("hoster.com",)
        assert discovery.settings is None

    def test_once_agreed_the_search_goes_on_to_the_settings(self) -> None:
        target = "https://ad.hoster.com" + PATH
        made = world({PLAIN: away(target), target: servers("mail.hoster.com")})
        discovery = run(find(ANA, made.network(), agreed=("hoster.com",)))
        assert discovery.outcome is DiscoveryStatus.FOUND
        assert discovery.confirm == ()
