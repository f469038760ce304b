"""Autodiscover: which URLs are requested, which answers are used, what needs a confirmation."""

import json

import pytest

from mailsetup.discovery.find import find
from mailsetup.discovery.sources.autodiscover import Autodiscover
from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.dns import DnsAnswer as Records
from mailsetup.model.dns import SrvRecord
from mailsetup.model.search_options import SearchOptions
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, NeedsInput, NotFound, SourceResult
from mailsetup.net.http import HttpReply
from tests.support.network.scripted_network import ScriptedNetwork, address, run
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


def scripted(answers: dict[str, bytes | HttpReply]) -> ScriptedNetwork:
    made = ScriptedNetwork()
    for url, answer in answers.items():
        reply = answer if isinstance(answer, HttpReply) else HttpReply(200, url, answer, "text/xml")
        if url.startswith("http://") or ".json" in url:
            made.web[url] = reply
        else:
            made.posts[url] = reply
    return made


def ask(made: ScriptedNetwork, *agreed: str, who: EmailAddress = ANA) -> SourceResult:
    return run(Autodiscover(agreed).discover(who, made.network()))


def found(made: ScriptedNetwork, *agreed: str) -> Found:
    outcome = ask(made, *agreed)
    assert isinstance(outcome, Found), outcome
    return outcome


def away(target: str, status: int = 302) -> HttpReply:
    return HttpReply(status, HOST + PATH, b"", location=target)


