"""One run over a table: search, test, write; what is done is on the disk before it is told.

A run may be ended at any moment, by whatever: the next one goes on where it was. People who are
done are not looked at again, a domain whose servers were found within the last day is not searched
for again, and refused logins of the last minutes count.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from mailsetup import i18n
from mailsetup.assistant.checking import Check, DomainSeen, see_domain
from mailsetup.assistant.redaction import Redacted
from mailsetup.assistant.report import CheckReport
from mailsetup.assistant.request import CheckRequest
from mailsetup.assistant.service import (
    Outcome,
    RunOptions,
    alternatives_to,
    choose_account,
    settings_discovery,
)
from mailsetup.discovery.many import Searches
from mailsetup.discovery.result import Discovery
from mailsetup.export import atomic
from mailsetup.export.exporter import Artifact, ArtifactFile, CannotExport
from mailsetup.export.gate import examine
from mailsetup.export.table import exporter
from mailsetup.fleet import events, welcome
from mailsetup.fleet.events import Begun, DomainSearched, Emit, Paused, PersonDone
from mailsetup.fleet.journal import Entry, Journal, recent
from mailsetup.fleet.limits import IN_ALL, PER_HOSTING, Limits
from mailsetup.fleet.names import Names
from mailsetup.fleet.passwords import NoPassword, password_of
from mailsetup.fleet.person import Person, Plan
from mailsetup.fleet.result import DONE, FAILED, Result, State
from mailsetup.fleet.store import PEOPLE, PersonFolder, Store
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress, MalformedAddress
from mailsetup.model.document import SettingsProblem, settings_from_json, settings_to_json
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, AccountSettings, ProgramAccount
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network, NetworkOptions, open_network
from mailsetup.net.publicsuffix import owned_domain
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
        "account.login.refused",
        "account.login.username-form",
        "account.login.app-password-needed",
        "account.login.locked",
        "account.login.expired",
        "account.login.web-login-needed",
    }
)
_TOO_MUCH = frozenset(
    {"account.login.rate-limited", "hosting.server.blocks-us", "hosting.server.temporary"}
)
_SILENT = frozenset({"hosting.server.unreachable", "hosting.server.refused"})
"""Signs of a ban, where accounts were tested well before."""

MakePage = Callable[[welcome.Printed], bytes]
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


def _no_programs() -> tuple[ProgramAccount, ...]:
    """The people's programs are on other computers than this one."""
    return ()


