"""Networks and servers that mislead other programs, and what the search makes of them."""

import json
import resource
import subprocess
import sys

import pytest

from mailsetup.discovery.find import GRACE, find
from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.dns import DnsAnswer, Reply
from mailsetup.model.source import Channel, Method
from mailsetup.model.source_result import SourceStatus
from mailsetup.net.dial import ConnectFault
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    NEVER,
    NOT_OFFERED,
    SERVFAIL,
    WELL_KNOWN,
    World,
    address,
    config,
    imap,
    mx,
    run,
    smtp,
    srv,
)
from tests.support.servers.real_servers import World as RealWorld

PAGE = HttpReply(200, "https://bodega.es/", b"<!DOCTYPE html><html>Welcome</html>", "text/html")
PLAIN_AUTOCONFIG = AUTOCONFIG.replace("https:", "http:")


def looked(world: World, text: str = "ana@bodega.es", **options: object) -> Discovery:
    return run(find(address(text), world.network(), **options))  # type: ignore[arg-type]


def hosts(discovery: Discovery) -> tuple[str, ...]:
    return discovery.settings.hosts if discovery.settings else ()


class Everything(dict[str, HttpReply | HttpFailure]):
    """The same answer at every address."""

    def __init__(self, answer: HttpReply | HttpFailure) -> None:
        super().__init__()
        self.answer = answer

    def get(  # type: ignore[override]
        self, key: str, default: HttpReply | HttpFailure | None = None
    ) -> HttpReply | HttpFailure:
        return super().get(key, self.answer)


class Wildcard(World):
    """Every name of the domain leads to one machine."""

    async def addresses(self, host: str) -> Reply[str]:
        return DnsAnswer(("192.0.2.80",))


def test_a_page_at_one_address_hides_no_document_at_another() -> None:
    world = World(web={AUTOCONFIG: PAGE})
    world.serve(WELL_KNOWN, config())
    discovery = looked(world)
    assert discovery.source is not None
    assert discovery.source.method is Method.WELL_KNOWN


def test_a_document_served_as_plain_text_is_a_document() -> None:
    world = World()
    world.web[AUTOCONFIG] = HttpReply(200, AUTOCONFIG, config(), "text/plain; charset=x-unknown")
    assert hosts(looked(world)) == ("imap.bodega.es", "smtp.bodega.es")


def test_wildcard_dns_at_a_web_server_with_anothers_certificate_finds_nothing() -> None:
    wrong = HttpFailure(HttpFault.TLS, "https://x.es/", TlsFailure(TlsFault.WRONG_NAME))
    world = Wildcard(web=Everything(wrong))
    for prefix in ("imap.", "mail.", "smtp.", "pop.", "pop3.", ""):
        for port in (993, 143, 995, 465, 587):
            world.mail[prefix + "bodega.es", port] = ConnectFault.REFUSED
    discovery = looked(world)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert not any(tried.status is SourceStatus.CRASHED for tried in discovery.tried)


def test_wildcard_dns_at_a_machine_with_mail_under_its_own_name_asks() -> None:
    world = Wildcard()
    for prefix in ("imap.", "mail.", "smtp.", ""):
        world.certificates[prefix + "bodega.es"] = ("srv12.hoster.com",)
    for host in ("imap.bodega.es", "mail.bodega.es", "srv12.hoster.com"):
        world.mail[host, 993] = imap()
        world.mail[host, 465] = smtp()
    discovery = looked(world)
    assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
    assert discovery.confirm == ("hoster.com",)
    assert hosts(discovery) == ("srv12.hoster.com",)


def test_a_parked_domain_that_answers_everything_is_not_believed() -> None:
    world = Wildcard(web=Everything(PAGE))
    world.dns["bodega.es", "MX"] = mx("mail.bodega.es")
    world.dns["_imaps._tcp.bodega.es", "SRV"] = NOT_OFFERED
    discovery = looked(world)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    reasons = {tried.method: tried.reason for tried in discovery.tried}
    assert reasons[Method.AUTOCONFIG] == reasons[Method.WELL_KNOWN] == "html"


def test_a_resolver_that_invents_addresses_leads_no_password_anywhere() -> None:
    class Lying(Wildcard):
        async def aliases(self, host: str) -> tuple[str, ...]:
            return ("portal.hotel.example",)

    untrusted = TlsFailure(TlsFault.UNKNOWN_ISSUER)
    world = Lying(web=Everything(HttpFailure(HttpFault.TLS, "https://x/", untrusted)))
    for prefix in ("imap.", "mail.", "smtp.", "pop.", "pop3.", ""):
        for port in (993, 143, 995, 465, 587):
            world.mail[prefix + "bodega.es", port] = ConnectFault.RESET
    assert looked(world).outcome is DiscoveryStatus.NOT_FOUND


def test_servfail_for_one_name_hides_no_other() -> None:
    world = World()
    world.dns["bodega.es", "MX"] = SERVFAIL
    world.dns["_imap._tcp.bodega.es", "SRV"] = SERVFAIL
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 9993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))
    discovery = looked(world)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.settings is not None
    assert discovery.settings.incoming[0].port == 9993


def test_a_lost_answer_for_an_unneeded_record_holds_up_nothing() -> None:
    world = World()
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))
    for label in ("_pop3._tcp", "_imap._tcp", "_jmap._tcp", "_caldavs._tcp"):
        world.dns_delays[f"{label}.bodega.es", "SRV"] = NEVER
    discovery = looked(world)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.elapsed_ms <= 1000 * GRACE + 10


