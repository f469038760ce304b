"""The report: what a check, or a search that found nothing, came to; as text in one language."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailsetup import __version__, i18n
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.redaction import Redacted
from mailsetup.assistant.texts.common import actor_name, link_meaning, link_name, status_word
from mailsetup.assistant.texts.evidence import evidence_rows
from mailsetup.assistant.texts.verdict import (
    broken_words,
    message_for_actor,
    note_sentences,
    proof_sentences,
    verdict_words,
)
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Diagnosis as ChainVerdict
from mailsetup.diagnosis.symptoms import SymptomAnswer, complaint
from mailsetup.i18n import _
from mailsetup.i18n.dates import date_and_time
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Actor, Finding, Link, Status
from mailsetup.model.secret import Secret
from mailsetup.reporting.content import (
    FindingText,
    Headline,
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
    """A check in words, in the current language. ``now`` is aware: when the check ended.

    ``secrets`` are the passwords that were used: should a server have written one into its
    answers, it is blanked out there. They never stand in a report otherwise.
    """
    report = Redacted(report.account, secrets).report(report)
    return _content(
        _Found(
            address=report.account.address,
            verdict=_verdict(report),
            chain=report.chain,
            cause=report.root_cause,
            findings=report.findings,
            proof=proof_sentences(report),
            notes=note_sentences(report),
            tables=(
                server_table(report),
                *trip_tables(report),
                *discovery_tables(discovery),
                *capability_tables(report),
                environment_table(report.elapsed_ms),
            ),
        ),
        now,
    )


def absence_content(
    address: EmailAddress, verdict: ChainVerdict, discovery: Discovery, now: datetime
) -> ReportContent:
    """A search that found no settings, and what the chain says about it."""
    cause = next(
        (
            finding
            for finding in verdict.findings
            if finding.status is Status.FAIL and finding.link is verdict.first_broken
        ),
        None,
    )
    if cause is not None:
        title, sentence = broken_words(cause)
        said = explain(cause)
        shown = Headline(Status.FAIL, title, sentence, said.advice, _who(said.who))
    else:
        shown = Headline(
            Status.UNKNOWN,
            _("No settings were found."),
            _("No mail servers were found for {address}.").format(address=address),
            _("Ask your hosting for the names of its servers, and enter them by hand."),
            _who(Actor.YOU),
        )
    return _content(
        _Found(
            address=address,
            verdict=shown,
            chain=verdict.chain,
            cause=cause,
            findings=verdict.findings,
            tables=(*discovery_tables(discovery), environment_table(discovery.elapsed_ms)),
        ),
        now,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What both kinds of report come from."""

    address: EmailAddress
    verdict: Headline
    chain: tuple[tuple[Link, Status], ...]
    cause: Finding | None
    findings: tuple[Finding, ...]
    tables: tuple[ReportTable, ...]
    proof: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def _content(found: _Found, now: datetime) -> ReportContent:
    if now.tzinfo is None:
        now = now.astimezone()
    cause = found.cause
    message = message_for_actor(found.address, cause, now) if cause is not None else ""
    return ReportContent(
        language=i18n.language(),
        title=_("Mail report"),
        address=str(found.address),
        when=now,
        when_text=date_and_time(now),
        program=f"mailsetup {__version__}",
        verdict=found.verdict,
        chain=tuple(_link(link, status, found.findings) for link, status in found.chain),
        words=Words.current(),
        findings=tuple(_finding(finding, cause) for finding in found.findings),
        proof=found.proof,
        notes=found.notes,
        message=tuple(message.splitlines()),
        message_to=_("To: {who}").format(who=actor_name(explain(cause).who))
        if cause is not None and message
        else "",
        tables=tuple(table for table in found.tables if table.rows),
    )


def _verdict(report: CheckReport) -> Headline:
    title, sentence = verdict_words(report)
    cause = report.root_cause
    answer = report.answer
    if cause is not None:
        said = explain(cause)
        shown = Headline(Status.FAIL, title, sentence, said.advice, _who(said.who))
    else:
        status = Status.OK if report.is_proven else Status.UNKNOWN
        shown = Headline(status, title, sentence)
    return _answering(shown, answer, cause) if answer is not None else shown


def _answering(shown: Headline, answer: SymptomAnswer, cause: Finding | None) -> Headline:
    """The verdict as an answer to the complaint; it may be about another finding than the cause."""
    led_to = answer.sentence
    if answer.finding is not None and (cause is None or answer.finding.id != cause.id):
        led_to = f"{led_to} {explain(answer.finding).title}"
    return Headline(
        shown.status,
        shown.title,
        shown.sentence,
        shown.advice,
        shown.who,
        _("You said: “{complaint}”").format(complaint=complaint(answer.symptom)),
        led_to,
    )


def _who(actor: Actor) -> str:
    return _("Who can mend it: {who}").format(who=actor_name(actor))


def _link(link: Link, status: Status, findings: Iterable[Finding]) -> ReportLink:
    """A broken or doubtful link says why; another one what it is."""
    own = next((f for f in findings if f.link is link and f.status is status), None)
    bad = status in (Status.FAIL, Status.WARN)
    sentence = explain(own).title if own is not None and bad else link_meaning(link)
    return ReportLink(link, status, link_name(link), status_word(status), sentence)


def _finding(finding: Finding, cause: Finding | None) -> FindingText:
    said = explain(finding)
    return FindingText(
        id=finding.id,
        link=link_name(finding.link),
        status=finding.status,
        word=status_word(finding.status),
        title=said.title,
        advice=said.advice,
        who=_who(said.who),
        evidence=tuple(ReportRow(label, value) for label, value in evidence_rows(finding)),
        is_cause=finding is cause,
    )
