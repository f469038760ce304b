"""Builds the content of a report on a check, or on a search that found nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from mailsetup import __version__, i18n
from mailsetup.assistant.check.report import CheckReport, redacted_report
from mailsetup.assistant.redaction import Redaction
from mailsetup.assistant.texts.common import link_meaning, link_name, status_word
from mailsetup.assistant.texts.evidence import evidence_rows
from mailsetup.assistant.texts.verdict import absence_headline, headline, who_sentence
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.i18n import _
from mailsetup.i18n.dates import date_and_time
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.headline import Headline
from mailsetup.model.secret import Secret
from mailsetup.reporting.content import (
    FindingText,
    ReportContent,
    ReportLink,
    ReportRow,
    ReportTable,
    Words,
)
from mailsetup.reporting.tables import (
    capability_tables,
    discovery_tables,
    environment_table,
    server_table,
    trip_tables,
)


def report_content(
    report: CheckReport,
    discovery: Discovery | None,
    now: datetime,
    *,
    secrets: Sequence[Secret] = (),
) -> ReportContent:
    """The content of a report on a check, in the current language.

    ``now`` is when the check ended. ``secrets`` are the passwords that were used: where a server
    repeats one in an answer, it is replaced. They never stand in a report otherwise.
    """
    report = redacted_report(report, Redaction(report.account, secrets))
    now = _aware(now)
    return _content(
        report.account.address,
        headline(report, now),
        report.chain,
        report.findings,
        (
            server_table(report),
            *trip_tables(report),
            *discovery_tables(discovery),
            *capability_tables(report),
            environment_table(report.elapsed_ms),
        ),
        now,
    )


def absence_content(
    address: EmailAddress, diagnosis: Diagnosis, discovery: Discovery, now: datetime
) -> ReportContent:
    """The content of a report on a search that found no settings."""
    now = _aware(now)
    return _content(
        address,
        absence_headline(address, discovery, diagnosis, now),
        diagnosis.chain,
        diagnosis.findings,
        (*discovery_tables(discovery), environment_table(discovery.elapsed_ms)),
        now,
    )


def _aware(now: datetime) -> datetime:
    return now.astimezone() if now.tzinfo is None else now


def _content(
    address: EmailAddress,
    shown: Headline,
    chain: Iterable[tuple[Link, Status]],
    findings: Sequence[Finding],
    tables: Iterable[ReportTable],
    now: datetime,
) -> ReportContent:
    return ReportContent(
        language=i18n.language(),
        title=_("Mail report"),
        address=str(address),
        when=now,
        when_text=date_and_time(now),
        program=f"mailsetup {__version__}",
        headline=shown,
        chain=tuple(_link(link, status, findings) for link, status in chain),
        words=Words.current(),
        findings=tuple(_finding(finding, shown.finding_id) for finding in findings),
        tables=tuple(table for table in tables if table.rows),
    )


def _link(link: Link, status: Status, findings: Iterable[Finding]) -> ReportLink:
    """A broken or doubtful link with the reason; any other with its meaning."""
    own = next((f for f in findings if f.link is link and f.status is status), None)
    bad = status in (Status.FAIL, Status.WARN)
    sentence = explain(own).title if own is not None and bad else link_meaning(link)
    return ReportLink(link, status, link_name(link), status_word(status), sentence)


def _finding(finding: Finding, cause_id: str) -> FindingText:
    explanation = explain(finding)
    return FindingText(
        id=finding.id,
        link=link_name(finding.link),
        status=finding.status,
        word=status_word(finding.status),
        title=explanation.title,
        advice=explanation.advice,
        who=who_sentence(explanation.who),
        evidence=tuple(ReportRow(label, value) for label, value in evidence_rows(finding)),
        is_cause=finding.id == cause_id,
    )
