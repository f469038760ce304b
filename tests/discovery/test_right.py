"""Networks and servers that mislead other programs, and the result of a search there."""

import json
import subprocess
import sys

import pytest

from mailsetup.discovery.find import GRACE
from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.dns import DnsAnswer, Reply
from mailsetup.model.search_options import SearchOptions
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
    ScriptedNetwork,
    config,
    imap,
    mx,
    smtp,
    srv,
)
from tests.support.network.searches import search
from tests.support.servers.real_servers import RealServers

if sys.platform != "win32":
    import resource

PAGE = HttpReply(200, "https://bodega.es/", b"<!DOCTYPE html><html>Welcome</html>", "text/html")
PLAIN_AUTOCONFIG = AUTOCONFIG.replace("https:", "http:")


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


class Wildcard(ScriptedNetwork):
    """Every name of the domain leads to one machine."""

    async def addresses(self, host: str) -> Reply[str]:
        return DnsAnswer(("192.0.2.80",))


def test_a_web_page_at_one_url_does_not_hide_a_document_at_another() -> None:
    scripted = ScriptedNetwork(web={AUTOCONFIG: PAGE})
    scripted.serve(WELL_KNOWN, config())
    discovery = search(scripted)
    assert discovery.source is not None
    assert discovery.source.method is Method.WELL_KNOWN


def test_a_document_with_media_type_plain_text_is_read() -> None:
    scripted = ScriptedNetwork()
    scripted.web[AUTOCONFIG] = HttpReply(200, AUTOCONFIG, config(), "text/plain; charset=x-unknown")
    assert hosts(search(scripted)) == ("imap.bodega.es", "smtp.bodega.es")


def test_wildcard_dns_with_a_foreign_certificate_finds_nothing() -> None:
    wrong = HttpFailure(HttpFault.TLS, "https://x.es/", TlsFailure(TlsFault.WRONG_NAME))
    scripted = Wildcard(web=Everything(wrong))
    for prefix in ("imap.", "mail.", "smtp.", "pop.", "pop3.", ""):
        for port in (993, 143, 995, 465, 587):
            scripted.mail[prefix + "bodega.es", port] = ConnectFault.REFUSED
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert not any(tried.status is SourceStatus.CRASHED for tried in discovery.tried)


def test_wildcard_dns_at_a_foreign_mail_server_needs_a_confirmation() -> None:
    scripted = Wildcard()
    for prefix in ("imap.", "mail.", "smtp.", ""):
        scripted.certificates[prefix + "bodega.es"] = ("srv12.hoster.com",)
    for host in ("imap.bodega.es", "mail.bodega.es", "srv12.hoster.com"):
        scripted.mail[host, 993] = imap()
        scripted.mail[host, 465] = smtp()
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
    assert discovery.confirm == ("hoster.com",)
    assert hosts(discovery) == ("srv12.hoster.com",)


def test_a_parked_domain_that_answers_all_requests_gives_no_settings() -> None:
    scripted = Wildcard(web=Everything(PAGE))
    scripted.dns["bodega.es", "MX"] = mx("mail.bodega.es")
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = NOT_OFFERED
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    reasons = {tried.method: tried.reason for tried in discovery.tried}
    assert reasons[Method.AUTOCONFIG] == reasons[Method.WELL_KNOWN] == "html"


def test_a_resolver_that_invents_addresses_gives_no_settings() -> None:
    class Lying(Wildcard):
        async def aliases(self, host: str) -> tuple[str, ...]:
            return ("portal.hotel.example",)

    untrusted = TlsFailure(TlsFault.UNKNOWN_ISSUER)
    scripted = Lying(web=Everything(HttpFailure(HttpFault.TLS, "https://x/", untrusted)))
    for prefix in ("imap.", "mail.", "smtp.", "pop.", "pop3.", ""):
        for port in (993, 143, 995, 465, 587):
            scripted.mail[prefix + "bodega.es", port] = ConnectFault.RESET
    assert search(scripted).outcome is DiscoveryStatus.NOT_FOUND


def test_servfail_for_one_name_does_not_hide_others() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = SERVFAIL
    scripted.dns["_imap._tcp.bodega.es", "SRV"] = SERVFAIL
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 9993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.settings is not None
    assert discovery.settings.incoming[0].port == 9993


def test_a_lost_answer_for_an_optional_record_delays_nothing() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))
    for label in ("_pop3._tcp", "_imap._tcp", "_jmap._tcp", "_caldavs._tcp"):
        scripted.dns_delays[f"{label}.bodega.es", "SRV"] = NEVER
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.elapsed_ms <= 1000 * GRACE + 10


def test_declined_services_are_not_probed() -> None:
    scripted = ScriptedNetwork()
    for label in ("_imap", "_imaps"):
        scripted.dns[f"{label}._tcp.bodega.es", "SRV"] = NOT_OFFERED
    scripted.mail["imap.bodega.es", 993] = imap()
    scripted.mail["imap.bodega.es", 143] = imap()
    scripted.mail["smtp.bodega.es", 465] = smtp()
    discovery = search(scripted)
    assert discovery.settings is not None
    assert discovery.settings.incoming == ()
    assert discovery.warnings == ("incomplete",)


