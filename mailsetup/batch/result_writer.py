"""Writes the results of a run: people's files, then the journal, then the event.

Results come through a queue and are written in groups, which share the waits for the disk. After a
cancel, what took a login is still written; what was only prepared is quickly prepared again.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from mailsetup.batch.events import EmitBatchEvent, PersonDone
from mailsetup.batch.folder_names import FolderNames
from mailsetup.batch.journal import Entry, RunJournal
from mailsetup.batch.person_files import FilesOrder, printed
from mailsetup.batch.person_folder import PEOPLE, PersonFolders
from mailsetup.batch.result import DONE, PersonResult
from mailsetup.batch.table_check import Person
from mailsetup.batch.work import MakePage, Work
from mailsetup.batch.workers import Workers, WrittenFolder
from mailsetup.model.settings import Account

_GROUP = 48
"""Most results written together."""


class ResultWriter:
    """The results of one run, written by a few tasks of one event loop."""

    def __init__(
        self,
        journal: RunJournal,
        folders: PersonFolders,
        workers: Workers,
        work: Work,
        *,
        make_page: MakePage | None,
        emit: EmitBatchEvent,
    ) -> None:
        self._journal = journal
        self._folders = folders
        self._workers = workers
        self._work = work
        self._make_page = make_page
        self._emit = emit
        self._names = FolderNames(journal.folders)
        self._folder_of: dict[str, str] = {}
        self._journal_thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._queue: asyncio.Queue[PersonResult | Entry | None] = asyncio.Queue(4 * _GROUP)
        self._late: list[PersonResult | Entry] = []
        self._ordering = asyncio.Lock()
        self._is_cancelled = False

    async def submit(self, finished: PersonResult | Entry) -> None:
        """Have a result or an entry written soon, also where this is cancelled while it waits."""
        try:
            await self._queue.put(finished)
        except asyncio.CancelledError:
            self._late.append(finished)
            raise

    async def finish(self) -> None:
        """Nothing more comes: `run` ends once all is written."""
        await self._queue.put(None)

    def close(self) -> None:
        """End the journal's thread; waits for what it is doing."""
        self._journal_thread.shutdown()

    async def run(self) -> None:
        """Write what is submitted, until `finish`. Several may run concurrently. Raises OSError."""
        writing: asyncio.Task[None] | None = None
        try:
            is_last = False
            while not is_last:
                taken = [await self._queue.get()]
                while len(taken) < _GROUP and not self._queue.empty():
                    taken.append(self._queue.get_nowait())
                is_last = None in taken
                group = [one for one in taken if one is not None]
                writing = asyncio.create_task(self._write(group))
                await asyncio.shield(writing)
            # For the other tasks that wait here.
            self._queue.put_nowait(None)
        except asyncio.CancelledError:
            self._is_cancelled = True
            if writing is not None:
                await writing
            left, self._late = self._late, []
            while not self._queue.empty():
                one = self._queue.get_nowait()
                left += [one] if one is not None else []
            await self._write([one for one in left if _took_a_login(one)])
            raise

    async def _write(self, group: Sequence[PersonResult | Entry]) -> None:
        group, orders = await self._ordered(group)
        written = await self._workers.write(orders) if orders else []
        folders = {one.name: one for one in written}
        entries = [
            self._entry(one, folders.get(self._folder(one.person)) if one.account else None)
            if isinstance(one, PersonResult)
            else one
            for one in group
        ]
        loop = asyncio.get_running_loop()
        # A thread cannot be stopped, and need not be: it takes a moment.
        await asyncio.shield(
            loop.run_in_executor(self._journal_thread, self._move_and_record, written, entries)
        )
        for one in group:
            if isinstance(one, PersonResult):
                person = one.person
                self._emit(PersonDone(person.row, str(person.address), one.state, one.reason))

    async def _ordered(
        self, group: Sequence[PersonResult | Entry]
    ) -> tuple[Sequence[PersonResult | Entry], Sequence[FilesOrder]]:
        """The part of a group that is to be written, and the files to make for it. After a cancel
        whatever took no login is left out."""
        wanted: list[PersonResult | Entry] = []
        orders: list[FilesOrder] = []
        # One group after another: all at once, each would be ready only when all of them are.
        async with self._ordering:
            for one in group:
                if self._is_cancelled and not _took_a_login(one):
                    continue
                wanted.append(one)
                if isinstance(one, PersonResult) and one.account is not None:
                    orders.append(self.order(one.person, one.account))
                    # A page takes a while; network answers are handled in between.
                    await asyncio.sleep(0)
        return wanted, orders

    def _move_and_record(self, written: Sequence[WrittenFolder], entries: Sequence[Entry]) -> None:
        if written:
            self._folders.move_into_place((one.temporary, one.name) for one in written)
        self._journal.add(entries)

    def order(self, person: Person, account: Account) -> FilesOrder:
        """What a worker is to make for a person, with the page where there is to be one."""
        order = FilesOrder(
            self._folder(person), account, person.language, person.programs, self._work.contact
        )
        if self._make_page is None:
            return order
        # Here, because Qt has to run in the thread in which it was started.
        return replace(order, page=self._make_page(printed(order)))

    def _folder(self, person: Person) -> str:
        """The name of the person's folder."""
        address = person.address.ascii
        if address not in self._folder_of:
            known = self._journal.folder_of(address)
            self._folder_of[address] = known or self._names.give(person.name, person.address)
        return self._folder_of[address]

    def _entry(self, result: PersonResult, folder: WrittenFolder | None) -> Entry:
        """The journal's line."""
        return {
            "kind": "person",
            "fingerprint": result.person.fingerprint(self._work.mark),
            "done": result.state in DONE,
            **result.entry(),
            "folder": folder.name if folder else "",
            "files": [f"{PEOPLE}/{folder.name}/{file}" for file in folder.files] if folder else [],
            "notes": [*folder.notes] if folder else [],
        }


def _took_a_login(finished: PersonResult | Entry) -> bool:
    return not isinstance(finished, PersonResult) or finished.report is not None
