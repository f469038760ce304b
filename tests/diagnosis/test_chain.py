"""The diagnosis of the chain."""

from mailsetup.diagnosis.chain import diagnose
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId


def fail(finding_id: FindingId) -> Finding:
    return Finding(finding_id, Status.FAIL)


def test_proven_links_without_findings_are_ok() -> None:
    verdict = diagnose((), set(Link))
    assert [status for _link, status in verdict.chain] == [Status.OK] * 4
    assert verdict.first_broken is None


def test_unproven_links_are_unknown() -> None:
    verdict = diagnose((), {Link.HOSTING})
    assert dict(verdict.chain) == {
        Link.HOSTING: Status.OK,
        Link.ACCOUNT: Status.UNKNOWN,
        Link.DNS: Status.UNKNOWN,
        Link.CLIENT: Status.UNKNOWN,
    }


def test_chain_has_a_fixed_order() -> None:
    verdict = diagnose((fail(FindingId.DNS_MX_MISSING),), ())
    assert [link for link, _status in verdict.chain] == [
        Link.HOSTING,
        Link.ACCOUNT,
        Link.DNS,
        Link.CLIENT,
    ]


def test_missing_network_stops_the_rest() -> None:
    verdict = diagnose(
        (fail(FindingId.HOSTING_SERVER_UNREACHABLE), fail(FindingId.CLIENT_NETWORK_OFFLINE)),
        {Link.DNS},
    )
    assert verdict.first_broken is Link.CLIENT
    assert [finding.id for finding in verdict.findings] == ["client.network.offline"]
    assert dict(verdict.chain)[Link.HOSTING] is Status.UNKNOWN
    assert dict(verdict.chain)[Link.DNS] is Status.UNKNOWN


def test_missing_domain_stops_the_server_findings() -> None:
    verdict = diagnose(
        (fail(FindingId.HOSTING_SERVER_UNRESOLVABLE), fail(FindingId.DNS_DOMAIN_MISSING)), ()
    )
    assert verdict.first_broken is Link.DNS
    assert [finding.id for finding in verdict.findings] == ["dns.domain.missing"]


def test_unreachable_server_comes_before_refused_login() -> None:
    verdict = diagnose(
        (fail(FindingId.ACCOUNT_LOGIN_REFUSED), fail(FindingId.HOSTING_SERVER_REFUSED)), ()
    )
    assert verdict.first_broken is Link.HOSTING


def test_refused_login_comes_before_missing_mx() -> None:
    verdict = diagnose((fail(FindingId.DNS_MX_MISSING), fail(FindingId.ACCOUNT_LOGIN_REFUSED)), ())
    assert verdict.first_broken is Link.ACCOUNT
    assert dict(verdict.chain)[Link.DNS] is Status.FAIL


def test_warning_breaks_no_link() -> None:
    verdict = diagnose((Finding(FindingId.DNS_DMARC_MISSING, Status.WARN),), set(Link))
    assert verdict.first_broken is None
    assert dict(verdict.chain)[Link.DNS] is Status.WARN


def test_repeated_finding_counts_once_with_the_worse_status() -> None:
    doubtful = Finding(FindingId.DNS_MX_UNRESOLVABLE, Status.WARN)
    verdict = diagnose((doubtful, fail(FindingId.DNS_MX_UNRESOLVABLE)), ())
    assert [finding.status for finding in verdict.findings] == [Status.FAIL]