def test_declined_services_are_not_probed_although_the_record_is_late() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = NOT_OFFERED
    scripted.dns_delays["_imaps._tcp.bodega.es", "SRV"] = 0.2
    # A lost answer leaves only its own service undecided.
    scripted.dns_delays["_pop3._tcp.bodega.es", "SRV"] = NEVER
    scripted.mail["imap.bodega.es", 993] = imap()
    scripted.mail["imap.bodega.es", 143] = imap()
    scripted.mail["smtp.bodega.es", 465] = smtp()
    discovery = search(scripted)
    assert discovery.settings is not None
    assert [server.port for server in discovery.settings.servers] == [143, 465]


def test_plain_http_is_optional_and_needs_a_confirmation_of_every_host() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(PLAIN_AUTOCONFIG, config())
    assert search(scripted).outcome is DiscoveryStatus.NOT_FOUND
    assert not any(url == PLAIN_AUTOCONFIG for url in scripted.asked_urls)
    discovery = search(scripted, options=SearchOptions(plain_http=True))
    assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
    assert discovery.confirm == ("bodega.es",)
    assert discovery.source is not None
    assert discovery.source.channel is Channel.HTTP
    assert not any(
        "ana" in url for url in scripted.asked_urls if url.startswith("http://autoconfig")
    )


def test_the_mailbox_is_sent_only_to_the_domains_hosts_over_https() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.hoster.com")
    search(scripted, options=SearchOptions(plain_http=True))
    answered = [url for url in scripted.asked_urls if "ana" in url]
    assert answered
    for url in answered:
        assert url.startswith(("https://autoconfig.bodega.es/", "https://autodiscover.bodega.es/"))
    assert {url.split("/")[2] for url, _body in scripted.posted} == {
        "bodega.es",
        "autodiscover.bodega.es",
    }


def test_services_of_srv_records_complete_a_document() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(AUTOCONFIG, config(), after=0.1)
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))
    scripted.dns["_caldavs._tcp.bodega.es", "SRV"] = srv(("dav.bodega.es", 8443))
    scripted.dns["_caldavs._tcp.bodega.es", "TXT"] = DnsAnswer(("path=/cal/",))
    discovery = search(scripted)
    assert discovery.settings is not None
    assert hosts(discovery) == ("imap.bodega.es", "smtp.bodega.es")
    assert [service.url for service in discovery.settings.services] == [
        "https://dav.bodega.es:8443/cal/"
    ]


def test_a_forged_calendar_is_not_added_to_genuine_mail_servers() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.hoster.com", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.hoster.com", 465))
    scripted.dns["_caldavs._tcp.bodega.es", "SRV"] = srv(("evil.com", 443))
    scripted.dns["_carddavs._tcp.bodega.es", "SRV"] = srv(("dav.hoster.com", 443))
    scripted.dns["_sieve._tcp.bodega.es", "SRV"] = srv(("mail.bodega.es", 4190))
    for agreed in ((), ("hoster.com",)):
        settings = search(scripted, options=SearchOptions(agreed=agreed)).settings
        assert settings is not None
        places = sorted(service.place for service in settings.services)
        assert places == ["dav.hoster.com", "mail.bodega.es"]


@pytest.mark.parametrize("signed", [True, False])
def test_a_foreign_srv_target_with_dnssec_needs_no_confirmation(signed: bool) -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.hoster.com", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.hoster.com", 465))
    names = ("_imaps._tcp.bodega.es", "_submissions._tcp.bodega.es")
    scripted.signed = {(name, "SRV") for name in names[: 2 if signed else 1]}
    discovery = search(scripted)
    assert discovery.source is not None
    if signed:
        assert discovery.outcome is DiscoveryStatus.FOUND
        assert discovery.source.channel is Channel.DNSSEC
    else:
        assert discovery.confirm == ("hoster.com",)


def test_hints_of_the_provider_are_added_to_other_sources() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.gmail.com", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.gmail.com", 465))
    discovery = search(scripted)
    assert discovery.settings is not None
    assert [hint.kind for hint in discovery.settings.hints][:1] == ["app-password"]
    assert discovery.settings.incoming[0].authentication[0] == "OAuth2"


def test_the_database_vouches_for_the_queried_domain() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(ISPDB, config("imap.hoster.com", "smtp.hoster.com"))
    assert search(scripted).outcome is DiscoveryStatus.FOUND


@pytest.mark.servers
@pytest.mark.parametrize("limit", [16, 24])
def test_with_few_file_descriptors_the_search_still_succeeds(
    servers: RealServers, limit: int
) -> None:
    words = ("discover", "ana@probing.test", "--json", "--resolver", servers.resolver)
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", *words, "--ca-file", str(servers.ca_file)],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["outcome"] == "found"


def test_without_file_descriptors_the_user_gets_instructions() -> None:
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
