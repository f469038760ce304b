"""The test messages of a check: to oneself, and to and from a second mailbox."""

from typing import Final, assert_never

from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.progress import CheckProgress
from mailsetup.assistant.check.report import Elsewhere
from mailsetup.assistant.check.second_mailbox import exchange_messages
from mailsetup.assistant.check.servers import MailAccess
from mailsetup.assistant.events import Activity
from mailsetup.diagnosis.checks.server import arrival_findings, finding_of
from mailsetup.diagnosis.health.forwarding_loop import loop_finding
from mailsetup.model.dialogue import DialogueFailure, RoundTrip
from mailsetup.model.finding import Finding, Status
from mailsetup.verify.events import (
    CleaningUp,
    Comparing,
    MessageArrived,
    Sending,
    Sent,
    TripProgress,
    Waiting,
)
from mailsetup.verify.round_trip import round_trip

_ACTIVITIES: Final = (
    Activity.SEND,
    Activity.WAIT_FOR_ARRIVAL,
    Activity.COMPARE_ATTACHMENT,
    Activity.CLEAN_UP,
)


async def send_to_oneself(
    check: CheckContext, access: MailAccess
) -> tuple[RoundTrip | None, tuple[Finding, ...]]:
    """Send a message to the account itself and wait for it, where the request wants that.

    After a refused login or with a full mailbox nothing could be learnt from it.
    """
    request, mailbox, smtp = check.request, access.mailbox, access.smtp
    if not request.send or mailbox is None or smtp is None or not access.is_good:
        return None, ()
    outcome = await round_trip(
        mailbox,
        smtp,
        check.account,
        check.net,
        attachment_mib=request.attachment_mib,
        wait=request.wait,
        emit=lambda progress: _emit(progress, check.progress),
    )
    failed = isinstance(outcome, DialogueFailure)
    for activity in _ACTIVITIES:
        check.progress.end(activity, Status.FAIL if failed else Status.OK)
    if isinstance(outcome, DialogueFailure):
        finding = finding_of(outcome, check.account.address, wait=request.wait)
        return None, check.progress.report((finding,))
    findings = arrival_findings(outcome, check.account.incoming.protocol)
    raw, address = outcome.raw, check.account.address
    loop = check.guard.call("message", lambda: loop_finding(raw, address), None)
    return outcome, check.progress.report((*findings, *((loop,) if loop is not None else ())))


async def exchange_with_second(
    check: CheckContext, access: MailAccess
) -> tuple[Elsewhere | None, tuple[Finding, ...]]:
    """Send a message to the second mailbox and one back, where the request has one."""
    second, mailbox, smtp = check.request.second, access.mailbox, access.smtp
    if second is None or mailbox is None or smtp is None or not access.is_good:
        return None, ()
    elsewhere, findings = await exchange_messages(
        check.account, mailbox, smtp, second, check.net, check.progress, wait=check.request.wait
    )
    return elsewhere, check.progress.report(findings)


def _emit(event: TripProgress, progress: CheckProgress) -> None:
    match event:
        case Sending():
            progress.begin(Activity.SEND)
        case Sent():
            progress.end(Activity.SEND, Status.OK)
        case Waiting(folder=folder):
            if not progress.is_running(Activity.WAIT_FOR_ARRIVAL):
                progress.begin(Activity.WAIT_FOR_ARRIVAL, folder)
        case MessageArrived():
            progress.end(Activity.WAIT_FOR_ARRIVAL, Status.OK)
        case Comparing():
            progress.begin(Activity.COMPARE_ATTACHMENT)
        case CleaningUp():
            progress.end(Activity.COMPARE_ATTACHMENT, Status.OK)
            progress.begin(Activity.CLEAN_UP)
        case _:
            assert_never(event)
