"""The verdict on a check or a search in words, for window, terminal and reports alike."""

from dataclasses import replace
from datetime import datetime

from mailsetup.assistant.check.report import CheckReport, Elsewhere
from mailsetup.assistant.texts.common import actor_name, link_name
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.diagnosis.checks.server import room_for_files
from mailsetup.diagnosis.symptoms import complaint
from mailsetup.i18n import _
from mailsetup.i18n.numbers import seconds, size
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import Stage
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Actor, Finding, Status
from mailsetup.model.headline import Headline
from mailsetup.model.hostname import to_u_label
from mailsetup.model.text import plain


def headline(report: CheckReport, now: datetime) -> Headline:
    """The verdict on a check, in the current language. ``now`` is aware.

    It is about `CheckReport.to_act_on`: the finding that explains the complaint, or else the root
    cause.
    """
    proof, notes = proof_sentences(report), note_sentences(report)
    answer = report.answer
    complained = ""
    if answer is not None:
        complained = _("You said: “{complaint}”").format(complaint=complaint(answer.symptom))
    cause = report.to_act_on
    if cause is not None:
        shown = _about(report.account.address, cause, now)
        status = Status.WARN if report.is_healthy else Status.FAIL
        lead = answer.sentence if answer is not None and answer.finding is not None else ""
        return replace(
            shown, status=status, complaint=complained, answer=lead, proof=proof, notes=notes
        )
    status, title, sentence = _without_cause(report)
    if answer is not None:
        sentence = answer.sentence
    return Headline(status, title, sentence, complaint=complained, proof=proof, notes=notes)


def _without_cause(report: CheckReport) -> tuple[Status, str, str]:
    if report.is_in_order and not report.needs_second_mailbox:
        if report.is_proven:
            return Status.OK, _("Everything works"), _("Your mail comes in and goes out.")
        return Status.UNKNOWN, _("Logging in works"), _("Sending was not tested.")
    return Status.UNKNOWN, _("Nothing broken was found"), _("Not everything could be checked.")


def absence_headline(
    address: EmailAddress, discovery: Discovery, diagnosis: Diagnosis, now: datetime
) -> Headline:
    """The verdict on a search that found no settings. ``now`` is aware."""
    cause = diagnosis.root_cause
    if cause is not None:
        return _about(address, cause, now)
    missing = Headline(
        Status.UNKNOWN,
        _("No settings were found"),
        _("No mail servers were found for {address}.").format(address=address),
    )
    if discovery.hints:
        # They say what to do with this provider.
        return missing
    return replace(
        missing,
        advice=_(
            "Ask your hosting for the names of its mail servers (its welcome message has them), "
            "and enter them by hand."
        ),
        who=who_sentence(Actor.YOU),
    )


def _about(address: EmailAddress, cause: Finding, now: datetime) -> Headline:
    explanation = explain(cause)
    failed = cause.status is Status.FAIL
    title = _("Broken here: {link}") if failed else _("To be mended: {link}")
    request = message_for_actor(address, cause, now)
    to = _("To: {who}").format(who=actor_name(explanation.who)) if request else ""
    return Headline(
        cause.status,
        title.format(link=link_name(cause.link)),
        explanation.title,
        explanation.advice,
        who_sentence(explanation.who),
        finding_id=cause.id,
        request=tuple(request.splitlines()),
        request_to=to,
    )


def who_sentence(actor: Actor) -> str:
    """Who can act on an advice."""
    return _("Who can mend it: {who}").format(who=actor_name(actor))


def proof_sentences(report: CheckReport) -> tuple[str, ...]:
    """What was proven, a sentence each."""
    lines = []
    if report.incoming is not None:
        host = to_u_label(report.incoming.server.host)
        lines.append(_("Logged in at {host} to receive").format(host=host))
    if report.outgoing is not None:
        host = to_u_label(report.outgoing.server.host)
        lines.append(_("Logged in at {host} to send").format(host=host))
    limit = report.outgoing.size_limit if report.outgoing is not None else None
    if limit:
        lines.append(
            _("Messages up to {size} may be sent; that is about {files} of files").format(
                size=size(limit), files=size(room_for_files(limit))
            )
        )
    trip = report.round_trip
    if trip is not None:
        taken = seconds(trip.sent_ms + trip.arrived_ms)
        lines.append(
            _("A message of {size} came back after {time}").format(size=size(trip.size), time=taken)
        )
        if trip.attachment_intact:
            lines.append(_("Its attachment is unchanged"))
    if report.elsewhere is not None:
        lines += elsewhere_sentences(report.elsewhere)
    return tuple(lines)


