"""Who wins, who is waited for, and what a search says in the end. All in virtual time."""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailsetup.assistant.texts.search import warning_sentence
from mailsetup.discovery.events import Improved, Progress, SourceEnded, SourceStarted
from mailsetup.discovery.find import GRACE, HEAD_START, PATIENCE, all_sources, find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.dns import DnsFailure, DnsFault
from mailsetup.model.domain_facts import DomainState
from mailsetup.model.settings import AccountSettings, Protocol, ServerSettings, SocketType
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NotFound, SourceResult, SourceStatus
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from mailsetup.net.network import Network
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    ISPDB_COPY,
    NEVER,
    NO_DATA,
    NOT_OFFERED,
    SERVFAIL,
    WELL_KNOWN,
    DnsReply,
    ScriptedNetwork,
    address,
    config,
    imap,
    mx,
    run,
    smtp,
    srv,
)

SLACK = 1000 * HEAD_START + 1
"""Milliseconds."""


def search(scripted: ScriptedNetwork, text: str = "ana@bodega.es", **options: object) -> Discovery:
    return run(find(address(text), scripted.network(), **options))  # type: ignore[arg-type]


def statuses(discovery: Discovery) -> dict[str, SourceStatus]:
    return {tried.method: tried.status for tried in discovery.tried}


def reasons(discovery: Discovery) -> dict[str, str]:
    return {tried.method: tried.reason for tried in discovery.tried}


