"""Messages to and from a second mailbox at another company.

A message to oneself usually stays inside the hosting. One to a mailbox elsewhere shows how others
see the account's mail; one from there shows that the domain's MX leads to the mailbox.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from mailsetup.assistant.check.progress import CheckProgress
from mailsetup.assistant.check.report import Elsewhere
from mailsetup.assistant.check.request import SecondMailbox
from mailsetup.assistant.check.servers import mailbox_of
from mailsetup.assistant.events import Activity
from mailsetup.diagnosis.checks.server import finding_of
from mailsetup.model.dialogue import DialogueFailure, RoundTrip
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.net.network import Network
from mailsetup.verify.login import AnySession, log_in, open_as, open_session
from mailsetup.verify.round_trip import Mailbox, round_trip
from mailsetup.verify.session import OpenSessions
from mailsetup.verify.smtp import SmtpSession

Session = TypeVar("Session", bound=AnySession)


async def exchange_messages(
    account: Account,
    mailbox: Mailbox,
    smtp: SmtpSession,
    second: SecondMailbox,
    net: Network,
    progress: CheckProgress,
    *,
    wait: float,
) -> tuple[Elsewhere, tuple[Finding, ...]]:
    """Send a message each way concurrently, and wait for both.

    ``mailbox`` and ``smtp`` are the account's, logged in. The findings are about the account.
    """
    other = second.account
    address = str(other.address)
    async with OpenSessions() as sessions:
        progress.begin(Activity.OPEN_SECOND, address)
        opened = await _opened(second, net, sessions)
        if isinstance(opened, DialogueFailure):
            progress.end(Activity.OPEN_SECOND, Status.WARN)
            return Elsewhere(address, problem=finding_of(opened, other.address)), ()
        progress.end(Activity.OPEN_SECOND, Status.OK)
        other_mailbox, other_smtp = opened
        progress.begin(Activity.SEND_ELSEWHERE, address)
        progress.begin(Activity.RECEIVE_FROM_ELSEWHERE, address)
        sent, received = await asyncio.gather(
            round_trip(other_mailbox, smtp, account, net, to=other.address, wait=wait),
            round_trip(mailbox, other_smtp, other, net, to=account.address, wait=wait),
        )
    progress.end(Activity.SEND_ELSEWHERE, _status(sent))
    progress.end(Activity.RECEIVE_FROM_ELSEWHERE, _status(received))
    findings = [
        *_trip_findings(sent, account, other, account, wait),
        *_trip_findings(received, other, account, account, wait),
    ]
    elsewhere = Elsewhere(
        address,
        sent=sent if isinstance(sent, RoundTrip) else None,
        received=received if isinstance(received, RoundTrip) else None,
    )
    return elsewhere, tuple(findings)


async def _opened(
    second: SecondMailbox, net: Network, sessions: OpenSessions
) -> tuple[Mailbox, SmtpSession] | DialogueFailure:
    incoming, smtp = await asyncio.gather(
        _logged_in(open_session(second.account.incoming, net), second.secret, net, sessions),
        _logged_in(
            open_as(SmtpSession, second.account.outgoing, net), second.secret, net, sessions
        ),
    )
    if isinstance(incoming, DialogueFailure):
        return incoming
    if isinstance(smtp, DialogueFailure):
        return smtp
    return await mailbox_of(incoming, second.secret), smtp


async def _logged_in(
    opening: Awaitable[Session | DialogueFailure],
    secret: Secret,
    net: Network,
    sessions: OpenSessions,
) -> Session | DialogueFailure:
    session = await opening
    if isinstance(session, DialogueFailure):
        return session
    sessions.add(session)
    proof = await log_in(session, secret, net)
    return proof if isinstance(proof, DialogueFailure) else session


def _trip_findings(
    outcome: RoundTrip | DialogueFailure,
    sender: Account,
    recipient: Account,
    checked: Account,
    wait: float,
) -> list[Finding]:
    """The findings about ``checked``, which is the sender or the recipient."""
    if isinstance(outcome, DialogueFailure):
        return [_marked(finding_of(outcome, checked.address, wait=wait), sender, recipient)]
    if not outcome.junk:
        return []
    kind, facts = FindingId.ACCOUNT_MAIL_IN_SPAM, {"folder": outcome.folder}
    if sender is checked:
        kind = FindingId.ACCOUNT_SEND_SEEN_AS_SPAM
        facts = {"address": str(recipient.address), "folder": outcome.folder}
    return [Finding(kind, Status.WARN, facts, dict(facts))]


def _marked(finding: Finding, sender: Account, recipient: Account) -> Finding:
    """The finding with sender and recipient of the message."""
    direction = {"from": str(sender.address), "to": str(recipient.address)}
    return Finding(finding.id, finding.status, finding.facts, {**finding.evidence, **direction})


def _status(outcome: RoundTrip | DialogueFailure) -> Status:
    return Status.FAIL if isinstance(outcome, DialogueFailure) else Status.OK
