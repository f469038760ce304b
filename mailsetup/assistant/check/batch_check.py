"""Checks of many accounts: what a domain shows is looked up once for all its mailboxes."""

import asyncio
from dataclasses import replace

from mailsetup.assistant.check.domain import see_domain
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest, DomainSeen
from mailsetup.assistant.check.run import run_check
from mailsetup.assistant.events import ignore
from mailsetup.net.network import Network


class BatchChecks:
    """Checks accounts of other people on one network. `close` it at the end.

    The mail programs of this computer are not read: the people use other computers.
    """

    def __init__(self, net: Network) -> None:
        self._net = net
        self._domains: dict[str, asyncio.Task[DomainSeen]] = {}

    async def check(self, request: CheckRequest) -> CheckReport:
        """The report on one account, without secrets."""
        domain = request.account.address.domain
        if domain not in self._domains:
            work = see_domain(request.account, request.discovery, self._net)
            self._domains[domain] = asyncio.create_task(work)
        # The cancelling of one check must not end what others wait for.
        seen = await asyncio.shield(self._domains[domain])
        return await run_check(replace(request, domain=seen), self._net, ignore, tuple)

    async def close(self) -> None:
        """Cancel the queries that still run."""
        for task in self._domains.values():
            task.cancel()
        await asyncio.gather(*self._domains.values(), return_exceptions=True)
