"""The result of a check, or of a search that found nothing, as text."""

from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.texts.common import link_name, status_word
from mailsetup.assistant.texts.evidence import evidence_rows
from mailsetup.assistant.texts.verdict import absence_headline, headline, who_sentence
from mailsetup.cli.text import write_discovery
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.headline import STATUS_SIGNS


def write_nothing_found(
    address: EmailAddress, discovery: Discovery, verdict: Diagnosis, out: TextIO
) -> None:
    """Write that no settings were found, the reasons found and the advice."""
    headline = absence_headline(address, discovery, verdict, datetime.now().astimezone())
    out.write(_("No mail servers were found for {address}.").format(address=address) + "\n")
    write_discovery(discovery, out)
    if any(status is not Status.UNKNOWN for _link, status in verdict.chain):
        write_verdict(verdict, out)
    if not headline.finding_id and headline.advice:
        out.write(f"{headline.advice}\n")


def write_chain(chain: Sequence[tuple[Link, Status]], out: TextIO) -> None:
    """Write the four links on one line."""
    out.write(
        " → ".join(
            f"{STATUS_SIGNS[status]} {link_name(link)} ({status_word(status)})"
            for link, status in chain
        )
        + "\n"
    )


def write_verdict(verdict: Diagnosis, out: TextIO) -> None:
    """Write the chain and its findings."""
    write_chain(verdict.chain, out)
    for finding in verdict.findings:
        _write_finding(finding, out)


def write_report(report: CheckReport, now: datetime, out: TextIO) -> None:
    """Write the proof, the verdict, other findings and a message to send. ``now`` is aware."""
    shown = headline(report, now)
    out.write("\n")
    write_chain(report.chain, out)
    out.writelines(f"{STATUS_SIGNS[Status.OK]} {line}\n" for line in shown.proof)
    out.writelines(f"{line}\n" for line in shown.notes)
    out.write(f"\n{STATUS_SIGNS[shown.status]} {shown.title}\n")
    for line in (shown.answer, shown.sentence, shown.advice, shown.who):
        if line:
            out.write(f"  {line}\n")
    if report.to_act_on is not None:
        _write_evidence(report.to_act_on, out)
    for finding in report.others:
        _write_finding(finding, out)
    if shown.request:
        out.write("\n" + _("A message ready to send") + "\n")
        out.writelines(f"  {line}\n" for line in shown.request)


def _write_finding(finding: Finding, out: TextIO) -> None:
    explanation = explain(finding)
    sign = STATUS_SIGNS[finding.status]
    out.write(f"\n{sign} {explanation.title}\n  {explanation.advice}\n")
    out.write(f"  {who_sentence(explanation.who)}\n")
    _write_evidence(finding, out)


def _write_evidence(finding: Finding, out: TextIO) -> None:
    out.writelines(f"    {label}: {value}\n" for label, value in evidence_rows(finding))
