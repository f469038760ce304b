"""What people say is wrong, which faults explain it, and the verdict as an answer to them.

Each complaint has its own order of causes: a full mailbox explains that no mail arrives, but not
that mail to others lands in spam.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.i18n import N_, _
from mailsetup.i18n.languages import SYMPTOM_WORDS
from mailsetup.model.finding import Finding, Status


class Symptom(StrEnum):
    """The seven ways to say it, in the command line's words."""

    NOT_RECEIVING = "not-receiving"
    NOT_SENDING = "not-sending"
    ATTACHMENTS = "attachments"
    SPAM = "spam"
    NOT_DELIVERED = "not-delivered"
    MIGRATION = "migration"
    UNSURE = "unsure"

    @property
    def needs_second_mailbox(self) -> bool:
        """Whether only a mailbox elsewhere shows it: mail to oneself never leaves the hosting."""
        return self in (Symptom.SPAM, Symptom.NOT_DELIVERED)


def parse_symptom(word: str) -> Symptom | None:
    """The complaint that a word names, in any language."""
    value = SYMPTOM_WORDS.get(word.strip().lower())
    return Symptom(value) if value is not None else None


_EVERYTHING = ("client.address", "client.network", "client.dns", "client.clock", "dns.domain")
"""With one of these nothing works at all, whatever was complained of."""

_EXPLAINS: Mapping[Symptom, tuple[str, ...]] = {
    Symptom.NOT_RECEIVING: (
        *_EVERYTHING,
        "client.tls",
        "dns.mx",
        "hosting.server",
        "hosting.tls",
        "hosting.starttls",
        "account.login",
        "account.imap",
        "account.mailbox",
        "account.quota",
        "account.filter",
        "account.mail",
        "account.folders",
        "hosting.message",
        "hosting.login",
        "client.program",
    ),
    Symptom.NOT_SENDING: (
        *_EVERYTHING,
        "client.tls",
        "hosting.server",
        "hosting.tls",
        "hosting.starttls",
        "account.login",
        "account.smtp",
        "account.send",
        "hosting.login",
        "hosting.size",
        "hosting.message.rejected",
        "account.quota.full",
        "client.program",
    ),
    Symptom.ATTACHMENTS: (
        *_EVERYTHING,
        "hosting.size",
        "hosting.attachment",
        "hosting.message.rejected",
        "account.quota",
        "hosting.server",
        "account.login",
    ),
    Symptom.SPAM: (
        *_EVERYTHING,
        "hosting.sender",
        "dns.spf",
        "dns.dkim",
        "dns.dmarc",
        "account.send",
        "account.mail.in-spam",
    ),
    Symptom.NOT_DELIVERED: (
        *_EVERYTHING,
        "account.login",
        "account.send",
        "hosting.message",
        "hosting.sender",
        "dns.mx.missing",
        "dns.mx.unresolvable",
        "dns.spf",
        "dns.dkim",
        "dns.dmarc",
        "hosting.server",
    ),
    Symptom.MIGRATION: (
        *_EVERYTHING,
        "dns.mx.elsewhere",
        "dns.mx.two-hostings",
        "dns.mx",
        "hosting.tls.certificate-wrong-name",
        "hosting.server",
        "account.login",
        "account.mailbox",
        "dns.spf",
        "dns.dkim",
        "client.program",
    ),
    Symptom.UNSURE: (),
}
"""Prefixes of ids, the likeliest cause first."""

_FOUND = {
    Symptom.NOT_RECEIVING: N_("This is why mail does not reach you:"),
    Symptom.NOT_SENDING: N_("This is why you cannot send:"),
    Symptom.ATTACHMENTS: N_("This is why attachments do not arrive:"),
    Symptom.SPAM: N_("This is a likely reason why your mail lands in spam:"),
    Symptom.NOT_DELIVERED: N_("This is a likely reason why your mail does not reach others:"),
    Symptom.MIGRATION: N_("This was left undone in the move to the other hosting:"),
    Symptom.UNSURE: N_("This is broken first:"),
}
_FINE = {
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
    """What to say to a complaint; ``finding`` is what the sentence leads to, if anything."""

    symptom: Symptom
    sentence: str
    finding: Finding | None = None


def explains(symptom: Symptom, finding: Finding) -> bool:
    """Whether a fault can be the cause of the complaint."""
    prefixes = _EXPLAINS[symptom]
    return not prefixes or finding.id.startswith(prefixes)


def in_order_of(symptom: Symptom, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, those that explain the complaint first, each kind's likeliest in front."""
    prefixes = _EXPLAINS[symptom]

    def rank(finding: Finding) -> tuple[bool, bool, int]:
        place = next(
            (i for i, prefix in enumerate(prefixes) if finding.id.startswith(prefix)), len(prefixes)
        )
        fails = finding.status is Status.FAIL
        return (not fails, bool(prefixes) and place == len(prefixes), place)

    return tuple(sorted(findings, key=rank))


def answer(
    symptom: Symptom, findings: Sequence[Finding], *, proven: bool, saw_elsewhere: bool
) -> SymptomAnswer:
    """The verdict as an answer, in the current language.

    ``proven`` says that everything was seen to work, ``saw_elsewhere`` that a mailbox at another
    company took part.
    """
    weighty = [one for one in findings if one.status in (Status.FAIL, Status.WARN)]
    ordered = in_order_of(symptom, weighty)
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
    """The complaint as people say it, in the current language."""
    return _(_COMPLAINTS[symptom])


_COMPLAINTS = {
    Symptom.NOT_RECEIVING: N_("I do not receive mail"),
    Symptom.NOT_SENDING: N_("I cannot send"),
    Symptom.ATTACHMENTS: N_("Attachments do not arrive"),
    Symptom.SPAM: N_("My mail lands in spam"),
    Symptom.NOT_DELIVERED: N_("My mail does not reach others"),
    Symptom.MIGRATION: N_("It stopped after a change of hosting"),
    Symptom.UNSURE: N_("I do not know what is wrong"),
}
