"""The mailbox's Sieve rules and folders: what happens to mail after its arrival."""

import asyncio
from dataclasses import dataclass

from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.current_secret import CurrentSecret
from mailsetup.diagnosis.checks.folders import folder_findings
from mailsetup.diagnosis.sieve.rule_findings import rule_findings, rule_folders
from mailsetup.model.dialogue import RoundTrip, Stage
from mailsetup.model.finding import Finding
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.system.threads import in_thread
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.imap_mailbox import ImapMailbox
from mailsetup.verify.managesieve.active_rules import RulesOutcome, read_active_rules
from mailsetup.verify.managesieve.session import ActiveRules
from mailsetup.verify.round_trip import Mailbox


@dataclass(frozen=True, slots=True)
class _Reading:
    """``accepted`` allows the login, with this user name and secret."""

    task: asyncio.Task[RulesOutcome]
    accepted: asyncio.Future[tuple[str, Secret]]


class RulesReader:
    """Reads the active Sieve script by ManageSieve (RFC 5804), concurrently with the logins.

    So the check does not wait for a port that a firewall drops. No secret is sent before the
    mailbox itself has accepted it.
    """

    def __init__(self, check: CheckContext, credentials: CurrentSecret) -> None:
        self._check = check
        self._credentials = credentials
        self._reading: _Reading | None = None

    def start(self, server: ServerSettings) -> None:
        """Connect to the ManageSieve port of the server, in place of an earlier one."""
        self.stop()
        if self._credentials.fit(server):
            accepted = asyncio.get_running_loop().create_future()
            reading = read_active_rules(server, self._check.net, accepted=accepted)
            self._reading = _Reading(asyncio.create_task(reading), accepted)

    def stop(self) -> None:
        """Cancel the reading."""
        if self._reading is not None:
            self._reading.task.cancel()
            self._reading = None

    def accept(self, username: str, secret: Secret) -> None:
        """The mailbox accepted these credentials."""
        if self._reading is not None:
            self._reading.accepted.set_result((username, secret))

    async def evaluate(self) -> tuple[str, tuple[Finding, ...]]:
        """The script ("" for none) and its findings. Only after `accept`."""
        if self._reading is None or not self._reading.accepted.done():
            return "", ()
        outcome = await self._reading.task
        if not isinstance(outcome, ActiveRules):
            return "", ()
        check = self._check
        now = check.net.clock.now()
        # The evaluation of a large script takes a while.
        findings = await in_thread(rule_findings, outcome.text, check.account.address, now)
        return outcome.text, check.progress.report(findings)


async def hidden_folder_findings(
    check: CheckContext, mailbox: Mailbox | None, trip: RoundTrip | None, script: str
) -> tuple[Finding, ...]:
    """Folders in which mail arrives and that programs do not show."""
    if not isinstance(mailbox, ImapMailbox):
        return ()
    now = check.net.clock.now()
    receiving = list(await in_thread(rule_folders, script, check.account.address, now))
    if trip is not None:
        receiving.append(trip.folder)
    session = mailbox.session
    if not session.known_folders:
        # Only a test message makes the session list them.
        with DialogueGuard(session.server, Stage.MAILBOX) as listing:
            await session.folders()
        if listing.failure is not None:
            return ()
    findings = folder_findings(session.known_folders, session.subscribed, receiving=receiving)
    return check.progress.report(findings)
