"""The use cases: find settings, check an account. No Qt, no printing, no prompting.

Every run searches for settings. What the other steps need takes longer to import, so each of them
is a module that is imported here when it is used.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.check.confirmed_request import confirmed_request
from mailsetup.assistant.check.request import CheckRequest, SecondMailbox
from mailsetup.assistant.events import Emit, ignore
from mailsetup.assistant.run_options import NotAsked, RunOptions
from mailsetup.assistant.shared_network import SharedNetwork
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.discovery.exchangers import mail_exchangers
from mailsetup.discovery.find import find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ProgramAccount, ServerSettings
from mailsetup.net.environment_check import environment_faults
from mailsetup.net.network import Network
from mailsetup.vault import Vault

if TYPE_CHECKING:
    from mailsetup.assistant.check.report import CheckReport
    from mailsetup.assistant.domain_watch import DomainReport
    from mailsetup.assistant.publication.result import PublicationRow
    from mailsetup.assistant.signin.sign_ins import SignIns
    from mailsetup.export.publish.publication import Publication


class Assistant:
    """Finds settings and proves them. Belongs to one event loop; `close` it at the end."""

    def __init__(
        self,
        options: RunOptions | None = None,
        vault: Vault | None = None,
        programs_here: Callable[[], tuple[ProgramAccount, ...]] | None = None,
    ) -> None:
        """``programs_here`` reads the accounts of the mail programs on this computer.

        Without it those of Thunderbird are read.
        """
        self.options = options or RunOptions()
        self.vault = vault or Vault()
        """The keyring; its calls block."""
        self._programs_here = programs_here
        self._network = SharedNetwork(lambda: self.options)
        self._sign_ins: SignIns | None = None

    async def discover(
        self, address: EmailAddress, emit: Emit = ignore, *, agreed: Collection[str] = ()
    ) -> Discovery:
        """Search for the settings of an address. Cancelling closes every connection.

        The next step, such as `check` or `explain_absence`, gets the network of the search with its
        cache and open connections.
        """
        await self._network.close()
        async with self._network.open(leave_open=True) as net:
            faults = asyncio.ensure_future(self._environment_faults(net))
            try:
                options = replace(self.options, agreed=(*self.options.agreed, *agreed))
                found = await find(address, net, options, emit=emit)
                return replace(found, warnings=(*found.warnings, *await faults))
            finally:
                faults.cancel()

    async def with_environment_warnings(self, discovery: Discovery) -> Discovery:
        """Settings that were not searched for, with the warnings that a search adds."""
        async with self._network.open(leave_open=True) as net:
            faults = await self._environment_faults(net)
        return replace(discovery, warnings=(*discovery.warnings, *faults))

    async def _environment_faults(self, net: Network) -> tuple[str, ...]:
        """Faults of the environment variables that configure the network, as warnings."""
        if self.options.offline:
            return ()
        return await environment_faults(net.connect, use_proxy=self.options.network.use_proxy)

    async def explain_absence(
        self, address: EmailAddress, discovery: Discovery | None = None
    ) -> Diagnosis:
        """Why nothing was found: what the domain and this network have to do with it.

        ``discovery`` is the search that found nothing; what it contains is not asked for again.
        """
        if self.options.offline:
            return diagnose((), ())
        from mailsetup.assistant.absence import explain_absence

        async with self._network.open() as net:
            return await explain_absence(address, discovery, net)

    async def reach(
        self, server: ServerSettings, address: EmailAddress
    ) -> Finding | NotAsked | None:
        """Why a server that was entered does not answer as it should; None where it does.

        The dialogue ends before the login; nothing secret is sent.
        """
        if self.options.offline:
            return NotAsked()
        from mailsetup.assistant.absence import reach

        # A search that runs concurrently has its own network.
        async with SharedNetwork(lambda: self.options).open() as net:
            return await reach(server, address, net)

    async def check(self, request: CheckRequest, emit: Emit = ignore) -> "CheckReport":
        """Log in, send a message to oneself, wait for it, and judge the chain.

        Raises `UnconfirmedError` where the password would go to a host without an agreement.
        """
        request = confirmed_request(request, self.options.agreed)
        from mailsetup.assistant.check.run import run_check

        async with self._network.open() as net:
            if request.sign_in is None:
                return await run_check(request, net, emit, self._programs_here)
            current = await self.sign_ins.current(request.sign_in, net)
            request = replace(request, secret=current.token, sign_in=current)
            renew = partial(self.sign_ins.new_token, current, net)
            return await run_check(request, net, emit, self._programs_here, renew)

    async def find_second(self, address: EmailAddress, secret: Secret) -> SecondMailbox | None:
        """The person's mailbox at another company; None where its servers are not certain."""
        found = await self.discover(address)
        account = choose_account(found.settings, address) if found.settings else None
        if found.outcome is not DiscoveryStatus.FOUND or account is None:
            return None
        return SecondMailbox(account, secret)

    async def mail_exchangers(self, domain: str) -> tuple[str, ...]:
        """The MX hosts of the domain, best first, for what it should publish."""
        async with self._network.open(leave_open=True) as net:
            return await mail_exchangers(domain, net)

    async def verify_publication(self, expected: "Publication") -> "tuple[PublicationRow, ...]":
        """Fetch what is published for a domain, and compare."""
        from mailsetup.assistant.publication.verify import verify_publication

        async with self._network.open() as net:
            return await verify_publication(expected, net)

    async def watch(self, domain: str, known: Discovery | None = None) -> "DomainReport":
        """Everything about a domain that needs no account; ``known`` replaces the search."""
        from mailsetup.assistant.domain_watch import watch

        async with self._network.open() as net:
            report, faults = await asyncio.gather(
                watch(domain, net, self.options, known), self._environment_faults(net)
            )
        discovery = replace(report.discovery, warnings=(*report.discovery.warnings, *faults))
        return replace(report, discovery=discovery)

    @property
    def sign_ins(self) -> "SignIns":
        """The sign-ins in the browser (OAuth 2.0)."""
        if self._sign_ins is None:
            from mailsetup.assistant.signin.sign_ins import SignIns

            self._sign_ins = SignIns(self._network, self.vault, lambda: self.options)
        return self._sign_ins

    async def close(self) -> None:
        """End the sign-ins and close what the last step left open."""
        if self._sign_ins is not None:
            await self._sign_ins.end()
        await self._network.close()
