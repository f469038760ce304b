"""One run over a table: search, test, write; what is done is on the disk before it is told.

A run may be ended at any moment, by whatever: the next one goes on where it was. People who are
done are not looked at again, a domain whose servers were found within the last day is not searched
for again, and refused logins of the last minutes count.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailsetup.assistant.account_choice import alternatives_to, choose_account, settings_discovery
from mailsetup.assistant.check.batch import BatchChecks
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.run_options import RunOptions
from mailsetup.batch import events, welcome_sheet
from mailsetup.batch.events import BatchStarted, DomainSearched, EmitBatchEvent, Paused, PersonDone
from mailsetup.batch.folder_names import Names
from mailsetup.batch.hosting_limits import IN_ALL, PER_HOSTING, HostingLimits
from mailsetup.batch.journal import Entry, RunJournal, recent
from mailsetup.batch.passwords import PasswordFailure, password_of
from mailsetup.batch.person_files import FilesOrder, printed
from mailsetup.batch.person_folder import PEOPLE, PersonFolders
from mailsetup.batch.result import DONE, FAILED, PersonResult, PersonState
from mailsetup.batch.table_check import BatchPlan, Person
from mailsetup.batch.workers import Laid, Workers
from mailsetup.discovery.batch import BatchSearch
from mailsetup.export.validation import validate
from mailsetup.files import atomic
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding_id import FindingId
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, AccountSettings
from mailsetup.model.settings_json import SettingsFailure, settings_from_json, settings_to_json
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network, open_network
from mailsetup.net.public_suffix import owned_domain
from mailsetup.vault import Vault

PARALLEL = 8
"""Domains searched for at the same time. More would only wait for this computer's own work."""
_REMEMBERED = 24 * 3600.0
"""Seconds for which a domain's servers count as found."""
_TRIES = 3
"""Tests of one account where the server asked for a slower pace; no password was judged then."""
_TOGETHER = 48
"""People written at once: they share the waits for the disk."""

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
_TOO_MUCH = frozenset(
    {
        FindingId.ACCOUNT_LOGIN_RATE_LIMITED,
        FindingId.HOSTING_SERVER_BLOCKS_US,
        FindingId.HOSTING_SERVER_TEMPORARY,
    }
)
_SILENT = frozenset({FindingId.HOSTING_SERVER_UNREACHABLE, FindingId.HOSTING_SERVER_REFUSED})
"""Signs of a ban, where accounts were tested well before."""

MakePage = Callable[[welcome_sheet.Printed], bytes]
"""Makes a PDF of a welcome sheet; b"" where that is not possible here."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done for each person.

    ``check`` tests the login, and with ``send`` also a message to oneself of ``attachment_mib``
    MiB, waited for ``wait`` seconds. ``contact`` is a line on the welcome sheet.
    """

    check: bool = False
    send: bool = True
    attachment_mib: int = 0
    wait: float = 120.0
    pdf: bool = False
    contact: str = ""
    retry_failed: bool = False
    agreed_commands: frozenset[str] = frozenset()
    """Commands of the table that the person has seen and agreed to; no other is run."""
    parallel: int = PARALLEL
    accounts: int = IN_ALL
    per_hosting: int = PER_HOSTING

    @property
    def mark(self) -> str:
        """What makes a person's results others than those of another run."""
        return f"check={self.check} send={self.send} pdf={self.pdf} contact={self.contact}"


@dataclass(frozen=True, slots=True)
class Finished:
    """The run came to its end. ``stopped`` says why not all could be written ("" where all is)."""

    stopped: str = ""


