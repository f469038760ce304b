"""One check: gather the findings, judge the chain, and make the report."""

import asyncio
from collections.abc import Collection, Sequence

from mailsetup.apply.thunderbird.accounts import accounts_here
from mailsetup.assistant.check.computer import ReadPrograms
from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.current_secret import Renew
from mailsetup.assistant.check.domain import (
    UNCHECKED,
    dns_health_findings,
    domain_check,
    relevant_findings,
)
from mailsetup.assistant.check.mail import MailResult, check_mail
from mailsetup.assistant.check.report import CheckReport, redacted_report, sending_was_tested
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.events import Emit
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.diagnosis.checks.domain import DomainCheck
from mailsetup.diagnosis.symptoms import SymptomAnswer, answer
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.network import Network


async def run_check(
    request: CheckRequest,
    net: Network,
    emit: Emit,
    read_programs: ReadPrograms | None = None,
    renew: Renew | None = None,
) -> CheckReport:
    """Run all independent parts concurrently. Cancelling closes every connection.

    Without ``read_programs`` the accounts of Thunderbird on this computer are read. ``renew`` gets
    a new access token where the secret of the request is one.
    """
    check = CheckContext(request, net, emit)
    started = net.clock.monotonic()
    mail, domain, proven = MailResult(), UNCHECKED, frozenset[Link]()
    if net.is_online():
        domain, mail, findings = await _gather(check, read_programs or accounts_here, renew)
        check.progress.end_all()
        proven = _proven_links(request, domain, mail)
    else:
        # Every query would only run into its timeout.
        offline = Finding(FindingId.CLIENT_NETWORK_OFFLINE, Status.FAIL)
        findings = check.progress.report((offline,))
    return _report(check, started, findings, mail, proven)


async def _gather(
    check: CheckContext, read_programs: ReadPrograms, renew: Renew | None
) -> tuple[DomainCheck, MailResult, tuple[Finding, ...]]:
    guard = check.guard
    domain, of_dns, mail = await asyncio.gather(
        guard.run("domain", domain_check(check), UNCHECKED),
        guard.run("dns", dns_health_findings(check), ()),
        guard.run("mail", check_mail(check, read_programs, renew), MailResult()),
    )

    def relevant() -> tuple[Finding, ...]:
        return relevant_findings(
            check,
            of_dns,
            incoming=mail.access.incoming.proof,
            outgoing=mail.access.outgoing.proof,
            elsewhere=mail.elsewhere,
        )

    findings = (
        *mail.computer_findings,
        *domain.findings,
        *guard.call("dns", relevant, of_dns),
        *mail.identity_findings,
        *mail.findings,
        *check.progress.report(guard.defects),
    )
    return domain, mail, findings


def _proven_links(request: CheckRequest, domain: DomainCheck, mail: MailResult) -> frozenset[Link]:
    incoming, outgoing = mail.access.incoming, mail.access.outgoing
    proven: set[Link] = set()
    if incoming.reached and outgoing.reached:
        proven |= {Link.HOSTING, Link.CLIENT}
    elif incoming.reached or outgoing.reached:
        proven.add(Link.CLIENT)
    if incoming.proof and outgoing.proof and (mail.trip or not request.send):
        proven.add(Link.ACCOUNT)
    if domain.in_order:
        proven.add(Link.DNS)
    return frozenset(proven)


def _report(
    check: CheckContext,
    started: float,
    findings: Sequence[Finding],
    mail: MailResult,
    proven: Collection[Link],
) -> CheckReport:
    diagnosis = diagnose(findings, proven, check.request.symptom)
    check.progress.judged(diagnosis.chain)
    report = CheckReport(
        account=check.account,
        chain=diagnosis.chain,
        first_broken=diagnosis.first_broken,
        findings=diagnosis.findings,
        incoming=mail.access.incoming.proof,
        outgoing=mail.access.outgoing.proof,
        round_trip=mail.trip,
        elapsed_ms=1000 * (check.net.clock.monotonic() - started),
        answer=_answer(check.request, diagnosis, mail),
        elsewhere=mail.elsewhere,
        folders=mail.folders,
    )
    return redacted_report(report, check.redaction)


def _answer(request: CheckRequest, diagnosis: Diagnosis, mail: MailResult) -> SymptomAnswer | None:
    if request.symptom is None:
        return None
    in_order = all(status in (Status.OK, Status.WARN) for _link, status in diagnosis.chain)
    return answer(
        request.symptom,
        diagnosis.findings,
        proven=in_order and sending_was_tested(mail.trip, mail.elsewhere),
        saw_elsewhere=bool(mail.elsewhere and mail.elsewhere.sent),
    )
