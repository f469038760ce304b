"""A search in which servers fail, records decline services, or the search is cancelled."""

import asyncio

import pytest

from mailsetup.discovery.find import all_sources, find
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.dns import DnsFailure, DnsFault
from mailsetup.model.domain_facts import DomainState
from mailsetup.model.search_events import SearchEvent, SettingsFound, SourceAnswered, SourceAsked
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.model.source import Method
from mailsetup.model.source_result import NotFound, SourceStatus
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    NEVER,
    NO_DATA,
    NOT_OFFERED,
    SERVFAIL,
    WELL_KNOWN,
    ScriptedNetwork,
    address,
    imap,
    mx,
    run,
    smtp,
    srv,
)
from tests.support.network.searches import (
    SLACK,
    FakeSource,
    reasons,
    search,
    settings_of,
    statuses,
    with_srv,
)


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
    sources = (FakeSource(Method.PACC, settings_of(Method.PACC, (plain,), (), vouched=True)),)
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
    seen: list[SearchEvent] = []
    scripted = with_srv(ScriptedNetwork(), "imap.bodega.es", "smtp.bodega.es")
    discovery = search(scripted, emit=seen.append)
    started = [event.method for event in seen if isinstance(event, SourceAsked)]
    ended = [event.tried for event in seen if isinstance(event, SourceAnswered)]
    assert started == [source.method for source in all_sources()]
    assert sorted(tried.method for tried in ended) == sorted(started)
    assert sorted(map(repr, ended)) == sorted(map(repr, discovery.tried))
    improved = [event for event in seen if isinstance(event, SettingsFound)]
    assert improved[-1].settings == discovery.settings


def test_pending_sources_are_cancelled_before_the_result() -> None:
    loser = FakeSource(Method.PROBE, NotFound(), after=NEVER)
    sources = (FakeSource(Method.SRV, settings_of(Method.SRV), after=0.1), loser)
    search(ScriptedNetwork(), sources=sources)
    assert loser.ended == ["cancelled"]


def test_cancelling_the_search_ends_every_source() -> None:
    slow = [FakeSource(method, NotFound(), after=NEVER) for method in (Method.SRV, Method.MX)]

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
