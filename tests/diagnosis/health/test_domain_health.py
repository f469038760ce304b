"""The DNS health checks as a whole: findings, duration, and when there are none."""

import asyncio
import base64
from collections.abc import Coroutine
from dataclasses import replace

import dkim as oracle
import nacl.signing
import pytest

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.health.domain_health import (
    BUDGET,
    HealthRequest,
    check_dns_health,
    check_received_message,
    without_disproved,
)
from mailsetup.model.dns import DnsAnswer, MxRecord
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceAttempt, SourceStatus
from mailsetup.net.http import HttpReply
from tests.support.network.scripted_network import (
    NEVER,
    SERVFAIL,
    DnsReply,
    ScriptedNetwork,
    address,
    mx,
    run,
)

ADDRESS = address("ana@bodega.es")
KEY = nacl.signing.SigningKey.generate()
KEY_RECORD = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(KEY.verify_key)).decode()}"
STS_URL = "https://mta-sts.bodega.es/.well-known/mta-sts.txt"
POLICY = b"version: STSv1\nmode: enforce\nmax_age: 86400\nmx: mx.hoster.com\n"
HOST = "mail.hoster.com"
REQUEST = HealthRequest(ADDRESS, HOST, HOST)


def texts(**records: str) -> dict[tuple[str, str], DnsReply]:
    return {(name.replace("__", "."), "TXT"): DnsAnswer((text,)) for name, text in records.items()}


def healthy() -> ScriptedNetwork:
    scripted = ScriptedNetwork(
        dns={
            ("bodega.es", "MX"): mx("mx.hoster.com"),
            ("mx.hoster.com", "A"): DnsAnswer(("8.8.4.20",)),
            (HOST, "A"): DnsAnswer(("8.8.4.10",)),
            ("out1.hoster.com", "A"): DnsAnswer(("8.8.4.30",)),
            **texts(
                bodega__es="v=spf1 mx include:spf.hoster.com -all",
                spf__hoster__com="v=spf1 include:red.hoster.com ~all",
                red__hoster__com="v=spf1 ip4:8.8.4.0/24 ~all",
                _dmarc__bodega__es="v=DMARC1; p=reject; rua=mailto:ana@bodega.es",
                sel___domainkey__bodega__es=KEY_RECORD,
            ),
            ("_mta-sts.bodega.es", "TXT"): DnsAnswer(("v=STSv1; id=1",)),
        },
        reverse={"8.8.4.30": ("out1.hoster.com",)},
    )
    scripted.web[STS_URL] = HttpReply(200, STS_URL, POLICY, "text/plain")
    return scripted


def ids(found: tuple[Finding, ...]) -> list[tuple[str, Status]]:
    for one in found:
        assert "—" not in explain(one).title
    return [(one.id, one.status) for one in found]


def dns_of(scripted: ScriptedNetwork, request: HealthRequest = REQUEST) -> list[tuple[str, Status]]:
    return ids(run(check_dns_health(request, scripted.network())))


def seconds(scripted: ScriptedNetwork, request: HealthRequest = REQUEST) -> float:
    net = scripted.network()

    async def timed() -> float:
        started = net.clock.monotonic()
        await check_dns_health(request, net)
        return net.clock.monotonic() - started

    return run(timed())


def test_healthy_domain_has_no_finding() -> None:
    assert dns_of(healthy()) == []


def test_all_faults_of_a_domain_are_reported_in_order() -> None:
    scripted = healthy()
    scripted.dns |= {("bodega.es", "MX"): mx("aspmx.l.google.com")}
    scripted.dns |= {("aspmx.l.google.com", "A"): DnsAnswer(("142.250.1.1",))}
    scripted.dns |= texts(bodega__es="v=spf1 +all", _dmarc__bodega__es="v=DMARC1; p=todo")
    tried = tuple(
        SourceAttempt(method, SourceStatus.ABSENT, 1.0)
        for method in (
            Method.PACC,
            Method.AUTOCONFIG,
            Method.WELL_KNOWN,
            Method.ISPDB,
            Method.SRV,
            Method.AUTODISCOVER,
        )
    )
    assert dns_of(scripted, replace(REQUEST, tried=tried)) == [
        ("dns.mx.elsewhere", Status.FAIL),
        ("dns.spf.permissive", Status.WARN),
        ("dns.dmarc.invalid", Status.WARN),
        ("dns.mta-sts.broken", Status.FAIL),
        ("dns.settings.unpublished", Status.WARN),
    ]