def test_what_the_domain_declines_is_not_guessed() -> None:
    world = World()
    for label in ("_imap", "_imaps"):
        world.dns[f"{label}._tcp.bodega.es", "SRV"] = NOT_OFFERED
    world.mail["imap.bodega.es", 993] = imap()
    world.mail["imap.bodega.es", 143] = imap()
    world.mail["smtp.bodega.es", 465] = smtp()
    discovery = looked(world)
    assert discovery.settings is not None
    assert discovery.settings.incoming == ()
    assert discovery.warnings == ("incomplete",)


def test_what_the_domain_declines_is_not_guessed_though_it_says_so_late() -> None:
    world = World()
    world.dns["_imaps._tcp.bodega.es", "SRV"] = NOT_OFFERED
    world.dns_delays["_imaps._tcp.bodega.es", "SRV"] = 0.2
    # An answer that is lost leaves open only what it is about.
    world.dns_delays["_pop3._tcp.bodega.es", "SRV"] = NEVER
    world.mail["imap.bodega.es", 993] = imap()
    world.mail["imap.bodega.es", 143] = imap()
    world.mail["smtp.bodega.es", 465] = smtp()
    discovery = looked(world)
    assert discovery.settings is not None
    assert [server.port for server in discovery.settings.servers] == [143, 465]


def test_plain_http_is_off_unless_switched_on_and_then_asks_about_every_host() -> None:
    world = World()
    world.serve(PLAIN_AUTOCONFIG, config())
    assert looked(world).outcome is DiscoveryStatus.NOT_FOUND
    assert not any(url == PLAIN_AUTOCONFIG for url in world.asked_urls)
    discovery = looked(world, plain_http=True)
    assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
    assert discovery.confirm == ("bodega.es",)
    assert discovery.source is not None
    assert discovery.source.channel is Channel.HTTP
    assert not any("ana" in url for url in world.asked_urls if url.startswith("http://autoconfig"))


def test_the_mailbox_is_named_only_to_the_domains_own_hosts_over_https() -> None:
    world = World()
    world.dns["bodega.es", "MX"] = mx("mx1.hoster.com")
    looked(world, plain_http=True)
    told = [url for url in world.asked_urls if "ana" in url]
    assert told
    for url in told:
        assert url.startswith(("https://autoconfig.bodega.es/", "https://autodiscover.bodega.es/"))
    assert {url.split("/")[2] for url, _body in world.posted} == {
        "bodega.es",
        "autodiscover.bodega.es",
    }


def test_calendars_of_the_srv_records_come_along_with_the_document() -> None:
    world = World()
    world.serve(AUTOCONFIG, config(), after=0.1)
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))
    world.dns["_caldavs._tcp.bodega.es", "SRV"] = srv(("dav.bodega.es", 8443))
    world.dns["_caldavs._tcp.bodega.es", "TXT"] = DnsAnswer(("path=/cal/",))
    discovery = looked(world)
    assert discovery.settings is not None
    assert hosts(discovery) == ("imap.bodega.es", "smtp.bodega.es")
    assert [service.url for service in discovery.settings.services] == [
        "https://dav.bodega.es:8443/cal/"
    ]


def test_a_forged_calendar_does_not_come_along_with_honest_mail_servers() -> None:
    world = World()
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.hoster.com", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.hoster.com", 465))
    world.dns["_caldavs._tcp.bodega.es", "SRV"] = srv(("evil.com", 443))
    world.dns["_carddavs._tcp.bodega.es", "SRV"] = srv(("dav.hoster.com", 443))
    world.dns["_sieve._tcp.bodega.es", "SRV"] = srv(("mail.bodega.es", 4190))
    for agreed in ([], ["hoster.com"]):
        settings = looked(world, agreed=agreed).settings
        assert settings is not None
        places = sorted(service.place for service in settings.services)
        assert places == ["dav.hoster.com", "mail.bodega.es"]


@pytest.mark.parametrize("signed", [True, False])
def test_a_foreign_srv_target_needs_no_question_where_dnssec_proves_it(signed: bool) -> None:
    world = World()
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.hoster.com", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.hoster.com", 465))
    names = ("_imaps._tcp.bodega.es", "_submissions._tcp.bodega.es")
    world.signed = {(name, "SRV") for name in names[: 2 if signed else 1]}
    discovery = looked(world)
    assert discovery.source is not None
    if signed:
        assert discovery.outcome is DiscoveryStatus.FOUND
        assert discovery.source.channel is Channel.DNSSEC
    else:
        assert discovery.confirm == ("hoster.com",)


def test_hints_of_the_provider_come_along_with_what_others_found() -> None:
    world = World()
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.gmail.com", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.gmail.com", 465))
    discovery = looked(world)
    assert discovery.settings is not None
    assert [hint.kind for hint in discovery.settings.hints][:1] == ["app-password"]
    assert discovery.settings.incoming[0].authentication[0] == "OAuth2"


def test_the_database_vouches_for_the_domain_it_was_asked_about() -> None:
    world = World()
    world.serve(ISPDB, config("imap.hoster.com", "smtp.hoster.com"))
    assert looked(world).outcome is DiscoveryStatus.FOUND


@pytest.mark.servers
@pytest.mark.parametrize("limit", [16, 24])
def test_with_hardly_any_file_descriptor_left_the_search_takes_turns(
    world: RealWorld, limit: int
) -> None:
    words = ("discover", "ana@probing.test", "--json", "--resolver", world.resolver)
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", *words, "--ca-file", str(world.ca_file)],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["outcome"] == "found"


def test_with_no_file_descriptor_left_the_person_is_told_what_to_do() -> None:
    words = ("discover", "ana@bodega.test", "--json", "--resolver", "127.0.0.1:9", "--lang", "en")
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", *words],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6)),
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["id"] == "computer.too-many-open-files"
    assert "Traceback" not in done.stderr
