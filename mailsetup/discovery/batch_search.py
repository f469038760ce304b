"""Searches for many addresses: each domain is searched once."""

import asyncio
from dataclasses import replace

from mailsetup.discovery.find import find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.search_options import SearchOptions
from mailsetup.net.network import Network

PARALLEL = 16
"""Domains searched concurrently; each search opens dozens of connections for a short time."""


class BatchSearch:
    """The searches of one batch. The settings of a domain's first address are used for its other
    addresses, too, if all user names derive from the address.
    """

    def __init__(
        self,
        net: Network,
        options: SearchOptions | None = None,
        *,
        parallel: int = PARALLEL,
    ) -> None:
        self._net = net
        self._options = options or SearchOptions()
        self._slots = asyncio.Semaphore(parallel)
        self._domains: dict[str, asyncio.Future[tuple[EmailAddress, Discovery]]] = {}

    def remember(self, address: EmailAddress, discovery: Discovery) -> None:
        """Use the result of an earlier run for this address's domain."""
        known: asyncio.Future[tuple[EmailAddress, Discovery]] = asyncio.Future()
        known.set_result((address, discovery))
        self._domains[address.domain] = known

    async def find(self, address: EmailAddress) -> Discovery:
        """The settings of an address, searched for only where the domain's do not apply."""
        task = self._domains.get(address.domain)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._search(address))
            self._domains[address.domain] = task
        first, discovery = await asyncio.shield(task)
        if first == address:
            return discovery
        if not _derives_from(discovery, first):
            return (await self._search(address))[1]
        return _for(discovery, first, address)

    async def close(self) -> None:
        """Cancel running searches."""
        for task in self._domains.values():
            task.cancel()
        await asyncio.gather(*self._domains.values(), return_exceptions=True)

    async def _search(self, address: EmailAddress) -> tuple[EmailAddress, Discovery]:
        async with self._slots:
            discovery = await find(address, self._net, self._options, in_stages=True)
        # Logins follow later; idle connections would only burden the servers.
        self._net.pool.close()
        return address, discovery


def _derives_from(discovery: Discovery, address: EmailAddress) -> bool:
    """Whether every user name is the address or its local part."""
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