class TestAsking:
    @pytest.mark.parametrize("url", [HOST + PATH, APEX])
    def test_the_domains_own_document(self, url: str) -> None:
        made = scripted({url: servers()})
        outcome = found(made)
        assert outcome.source.location == url
        assert outcome.source.method is Method.AUTODISCOVER
        assert domains_to_confirm(outcome, ANA) == ()

    def test_foreign_hosts_need_a_confirmation(self) -> None:
        outcome = found(scripted({APEX: servers("mail.hoster.com")}))
        assert domains_to_confirm(outcome, ANA) == ("hoster.com",)

    def test_requests_contain_no_password(self) -> None:
        made = scripted({APEX: servers()})
        found(made)
        assert all(b"assword" not in body and b"ana@bodega.es" in body for _, body in made.posted)

    @pytest.mark.parametrize("domain", ["com.es", "co.uk", "es.com.ar"])
    def test_a_public_suffix_is_never_queried(self, domain: str) -> None:
        made = ScriptedNetwork()
        outcome = ask(made, who=EmailAddress("ana", domain))
        if outcome == NotFound(domain, "public-suffix"):
            assert not made.asked_urls
        assert not any("autodiscover.es" in url.split("/")[2:3] for url in made.asked_urls)

    def test_only_hosts_of_the_domain_are_requested(self) -> None:
        made = ScriptedNetwork()
        ask(made, who=EmailAddress("ana", "mail.bodega.es"))
        hosts = {url.split("/")[2] for url in made.asked_urls}
        assert hosts == {"autodiscover.mail.bodega.es", "mail.bodega.es"}

    @pytest.mark.parametrize(
        "chain", [("autodiscover.outlook.com", "x.ms-acdc.office.com"), ("a.b", "outlook.com")]
    )
    def test_an_alias_to_microsoft_gives_its_servers(self, chain: tuple[str, ...]) -> None:
        made = ScriptedNetwork(chains={"autodiscover.bodega.es": chain})
        outcome = found(made)
        assert outcome.settings.incoming[0].host == "outlook.office365.com"
        assert outcome.vouched
        assert not made.posted or all("outlook" not in url for url, _ in made.posted)

    def test_an_own_redirect_is_followed_and_a_loop_ends(self) -> None:
        other = "https://mail.bodega.es" + PATH
        assert found(scripted({APEX: away(other), other: servers()})).source.location == other
        assert ask(scripted({APEX: away(other), other: away(APEX)})) == NotFound(
            APEX, "redirect-loop"
        )
        assert found(scripted({APEX: redirect_url(other), other: servers()})).settings.incoming

    @pytest.mark.parametrize("form", ["http", "xml", "plain", "srv"])
    def test_a_redirect_to_another_owner_needs_a_confirmation(self, form: str) -> None:
        target = "https://ad.hoster.com" + PATH
        answers: dict[str, bytes | HttpReply] = {target: servers("mail.hoster.com")}
        if form == "http":
            answers[APEX] = away(target, 307)
        elif form == "xml":
            answers[APEX] = redirect_url(target)
        elif form == "plain":
            answers[PLAIN] = away(target)
        made = scripted(answers)
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
    def test_a_captive_portals_redirect_is_ignored(self, target: str) -> None:
        # A user who is asked about it would agree to the hotel as their mail provider.
        made = scripted({PLAIN: away(target)})
        assert ask(made) == NotFound(PLAIN, "no-redirect")
        assert run(find(ANA, made.network())).outcome is DiscoveryStatus.NOT_FOUND

    def test_a_plain_redirect_to_plain_http_is_refused(self) -> None:
        outcome = ask(scripted({PLAIN: away("http://autodiscover.bodega.es/x")}))
        assert isinstance(outcome, NotFound)

    @pytest.mark.parametrize(
        "target",
        [
            "https://autodiscover-s.outlook.com/Autodiscover/Autodiscover.xml",
            "https://outlook.office365.com/autodiscover",
        ],
    )
    def test_a_redirect_to_microsoft_needs_no_confirmation(self, target: str) -> None:
        made = scripted({PLAIN: away(target)})
        assert found(made).settings.incoming[0].host == "outlook.office365.com"
        assert not any("outlook" in url for url in made.asked_urls)

    def test_srv_by_priority_and_with_its_port(self) -> None:
        second, first = "https://b.bodega.es" + PATH, "https://a.bodega.es:8443" + PATH
        made = scripted(
            {
                second: servers("second.bodega.es"),
                first: servers("first.bodega.es"),
            }
        )
        made.dns["_autodiscover._tcp.bodega.es", "SRV"] = Records(
            (SrvRecord(20, 0, 443, "b.bodega.es"), SrvRecord(10, 0, 8443, "a.bodega.es"))
        )
        assert found(made).settings.hosts == ("first.bodega.es",)

    def test_srv_tries_the_next_target(self) -> None:
        made = scripted({"https://b.bodega.es" + PATH: servers("second.bodega.es")})
        made.dns["_autodiscover._tcp.bodega.es", "SRV"] = Records(
            (SrvRecord(10, 0, 443, "a.bodega.es"), SrvRecord(20, 0, 443, "b.bodega.es"))
        )
        assert found(made).settings.hosts == ("second.bodega.es",)

    def test_a_redirect_to_another_address_preserves_the_user_name(self) -> None:
        other = address("buzon7@mail.bodega.es")
        made = scripted(
            {
                APEX: redirect_address(other.ascii),
                "https://autodiscover.mail.bodega.es" + PATH: response(
                    protocol("IMAP", "mail.bodega.es", "<Port>993</Port>")
                    + protocol("SMTP", "mail.bodega.es", "<Port>465</Port>")
                ),
            }
        )
        assert {server.username for server in found(made).settings.servers} == {ANA.ascii}

    def test_a_redirect_to_a_foreign_address_needs_a_confirmation(self) -> None:
        made = scripted({APEX: redirect_address("ana@hoster.com")})
        outcome = ask(made)
        assert isinstance(outcome, NeedsInput)
        assert outcome.confirm == ("hoster.com",)

    def test_a_loop_of_two_addresses_ends(self) -> None:
        made = scripted(
            {
                APEX: redirect_address("b@x.bodega.es"),
                "https://x.bodega.es" + PATH: redirect_address("ana@bodega.es"),
                "https://autodiscover.x.bodega.es" + PATH: redirect_address("ana@bodega.es"),
            }
        )
        assert isinstance(ask(made), NotFound)

    def test_an_own_exchange_server_is_reported(self) -> None:
        exchange = response(protocol("EXPR", "owa.bodega.es"))
        for made in (
            scripted({APEX: exchange}),
            scripted({APEX: HttpReply(401, APEX, b"", challenge="negotiate, ntlm")}),
        ):
            outcome = ask(made)
            assert isinstance(outcome, NeedsInput)
            assert outcome.question == "exchange"
            assert run(find(ANA, made.network())).warnings == ("exchange",)

    def test_a_401_without_windows_authentication_is_not_exchange(self) -> None:
        made = scripted({APEX: HttpReply(401, APEX, b"", challenge='basic realm="x"')})
        assert ask(made) == NotFound(APEX, "wants-login")

    @pytest.mark.parametrize(
        ("url", "host"),
        [
            ("https://outlook.office365.com/autodiscover/autodiscover.xml", True),
            ("https://owa.bodega.es/autodiscover/autodiscover.xml", False),
        ],
    )
    def test_the_json_response_identifies_the_hosting(self, url: str, host: bool) -> None:
        document = json.dumps({"Protocol": "AutodiscoverV1", "Url": url}).encode()
        outcome = ask(scripted({JSON: document}))
        assert isinstance(outcome, Found if host else NeedsInput)

    @pytest.mark.parametrize("document", [b"[]", b"{", b'{"Url": 7}', b'{"Url": "http://x.es"}'])
    def test_other_json_is_not_found(self, document: bytes) -> None:
        assert isinstance(ask(scripted({JSON: document})), NotFound)

    def test_the_confirmation_of_a_redirect_is_the_searchs_confirmation(self) -> None:
        made = scripted({PLAIN: away("https://ad.hoster.com" + PATH)})
        discovery = run(find(ANA, made.network()))
        assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
        assert discovery.confirm == ("hoster.com",)
        assert discovery.settings is None

    def test_after_agreement_the_search_finds_the_settings(self) -> None:
        target = "https://ad.hoster.com" + PATH
        made = scripted({PLAIN: away(target), target: servers("mail.hoster.com")})
        discovery = run(find(ANA, made.network(), SearchOptions(agreed=("hoster.com",))))
        assert discovery.outcome is DiscoveryStatus.FOUND
        assert discovery.confirm == ()
