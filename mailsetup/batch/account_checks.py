"""Tests the accounts of a run, as fast as each hosting allows."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from mailsetup.assistant.account_choice import alternatives_to
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.texts.verdict import headline
from mailsetup.batch.domain_search import Record
from mailsetup.batch.events import EmitBatchEvent, Paused
from mailsetup.batch.hosting_limits import HostingLimits
from mailsetup.batch.passwords import PasswordFailure, password_of
from mailsetup.batch.result import PersonResult, PersonState
from mailsetup.batch.table_check import Person
from mailsetup.batch.work import Work
from mailsetup.diagnosis.catalogue import explain
from mailsetup.i18n import _
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.net.clock import Clock
from mailsetup.net.public_suffix import owned_domain
from mailsetup.vault import Vault

_ATTEMPTS = 3
"""Tests of one account where the server asked for a slower pace; no password was judged then."""

_REFUSED = frozenset(
    {
        FindingId.ACCOUNT_LOGIN_REFUSED,
        FindingId.ACCOUNT_LOGIN_USERNAME_FORM,
        FindingId.ACCOUNT_LOGIN_APP_PASSWORD_NEEDED,
        FindingId.ACCOUNT_LOGIN_LOCKED,
        FindingId.ACCOUNT_LOGIN_EXPIRED,
        FindingId.ACCOUNT_LOGIN_WEB_LOGIN_NEEDED,
    }
)
_TOO_FAST = frozenset(
    {
        FindingId.ACCOUNT_LOGIN_RATE_LIMITED,
        FindingId.HOSTING_SERVER_BLOCKS_US,
        FindingId.HOSTING_SERVER_TEMPORARY,
    }
)
_SILENT = frozenset({FindingId.HOSTING_SERVER_UNREACHABLE, FindingId.HOSTING_SERVER_REFUSED})
"""Signs of a ban, where accounts were tested successfully before."""

Submit = Callable[[PersonResult], Awaitable[None]]
"""Takes a person's result."""


class AccountChecks:
    """The tests of one run."""

    def __init__(
        self,
        check: Callable[[CheckRequest], Awaitable[CheckReport]],
        clock: Clock,
        work: Work,
        vault: Vault,
        limits: HostingLimits,
        agreed: tuple[str, ...],
        *,
        record: Record,
        emit: EmitBatchEvent,
    ) -> None:
        """``check`` returns a report without secrets. ``agreed`` are the domains that the
        user agreed to. ``record`` adds to the journal."""
        self._check = check
        self._clock = clock
        self._work = work
        self._vault = vault
        self._limits = limits
        self._agreed = agreed
        self._record = record
        self._emit = emit
        self._successful: set[str] = set()
        """Hostings at which an account was tested without complaint about the pace."""

    async def check_all(
        self,
        people: Sequence[Person],
        account_of: Callable[[Person], Awaitable[PersonResult]],
        submit: Submit,
    ) -> None:
        """Test all accounts, all hostings concurrently: none waits for another's pauses."""
        groups: defaultdict[frozenset[str], deque[Person]] = defaultdict(deque)
        for person in people:
            result = await account_of(person)
            if result.account is None:
                await submit(result)
            else:
                groups[hostings_of(result.account)].append(person)

        async def tester(hostings: frozenset[str], waiting: deque[Person]) -> None:
            while waiting:
                # Made again: thousands of accounts would take memory while they wait.
                ready = await account_of(waiting.popleft())
                await submit(await self.check(ready, hostings))

        async with asyncio.TaskGroup() as group:
            for hostings, waiting in groups.items():
                for _number in range(min(self._work.per_hosting, len(waiting))):
                    group.create_task(tester(hostings, waiting))

    async def check(self, ready: PersonResult, hostings: frozenset[str]) -> PersonResult:
        """The result of testing an account, or why it was not tested."""
        person, account, discovery = ready.person, ready.account, ready.discovery
        assert account is not None  # noqa: S101 - only those with an account come here

        def not_tested(reason: str) -> PersonResult:
            return PersonResult(person, PersonState.NOT_TESTED, reason, discovery, account)

        if not account.incoming.takes_password or not account.outgoing.takes_password:
            return not_tested(_("This provider takes no typed password, so nothing was tested."))
        secret = await password_of(person, self._vault, self._work.agreed_commands)
        if isinstance(secret, PasswordFailure):
            return not_tested(secret.reason)
        for _attempt in range(_ATTEMPTS):
            async with self._limits.turn(hostings):
                spared = self._limits.spared(hostings)
                if spared:
                    return not_tested(_spared(spared))
                report = await self._check(self._request(account, discovery, secret))
                if await self._is_final(report, hostings):
                    state = PersonState.WORKS if report.is_healthy else PersonState.BROKEN
                    return PersonResult(person, state, _cause(report), discovery, account, report)
                self._emit(Paused(min(hostings), self._limits.slow_down(hostings)))
        self._limits.close(hostings)
        return not_tested(_("The server asks for fewer connections. Start again in an hour."))

    async def _is_final(self, report: CheckReport, hostings: frozenset[str]) -> bool:
        """Whether the report is about the account, and not about the pace of our connections."""
        ids = {finding.id for finding in report.findings}
        if ids & _REFUSED:
            self._limits.refused(hostings)
            at = self._clock.now().timestamp()
            for name in hostings:
                await self._record({"kind": "refused", "hosting": name, "at": at})
            return True
        if ids & _TOO_FAST or (ids & _SILENT and hostings & self._successful):
            return False
        self._successful |= hostings
        self._limits.went_well(hostings)
        return True

    def _request(
        self, account: Account, discovery: Discovery | None, secret: Secret
    ) -> CheckRequest:
        settings = discovery.settings if discovery else None
        return CheckRequest(
            account=account,
            secret=secret,
            send=self._work.send,
            attachment_mib=self._work.attachment_mib,
            wait=self._work.wait,
            alternatives=alternatives_to(account, settings) if settings else (),
            discovery=discovery,
            agreed=self._agreed,
            one_login_at_a_time=True,
        )


def hostings_of(account: Account) -> frozenset[str]:
    """The registrable domains of an account's servers."""
    return frozenset(owned_domain(server.host) for server in (account.incoming, account.outgoing))


def _spared(hosting: str) -> str:
    return _(
        "Not tested, so that {hosting} does not ban this office: several logins there were"
        " refused. Put the passwords right and start again in ten minutes."
    ).format(hosting=hosting)


def _cause(report: CheckReport) -> str:
    """What is broken; also where nothing is, but not everything was tested."""
    cause = report.root_cause
    if cause is not None:
        return explain(cause).title
    return "" if report.is_proven else headline(report, datetime.now().astimezone()).line