class BatchRunner:
    """One run. Belongs to one event loop; the journal is the caller's to close."""

    def __init__(
        self,
        plan: BatchPlan,
        out: Path,
        journal: RunJournal,
        work: Work,
        options: RunOptions,
        *,
        vault: Vault | None = None,
        make_page: MakePage | None = None,
        emit: EmitBatchEvent = events.ignore,
        network: Callable[[NetworkOptions], AbstractAsyncContextManager[Network]] = open_network,
    ) -> None:
        """``network`` opens the way to the outside."""
        self._plan = plan
        self._journal = journal
        self._work = work
        self._options = options
        self._vault = vault or Vault()
        self._network = network
        self._make_page = make_page if work.pdf else None
        self._emit = emit
        self._store = PersonFolders(out)
        self._names = Names(journal.folders)
        self._given: dict[str, str] = {}
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writing")
        self._well: set[str] = set()
        self._finished: asyncio.Queue[PersonResult | Entry | None] = asyncio.Queue(4 * _TOGETHER)
        self._late: list[PersonResult | Entry] = []
        self._ordering = asyncio.Lock()
        self._is_cancelled = False

    def fingerprint(self, person: Person) -> str:
        """The mark under which the journal knows a person asked for in this way."""
        return person.fingerprint(self._work.mark)

    def is_done(self, person: Person) -> bool:
        """Whether an earlier run has done all that this one would do."""
        address = person.address.ascii
        if not self._journal.is_done(address, self.fingerprint(person)):
            return False
        if not self._work.retry_failed:
            return True
        entry = self._journal.person(address) or {}
        return entry.get("outcome") not in FAILED

    async def run(self) -> Finished:
        """Do everything that is not done. Cancelling reaches every socket and loses nothing that
        came to its end before."""
        try:
            self._store.prepare()
        except OSError as error:
            return Finished(atomic.reason(error, Path(error.filename or PEOPLE)))
        waiting = [person for person in self._plan.people if not self.is_done(person)]
        stopped = ""
        # Logins set the pace of a check; processes would only wait for them.
        workers = Workers(self._store.people, 0 if self._work.check else len(waiting))
        try:
            async with asyncio.TaskGroup() as group:
                # One more than work side by side: while they do, it puts things in their places.
                for _number in range(workers.count + 1):
                    group.create_task(self._write_finished(workers))
                await self._work_on(waiting)
                await self._finished.put(None)
        except* OSError as errors:
            first = _first(errors)
            stopped = atomic.reason(first, Path(first.filename or PEOPLE))
        finally:
            workers.close()
            self._writing.shutdown()
            self._store.clean()
        return Finished(stopped)

    async def _work_on(self, people: Sequence[Person]) -> None:
        async with AsyncExitStack() as stack:
            net = await stack.enter_async_context(self._network(self._options.network))
            searches = BatchSearch(
                net,
                agreed=self._options.agreed,
                budget=self._options.budget,
                offline=self._options.offline,
                plain_http=self._options.plain_http,
                parallel=self._work.parallel,
            )
            stack.push_async_callback(searches.close)
            checks = BatchChecks(net)
            stack.push_async_callback(checks.close)
            unknown = self._unknown(people, searches, net)
            if self._work.check:
                await self._search(unknown, searches, net)
                await self._test_all(people, searches, checks, net)
            else:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._search(unknown, searches, net))
                    for person in people:
                        await self._hand_over(await self._prepared(person, searches))

    # Searching --------------------------------------------------------------------------------

    def _unknown(
        self, people: Sequence[Person], searches: BatchSearch, net: Network
    ) -> deque[EmailAddress]:
        """The first person's address of each domain that has to be searched for."""
        firsts: dict[str, EmailAddress] = {}
        for person in people:
            if person.settings is None:
                firsts.setdefault(person.address.domain, person.address)
        for entry in self._journal.domains.values():
            known = self._remembered(entry, net)
            if known is not None and known[0].domain in firsts:
                searches.remember(*known)
                del firsts[known[0].domain]
        done_before = len(self._plan.people) - len(people)
        self._emit(BatchStarted(len(self._plan.people), done_before, len(firsts)))
        return deque(firsts.values())

    async def _search(
        self, waiting: deque[EmailAddress], searches: BatchSearch, net: Network
    ) -> None:
        """Every domain once."""

        async def searcher() -> None:
            while waiting:
                address = waiting.popleft()
                found = await searches.find(address)
                if found.outcome is DiscoveryStatus.FOUND:
                    await self._hand_over(self._searched(address, found, net))
                self._emit(DomainSearched(address.domain))

        async with asyncio.TaskGroup() as group:
            for _number in range(min(self._work.parallel, len(waiting))):
                group.create_task(searcher())

    def _searched(self, address: EmailAddress, found: Discovery, net: Network) -> Entry:
        source = found.source
        return {
            "kind": "domain",
            "domain": address.domain,
            "address": address.ascii,
            "at": net.clock.now().timestamp(),
            "agreed": [*sorted(self._options.agreed)],
            "settings": settings_to_json(found.settings) if found.settings else None,
            "source": [str(source.method), source.location, str(source.channel)]
            if source
            else None,
        }

    def _remembered(self, entry: Entry, net: Network) -> tuple[EmailAddress, Discovery] | None:
        """A search of the last day, unless it was allowed more than this run is."""
        match entry:
            case {
                "address": str(text),
                "agreed": list(agreed),
                "source": [str(method), str(location), str(channel)],
            } if recent(entry, net.clock.now(), _REMEMBERED):
                address = EmailAddress.parse(text)
                if isinstance(address, AddressFailure) or not (
                    set(map(str, agreed)) <= set(self._options.agreed)
                ):
                    return None
                settings = settings_from_json(entry.get("settings"), address)
                if isinstance(settings, SettingsFailure):
                    return None
                try:
                    source = Source(Method(method), location, Channel(channel))
                except ValueError:
                    return None
                return address, Discovery(DiscoveryStatus.FOUND, settings, source)
            case _:
                return None

    async def _prepared(self, person: Person, searches: BatchSearch) -> PersonResult:
        """The person's account, or why there is none."""
        if person.settings is not None:
            settings = person.settings.settings_for(person.address)
            if isinstance(settings, SettingsFailure):
                return PersonResult(person, PersonState.NO_SETTINGS, settings.problem)
            discovery = settings_discovery(settings, str(person.settings.path))
        else:
            discovery = await searches.find(person.address)
        account = choose_account(discovery.settings or _NOTHING, person.address, person.name)
        if discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION:
            names = ", ".join(discovery.confirm)
            reason = _("The mail is kept by {domains}. Agree to that first.").format(domains=names)
            return PersonResult(person, PersonState.NEEDS_CONFIRMATION, reason, discovery)
        if discovery.outcome is DiscoveryStatus.NOT_FOUND:
            reason = _("No settings were found. Give them with a settings file.")
            return PersonResult(person, PersonState.NO_SETTINGS, reason, discovery)
        if account is None:
            reason = _(
                "These settings do not name both an incoming and an outgoing encrypted server."
            )
            return PersonResult(person, PersonState.NO_SETTINGS, reason, discovery)
        refused = validate(account)
        if refused is not None:
            return PersonResult(person, PersonState.NOT_WRITTEN, refused.reason, discovery)
        return PersonResult(person, PersonState.READY, discovery=discovery, account=account)

    # Testing ----------------------------------------------------------------------------------

    async def _test_all(
        self, people: Sequence[Person], searches: BatchSearch, checks: BatchChecks, net: Network
    ) -> None:
        """Hosting by hosting, side by side: one that asks for patience holds up nobody else."""
        groups: defaultdict[frozenset[str], deque[Person]] = defaultdict(deque)
        for person in people:
            result = await self._prepared(person, searches)
            if result.account is None:
                await self._hand_over(result)
            else:
                groups[_hostings(result.account)].append(person)
        limits = HostingLimits(
            net.clock,
            per_hosting=self._work.per_hosting,
            in_all=self._work.accounts,
            refusals=self._journal.refusals,
        )

        async def tester(hostings: frozenset[str], waiting: deque[Person]) -> None:
            while waiting:
                prepared = await self._prepared(waiting.popleft(), searches)
                await self._hand_over(await self._tested(prepared, hostings, limits, checks, net))

        async with asyncio.TaskGroup() as group:
            for hostings, waiting in groups.items():
                for _number in range(min(self._work.per_hosting, len(waiting))):
                    group.create_task(tester(hostings, waiting))

    async def _tested(
        self,
        prepared: PersonResult,
        hostings: frozenset[str],
        limits: HostingLimits,
        checks: BatchChecks,
        net: Network,
    ) -> PersonResult:
        person, account, discovery = prepared.person, prepared.account, prepared.discovery
        assert account is not None  # noqa: S101 - only those with an account come here
        if not account.incoming.takes_password or not account.outgoing.takes_password:
            reason = _("This provider takes no typed password, so nothing was tested.")
            return PersonResult(person, PersonState.NOT_TESTED, reason, discovery, account)
        secret = await password_of(person, self._vault, self._work.agreed_commands)
        if isinstance(secret, PasswordFailure):
            return PersonResult(person, PersonState.NOT_TESTED, secret.reason, discovery, account)
        for _attempt in range(_TRIES):
            async with limits.turn(hostings):
                spared = limits.spared(hostings)
                if spared:
                    return PersonResult(
                        person, PersonState.NOT_TESTED, _spared(spared), discovery, account
                    )
                report = await checks.check(self._request(account, discovery, secret))
                ids = {finding.id for finding in report.findings}
                if ids & _REFUSED:
                    limits.refused(hostings)
                    await self._remember_refusal(hostings, net)
                    break
                if not ids & _TOO_MUCH and not (ids & _SILENT and hostings & self._well):
                    self._well |= hostings
                    limits.went_well(hostings)
                    break
                self._emit(Paused(min(hostings), limits.too_much(hostings)))
        else:
            limits.close(hostings)
            reason = _("The server asks for fewer connections. Start again in an hour.")
            return PersonResult(person, PersonState.NOT_TESTED, reason, discovery, account)
        state = PersonState.WORKS if report.is_healthy else PersonState.BROKEN
        return PersonResult(person, state, _cause(report), discovery, account, report)

    async def _remember_refusal(self, hostings: frozenset[str], net: Network) -> None:
        at = net.clock.now().timestamp()
        for name in hostings:
            await self._hand_over({"kind": "refused", "hosting": name, "at": at})

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
            agreed=self._options.agreed,
            one_login_at_a_time=True,
        )

    # Writing ----------------------------------------------------------------------------------

    async def _write_finished(self, workers: Workers) -> None:
        """Bring to the disk whatever has come to its end, in groups."""
        bringing: asyncio.Task[None] | None = None
        try:
            ended = False
            while not ended:
                taken = [await self._finished.get()]
                while len(taken) < _TOGETHER and not self._finished.empty():
                    taken.append(self._finished.get_nowait())
                ended = None in taken
                group = [one for one in taken if one is not None]
                bringing = asyncio.create_task(self._bring(group, workers))
                await asyncio.shield(bringing)
            # For the others who wait here.
            self._finished.put_nowait(None)
        except asyncio.CancelledError:
            # What is being written takes a moment. No login is to be repeated; what was only
            # prepared is quickly prepared again.
            self._is_cancelled = True
            if bringing is not None:
                await bringing
            left, self._late = self._late, []
            while not self._finished.empty():
                one = self._finished.get_nowait()
                left += [one] if one is not None else []
            await self._bring([one for one in left if _cost_a_login(one)], workers)
            raise

    async def _hand_over(self, finished: PersonResult | Entry) -> None:
        """Have it written soon; also where there is no time left to wait for that."""
        try:
            await self._finished.put(finished)
        except asyncio.CancelledError:
            self._late.append(finished)
            raise

    async def _bring(self, group: Sequence[PersonResult | Entry], workers: Workers) -> None:
        """Make a group's files, have them in their places for good, write it down and tell it."""
        group, orders = await self._ordered(group)
        laid = await workers.lay_down(orders) if orders else []
        of_folder = {one[1]: one for one in laid}
        entries: list[Entry] = []
        for one in group:
            if isinstance(one, PersonResult):
                known = one.account is not None
                entries.append(self._entry(one, of_folder[self._folder(one)] if known else None))
            else:
                entries.append(one)
        loop = asyncio.get_running_loop()
        # A thread cannot be stopped, and need not be: it takes a moment.
        await asyncio.shield(loop.run_in_executor(self._writing, self._put, laid, entries))
        for one in group:
            if isinstance(one, PersonResult):
                person = one.person
                self._emit(PersonDone(person.row, str(person.address), one.state, one.reason))

    async def _ordered(
        self, group: Sequence[PersonResult | Entry]
    ) -> tuple[Sequence[PersonResult | Entry], Sequence[FilesOrder]]:
        """Those of a group that are to be written, and what is to be made for them. After a cancel
        whatever cost no login is left out."""
        kept: list[PersonResult | Entry] = []
        orders: list[FilesOrder] = []
        # One group after another: all at once, each would be ready only when all of them are.
        async with self._ordering:
            for one in group:
                if self._is_cancelled and not _cost_a_login(one):
                    continue
                kept.append(one)
                if isinstance(one, PersonResult) and one.account is not None:
                    orders.append(self._order(one, one.account))
                    # A page takes a while, and nobody's answer is to be missed meanwhile.
                    await asyncio.sleep(0)
        return kept, orders

    def _put(self, laid: Sequence[Laid], entries: Sequence[Entry]) -> None:
        if laid:
            self._store.put((aside, name) for aside, name, _files, _notes in laid)
        self._journal.add(entries)

    def _order(self, result: PersonResult, account: Account) -> FilesOrder:
        person = result.person
        order = FilesOrder(
            self._folder(result), account, person.language, person.programs, self._work.contact
        )
        if self._make_page is None:
            return order
        # Here, because Qt wants the thread that it began in.
        return replace(order, page=self._make_page(printed(order)))

    def _folder(self, result: PersonResult) -> str:
        """The name of the person's folder."""
        address = result.person.address.ascii
        if address not in self._given:
            known = self._journal.folder_of(address)
            self._given[address] = known or self._names.give(
                result.person.name, result.person.address
            )
        return self._given[address]

    def _entry(self, result: PersonResult, laid: Laid | None) -> Entry:
        """The journal's line."""
        _aside, name, files, notes = laid or (None, "", (), ())
        return {
            "kind": "person",
            "fingerprint": self.fingerprint(result.person),
            "done": result.state in DONE,
            **result.entry(),
            "folder": name,
            "files": [f"{PEOPLE}/{name}/{file}" for file in files],
            "notes": [*notes],
        }


_NOTHING = AccountSettings((), ())


def _cost_a_login(finished: PersonResult | Entry) -> bool:
    return not isinstance(finished, PersonResult) or finished.report is not None


def _hostings(account: Account) -> frozenset[str]:
    return frozenset(owned_domain(server.host) for server in (account.incoming, account.outgoing))


def _spared(hosting: str) -> str:
    return _(
        "Not tested, so that {hosting} does not ban this office: several logins there were"
        " refused. Put the passwords right and start again in ten minutes."
    ).format(hosting=hosting)


def _cause(report: CheckReport) -> str:
    """What is broken; also where nothing is, but not everything was tested."""
    from mailsetup.assistant.texts.verdict import headline
    from mailsetup.diagnosis.catalogue import explain

    cause = report.root_cause
    if cause is not None:
        return explain(cause).title
    return "" if report.is_proven else headline(report, datetime.now().astimezone()).line


def _first(errors: BaseExceptionGroup[OSError]) -> OSError:
    inner = errors.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
