"""Searching for many addresses: every domain is looked up once."""

import asyncio
from dataclasses import replace

from mailsetup.discovery.find import BUDGET, find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.net.network import Network

PARALLEL = 16
"""Domains searched for at the same time; each opens dozens of connections for a moment."""


class BatchSearch:
    """The searches of one run, in one network. What was found for a domain's first address counts
    for its others too, as far as their user names follow from the address.
    """

    def __init__(
        self,
        net: Network,
        *,
        agreed: tuple[str, ...] = (),
        budget: float = BUDGET,
        offline: bool = False,
        plain_http: bool = False,
        parallel: int = PARALLEL,
    ) -> None:
        self._net = net
        self._agreed = agreed
        self._budget = budget
        self._offline = offline
        self._plain_http = plain_http
        self._turns = asyncio.Semaphore(parallel)
        self._domains: dict[str, asyncio.Future[tuple[EmailAddress, Discovery]]] = {}

    def remember(self, address: EmailAddress, discovery: Discovery) -> None:
        """What an earlier run found for this address: its domain is not searched for again."""
        known: asyncio.Future[tuple[EmailAddress, Discovery]] = asyncio.Future()
        known.set_result((address, discovery))
        self._domains[address.domain] = known

    async def find(self, address: EmailAddress) -> Discovery:
        """The settings of an address; a search of its own only where its domain is new."""
        task = self._domains.get(address.domain)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._search(address))
            self._domains[address.domain] = task
        first, discovery = await asyncio.shield(task)
        if first == address:
            return discovery
        if not _follows(discovery, first):
            return (await self._search(address))[1]
        return _for(discovery, first, address)

    async def close(self) -> None:
        """End the searches that still run."""
        for task in self._domains.values():
            task.cancel()
        await asyncio.gather(*self._domains.values(), return_exceptions=True)

    async def _search(self, address: EmailAddress) -> tuple[EmailAddress, Discovery]:
        async with self._turns:
            discovery = await find(
                address,
                self._net,
                agreed=self._agreed,
                budget=self._budget,
                offline=self._offline,
                plain_http=self._plain_http,
                in_turns=True,
            )
        # Nobody logs in right away, and two hundred idle connections would be no kindness.
        self._net.kept.close()
        return address, discovery


def _follows(discovery: Discovery, address: EmailAddress) -> bool:
    """Whether every user name is made from the address and nothing else."""
    if discovery.settings is None:
        return True
    forms = (address.ascii, address.local)
    names = {server.username for server in discovery.settings.servers}
    names |= {service.username for service in discovery.settings.services}
    return names <= set(forms)


def _for(discovery: Discovery, first: EmailAddress, address: EmailAddress) -> Discovery:
    settings = discovery.settings
    if settings is None:
        return discovery
    return replace(discovery, settings=settings.with_login_of(first, address))
