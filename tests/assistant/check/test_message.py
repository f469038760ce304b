"""The test message of a check."""

from dataclasses import replace

import pytest

from mailsetup.assistant.check.message import exchange_with_second, send_to_oneself
from mailsetup.assistant.check.servers import MailAccess, ServerResult
from mailsetup.assistant.events import Activity
from mailsetup.model.dialogue import DialogueFault
from mailsetup.model.finding import Status
from tests.support.assistant.scripted_check import (
    ScriptedMailbox,
    ScriptedSession,
    good_access,
    request,
    running,
)

ACTIVITIES = {
    Activity.SEND,
    Activity.WAIT_FOR_ARRIVAL,
    Activity.COMPARE_ATTACHMENT,
    Activity.CLEAN_UP,
}


async def test_a_message_that_comes_back_is_a_round_trip() -> None:
    check = running()
    access = good_access(check.context)
    trip, findings = await send_to_oneself(check.context, access)
    assert trip is not None
    assert trip.folder == "INBOX"
    assert trip.attachment_intact
    assert trip.cleaned_up
    assert findings == ()
    assert isinstance(access.smtp, ScriptedSession)
    assert len(access.smtp.sent) == 1
    assert set(check.ended()) <= ACTIVITIES
    assert set(check.ended().values()) == {Status.OK}


async def test_a_message_that_does_not_arrive_is_a_finding() -> None:
    check = running()
    mailbox = ScriptedMailbox(check.context.account.incoming, DialogueFault.NOT_ARRIVED)
    access = replace(good_access(check.context), mailbox=mailbox)
    trip, findings = await send_to_oneself(check.context, access)
    assert trip is None
    assert [str(one.id) for one in findings] == ["hosting.message.not-arrived"]
    assert findings[0].facts["seconds"] == 5
    begun = {activity for activity, _detail in check.started()}
    assert set(check.ended()) == begun, "no activity goes on after the failure"


@pytest.mark.parametrize("why", ["no-send", "refused", "no-mailbox"])
async def test_nothing_is_sent_where_nothing_could_be_learnt(why: str) -> None:
    check = running(request(send=why != "no-send"))
    access = good_access(check.context)
    if why == "refused":
        access = replace(access, outgoing=ServerResult(reached=True))
    if why == "no-mailbox":
        access = replace(access, mailbox=None)
    assert await send_to_oneself(check.context, access) == (None, ())
    assert check.events == []


async def test_without_a_second_mailbox_nothing_is_exchanged() -> None:
    check = running()
    assert await exchange_with_second(check.context, good_access(check.context)) == (None, ())
    assert await exchange_with_second(check.context, MailAccess()) == (None, ())
