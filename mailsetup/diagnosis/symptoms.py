"""A diagnosis as an answer to a complaint.

Each complaint has its own order of causes: a full mailbox explains that no mail arrives, but not
that mail to others lands in spam.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailsetup.diagnosis.catalogue import CATALOGUE
from mailsetup.i18n import N_, _
from mailsetup.model.finding import Finding, Status
from mailsetup.model.symptom import Symptom

_FOUND: Final[Mapping[Symptom, str]] = {
    Symptom.NOT_RECEIVING: N_("This is why mail does not reach you:"),
    Symptom.NOT_SENDING: N_("This is why you cannot send:"),
    Symptom.ATTACHMENTS: N_("This is why attachments do not arrive:"),
    Symptom.SPAM: N_("This is a likely reason why your mail lands in spam:"),
    Symptom.NOT_DELIVERED: N_("This is a likely reason why your mail does not reach others:"),
    Symptom.MIGRATION: N_("This was left undone in the move to the other hosting:"),
    Symptom.UNSURE: N_("This is broken first:"),
}
_FINE: Final[Mapping[Symptom, str]] = {
    Symptom.NOT_RECEIVING: N_(
        "Mail does reach this mailbox: a test message arrived. If one person's mail is missing, "
        "ask them for the error message that they got."
    ),
    Symptom.NOT_SENDING: N_(
        "Sending works: a test message was accepted and arrived. If your program still cannot "
        "send, set the account up again with these settings."
    ),
    Symptom.ATTACHMENTS: N_(
        "Attachments arrive unchanged here. If one is missing, it was probably too large for the "
        "recipient: send a link instead."
    ),
    Symptom.SPAM: N_(
        "Your mail is identified well and arrived outside the spam folder elsewhere. Ask the "
        "recipient to mark it as “not spam”."
    ),
    Symptom.NOT_DELIVERED: N_(
        "Your mail arrives elsewhere. Ask the recipient to look in the spam folder, and check "
        "their address."
    ),
    Symptom.MIGRATION: N_("The move is complete: mail is delivered where you log in."),
    Symptom.UNSURE: N_("Everything works."),
}
_OTHERWISE = N_("What was found does not explain your complaint, but it should be mended:")
_NEEDS_SECOND = N_(
    "This can only be seen with a mailbox at another company. Repeat the test with a second "
    "address, such as a free one of your own."
)
_NOT_SEEN = N_("Nothing broken was found, but not everything could be checked.")


@dataclass(frozen=True, slots=True)
class SymptomAnswer:
    """``finding`` is the one that the sentence introduces, if any."""

    symptom: Symptom
    sentence: str
    finding: Finding | None = None


def explains(symptom: Symptom, finding: Finding) -> bool:
    """Whether a fault can be the cause of the complaint."""
    return symptom is Symptom.UNSURE or symptom in CATALOGUE[finding.id].cause.explains


def in_order_of(symptom: Symptom, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings sorted: failures first, then those that explain the complaint, likeliest first.

    Findings of equal weight keep their order.
    """

    def rank(finding: Finding) -> tuple[bool, bool, int]:
        place = CATALOGUE[finding.id].cause.explains.get(symptom, 0)
        return (finding.status is not Status.FAIL, not explains(symptom, finding), place)

    return tuple(sorted(findings, key=rank))


def answer(
    symptom: Symptom, findings: Sequence[Finding], *, proven: bool, saw_elsewhere: bool
) -> SymptomAnswer:
    """The answer to a complaint, in the current language.

    ``proven``: the whole chain was seen to work. ``saw_elsewhere``: a mailbox at another company
    was part of the check.
    """
    relevant = [one for one in findings if one.status in (Status.FAIL, Status.WARN)]
    ordered = in_order_of(symptom, relevant)
    cause = next((one for one in ordered if explains(symptom, one)), None)
    if cause is not None:
        return SymptomAnswer(symptom, _(_FOUND[symptom]), cause)
    other = next((one for one in ordered if one.status is Status.FAIL), None)
    if other is not None:
        return SymptomAnswer(symptom, _(_OTHERWISE), other)
    if symptom.needs_second_mailbox and not saw_elsewhere:
        return SymptomAnswer(symptom, _(_NEEDS_SECOND))
    return SymptomAnswer(symptom, _(_FINE[symptom]) if proven else _(_NOT_SEEN))


def complaint(symptom: Symptom) -> str:
    """The complaint in the user's words, in the current language."""
    return _(_COMPLAINTS[symptom])


_COMPLAINTS: Final[Mapping[Symptom, str]] = {
    Symptom.NOT_RECEIVING: N_("I do not receive mail"),
    Symptom.NOT_SENDING: N_("I cannot send"),
    Symptom.ATTACHMENTS: N_("Attachments do not arrive"),
    Symptom.SPAM: N_("My mail lands in spam"),
    Symptom.NOT_DELIVERED: N_("My mail does not reach others"),
    Symptom.MIGRATION: N_("It stopped after a change of hosting"),
    Symptom.UNSURE: N_("I do not know what is wrong"),
}