class Fleet:
    """One run. Belongs to one event loop; the journal is the caller's to close."""

    def __init__(
        self,
        plan: Plan,
        out: Path,
        journal: Journal,
        work: Work,
        options: RunOptions,
        *,
        vault: Vault | None = None,
        make_page: MakePage | None = None,
        emit: Emit = events.ignore,
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
        self._store = Store(out)
        self._names = Names(journal.folders)
        self._given: dict[str, str] = {}
        self._making = ThreadPoolExecutor(max_workers=1, thread_name_prefix="making")
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writing")
        self._on_the_way: tuple[asyncio.Future[None], tuple[Result | Entry, ...]] | None = None
        self._domains: dict[str, asyncio.Task[DomainSeen]] = {}
        self._well: set[str] = set()
        self._finished: asyncio.Queue[Result | Entry | None] = asyncio.Queue(4 * _TOGETHER)
        self._late: list[Result | Entry] = []

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
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write_finished())
                await self._work_on(waiting)
                await self._finished.put(None)
        except* OSError as errors:
            first = _first(errors)
            stopped = atomic.reason(first, Path(first.filename or PEOPLE))
        finally:
            self._making.shutdown()
            self._writing.shutdown()
            self._store.close()
        return Finished(stopped)

    async def _work_on(self, people: Sequence[Person]) -> None:
        async with AsyncExitStack() as stack:
            net = await stack.enter_async_context(self._network(self._options.network))
            searches = Searches(
                net,
                agreed=self._options.agreed,
                budget=self._options.budget,
                offline=self._options.offline,
                plain_http=self._options.plain_http,
                parallel=self._work.parallel,
            )
            stack.push_async_callback(searches.close)
            stack.push_async_callback(self._end_looks)
            await self._search(people, searches, net)
            if self._work.check:
                await self._test_all(people, searches, net)
            else:
                for person in people:
                    await self._hand_over(await self._prepared(person, searches))

    async def _end_looks(self) -> None:
        for task in self._domains.values():
            task.cancel()
        await asyncio.gather(*self._domains.values(), return_exceptions=True)

    # Searching --------------------------------------------------------------------------------

    async def _search(self, people: Sequence[Person], searches: Searches, net: Network) -> None:
        """Every domain once, by its first person in the table."""
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
        self._emit(Begun(len(self._plan.people), done_before, len(firsts)))
        waiting = deque(firsts.values())

        async def searcher() -> None:
            while waiting:
                address = waiting.popleft()
                found = await searches.find(address)
                if found.outcome is Outcome.FOUND:
                    await self._hand_over(self._searched(address, found, net))
                self._emit(DomainSearched(address.domain))

        async with asyncio.TaskGroup() as group:
            for _number in range(min(self._work.parallel, len(firsts))):
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
                if isinstance(address, MalformedAddress) or not (
                    set(map(str, agreed)) <= set(self._options.agreed)
                ):
                    return None
                settings = settings_from_json(entry.get("settings"), address)
                if isinstance(settings, SettingsProblem):
                    return None
                try:
                    source = Source(Method(method), location, Channel(channel))
                except ValueError:
                    return None
                return address, Discovery(Outcome.FOUND, settings, source)
            case _:
                return None

    async def _prepared(self, person: Person, searches: Searches) -> Result:
        """The person's account, or why there is none."""
        if person.settings is not None:
            settings = person.settings.settings_for(person.address)
            if isinstance(settings, SettingsProblem):
                return Result(person, State.NO_SETTINGS, settings.problem)
            discovery = settings_discovery(settings, str(person.settings.path))
        else:
            discovery = await searches.find(person.address)
        account = choose_account(discovery.settings or _NOTHING, person.address, person.name)
        if discovery.outcome is Outcome.NEEDS_CONFIRMATION:
            names = ", ".join(discovery.confirm)
            reason = _("The mail is kept by {domains}. Agree to that first.").format(domains=names)
            return Result(person, State.NEEDS_CONFIRMATION, reason, discovery)
        if discovery.outcome is Outcome.NOT_FOUND:
            reason = _("No settings were found. Give them with a settings file.")
            return Result(person, State.NO_SETTINGS, reason, discovery)
        if account is None:
            reason = _(
                "These settings do not name both an incoming and an outgoing encrypted server."
            )
            return Result(person, State.NO_SETTINGS, reason, discovery)
        refused = examine(account)
        if refused is not None:
            return Result(person, State.NOT_WRITTEN, refused.reason, discovery)
        return Result(person, State.READY, discovery=discovery, account=account)

    # Testing ----------------------------------------------------------------------------------

    async def _test_all(self, people: Sequence[Person], searches: Searches, net: Network) -> None:
        """Hosting by hosting, side by side: one that asks for patience holds up nobody else."""
        groups: defaultdict[frozenset[str], deque[Person]] = defaultdict(deque)
        for person in people:
            result = await self._prepared(person, searches)
            if result.account is None:
                await self._hand_over(result)
            else:
                groups[_hostings(result.account)].append(person)
        limits = Limits(
            net.clock,
            per_hosting=self._work.per_hosting,
            in_all=self._work.accounts,
            refusals=self._journal.refusals,
        )

        async def tester(hostings: frozenset[str], waiting: deque[Person]) -> None:
            while waiting:
                prepared = await self._prepared(waiting.popleft(), searches)
                await self._hand_over(await self._tested(prepared, hostings, limits, net))

        async with asyncio.TaskGroup() as group:
            for hostings, waiting in groups.items():
                for _number in range(min(self._work.per_hosting, len(waiting))):
                    group.create_task(tester(hostings, waiting))

    async def _tested(
        self, prepared: Result, hostings: frozenset[str], limits: Limits, net: Network
    ) -> Result:
        person, account, discovery = prepared.person, prepared.account, prepared.discovery
        assert account is not None  # noqa: S101 - only those with an account come here
        if not account.incoming.takes_password or not account.outgoing.takes_password:
            reason = _("This provider takes no typed password, so nothing was tested.")
            return Result(person, State.NOT_TESTED, reason, discovery, account)
        secret = await password_of(person, self._vault)
        if isinstance(secret, NoPassword):
            return Result(person, State.NOT_TESTED, secret.reason, discovery, account)
        for _attempt in range(_TRIES):
            async with limits.turn(hostings):
                spared = limits.spared(hostings)
                if spared:
                    return Result(person, State.NOT_TESTED, _spared(spared), discovery, account)
                report = await self._checked(account, discovery, secret, net)
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
            return Result(person, State.NOT_TESTED, reason, discovery, account)
        state = State.WORKS if report.is_healthy else State.BROKEN
        return Result(person, state, _cause(report), discovery, account, report)

    async def _remember_refusal(self, hostings: frozenset[str], net: Network) -> None:
        at = net.clock.now().timestamp()
        for name in hostings:
            await self._hand_over({"kind": "refused", "hosting": name, "at": at})

    async def _checked(
        self, account: Account, discovery: Discovery | None, secret: Secret, net: Network
    ) -> CheckReport:
        domain = account.address.domain
        if domain not in self._domains:
            look = see_domain(account, discovery, net)
            self._domains[domain] = asyncio.create_task(look)
        settings = discovery.settings if discovery else None
        request = CheckRequest(
            account=account,
            secret=secret,
            send=self._work.send,
            attachment_mib=self._work.attachment_mib,
            wait=self._work.wait,
            alternatives=alternatives_to(account, settings) if settings else (),
            discovery=discovery,
            agreed=self._options.agreed,
            one_login_at_a_time=True,
            domain=await asyncio.shield(self._domains[domain]),
        )
        report = await Check(request, net, lambda _event: None, _no_programs).run()
        return Redacted(account, (secret,)).report(report)

    # Writing ----------------------------------------------------------------------------------

    async def _write_finished(self) -> None:
        """Bring to the disk whatever has come to its end, in groups: while one group is on its way
        to the disk, the next one's files are made."""
        group: list[Result | Entry] = []
        try:
            ended = False
            while not ended:
                taken = [await self._finished.get()]
                while len(taken) < _TOGETHER and not self._finished.empty():
                    taken.append(self._finished.get_nowait())
                ended = None in taken
                group = [one for one in taken if one is not None]
                await self._make_and_send(group)
            await self._arrived()
        except asyncio.CancelledError:
            # No login is to be repeated; what was only prepared is quickly prepared again.
            left = [*group, *self._late]
            while not self._finished.empty():
                one = self._finished.get_nowait()
                left += [one] if one is not None else []
            await self._make_and_send([one for one in left if _cost_a_login(one)])
            await self._arrived()
            raise

    async def _hand_over(self, finished: Result | Entry) -> None:
        """Have it written soon; also where there is no time left to wait for that."""
        try:
            await self._finished.put(finished)
        except asyncio.CancelledError:
            self._late.append(finished)
            raise

    async def _make_and_send(self, group: list[Result | Entry]) -> None:
        """Make a group's files and send them on their way; then the list is empty."""
        pages = {
            one.person.row: self._page(one)
            for one in group
            if isinstance(one, Result) and self._make_page is not None and one.account is not None
        }
        loop = asyncio.get_running_loop()
        sent = tuple(group)
        made = await asyncio.shield(loop.run_in_executor(self._making, self._make, sent, pages))
        await self._arrived()
        self._on_the_way = loop.run_in_executor(self._writing, self._write, *made), sent
        group.clear()

    async def _arrived(self) -> None:
        """Wait until what was sent is on the disk, and tell it."""
        if self._on_the_way is None:
            return
        writing, group = self._on_the_way
        # A thread cannot be stopped, and need not be: it takes a moment.
        await asyncio.shield(writing)
        self._on_the_way = None
        self._tell(group)

    def _tell(self, group: Iterable[Result | Entry]) -> None:
        for one in group:
            if isinstance(one, Result):
                person = one.person
                self._emit(PersonDone(person.row, str(person.address), one.state, one.reason))

    def _page(self, result: Result) -> bytes:
        """The welcome sheet as PDF. Here, because Qt wants the thread that it began in."""
        if self._make_page is None or result.account is None:
            return b""
        with i18n.speaking(result.person.language):
            programs, _notes = _programs(result)
            page = welcome.sheet(result.account, programs, self._work.contact)
            return self._make_page(welcome.printed(page))

    def _make(
        self, group: Sequence[Result | Entry], pages: dict[int, bytes]
    ) -> tuple[list[PersonFolder], list[Entry]]:
        """The folders and the journal's lines of a group."""
        folders: list[PersonFolder] = []
        entries: list[Entry] = []
        for one in group:
            if not isinstance(one, Result):
                entries.append(one)
                continue
            entry: Entry = {
                "kind": "person",
                "fingerprint": self.fingerprint(one.person),
                "done": one.state in DONE,
                **one.entry(),
                "folder": "",
                "files": [],
                "notes": [],
            }
            if one.account is not None:
                folder, notes = self._folder(one, pages.get(one.person.row, b""))
                folders.append(folder)
                entry |= {
                    "folder": folder.name,
                    "files": [
                        "/".join(filter(None, (PEOPLE, folder.name, sub, file.name)))
                        for sub, file in folder.files
                    ],
                    "notes": list(notes),
                }
            entries.append(entry)
        return folders, entries

    def _write(self, folders: Sequence[PersonFolder], entries: Sequence[Entry]) -> None:
        self._store.write(folders)
        self._journal.add(entries)

    def _folder(self, result: Result, page: bytes) -> tuple[PersonFolder, tuple[str, ...]]:
        person, account = result.person, result.account
        assert account is not None  # noqa: S101 - the caller looked
        address = person.address.ascii
        if address not in self._given:
            known = self._journal.folder_of(address)
            self._given[address] = known or self._names.give(person.name, person.address)
        name = self._given[address]
        with i18n.speaking(person.language):
            programs, notes = _programs(result)
            sheet = welcome.sheet(account, programs, self._work.contact)
            html = ArtifactFile("welcome.html", welcome.html(sheet), "text/html", private=True)
        files: list[tuple[str, ArtifactFile]] = [("", html)]
        if page:
            files.append(("", ArtifactFile("welcome.pdf", page, "application/pdf", private=True)))
        files += [(program.id, file) for program in programs for file in program.artifact.files]
        return PersonFolder(name, tuple(files)), notes


