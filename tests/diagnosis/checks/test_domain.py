"""Findings about the domain."""

from dataclasses import replace

import pytest

from mailsetup.diagnosis.checks.domain import (
    check_domain,
    evaluate_domain,
    is_one_edit_apart,
    suggested_domain,
)
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsFailure, DnsFault, MxRecord
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.model.finding import Status
from tests.support.network.scripted_network import ScriptedNetwork, run

ADDRESS = EmailAddress("ana", "bodega.es")
MX = (MxRecord(10, "mx1.bodega.es"), MxRecord(20, "mx2.bodega.es"))


def findings_of(facts: DomainFacts, address: EmailAddress = ADDRESS) -> list[tuple[str, Status]]:
    return [(finding.id, finding.status) for finding in evaluate_domain(facts, address).findings]


def test_domain_with_resolvable_exchangers_is_correct() -> None:
    verdict = evaluate_domain(DomainFacts("bodega.es", DomainState.EXISTS, exchangers=MX), ADDRESS)
    assert verdict.in_order
    assert not verdict.findings


def test_unchecked_domain_is_neither_correct_nor_faulty() -> None:
    verdict = evaluate_domain(DomainFacts("bodega.es"), ADDRESS)
    assert not verdict.in_order
    assert not verdict.findings


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (DomainFacts("bodega.es", DomainState.MISSING), [("dns.domain.missing", Status.FAIL)]),
        (
            DomainFacts("bodega.es", DomainState.UNANSWERED, DnsFault.SERVFAIL),
            [("dns.domain.unanswered", Status.FAIL)],
        ),
        (DomainFacts("bodega.es", DomainState.EXISTS), [("dns.mx.missing", Status.FAIL)]),
        (
            DomainFacts("bodega.es", DomainState.EXISTS, null_mx=True),
            [("dns.mx.null", Status.FAIL)],
        ),
        (
            DomainFacts(
                "bodega.es", DomainState.EXISTS, exchangers=MX, unresolvable=("mx1.bodega.es",)
            ),
            [("dns.mx.unresolvable", Status.WARN)],
        ),
        (
            DomainFacts(
                "bodega.es",
                DomainState.EXISTS,
                exchangers=MX,
                unresolvable=("mx1.bodega.es", "mx2.bodega.es"),
            ),
            [("dns.mx.unresolvable", Status.FAIL)],
        ),
    ],
)
def test_each_domain_fault_has_its_finding(
    facts: DomainFacts, expected: list[tuple[str, Status]]
) -> None:
    assert findings_of(facts) == expected


@pytest.mark.fault("client.address.typo")
def test_likely_typing_error_is_reported_first() -> None:
    address = EmailAddress("ana", "gmial.com")
    verdict = evaluate_domain(DomainFacts("gmial.com", DomainState.MISSING), address)
    assert [finding.id for finding in verdict.findings] == [
        "client.address.typo",
        "dns.domain.missing",
    ]
    assert verdict.findings[0].facts["suggestion"] == "ana@gmail.com"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("hotmal.com", "hotmail.com"),
        ("hotmial.es", "hotmail.es"),
        ("yaho.es", "yahoo.es"),
        ("gmail.com", None),
        ("bodega.es", None),
    ],
)
def test_one_typing_error_suggests_the_provider(typed: str, meant: str | None) -> None:
    assert suggested_domain(typed) == meant


def test_two_typing_errors_suggest_nothing() -> None:
    assert not is_one_edit_apart("gmxxl.com", "gmail.com")
    assert not is_one_edit_apart("abc", "abcde")


@pytest.mark.fault("client.network.offline", "client.dns.broken")
@pytest.mark.parametrize(
    ("online", "expected"), [(True, "client.dns.broken"), (False, "client.network.offline")]
)
def test_unresponsive_resolver_without_network_is_offline(*, online: bool, expected: str) -> None:
    silent = ScriptedNetwork(dns_default=DnsFailure(DnsFault.TIMEOUT)).network()
    verdict = run(check_domain(ADDRESS, replace(silent, is_online=lambda: online)))
    assert [finding.id for finding in verdict.findings] == [expected]


@pytest.mark.fault("dns.domain.unanswered")
def test_unanswered_domain_with_working_resolver_is_the_domains_fault() -> None:
    net = ScriptedNetwork(
        dns={("com", "MX"): Absent(nxdomain=False)},
        dns_default=DnsFailure(DnsFault.SERVFAIL),
    ).network()
    verdict = run(check_domain(ADDRESS, net))
    assert [finding.id for finding in verdict.findings] == ["dns.domain.unanswered"]
