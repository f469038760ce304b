"""Results as text for people. Everything from outside was made plain where it came in."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from mailsetup.assistant.evidencewords import evidence_rows
from mailsetup.assistant.publishing import Row
from mailsetup.assistant.report import CheckReport
from mailsetup.assistant.reportwords import (
    elsewhere_sentences,
    message_for_actor,
    note_sentences,
)
from mailsetup.assistant.service import Discovery
from mailsetup.assistant.wording import (
    actor_name,
    alias_sentence,
    domain_shown,
    hint_sentence,
    link_name,
    protocol_purpose,
    provider_words,
    server_sentence,
    service_sentence,
    source_sentence,
    status_word,
    warning_sentence,
)
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Verdict
from mailsetup.export.exporter import Artifact, Automation, Exporter
from mailsetup.figures import seconds
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.text import plain

_SIGNS = {Status.OK: "✔", Status.WARN: "!", Status.FAIL: "✘", Status.UNKNOWN: "·"}


def write_discovery(discovery: Discovery, out: TextIO) -> None:
    """The servers that were found, and where they come from."""
    settings = discovery.settings
    if settings is None:
        for warning in discovery.warnings:
            out.write(f"  {warning_sentence(warning)}\n")
        # The reason was said above; what is new is where to read on.
        out.writelines(f"  {plain(hint.url, 200)}\n" for hint in discovery.hints if hint.url)
        return
    if settings.provider:
        out.write(plain(settings.provider, 60) + "\n")
    if discovery.source is not None:
        out.write(source_sentence(discovery.source) + "\n")
    for server in settings.servers:
        out.write(f"  {protocol_purpose(server.protocol)} ({server.protocol.upper()}): ")
        out.write(server_sentence(server) + ", " + plain(server.username, 120) + "\n")
    for service in settings.services:
        out.write(f"  {service_sentence(service)}\n")
    for hint in settings.hints:
        words = (hint_sentence(hint), provider_words(hint), plain(hint.url, 200))
        out.write("  " + " ".join(word for word in words if word) + "\n")
    for alias in settings.aliases:
        out.write(f"  {alias_sentence(alias)}\n")
    for warning in discovery.warnings:
        out.write(f"  {warning_sentence(warning)}\n")


def confirmation_sentence(discovery: Discovery) -> str:
    """What has to be agreed to, and how."""
    domains = ", ".join(map(domain_shown, discovery.confirm))
    option = " ".join(f"--trust {domain}" for domain in discovery.confirm)
    if discovery.settings is None:
        return _(
            "Your domain sends us on to another company for its settings: {domains}. If you know "
            "it, run this again with {option}."
        ).format(domains=domains, option=option)
    return _(
        "Your mail seems to be kept by another company: {domains}. If you know it as your "
        "provider, run this again with {option}."
    ).format(domains=domains, option=option)


def write_confirmation(discovery: Discovery, out: TextIO) -> None:
    """The question that is still open, if any."""
    if discovery.confirm:
        out.write(confirmation_sentence(discovery) + "\n")


def write_nothing_found(
    address: EmailAddress, discovery: Discovery, verdict: Verdict, out: TextIO
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


def write_verdict(verdict: Verdict, out: TextIO) -> None:
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
    elif report.is_proven:
        out.write(_("Everything works.") + "\n")
    elif report.is_healthy:
        out.write(_("Nothing is broken as far as it could be checked.") + "\n")
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


def write_export(artifact: Artifact, paths: Sequence[Path], out: TextIO) -> None:
    """The files that were written and the steps to take with them."""
    for path in paths:
        out.write(_("Written: {path}").format(path=path) + "\n")
    for note in artifact.notes:
        out.write(f"! {note}\n")
    for number, step in enumerate(artifact.steps, 1):
        out.write(f"{number}. {step.text}\n")
        for value in step.values:
            out.write(f"     {value.label}: {value.value}\n")
        if step.link:
            out.write(f"     {step.link}\n")


def write_verification(rows: Sequence[Row], out: TextIO) -> None:
    """What is really served, place by place; the faults stand last, where they are seen."""
    for row in sorted(rows, key=lambda row: not row.is_well):
        out.write(f"{'✔' if row.is_well else '✘'} {row.sentence}\n")


def write_applied(
    name: str, profile: Path, command: Sequence[str], notes: Sequence[str], out: TextIO
) -> None:
    """What was set up and how to open it."""
    out.write(_("Thunderbird has a new profile “{name}”: {path}").format(name=name, path=profile))
    out.write("\n")
    for note in notes:
        out.write(f"! {note}\n")
    out.write(_("Open it once with: {command}").format(command=shlex.join(command)) + "\n")


def write_changed(
    name: str, profile: Path, corrected: Sequence[str], notes: Sequence[str], out: TextIO
) -> None:
    """What was changed in a profile that was there."""
    sentence = _("The account is in Thunderbird's profile “{name}”: {path}")
    out.write(sentence.format(name=name, path=profile) + "\n")
    write_notes((*corrected, *notes), out)


def write_already_there(name: str, profile: Path, notes: Sequence[str], out: TextIO) -> None:
    """Nothing had to be done."""
    sentence = _("The account is right already in Thunderbird's profile “{name}”: {path}")
    out.write(sentence.format(name=name, path=profile) + "\n")
    write_notes(notes, out)


def write_notes(notes: Sequence[str], out: TextIO) -> None:
    """A line each."""
    out.writelines(f"{note}\n" for note in notes)


def write_programs(rows: Sequence[tuple[Exporter, bool | None]], out: TextIO) -> None:
    """The table of programs."""
    here = {True: _("installed"), False: _("not installed"), None: ""}
    how = {
        Automation.APPLY: _("set up by itself"),
        Automation.IMPORT: _("by a file"),
        Automation.GUIDE: _("by a guide"),
    }
    table = [
        (program.id, _(program.title), how[program.automation], here[found])
        for program, found in rows
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for row in table:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")
