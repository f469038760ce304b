"""The mail part of a check: both servers, the test messages, and what a login gives access to."""

import asyncio
from dataclasses import dataclass, field, replace

from mailsetup.assistant.check.computer import ReadPrograms, computer_findings, program_findings
from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.current_secret import CurrentSecret, Renew
from mailsetup.assistant.check.domain import identity_findings
from mailsetup.assistant.check.mailbox_rules import RulesReader, hidden_folder_findings
from mailsetup.assistant.check.message import exchange_with_second, send_to_oneself
from mailsetup.assistant.check.report import Elsewhere
from mailsetup.assistant.check.servers import MailAccess, ServerResult, prove_servers
from mailsetup.assistant.events import Activity
from mailsetup.assistant.program_folders import folders_for_programs
from mailsetup.model.dialogue import RoundTrip
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.verify.imap_mailbox import ImapMailbox
from mailsetup.verify.round_trip import Mailbox
from mailsetup.verify.session import OpenSessions


@dataclass(frozen=True, slots=True)
class MailResult:
    """The result of the mail part. ``findings`` are ordered: servers, messages, mailbox, programs.

    Where both servers show the same fault, the incoming one counts.
    """

    access: MailAccess = field(default_factory=MailAccess)
    trip: RoundTrip | None = None
    elsewhere: Elsewhere | None = None
    findings: tuple[Finding, ...] = ()
    computer_findings: tuple[Finding, ...] = ()
    identity_findings: tuple[Finding, ...] = ()
    folders: Folders = NO_FOLDERS


async def check_mail(
    check: CheckContext, read_programs: ReadPrograms, renew: Renew | None
) -> MailResult:
    """Log in at both servers, send the test messages, and evaluate what arrived."""
    credentials = CurrentSecret(check.request.secret, renew)
    rules = RulesReader(check, credentials)
    try:
        async with OpenSessions() as sessions:
            previous = _still_proven(check)
            if previous is not None:
                work = program_findings(check, previous.access, read_programs)
                of_programs = await check.guard.run("programs", work, ())
                mail = replace(previous, findings=of_programs)
            else:
                access = await prove_servers(check, credentials, sessions, rules)
                mail = await _use(check, access, rules, read_programs)
            # The sessions end while the messages are evaluated.
            identity = identity_findings(check, mail.trip, mail.elsewhere)
            found, _ended = await asyncio.gather(
                check.guard.run("identity", identity, ()), sessions.end()
            )
            return replace(mail, identity_findings=found)
    finally:
        rules.stop()


async def _use(
    check: CheckContext, access: MailAccess, rules: RulesReader, read_programs: ReadPrograms
) -> MailResult:
    """Everything for which a login is needed, and the reasons where there is none."""
    guard = check.guard
    (trip, of_trip), of_programs, (script, of_rules) = await asyncio.gather(
        guard.run("message", send_to_oneself(check, access), (None, ())),
        guard.run("programs", program_findings(check, access, read_programs), ()),
        guard.run("rules", rules.evaluate(), ("", ())),
    )
    hidden = hidden_folder_findings(check, access.mailbox, trip, script)
    of_folders = await guard.run("folders", hidden, ())
    exchanged = exchange_with_second(check, access)
    elsewhere, of_elsewhere = await guard.run("elsewhere", exchanged, (None, ()))
    of_computer = await guard.run("computer", computer_findings(check, access), ())
    return MailResult(
        access,
        trip,
        elsewhere,
        findings=(
            *access.incoming.findings,
            *access.outgoing.findings,
            *of_trip,
            *of_rules,
            *of_folders,
            *of_elsewhere,
            *of_programs,
        ),
        computer_findings=of_computer,
        folders=guard.call("folders", lambda: _folders(access.mailbox), NO_FOLDERS),
    )


def _folders(mailbox: Mailbox | None) -> Folders:
    if not isinstance(mailbox, ImapMailbox):
        return NO_FOLDERS
    return folders_for_programs(mailbox.session.known_folders)


def _still_proven(check: CheckContext) -> MailResult | None:
    """The proof of the last report, if it covers everything that the request asks for."""
    request, last = check.request, check.request.previous
    if last is None or last.account != check.account:
        return None
    if last.incoming is None or last.outgoing is None:
        return None
    if any(finding.link in (Link.HOSTING, Link.ACCOUNT) for finding in last.findings):
        return None
    if request.send and last.round_trip is None:
        return None
    if request.second is not None and (
        last.elsewhere is None or not (last.elsewhere.sent and last.elsewhere.received)
    ):
        return None
    for activity in (Activity.LOG_IN_INCOMING, Activity.LOG_IN_OUTGOING):
        check.progress.begin(activity)
        check.progress.end(activity, Status.OK)
    access = MailAccess(
        ServerResult(proof=last.incoming, reached=True),
        ServerResult(proof=last.outgoing, reached=True),
    )
    return MailResult(access, last.round_trip, last.elsewhere, folders=last.folders)
