"""What a check, or a search that found nothing, came to: as text for people."""

from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.texts.common import actor_name, link_name, status_word
from mailsetup.assistant.texts.evidence import evidence_rows
from mailsetup.assistant.texts.verdict import (
    elsewhere_sentences,
    healthy_sentence,
    message_for_actor,
    note_sentences,
)
from mailsetup.cli.text import write_discovery
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.i18n import _
from mailsetup.i18n.numbers import seconds
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.text import plain

_SIGNS = {Status.OK: "✔", Status.WARN: "!", Status.FAIL: "✘", Status.UNKNOWN: "·"}


def write_nothing_found(
    address: EmailAddress, discovery: Discovery, verdict: Diagnosis, out: TextIO
) -> None:
    """Nobody publishes settings for the address: why, as far as it can be seen, and what to do."""
    out.write(_("No mail servers were found for {address}.").format(address=address) + "\n")
    write_discovery(discovery, out)
    if any(status is not Status.UNKNOWN for _link, status in verdict.chain):
        write_verdict(verdict, out)
    if not verdict.findings and not discovery.hints:
        out.write(
            _(
                "Ask your hosting for the names of its mail servers; its welcome message has them. "
                "You can enter them by hand in the window."
            )
            + "\n"
        )


def write_chain(chain: Sequence[tuple[Link, Status]], out: TextIO) -> None:
    """The four links on one line."""
    out.write(
        " → ".join(
            f"{_SIGNS[status]} {link_name(link)} ({status_word(status)})" for link, status in chain
        )
        + "\n"
    )


def write_verdict(verdict: Diagnosis, out: TextIO) -> None:
    """The chain and what to do."""
    write_chain(verdict.chain, out)
    for finding in verdict.findings:
        _write_finding(finding, out)


def write_report(report: CheckReport, now: datetime, out: TextIO) -> None:
    """What was proven, or what is broken first, and what to write to whom. ``now`` is aware."""
    out.write("\n")
    write_chain(report.chain, out)
    trip = report.round_trip
    if trip is not None:
        out.write(
            _(
                "A message with an attachment was sent and came back in {time} "
                "(folder {folder}); the attachment is unchanged."
            ).format(
                time=seconds(trip.sent_ms + trip.arrived_ms),
                folder=plain(trip.folder, 80),
            )
            + "\n"
        )
    if report.elsewhere is not None:
        out.writelines(f"{line}\n" for line in elsewhere_sentences(report.elsewhere))
    out.writelines(f"{line}\n" for line in note_sentences(report))
    if report.answer is not None:
        out.write(f"\n{report.answer.sentence}\n")
    elif report.is_healthy:
        out.write(healthy_sentence(report) + "\n")
    for finding in report.findings:
        _write_finding(finding, out)
    cause = report.to_act_on
    message = message_for_actor(report.account.address, cause, now) if cause is not None else ""
    if message:
        out.write("\n" + _("A message ready to send") + "\n")
        out.writelines(f"  {line}\n" for line in message.splitlines())


def _write_finding(finding: Finding, out: TextIO) -> None:
    explanation = explain(finding)
    out.write(f"\n{_SIGNS[finding.status]} {explanation.title}\n  {explanation.advice}\n")
    who = _("Who can mend it: {who}").format(who=actor_name(explanation.who))
    out.write(f"  {who}\n")
    out.writelines(f"    {label}: {value}\n" for label, value in evidence_rows(finding))
