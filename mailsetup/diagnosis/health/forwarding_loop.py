"""A forward that brings mail back to the mailbox, recognised from the trace fields of a message."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailsetup.diagnosis.subaddress import mailbox_of
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.rfc5322 import fields_of, text_of
from mailsetup.model.text import plain
from mailsetup.net.public_suffix import owned_domain

_MAX_SHOWN = 6
_MAX_STEPS = 200
_FORWARDER_FIELDS = (
    "x-loop",
    "x-sieve-redirected-from",
    "x-ms-exchange-inbox-rules-loop",
    "resent-from",
)
"""Fields that name the mailbox which forwarded a message: procmail and mailing lists, Pigeonhole,
Exchange, and redirection by RFC 5322 section 3.6.6."""
_ADDRESS = re.compile(r"[^\s<>(),;:\"\[\]]{1,64}@[^\s<>(),;:\"\[\]@]{1,255}")
_BY = re.compile(r"\bby\s+([A-Za-z0-9][A-Za-z0-9.-]{0,254})")
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,320})")


@dataclass(frozen=True, slots=True)
class _Step:
    """One trace field: the host that wrote it, and the mailbox that it names as the recipient."""

    host: str
    mailbox: EmailAddress | None
    delivered: bool


def loop_finding(raw: bytes, address: EmailAddress) -> Finding | None:
    """The finding about a forwarding loop, None where the message shows none.

    ``raw`` is a message that was sent directly to ``address`` and found in its mailbox. That it
    passed one host twice proves nothing: content filters do that, and mail to oneself. What counts
    is that the mailbox itself forwarded it, or that it was in another mailbox in between.
    """
    fields = [(name, text_of(value)) for name, value in fields_of(raw)]
    steps = _steps(fields)
    others = _other_mailboxes(steps, address)
    forwarder_field = _own_forwarder_field(fields, address)
    if not (forwarder_field or _came_back(steps, others, address)):
        return None
    forwarded = [value for name, value in fields if name == "x-forwarded-to"]
    named = _addresses(" ".join(forwarded)) or others
    targets = tuple(dict.fromkeys(plain(str(each), 80) for each in named)) or (str(address),)
    hosts = dict.fromkeys(plain(step.host, 80) for step in steps if step.host)
    evidence: dict[str, Fact] = {"loop": True, "path": tuple(hosts)[:_MAX_SHOWN]}
    if forwarder_field:
        evidence["field"] = forwarder_field
    facts: dict[str, Fact] = {"target": targets[:_MAX_SHOWN]}
    return Finding(FindingId.ACCOUNT_FILTER_LOOPS, Status.WARN, facts, evidence)


def _steps(fields: Sequence[tuple[str, str]]) -> list[_Step]:
    """The trace, oldest first; each host adds its fields on top."""
    steps: list[_Step] = []
    host = ""
    for name, value in reversed(fields):
        if len(steps) == _MAX_STEPS:
            break
        if name == "received":
            by, recipient = _BY.search(value), _FOR.search(value)
            host = by.group(1).lower().rstrip(".") if by else ""
            mailbox = _parsed(recipient.group(1)) if recipient else None
            steps.append(_Step(host, mailbox, delivered=False))
        elif name == "delivered-to":
            steps.append(_Step(host, _parsed(value), delivered=True))
    return steps


def _own_forwarder_field(fields: Sequence[tuple[str, str]], address: EmailAddress) -> str:
    """The name of the field in which this mailbox's own forward named itself, or ""."""
    for name, value in fields:
        found = _addresses(value) if name in _FORWARDER_FIELDS else ()
        if name == "x-forwarded-for":
            # Gmail: first the mailbox that forwarded it, then the one that it was forwarded to.
            found = _addresses(value)[:1]
        if any(mailbox_of(each) == mailbox_of(address) for each in found):
            return name
    return ""


def _other_mailboxes(steps: Sequence[_Step], address: EmailAddress) -> tuple[EmailAddress, ...]:
    """The other mailboxes in the trace, without the internal names that servers give this one."""
    hosts = {step.host for step in steps}
    found: dict[EmailAddress, None] = {}
    own = mailbox_of(address)
    for step in steps:
        if step.mailbox is None or mailbox_of(step.mailbox) == own:
            continue
        local, domain = mailbox_of(step.mailbox)
        # ``ana@host12.hosting.com``; and qmail's ``company.es-ana@company.es``.
        if (local == own[0] and domain in hosts) or local.endswith("-" + own[0]):
            continue
        found[step.mailbox] = None
    return tuple(found)


def _came_back(
    steps: Sequence[_Step], others: Sequence[EmailAddress], address: EmailAddress
) -> bool:
    """Whether the message was in this mailbox, then in another one, then in this one again."""
    own = mailbox_of(address)
    seen_own = left = False
    for step in steps:
        if step.mailbox is not None and mailbox_of(step.mailbox) == own:
            if left:
                return True
            seen_own = True
        elif step.mailbox in others:
            left = seen_own
    return _delivered_twice(steps, own)


def _delivered_twice(steps: Sequence[_Step], own: tuple[str, str]) -> bool:
    """Whether one host delivered it here twice, with another company's host in between."""
    first: dict[str, int] = {}
    for position, step in enumerate(steps):
        if not (step.delivered and step.host and step.mailbox and mailbox_of(step.mailbox) == own):
            continue
        owner = owned_domain(step.host)
        between = steps[first.setdefault(step.host, position) : position]
        if any(each.host and owned_domain(each.host) != owner for each in between):
            return True
    return False


def _addresses(text: str) -> tuple[EmailAddress, ...]:
    parsed = (EmailAddress.parse(found) for found in _ADDRESS.findall(text)[:_MAX_SHOWN])
    return tuple(each for each in parsed if isinstance(each, EmailAddress))


def _parsed(text: str) -> EmailAddress | None:
    address = EmailAddress.parse(text.strip())
    return address if isinstance(address, EmailAddress) else None