@pytest.mark.fault("dns.settings.unpublished")
@pytest.mark.parametrize(
    ("method", "status", "reported"),
    [
        (Method.SRV, SourceStatus.ABSENT, True),
        (Method.PROBE, SourceStatus.FOUND, True),
        (Method.WELL_KNOWN, SourceStatus.UNREACHABLE, True),
        (Method.SRV, SourceStatus.FOUND, False),
        (Method.ISPDB, SourceStatus.FOUND, False),
        (Method.BUILTIN, SourceStatus.FOUND, False),
        (Method.MX, SourceStatus.FOUND, False),
        (Method.AUTODISCOVER, SourceStatus.NEEDS_INPUT, False),
        (Method.SRV, SourceStatus.UNREACHABLE, False),
        (Method.AUTOCONFIG, SourceStatus.CANCELLED, False),
        (Method.PACC, SourceStatus.CRASHED, False),
    ],
)
def test_unpublished_settings_are_reported_only_if_no_source_found_them(
    method: Method, status: SourceStatus, reported: bool
) -> None:
    absent = {
        Method.AUTOCONFIG: SourceStatus.ABSENT,
        Method.ISPDB: SourceStatus.ABSENT,
        Method.SRV: SourceStatus.ABSENT,
    } | {method: status}
    rows = tuple(SourceAttempt(name, what, 1.0) for name, what in absent.items())
    found = dns_of(healthy(), replace(REQUEST, tried=rows))
    assert found == ([("dns.settings.unpublished", Status.WARN)] if reported else [])


def test_unpublished_settings_need_a_search() -> None:
    assert dns_of(healthy(), replace(REQUEST, tried=())) == []


def test_domain_of_a_provider_is_not_checked() -> None:
    request = HealthRequest(address("ana@gmail.com"), "imap.gmail.com", "smtp.gmail.com")
    assert dns_of(ScriptedNetwork(), request) == []


def test_nonexistent_domain_has_no_further_finding() -> None:
    assert dns_of(ScriptedNetwork()) == []


def test_failing_resolver_yields_no_finding() -> None:
    assert dns_of(ScriptedNetwork(dns_default=SERVFAIL)) == []


def test_known_exchangers_are_not_queried_again() -> None:
    scripted = healthy()
    scripted.dns[("bodega.es", "MX")] = SERVFAIL
    facts = DomainFacts(
        "bodega.es", DomainState.EXISTS, exchangers=(MxRecord(10, "aspmx.l.google.com"),)
    )
    scripted.dns[("aspmx.l.google.com", "A")] = DnsAnswer(("142.250.1.1",))
    found = dns_of(scripted, replace(REQUEST, exchangers=facts))
    assert ("dns.mx.elsewhere", Status.FAIL) in found


class CachingNetwork(ScriptedNetwork):
    """Sends each query once, like the real resolver."""

    async def _look_up(self, name: str, rdtype: str) -> DnsReply:
        known = self.__dict__.setdefault("asked", {})
        if (name, rdtype) not in known:
            known[name, rdtype] = asyncio.ensure_future(super()._look_up(name, rdtype))
        reply: DnsReply = await known[name, rdtype]
        return reply


@pytest.mark.parametrize(
    ("record", "round_trips"),
    [
        ("v=spf1 mx -all", 3.0),
        ("v=spf1 ip4:8.8.4.0/24 -all", 3.0),
        ("v=spf1 include:red.hoster.com -all", 4.0),
        ("v=spf1 include:spf.hoster.com mx -all", 4.0),
        ("v=spf1 ip4:9.9.9.9 -all", 4.0),
    ],
)
def test_number_of_dependent_queries_is_small(record: str, round_trips: float) -> None:
    known = healthy()
    scripted = CachingNetwork(dns=known.dns, reverse=known.reverse, web=known.web)
    scripted.dns |= texts(bodega__es=record)
    scripted.dns_delay = scripted.web_delay = 1.0
    assert seconds(scripted) == round_trips


@pytest.mark.parametrize(
    "swallowed",
    [
        ("bodega.es", "TXT"),
        ("bodega.es", "MX"),
        ("_dmarc.es", "TXT"),
        ("_mta-sts.bodega.es", "TXT"),
    ],
)
def test_unanswered_query_costs_only_its_budget(
    swallowed: tuple[str, str],
) -> None:
    scripted = healthy()
    scripted.dns_delays[swallowed] = NEVER
    assert seconds(scripted) <= BUDGET
    if swallowed != ("bodega.es", "TXT"):
        scripted.dns |= texts(bodega__es="v=spf1 +all")
        assert dns_of(scripted)[0] == ("dns.spf.permissive", Status.WARN)


def test_unresponsive_web_server_costs_at_most_the_budget() -> None:
    scripted = healthy()
    scripted.web_delays[STS_URL] = NEVER
    assert seconds(scripted) <= BUDGET
    assert dns_of(scripted) == []


# The received message ---------------------------------------------------------------------------

