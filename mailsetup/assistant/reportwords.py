"""The sentences of a result: window, command line and report say them alike."""

from datetime import datetime

from mailsetup.assistant.report import CheckReport, Elsewhere
from mailsetup.assistant.wording import link_name
from mailsetup.diagnosis.catalogue import explain
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Actor, Finding
from mailsetup.model.hostname import to_u_label
from mailsetup.model.text import plain

_MIB = 1024 * 1024
_NONE = "—"


def verdict_words(report: CheckReport) -> tuple[str, str]:
    """The verdict as a title and one sentence."""
    cause = report.root_cause
    if cause is not None:
        return broken_words(cause)
    if report.is_proven:
        return _("Everything works"), _("Your mail comes in and goes out.")
    return _("Nothing broken was found"), _("Not everything could be checked.")


def broken_words(cause: Finding) -> tuple[str, str]:
    """The same for a chain that is broken by this."""
    return _("Broken here: {link}").format(link=link_name(cause.link)), explain(cause).title


def proof_sentences(report: CheckReport) -> tuple[str, ...]:
    """What was seen to work, a sentence each."""
    lines = []
    if report.incoming is not None:
        host = to_u_label(report.incoming.server.host)
        lines.append(_("Logged in at {host} to receive").format(host=host))
    if report.outgoing is not None:
        host = to_u_label(report.outgoing.server.host)
        lines.append(_("Logged in at {host} to send").format(host=host))
    trip = report.round_trip
    if trip is not None:
        seconds = f"{(trip.sent_ms + trip.arrived_ms) / 1000:.1f}"
        lines.append(
            _("A message of {size} came back after {seconds} s").format(
                size=size(trip.size), seconds=seconds
            )
        )
        if trip.attachment_intact:
            lines.append(_("Its attachment is unchanged"))
    if report.elsewhere is not None:
        lines += elsewhere_sentences(report.elsewhere)
    return tuple(lines)


def elsewhere_sentences(elsewhere: Elsewhere) -> tuple[str, ...]:
    """Which messages arrived between the account and the second mailbox."""
    lines = []
    for trip, sentence in (
        (elsewhere.sent, _("A message to {address} arrived there (folder {folder}).")),
        (elsewhere.received, _("A message from {address} arrived here (folder {folder}).")),
    ):
        if trip is not None:
            folder = plain(trip.folder, 80)
            lines.append(sentence.format(address=elsewhere.address, folder=folder))
    return tuple(lines)


def note_sentences(report: CheckReport) -> tuple[str, ...]:
    """What the person should know besides: servers' own words, what was left behind."""
    lines = []
    for proof in (report.incoming, report.outgoing):
        for alert in proof.alerts if proof else ():
            lines.append(_("The server says: {text}").format(text=plain(alert)))
    trips = [report.round_trip]
    if report.elsewhere is not None:
        trips += [report.elsewhere.sent, report.elsewhere.received]
        if report.elsewhere.problem is not None:
            why = explain(report.elsewhere.problem).title
            lines.append(_("The second mailbox could not be used: {why}").format(why=why))
    if any(trip is not None and not trip.cleaned_up for trip in trips):
        lines.append(_("The test message could not be removed; delete it by hand."))
    return tuple(lines)


def message_for_actor(address: EmailAddress, cause: Finding, now: datetime) -> str:
    """What to write to whoever has to act: all that they will ask for, nothing secret.

    ``now`` is aware. "" where it is the person who has to act.
    """
    explanation = explain(cause)
    if explanation.who is Actor.YOU:
        return ""
    evidence = cause.evidence
    said = plain(f"{evidence.get('code', '')} {evidence.get('answer', '')}")
    server = plain(str(evidence.get("server", "")))
    when = now.strftime("%Y-%m-%d %H:%M %z")
    sentence = _ended(explanation.title)
    if said:
        return _(
            "Hello. I have a problem with {address}. What happens: {sentence} "
            "When: {when}. Server: {server}. Exact answer of the server: “{answer}”. "
            "Could you please have a look?"
        ).format(address=address, sentence=sentence, when=when, server=server or _NONE, answer=said)
    if server:
        return _(
            "Hello. I have a problem with {address}. What happens: {sentence} "
            "When: {when}. Server: {server}. Could you please have a look?"
        ).format(address=address, sentence=sentence, when=when, server=server)
    return _(
        "Hello. I have a problem with {address}. What happens: {sentence} "
        "When: {when}. Could you please have a look?"
    ).format(address=address, sentence=sentence, when=when)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."


def size(octets: int) -> str:
    """A number of octets, for people."""
    if octets < _MIB / 10:
        return f"{octets / 1024:.1f} KiB"
    return f"{octets / _MIB:.1f} MiB"