def elsewhere_sentences(elsewhere: Elsewhere) -> tuple[str, ...]:
    """The messages that arrived between the account and the second mailbox."""
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
    """Texts that servers want shown, and what could not be cleaned up."""
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
    """A request to the one who has to act, with all that they will ask for and no secret.

    Several lines. ``now`` is aware. "" where the person has to act.
    """
    explanation = explain(cause)
    if explanation.who is Actor.YOU:
        return ""
    problem = _("I have a problem with the mail of {address}. {sentence}")
    rows = [(_("When"), now.strftime("%Y-%m-%d %H:%M %z")), *_evidence_rows(cause)]
    return "\n".join(
        (
            _("Hello,"),
            problem.format(address=address, sentence=_ended(explanation.title)),
            *(f"- {name}: {value}" for name, value in rows if value),
            _("Could you please have a look and tell me what you find? Thank you."),
        )
    )


def _evidence_rows(cause: Finding) -> list[tuple[str, str]]:
    """The evidence for the request, by label; "" for what the finding does not have."""
    evidence = cause.evidence

    def shown(*names: str) -> str:
        values = (evidence.get(name, "") for name in names)
        texts = (", ".join(v) if isinstance(v, tuple) else str(v) for v in values)
        return plain(" ".join(text for text in texts if text))

    protocol = shown("protocol").upper()
    server = f"{shown('server')} ({protocol})" if protocol else shown("server")
    answer = shown("code", "answer")
    stage = str(evidence.get("stage", ""))
    return [
        (_("Server"), server),
        (_("User name"), plain(str(cause.facts.get("username", "")), 120)),
        (_("Step"), stage_words(stage) if stage else ""),
        (_("Exact answer of the server"), _("“{text}”").format(text=answer) if answer else ""),
        (_("Size of the message"), size(int(shown("size"))) if shown("size").isdigit() else ""),
        (_("Message-ID"), shown("message_id")),
        (_("The outgoing server took it with the words"), shown("accepted")),
        (_("From"), shown("from")),
        (_("To"), shown("to")),
        (_("Certificate for"), shown("certificate_names")),
        (_("Certificate issued by"), shown("certificate_issuer")),
        (_("Certificate ends"), shown("certificate_expires")),
        (_("Found in the DNS"), shown("name", "record")),
        (_("Reason"), shown("reason")),
        (_("MX records"), shown("mx")),
        (_("The mailbox is at"), shown("mailbox")),
        (_("Signatures (DKIM)"), shown("signatures") or shown("dkim")),
        (_("SPF"), shown("spf")),
        (_("Sending address"), shown("address", "reverse_name") if "record" in evidence else ""),
    ]


def stage_words(stage: str) -> str:
    """The stage of a dialogue in words; ``stage`` is a `Stage`."""
    match stage:
        case Stage.CONNECT:
            return _("connecting")
        case Stage.TLS | Stage.STARTTLS:
            return _("beginning encryption")
        case Stage.GREETING:
            return _("greeting of the server")
        case Stage.LOGIN:
            return _("logging in")
        case Stage.MAILBOX:
            return _("opening the mailbox")
        case Stage.SENDER:
            return _("naming the sender")
        case Stage.RECIPIENT:
            return _("naming the recipient")
        case Stage.DATA:
            return _("handing the message over")
        case Stage.ARRIVAL:
            return _("waiting for the message")
        case Stage.ATTACHMENT:
            return _("reading the message")
        case Stage.CLEAN_UP:
            return _("removing the message")
        case _:
            return stage


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."