LOCAL = b"""\
Received: from mx.hoster.com by mx.hoster.com with LMTP id 1; Wed, 25 Nov 2026 06:00:02 +0000
Received: from [192.168.1.5] (static.lejos.net [81.1.2.3])
 by mx.hoster.com (Postfix) with ESMTPSA id 2; Wed, 25 Nov 2026 06:00:01 +0000
"""
AWAY = b"""\
Return-Path: <ana@bodega.es>
Received: from out1.hoster.com (out1.hoster.com [8.8.4.30])
 by mx.lejano.net with ESMTPS id 3; Wed, 25 Nov 2026 06:00:05 +0000
"""
CHECKED = b"Authentication-Results: mx.lejano.net; spf=%s smtp.mailfrom=ana@bodega.es\n"
CONTENT = b"From: Ana <ana@bodega.es>\nTo: pepe@lejano.net\nSubject: prueba\n\nHola\n"


def wire(*parts: bytes) -> bytes:
    return b"".join(parts).replace(b"\n", b"\r\n")


def signed(content: bytes = CONTENT, domain: bytes = b"bodega.es") -> bytes:
    message = wire(content)
    secret = base64.b64encode(bytes(KEY))
    field: bytes = oracle.sign(
        message, b"sel", domain, secret, signature_algorithm=b"ed25519-sha256"
    )
    return field + message


def message_findings(
    raw: bytes, *, elsewhere: bool = True, scripted: ScriptedNetwork | None = None
) -> list[tuple[str, Status]]:
    request = replace(REQUEST, arrived=raw, arrived_elsewhere=elsewhere)
    return ids(run(check_received_message(request, (scripted or healthy()).network())))


DKIM_MISSING = ("dns.dkim.missing", Status.WARN)
DKIM_INVALID = ("dns.dkim.invalid", Status.FAIL)
NOT_COVERED = ("dns.spf.sender-not-covered", Status.FAIL)
NOT_ALIGNED = ("dns.dmarc.not-aligned", Status.FAIL)
UNIDENTIFIED = ("dns.dmarc.unidentified", Status.WARN)


def with_records(**records: str) -> ScriptedNetwork:
    scripted = healthy()
    scripted.dns |= texts(**records)
    return scripted


def test_correct_message_has_no_finding() -> None:
    assert message_findings(wire(AWAY) + signed()) == []


def test_message_inside_one_provider_proves_nothing() -> None:
    assert message_findings(wire(LOCAL, CONTENT), elsewhere=False) == []
    strict = with_records(bodega__es="v=spf1 -all")
    assert message_findings(wire(LOCAL, CONTENT), elsewhere=False, scripted=strict) == []


@pytest.mark.fault("dns.dkim.invalid")
def test_signature_without_key_is_reported_inside_one_provider() -> None:
    scripted = healthy()
    del scripted.dns[("sel._domainkey.bodega.es", "TXT")]
    assert message_findings(wire(LOCAL) + signed(), elsewhere=False, scripted=scripted) == [
        DKIM_INVALID
    ]


def test_unsigned_message_covered_by_spf() -> None:
    assert message_findings(wire(AWAY, CONTENT)) == [DKIM_MISSING]


@pytest.mark.fault("dns.dmarc.not-aligned", "dns.dkim.missing")
def test_unauthenticated_message_fails_a_reject_policy() -> None:
    scripted = with_records(bodega__es="v=spf1 ip4:9.9.9.9 -all")
    assert message_findings(wire(AWAY, CONTENT), scripted=scripted) == [
        DKIM_MISSING,
        NOT_COVERED,
        NOT_ALIGNED,
    ]


def test_unauthenticated_message_only_warns_under_policy_none() -> None:
    scripted = with_records(
        bodega__es="v=spf1 ip4:9.9.9.9 -all", _dmarc__bodega__es="v=DMARC1; p=none"
    )
    assert message_findings(wire(AWAY, CONTENT), scripted=scripted) == [
        DKIM_MISSING,
        NOT_COVERED,
        UNIDENTIFIED,
    ]


def test_valid_signature_is_enough_without_spf() -> None:
    scripted = with_records(bodega__es="v=spf1 ip4:9.9.9.9 ~all")
    assert message_findings(wire(AWAY) + signed(), scripted=scripted) == [NOT_COVERED]


def test_signature_of_the_hosting_is_not_aligned() -> None:
    scripted = with_records(
        bodega__es="v=spf1 ip4:9.9.9.9 -all", sel___domainkey__hoster__com=KEY_RECORD
    )
    raw = wire(AWAY) + signed(domain=b"hoster.com")
    assert message_findings(raw, scripted=scripted) == [NOT_COVERED, NOT_ALIGNED]


def test_envelope_sender_of_the_hosting_is_no_spf_finding() -> None:
    away = AWAY.replace(b"<ana@bodega.es>", b"<srs0=ana@hoster.com>")
    scripted = with_records(hoster__com="v=spf1 ip4:8.8.4.30 -all")
    assert message_findings(wire(away, CONTENT), scripted=scripted) == [DKIM_MISSING, NOT_ALIGNED]


