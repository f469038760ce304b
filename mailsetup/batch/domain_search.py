"""Searches for the servers of each domain once a run, and not again within a day."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from mailsetup.assistant.run_options import RunOptions
from mailsetup.batch.events import DomainSearched, EmitBatchEvent
from mailsetup.batch.journal import Entry, RunJournal, recent
from mailsetup.batch.person_account import account_result, given_settings
from mailsetup.batch.result import PersonResult
from mailsetup.batch.table_check import Person
from mailsetup.discovery.batch_search import BatchSearch
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.settings_json import SettingsFailure, settings_from_json, settings_to_json
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network

_REMEMBERED = 24 * 3600.0
"""Seconds for which a domain's servers count as found."""

Record = Callable[[Entry], Awaitable[None]]
"""Adds an entry to the journal."""


class DomainSearch:
    """The searches of one run, in one network."""

    def __init__(
        self, net: Network, options: RunOptions, parallel: int, journal: RunJournal
    ) -> None:
        self._net = net
        self._options = options
        self._parallel = parallel
        self._journal = journal
        self._searches = BatchSearch(net, options, parallel=parallel)

    async def close(self) -> None:
        """End the searches that still run."""
        await self._searches.close()

    def unknown(self, people: Sequence[Person]) -> deque[EmailAddress]:
        """The first person's address of each domain that has to be searched for."""
        firsts: dict[str, EmailAddress] = {}
        for person in people:
            if person.settings is None:
                firsts.setdefault(person.address.domain, person.address)
        for entry in self._journal.domains.values():
            known = self._remembered(entry)
            if known is not None and known[0].domain in firsts:
                self._searches.remember(*known)
                del firsts[known[0].domain]
        return deque(firsts.values())

    async def search(
        self, waiting: deque[EmailAddress], record: Record, emit: EmitBatchEvent
    ) -> None:
        """Search for the domains of these addresses; what is found is recorded."""

        async def searcher() -> None:
            while waiting:
                address = waiting.popleft()
                found = await self._searches.find(address)
                if found.outcome is DiscoveryStatus.FOUND:
                    await record(self._entry(address, found))
                emit(DomainSearched(address.domain))

        async with asyncio.TaskGroup() as group:
            for _number in range(min(self._parallel, len(waiting))):
                group.create_task(searcher())

    async def account_of(self, person: Person) -> PersonResult:
        """The person's account, or why there is none; searches where their domain is new."""
        given = given_settings(person)
        return account_result(
            person, await self._searches.find(person.address) if given is None else given
        )

    def _entry(self, address: EmailAddress, found: Discovery) -> Entry:
        source = found.source
        return {
            "kind": "domain",
            "domain": address.domain,
            "address": address.ascii,
            "at": self._net.clock.now().timestamp(),
            "agreed": [*sorted(self._options.agreed)],
            "settings": settings_to_json(found.settings) if found.settings else None,
            "source": [str(source.method), source.location, str(source.channel)]
            if source
            else None,
        }

    def _remembered(self, entry: Entry) -> tuple[EmailAddress, Discovery] | None:
        """A search of the last day, unless it was allowed more than this run is."""
        match entry:
            case {
                "address": str(text),
                "agreed": list(agreed),
                "source": [str(method), str(location), str(channel)],
            } if recent(entry, self._net.clock.now(), _REMEMBERED):
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