_NOTHING = AccountSettings((), ())


def _cost_a_login(finished: Result | Entry) -> bool:
    return not isinstance(finished, Result) or finished.report is not None


def _hostings(account: Account) -> frozenset[str]:
    return frozenset(owned_domain(server.host) for server in (account.incoming, account.outgoing))


def _programs(result: Result) -> tuple[tuple[welcome.Program, ...], tuple[str, ...]]:
    """The artifacts in the current language, and why some are not to be had."""
    made, notes = [], []
    for name in result.person.programs:
        known = exporter(name)
        if known is None or result.account is None:
            continue
        artifact = known.export(result.account)
        match artifact:
            case CannotExport(reason=reason):
                notes.append(f"{_(known.title)}: {reason}")
            case Artifact():
                made.append(welcome.Program(known.id, _(known.title), artifact))
    return tuple(made), tuple(notes)


def _spared(hosting: str) -> str:
    return _(
        "Not tested, so that {hosting} does not ban this office: several logins there were"
        " refused. Put the passwords right and start again in ten minutes."
    ).format(hosting=hosting)


def _cause(report: CheckReport) -> str:
    from mailsetup.diagnosis.catalogue import explain

    cause = report.root_cause
    return explain(cause).title if cause is not None else ""


def _first(errors: BaseExceptionGroup[OSError]) -> OSError:
    inner = errors.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