def test_subdomain_in_the_envelope_is_aligned_unless_strict() -> None:
    away = AWAY.replace(b"<ana@bodega.es>", b"<x@rebotes.bodega.es>")
    records = {"rebotes__bodega__es": "v=spf1 ip4:8.8.4.30 -all"}
    assert message_findings(wire(away, CONTENT), scripted=with_records(**records)) == [DKIM_MISSING]
    records["_dmarc__bodega__es"] = "v=DMARC1; p=quarantine; aspf=s"
    assert message_findings(wire(away, CONTENT), scripted=with_records(**records)) == [
        DKIM_MISSING,
        NOT_ALIGNED,
    ]


def test_results_of_the_receiving_side_take_precedence() -> None:
    scripted = with_records(bodega__es="v=spf1 ip4:9.9.9.9 -all")
    assert message_findings(wire(AWAY, CHECKED % b"pass", CONTENT), scripted=scripted) == [
        DKIM_MISSING
    ]


def test_failed_query_leaves_alignment_unknown() -> None:
    scripted = healthy()
    scripted.dns[("bodega.es", "TXT")] = SERVFAIL
    assert message_findings(wire(AWAY, CONTENT), scripted=scripted) == [DKIM_MISSING]
    scripted = with_records(bodega__es="v=spf1 ip4:9.9.9.9 -all")
    scripted.dns[("sel._domainkey.bodega.es", "TXT")] = SERVFAIL
    assert message_findings(wire(AWAY) + signed(), scripted=scripted) == [NOT_COVERED]
    scripted.dns[("viejo._domainkey.bodega.es", "TXT")] = DnsAnswer(("v=DKIM1; p=",))
    old = signed().partition(b"From:")[0].replace(b"s=sel", b"s=viejo")
    assert message_findings(wire(AWAY) + old + signed(), scripted=scripted) == [NOT_COVERED]
    assert message_findings(
        wire(AWAY) + signed().replace(b"From:", old + b"From:", 1), scripted=scripted
    ) == [NOT_COVERED]


def test_message_to_oneself_counts_only_if_the_receiver_checked_spf() -> None:
    scripted = with_records(bodega__es="v=spf1 ip4:9.9.9.9 -all")
    assert message_findings(wire(AWAY, CONTENT), elsewhere=False, scripted=scripted) == []
    checked = wire(AWAY, CHECKED % b"fail", CONTENT)
    assert NOT_COVERED in message_findings(checked, elsewhere=False, scripted=scripted)


def test_message_of_another_author_domain_has_no_finding() -> None:
    other = CONTENT.replace(b"ana@bodega.es", b"lista@otros.es")
    assert (
        message_findings(wire(AWAY, other), scripted=with_records(bodega__es="v=spf1 -all")) == []
    )


def test_evidence_has_the_sending_address_and_its_reverse_name() -> None:
    scripted = with_records(bodega__es="v=spf1 ip4:9.9.9.9 -all")
    request = replace(REQUEST, arrived=wire(AWAY, CONTENT), arrived_elsewhere=True)
    found = {one.id: one for one in run(check_received_message(request, scripted.network()))}
    evidence = found[FindingId.DNS_SPF_SENDER_NOT_COVERED].evidence
    assert evidence["address"] == "8.8.4.30"
    assert evidence["reverse_name"] == "out1.hoster.com (leads back)"
    assert found[FindingId.DNS_DMARC_NOT_ALIGNED].evidence["asks_for"] == "reject"


def test_message_check_costs_at_most_the_budget() -> None:
    scripted = healthy()
    scripted.dns_delays[("sel._domainkey.bodega.es", "TXT")] = NEVER
    net = scripted.network()
    request = replace(REQUEST, arrived=wire(AWAY) + signed(), arrived_elsewhere=True)

    def timed() -> Coroutine[None, None, float]:
        async def timed_check() -> float:
            started = net.clock.monotonic()
            assert await check_received_message(request, net) == ()
            return net.clock.monotonic() - started

        return timed_check()

    assert run(timed()) <= BUDGET


def test_finding_disproved_by_a_message_is_removed() -> None:
    doubt = Finding(FindingId.DNS_SPF_SENDER_NOT_COVERED, Status.WARN, {"host": HOST})
    other = Finding(FindingId.DNS_DMARC_MISSING, Status.WARN)
    passed = replace(REQUEST, arrived=wire(AWAY, CHECKED % b"pass", CONTENT))
    failed = replace(REQUEST, arrived=wire(AWAY, CHECKED % b"fail", CONTENT))
    assert without_disproved((doubt, other), passed) == (other,)
    assert without_disproved((doubt, other), failed) == (doubt, other)
    assert without_disproved((doubt, other), REQUEST) == (doubt, other)
