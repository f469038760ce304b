"""Which source wins, which one is waited for, and the result. All in virtual time."""

import sys
from pathlib import Path

import pytest

from mailsetup.assistant.texts.search import warning_sentence
from mailsetup.discovery.find import GRACE, PATIENCE
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.search_options import SearchOptions
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import NotFound, SourceStatus
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    ISPDB_COPY,
    NEVER,
    WELL_KNOWN,
    DnsReply,
    ScriptedNetwork,
    config,
    imap,
    smtp,
    srv,
)
from tests.support.network.searches import (
    SERVER,
    SLACK,
    FakeSource,
    reasons,
    search,
    settings_of,
    statuses,
    with_srv,
)


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
    for offline in (False, True):
        discovery = search(scripted, "ana@gmail.com", SearchOptions(offline=offline))
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
    discovery = search(scripted, options=SearchOptions(offline=True))
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert [tried.method for tried in discovery.tried] == ["file", "builtin"]
    assert not scripted.asked_urls
    assert not scripted.asked_hosts


class _InOrder(ScriptedNetwork):
    """Records the queries in their order."""

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
    first_queries = scripted.order[: min(scripted.order.index("web"), scripted.order.index("mail"))]
    labels = ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission")
    assert {f"SRV {label}._tcp.bodega.es" for label in labels} <= set(first_queries)
    hosts = ("autoconfig.bodega.es", "bodega.es", "ua-auto-config.bodega.es")
    assert {f"A {host}" for host in hosts} <= set(first_queries)
    assert "TXT _ua-auto-config.bodega.es" in first_queries


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
    discovery = search(scripted, options=SearchOptions(budget=5.0))
    assert discovery.outcome is DiscoveryStatus.NOT_FOUND
    assert discovery.elapsed_ms == pytest.approx(5000, abs=1)
    assert "out-of-time" in discovery.warnings
    assert statuses(discovery)["srv"] is SourceStatus.UNREACHABLE
    assert reasons(discovery)["srv"] == "timeout"


def test_a_crashing_source_affects_no_other_and_reveals_no_secret() -> None:
    scripted = ScriptedNetwork()
    sources = (
        FakeSource(Method.PACC, RuntimeError("hunter2")),
        FakeSource(Method.AUTODISCOVER, KeyError("hunter2")),
        FakeSource(Method.SRV, settings_of(Method.SRV), after=0.1),
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
    agreed = search(scripted, options=SearchOptions(agreed=("hoster.com",)))
    assert agreed.outcome is DiscoveryStatus.FOUND
    other = search(scripted, options=SearchOptions(agreed=("other.com",)))
    assert other.outcome is DiscoveryStatus.NEEDS_CONFIRMATION


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
        FakeSource(Method.AUTOCONFIG, settings_of(Method.AUTOCONFIG, (SERVER,), (), vouched=True)),
        FakeSource(Method.MX, settings_of(Method.MX, (), (foreign,))),
    )
    discovery = search(ScriptedNetwork(), sources=sources)
    assert discovery.settings is not None
    assert discovery.settings.outgoing == ()
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.warnings == ("incomplete",)


def test_an_incomplete_answer_waits_only_for_the_limit() -> None:
    sources = (
        FakeSource(Method.AUTOCONFIG, NotFound(), after=NEVER),
        FakeSource(Method.SRV, settings_of(Method.SRV, (SERVER,), ())),
    )
    discovery = search(ScriptedNetwork(), sources=sources)
    assert discovery.outcome is DiscoveryStatus.FOUND
    assert discovery.elapsed_ms == pytest.approx(1000 * PATIENCE, abs=SLACK)
