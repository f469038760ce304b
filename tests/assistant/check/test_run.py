"""A whole check: gather, judge, report."""

from dataclasses import replace

import pytest

from mailsetup.assistant.check.computer import computer_findings, program_findings
from mailsetup.assistant.check.current_secret import CurrentSecret
from mailsetup.assistant.check.mailbox_rules import RulesReader, hidden_folder_findings
from mailsetup.assistant.check.report import CheckReport, Elsewhere, redacted_report
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.check.run import run_check
from mailsetup.assistant.check.servers import MailAccess
from mailsetup.assistant.events import Activity, ActivityEnded, ActivityStarted, Event, ignore
from mailsetup.assistant.redaction import Redaction
from mailsetup.diagnosis.symptoms import SymptomAnswer
from mailsetup.model.dialogue import LoggedIn
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ProgramAccount
from mailsetup.model.symptom import Symptom
from mailsetup.net.dial import ConnectFault
from tests.support.assistant.scripted_check import (
    PASSWORD,
    TRIP,
    good_access,
    request,
    running,
)
from tests.support.network.scripted_network import ScriptedNetwork


def unreachable_world(wanted: CheckRequest) -> ScriptedNetwork:
    scripted = ScriptedNetwork()
    for server in (wanted.account.incoming, wanted.account.outgoing):
        scripted.mail[server.host, server.port] = ConnectFault.REFUSED
    return scripted


def proven_report(wanted: CheckRequest) -> CheckReport:
    account = wanted.account
    return CheckReport(
        account=account,
        chain=tuple((link, Status.OK) for link in Link),
        first_broken=None,
        findings=(),
        incoming=LoggedIn(account.incoming, "PLAIN", "TLSv1.3", 12.0),
        outgoing=LoggedIn(account.outgoing, "PLAIN", "TLSv1.3", 12.0),
        round_trip=TRIP,
        elapsed_ms=1.0,
    )


async def test_without_a_network_nothing_is_asked() -> None:
    scripted, events = ScriptedNetwork(), list[Event]()
    net = replace(scripted.network(), is_online=lambda: False)
    report = await run_check(request(), net, events.append, tuple)
    assert [str(one.id) for one in report.findings] == ["client.network.offline"]
    assert report.first_broken is Link.CLIENT
    assert scripted.asked_hosts == []
    assert not any(isinstance(one, ActivityStarted) for one in events)


async def test_servers_that_refuse_connections_break_the_hosting() -> None:
    wanted, events = request(symptom=Symptom.NOT_RECEIVING), list[Event]()
    report = await run_check(
        wanted, unreachable_world(wanted).network(), events.append, no_programs
    )
    assert report.first_broken is not None
    assert report.incoming is None
    assert report.round_trip is None
    assert report.answer is not None
    assert report.answer.symptom is Symptom.NOT_RECEIVING
    begun = {one.activity for one in events if isinstance(one, ActivityStarted)}
    assert begun == {one.activity for one in events if isinstance(one, ActivityEnded)}


def no_programs() -> tuple[ProgramAccount, ...]:
    raise AssertionError("the programs are read only once both servers are proven")


async def test_what_the_last_report_proved_is_not_repeated() -> None:
    wanted = request()
    scripted, events = ScriptedNetwork(), list[Event]()
    again = replace(wanted, previous=proven_report(wanted))
    report = await run_check(again, scripted.network(), events.append, tuple)
    assert scripted.asked_hosts == []
    assert report.round_trip == TRIP
    ended = {one.activity: one.status for one in events if isinstance(one, ActivityEnded)}
    assert ended[Activity.LOG_IN_INCOMING] is ended[Activity.LOG_IN_OUTGOING] is Status.OK


@pytest.mark.parametrize("why", ["another-account", "fault", "no-message"])
async def test_a_report_that_proves_less_is_not_used(why: str) -> None:
    wanted = request()
    last = proven_report(wanted)
    if why == "another-account":
        last = replace(last, account=replace(wanted.account, person="Ana"))
    if why == "fault":
        fault = Finding(FindingId.ACCOUNT_QUOTA_FULL, Status.FAIL)
        last = replace(last, findings=(fault,))
    if why == "no-message":
        last = replace(last, round_trip=None)
    scripted = unreachable_world(wanted)
    await run_check(replace(wanted, previous=last), scripted.network(), ignore, tuple)
    assert scripted.asked_hosts != []


def test_no_text_of_a_server_in_a_report_has_a_secret() -> None:
    wanted, secret = request(), PASSWORD.reveal()
    evidence = {"answer": f"bad password {secret}"}
    finding = Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, evidence=evidence)
    proven = proven_report(wanted)
    assert proven.incoming is not None
    said = replace(proven.incoming, alerts=(secret,), capabilities=(secret,))
    trip = replace(TRIP, folder=secret)
    report = replace(
        proven,
        findings=(finding,),
        incoming=said,
        round_trip=trip,
        answer=SymptomAnswer(Symptom.UNSURE, "x", finding),
        elsewhere=Elsewhere("ana@otra.example", trip, trip, finding),
    )
    redaction = Redaction(wanted.account, [PASSWORD])
    assert secret not in repr(redacted_report(report, redaction))


async def test_the_rules_are_read_only_once_the_mailbox_accepted_the_login() -> None:
    check = running()
    rules = RulesReader(check.context, CurrentSecret(Secret("x")))
    assert await rules.evaluate() == ("", ())
    rules.start(check.context.account.incoming)
    assert await rules.evaluate() == ("", ())
    rules.accept("ana", Secret("x"))
    assert await rules.evaluate() == ("", ())
    rules.stop()


async def test_folders_are_checked_in_an_imap_mailbox_only() -> None:
    check = running().context
    mailbox = good_access(check).mailbox
    assert await hidden_folder_findings(check, mailbox, TRIP, "") == ()
    assert await hidden_folder_findings(check, None, None, "") == ()


async def test_programs_and_computer_are_checked_only_where_that_can_explain_something() -> None:
    check = running().context
    assert await program_findings(check, MailAccess(), no_programs) == ()
    assert await program_findings(check, good_access(check), tuple) == ()
    assert await computer_findings(check, good_access(check)) == ()
