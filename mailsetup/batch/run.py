"""One run over a table: search, test, write; each result is on the disk before it is reported.

A run may be ended at any moment, in any way: the next one continues. People who are done are left
alone, a domain whose servers were found within the last day is not searched for again, and refused
logins of the last minutes count.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

from mailsetup.assistant.check.batch_check import BatchChecks
from mailsetup.assistant.run_options import RunOptions
from mailsetup.batch import events
from mailsetup.batch.account_checks import AccountChecks
from mailsetup.batch.domain_search import DomainSearch
from mailsetup.batch.events import BatchStarted, EmitBatchEvent
from mailsetup.batch.hosting_limits import HostingLimits
from mailsetup.batch.journal import RunJournal
from mailsetup.batch.person_folder import PEOPLE, PersonFolders
from mailsetup.batch.result import FAILED
from mailsetup.batch.result_writer import ResultWriter
from mailsetup.batch.table_check import BatchPlan, Person
from mailsetup.batch.work import Finished, MakePage, Work
from mailsetup.batch.workers import Workers
from mailsetup.files import atomic
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.network import Network, open_network
from mailsetup.vault import Vault


class BatchRunner:
    """One run. Belongs to one event loop; the caller closes the journal."""

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
        """``network`` opens the network of the whole run."""
        self._plan = plan
        self._journal = journal
        self._work = work
        self._options = options
        self._vault = vault or Vault()
        self._network = network
        self._make_page = make_page if work.pdf else None
        self._emit = emit
        self._folders = PersonFolders(out)

    def fingerprint(self, person: Person) -> str:
        """Identifies in the journal what is to be done for a person."""
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
        """Do everything that is not done. Cancelling closes every socket and loses nothing that
        was finished before."""
        try:
            self._folders.prepare()
        except OSError as error:
            return Finished(atomic.reason(error, Path(error.filename or PEOPLE)))
        waiting = [person for person in self._plan.people if not self.is_done(person)]
        # Logins set the pace of a check; processes would only wait for them.
        workers = Workers(self._folders.people, 0 if self._work.check else len(waiting))
        writer = ResultWriter(
            self._journal,
            self._folders,
            workers,
            self._work,
            make_page=self._make_page,
            emit=self._emit,
        )
        stopped = ""
        try:
            async with asyncio.TaskGroup() as group:
                # One more than workers: while they write, it moves folders into place.
                for _number in range(workers.count + 1):
                    group.create_task(writer.run())
                await self._work_on(waiting, writer)
                await writer.finish()
        except* OSError as errors:
            first = _first(errors)
            stopped = atomic.reason(first, Path(first.filename or PEOPLE))
        finally:
            workers.close()
            writer.close()
            self._folders.clean()
        return Finished(stopped)

    async def _work_on(self, people: Sequence[Person], writer: ResultWriter) -> None:
        async with AsyncExitStack() as stack:
            net = await stack.enter_async_context(self._network(self._options.network))
            search = DomainSearch(net, self._options, self._work.parallel, self._journal)
            stack.push_async_callback(search.close)
            unknown = search.unknown(people)
            done_before = len(self._plan.people) - len(people)
            self._emit(BatchStarted(len(self._plan.people), done_before, len(unknown)))
            if self._work.check:
                await search.search(unknown, writer.submit, self._emit)
                checks = BatchChecks(net)
                stack.push_async_callback(checks.close)
                accounts = self._account_checks(checks, net, writer)
                await accounts.check_all(people, search.account_of, writer.submit)
                return
            async with asyncio.TaskGroup() as group:
                group.create_task(search.search(unknown, writer.submit, self._emit))
                for person in people:
                    await writer.submit(await search.account_of(person))

    def _account_checks(
        self, checks: BatchChecks, net: Network, writer: ResultWriter
    ) -> AccountChecks:
        limits = HostingLimits(
            net.clock,
            per_hosting=self._work.per_hosting,
            in_all=self._work.accounts,
            refusals=self._journal.refusals,
        )
        return AccountChecks(
            checks.check,
            net.clock,
            self._work,
            self._vault,
            limits,
            self._options.agreed,
            record=writer.submit,
            emit=self._emit,
        )


def _first(errors: BaseExceptionGroup[OSError]) -> OSError:
    inner = errors.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