def with_srv(scripted: ScriptedNetwork, host_imap: str, host_smtp: str) -> ScriptedNetwork:
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv((host_imap, 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv((host_smtp, 465))
    return scripted


SERVER = ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana@bodega.es")
SMTP = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")


@dataclass
class Fake:
    """A source that answers with something after a while, or raises it."""

    method: Method
    answer: SourceResult | Exception
    after: float = 0.0
    ended: list[str] = field(default_factory=list)

    def location(self, address: EmailAddress) -> str:
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        try:
            await asyncio.sleep(self.after)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def given(
    method: Method,
    incoming: tuple[ServerSettings, ...] = (SERVER,),
    outgoing: tuple[ServerSettings, ...] = (SMTP,),
    *,
    vouched: bool = False,
) -> Found:
    settings = AccountSettings(incoming, outgoing)
    return Found(settings, Source(method, "here", Channel.HTTPS), vouched)


def test_a_built_in_provider_needs_no_network() -> None:
    scripted = ScriptedNetwork()
    discovery = search(scripted, "ana@gmail.com")
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.source == Source(Method.BUILTIN, "gmail.com", Channel.BUILTIN)
    assert not scripted.asked_urls
    assert not scripted.asked_hosts
    local = {"builtin": SourceStatus.FOUND, "file": SourceStatus.ABSENT}
    assert all(
        status is local.get(one, SourceStatus.CANCELLED)
        for one, status in statuses(discovery).items()
    )


def test_a_file_on_this_computer_is_preferred_to_all_sources(home: Path) -> None:
    folder = home / ".config" / "mailsetup" / "isp"
    folder.mkdir(parents=True)
    (folder / "gmail.com.xml").write_bytes(config("imap.bodega.es"))
    scripted = ScriptedNetwork()
    for options in ({}, {"offline": True}):
        discovery = search(scripted, "ana@gmail.com", **options)
        assert discovery.settings is not None
        assert discovery.settings.incoming[0].host == "imap.bodega.es"
        assert discovery.outcome is DiscoveryStatus.FOUND
    assert not scripted.asked_urls


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_file_that_others_may_write_is_ignored_and_named(home: Path) -> None:
    folder = home / ".config" / "mailsetup" / "isp"
    folder.mkdir(parents=True)
    (folder / "gmail.com.xml").write_bytes(config("imap.bodega.es"))
    folder.chmod(0o777)
    discovery = search(ScriptedNetwork(), "ana@gmail.com")
    assert discovery.settings is not None
    assert discovery.settings.incoming[0].host == "imap.gmail.com"
    assert discovery.warnings == (f"file-writable:{folder}",)
    sentence = warning_sentence(discovery.warnings[0])
    assert str(folder) in sentence
    assert "chmod go-w" in sentence


def test_refused_servers_without_encryption_give_a_warning() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(AUTOCONFIG, config().replace(b"SSL", b"plain"))
    discovery = search(scripted)
    assert discovery.settings is None
    assert "unencrypted" in discovery.warnings
    assert "TLS" in warning_sentence("unencrypted")
    assert "unencrypted" not in search(ScriptedNetwork()).warnings


def test_a_document_over_plain_http_only_gives_a_warning() -> None:
    scripted = ScriptedNetwork()
    insecure = "http://autoconfig.bodega.es/mail/config-v1.1.xml"
    scripted.web[AUTOCONFIG] = HttpFailure(HttpFault.REDIRECT_INSECURE, insecure)
    discovery = search(scripted)
    assert discovery.settings is None
    assert discovery.warnings == ("plain-http",)
    assert "not used" in warning_sentence("plain-http")


def test_offline_sends_nothing() -> None:
    scripted = ScriptedNetwork()
    discovery = search(scripted, offline=True)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert [tried.method for tried in discovery.tried] == ["file", "builtin"]
    assert not scripted.asked_urls
    assert not scripted.asked_hosts


class _InOrder(ScriptedNetwork):
    """Notes what is asked, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[str] = []

    async def _look_up(self, name: str, rdtype: str) -> DnsReply:
        self.order.append(f"{rdtype} {name}")
        return await super()._look_up(name, rdtype)

    async def _fetch(
        self, there: dict[str, HttpReply | HttpFailure], url: str, timeout: float
    ) -> HttpReply | HttpFailure:
        self.order.append("web")
        return await super()._fetch(there, url, timeout)

    async def __call__(
        self, host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        self.order.append("mail")
        return await super().__call__(host, port, implicit_tls=implicit_tls, explain=explain)


def test_deciding_dns_queries_are_sent_together_before_anything_else() -> None:
    scripted = _InOrder()
    search(scripted)
    burst = scripted.order[: min(scripted.order.index("web"), scripted.order.index("mail"))]
    labels = ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission")
    assert {f"SRV {label}._tcp.bodega.es" for label in labels} <= set(burst)
    hosts = ("autoconfig.bodega.es", "bodega.es", "ua-auto-config.bodega.es")
    assert {f"A {host}" for host in hosts} <= set(burst)
    assert "TXT _ua-auto-config.bodega.es" in burst


def test_a_preferred_source_wins_although_it_is_slower() -> None:
    scripted = with_srv(ScriptedNetwork(), "a.bodega.es", "b.bodega.es")
    scripted.serve(AUTOCONFIG, config(), after=0.3)
    discovery = search(scripted)
    assert discovery.source is not None
    assert discovery.source.method is Method.AUTOCONFIG
    assert discovery.elapsed_ms == pytest.approx(300, abs=1)


def test_a_pending_less_preferred_source_is_not_awaited() -> None:
    scripted = ScriptedNetwork(dns_delay=NEVER)
    scripted.serve(AUTOCONFIG, config(), after=0.05)
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.elapsed_ms == pytest.approx(50, abs=1)
    assert statuses(discovery)["srv"] is SourceStatus.CANCELLED
    assert statuses(discovery)["probe"] is not SourceStatus.FOUND


@pytest.mark.parametrize("swallowed", [AUTOCONFIG, WELL_KNOWN, ISPDB, ISPDB_COPY])
def test_an_unresponsive_source_delays_an_answer_by_the_grace_at_most(swallowed: str) -> None:
    scripted = with_srv(ScriptedNetwork(dns_delay=0.05), "imap.bodega.es", "smtp.bodega.es")
    scripted.web_delays[swallowed] = NEVER
    discovery = search(scripted)
    assert discovery.source is not None
    assert discovery.source.method is Method.SRV
    assert discovery.elapsed_ms <= 50 + 1000 * GRACE + 1
    assert GRACE <= 0.5


def test_two_unresponsive_sources_delay_by_half_a_second_at_most() -> None:
    scripted = ScriptedNetwork()
    scripted.web_delays[AUTOCONFIG] = NEVER
    scripted.mail["imap.bodega.es", 993] = imap(connect_delay=NEVER)
    scripted.mail["mail.bodega.es", 993] = imap()
    scripted.mail["smtp.bodega.es", 465] = smtp()
    discovery = search(scripted)
    assert discovery.source is not None
    assert discovery.source.method is Method.PROBE
    assert discovery.settings is not None
    assert discovery.settings.incoming[0].host == "mail.bodega.es"
    assert discovery.elapsed_ms <= 500 + SLACK


def test_a_lost_dns_query_delays_nothing() -> None:
    scripted = with_srv(ScriptedNetwork(), "imap.bodega.es", "smtp.bodega.es")
    scripted.dns_delays["bodega.es", "MX"] = NEVER
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.elapsed_ms <= 1000 * GRACE + SLACK


def test_a_search_without_any_answer_ends_with_the_budget() -> None:
    scripted = ScriptedNetwork(dns_delay=NEVER, web_delay=NEVER)
    scripted.mail = dict.fromkeys([("imap.bodega.es", 993)], imap(connect_delay=NEVER))
    discovery = search(scripted, budget=5.0)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert discovery.elapsed_ms == pytest.approx(5000, abs=1)
    assert "out-of-time" in discovery.warnings
    assert statuses(discovery)["srv"] is SourceStatus.UNREACHABLE
    assert reasons(discovery)["srv"] == "timeout"


def test_a_crashing_source_affects_no_other_and_reveals_no_secret() -> None:
    scripted = ScriptedNetwork()
    sources = (
        Fake(Method.PACC, RuntimeError("hunter2")),
        Fake(Method.AUTODISCOVER, KeyError("hunter2")),
        Fake(Method.SRV, given(Method.SRV), after=0.1),
    )
    discovery = search(scripted, sources=sources)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert statuses(discovery)["pacc"] is SourceStatus.CRASHED
    assert reasons(discovery)["pacc"] == "RuntimeError"
    assert "source-crashed" in discovery.warnings
    assert "hunter2" not in repr(discovery)


def test_foreign_srv_targets_need_a_confirmation() -> None:
    discovery = search(with_srv(ScriptedNetwork(), "imap.hoster.com", "smtp.hoster.com"))
    assert discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
    assert discovery.confirm == ("hoster.com",)
    assert discovery.settings is not None


def test_agreed_domains_need_no_confirmation() -> None:
    scripted = with_srv(ScriptedNetwork(), "imap.hoster.com", "smtp.hoster.com")
    assert search(scripted, agreed=["hoster.com"]).outcome is DiscoveryStatus.FOUND
    assert search(scripted, agreed=["other.com"]).outcome is DiscoveryStatus.NEEDS_CONFIRMATION


def test_an_answer_without_confirmation_beats_a_preferred_source_with_one() -> None:
    scripted = with_srv(ScriptedNetwork(), "imap.hoster.com", "smtp.hoster.com")
    scripted.mail["imap.bodega.es", 993] = imap(connect_delay=0.2)
    scripted.mail["smtp.bodega.es", 465] = smtp(connect_delay=0.2)
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.source is not None
    assert discovery.source.method is Method.PROBE


def test_an_incomplete_answer_is_completed_by_a_source_of_equal_trust() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("box.bodega.es", 993))
    scripted.mail["smtp.bodega.es", 465] = smtp(connect_delay=1.0)
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.settings is not None
    assert [server.host for server in discovery.settings.servers] == [
        "box.bodega.es",
        "smtp.bodega.es",
    ]
    assert discovery.confirm == ()
    assert not discovery.warnings


def test_an_incomplete_answer_is_not_completed_by_a_source_that_needs_confirmation() -> None:
    foreign = ServerSettings(Protocol.SMTP, "smtp.evil.com", 465, SocketType.TLS, "ana@bodega.es")
    sources = (
        Fake(Method.AUTOCONFIG, given(Method.AUTOCONFIG, (SERVER,), (), vouched=True)),
        Fake(Method.MX, given(Method.MX, (), (foreign,))),
    )
    discovery = search(ScriptedNetwork(), sources=sources)
    assert discovery.settings is not None
    assert discovery.settings.outgoing == ()
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.warnings == ("incomplete",)


def test_an_incomplete_answer_waits_only_for_the_limit() -> None:
    sources = (
        Fake(Method.AUTOCONFIG, NotFound(), after=NEVER),
        Fake(Method.SRV, given(Method.SRV, (SERVER,), ())),
    )
    discovery = search(ScriptedNetwork(), sources=sources)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.elapsed_ms == pytest.approx(1000 * PATIENCE, abs=SLACK)


def test_a_declined_service_is_not_guessed() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("box.bodega.es", 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = NOT_OFFERED
    scripted.mail["smtp.bodega.es", 465] = smtp(connect_delay=0.1)
    discovery = search(scripted)
    assert discovery.settings is not None
    assert discovery.settings.outgoing == ()


def test_servers_without_tls_are_never_taken_from_any_source() -> None:
    plain = ServerSettings(Protocol.IMAP, "imap.bodega.es", 143, SocketType.NONE, "ana")
    sources = (Fake(Method.PACC, given(Method.PACC, (plain,), (), vouched=True)),)
    discovery = search(ScriptedNetwork(), sources=sources)
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert reasons(discovery)["pacc"] == "no-protected-server"


def test_a_web_page_with_status_200_does_not_hide_other_sources() -> None:
    scripted = with_srv(ScriptedNetwork(), "imap.bodega.es", "smtp.bodega.es")
    page = b"<!DOCTYPE html><html><body>Hola</body></html>"
    for url in (AUTOCONFIG, WELL_KNOWN, ISPDB):
        scripted.serve(url, page)
    discovery = search(scripted)
    assert discovery.source is not None
    assert discovery.source.method is Method.SRV
    assert reasons(discovery)["autoconfig"] == "html"


def test_one_servfail_does_not_affect_other_answers() -> None:
    scripted = with_srv(ScriptedNetwork(), "imap.bodega.es", "smtp.bodega.es")
    scripted.dns["_pop3._tcp.bodega.es", "SRV"] = SERVFAIL
    scripted.dns["bodega.es", "MX"] = SERVFAIL
    discovery = search(scripted)
    assert discovery.source is not None
    assert discovery.source.method is Method.SRV


def test_a_failing_resolver_is_distinguished_from_an_absent_domain() -> None:
    dead = ScriptedNetwork(dns_default=DnsFailure(DnsFault.TIMEOUT), dns_delay=4.0)
    discovery = search(dead)
    assert discovery.domain_facts is not None
    assert discovery.domain_facts.state is DomainState.UNANSWERED
    assert discovery.domain_facts.fault is DnsFault.TIMEOUT
    assert statuses(discovery)["srv"] is SourceStatus.UNREACHABLE
    assert reasons(discovery)["mx"] == "timeout"

    missing = search(ScriptedNetwork())
    assert missing.domain_facts is not None
    assert missing.domain_facts.state is DomainState.MISSING
    assert statuses(missing)["srv"] is SourceStatus.ABSENT


def test_domain_facts_are_part_of_the_result() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("gone.bodega.es", "there.hoster.com")
    scripted.dns["there.hoster.com", "A"] = srv()
    facts = search(scripted).domain_facts
    assert facts is not None
    assert facts.state is DomainState.EXISTS
    assert [record.host for record in facts.exchangers] == ["gone.bodega.es", "there.hoster.com"]
    assert facts.unresolvable == ("gone.bodega.es",)


def test_null_mx_and_no_mx_are_distinguished() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("", preference=0)
    facts = search(scripted).domain_facts
    assert facts is not None
    assert facts.null_mx
    scripted.dns["bodega.es", "MX"] = NO_DATA
    facts = search(scripted).domain_facts
    assert facts is not None
    assert (facts.null_mx, facts.exchangers, facts.has_address) == (False, (), False)
    assert facts.state is DomainState.EXISTS


def test_every_source_is_started_and_ended() -> None:
    seen: list[Progress] = []
    scripted = with_srv(ScriptedNetwork(), "imap.bodega.es", "smtp.bodega.es")
    discovery = search(scripted, emit=seen.append)
    started = [event.method for event in seen if isinstance(event, SourceStarted)]
    ended = [event.tried for event in seen if isinstance(event, SourceEnded)]
    assert started == [str(source.method) for source in all_sources()]
    assert sorted(tried.method for tried in ended) == sorted(started)
    assert sorted(map(repr, ended)) == sorted(map(repr, discovery.tried))
    improved = [event for event in seen if isinstance(event, Improved)]
    assert improved[-1].settings == discovery.settings


def test_pending_sources_are_cancelled_before_the_result() -> None:
    loser = Fake(Method.PROBE, NotFound(), after=NEVER)
    sources = (Fake(Method.SRV, given(Method.SRV), after=0.1), loser)
    search(ScriptedNetwork(), sources=sources)
    assert loser.ended == ["cancelled"]


def test_cancelling_the_search_ends_every_source() -> None:
    slow = [Fake(method, NotFound(), after=NEVER) for method in (Method.SRV, Method.MX)]

    async def cancelled() -> None:
        task = asyncio.ensure_future(find(address(), ScriptedNetwork().network(), sources=slow))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert [source.ended for source in slow] == [["cancelled"], ["cancelled"]]


def test_probing_starts_together_with_the_other_sources() -> None:
    scripted = ScriptedNetwork(dns_delay=NEVER, web_delay=NEVER)
    scripted.mail["imap.bodega.es", 993] = imap()
    scripted.mail["smtp.bodega.es", 465] = smtp()
    discovery = search(scripted)
    assert discovery.outcome is DiscoveryStatus.FOUND
    # A little for records that may decline the service, then the grace for better answers.
    assert discovery.elapsed_ms <= 700 + SLACK


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (HttpFailure(HttpFault.REDIRECT_INSECURE, "http://x"), SourceStatus.ABSENT),
        (HttpFailure(HttpFault.REDIRECT_LOOP, "https://x"), SourceStatus.ABSENT),
        (HttpFailure(HttpFault.ENCODED, "https://x"), SourceStatus.ABSENT),
        (HttpFailure(HttpFault.TOO_LARGE, "https://x"), SourceStatus.ABSENT),
        (HttpFailure(HttpFault.TLS, "https://x"), SourceStatus.UNREACHABLE),
        (HttpFailure(HttpFault.PROTOCOL, "https://x"), SourceStatus.UNREACHABLE),
        (HttpReply(401, "https://x", b""), SourceStatus.ABSENT),
        (HttpReply(404, "https://x", b""), SourceStatus.ABSENT),
        (HttpReply(503, "https://x", b""), SourceStatus.UNREACHABLE),
    ],
)
def test_a_misbehaving_web_server_does_not_affect_other_sources(
    failure: HttpFailure | HttpReply, status: SourceStatus
) -> None:
    scripted = with_srv(ScriptedNetwork(), "imap.bodega.es", "smtp.bodega.es")
    scripted.web[AUTOCONFIG] = failure
    discovery = search(scripted)
    assert statuses(discovery)["autoconfig"] is status
    assert discovery.outcome is DiscoveryStatus.FOUND
