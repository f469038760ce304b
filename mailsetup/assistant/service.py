"""The use cases: find settings, check an account. No Qt, no printing, no prompting.

Finding settings is what every run begins with; what the further steps need is loaded by them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, assert_never

from mailsetup.assistant.account_choice import (
    choose_account,
)
from mailsetup.assistant.check.request import CheckRequest, SecondMailbox
from mailsetup.assistant.events import (
    Emit,
    Event,
    SettingsFound,
    SourceAnswered,
    SourceAsked,
    ignore,
)
from mailsetup.assistant.run_options import NotAsked, RunOptions
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.discovery.events import Improved, Progress, SourceEnded, SourceStarted
from mailsetup.discovery.find import find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding, Link
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    ProgramAccount,
    Protocol,
    ServerSettings,
)
from mailsetup.net.network import Network, open_network
from mailsetup.system.threads import in_thread
from mailsetup.vault import Vault, VaultState

if TYPE_CHECKING:
    from mailsetup.assistant.check.report import CheckReport
    from mailsetup.assistant.domain_watch import DomainReport
    from mailsetup.assistant.publication_check import PublicationRow
    from mailsetup.assistant.signin.flow import OpenBrowser, SignIn, SignInMeans, SignInWay
    from mailsetup.assistant.signin.token_store import TokenStore
    from mailsetup.export.publish.publication import Publication
    from mailsetup.model.dialogue import DialogueFailure
    from mailsetup.model.sign_in import SignInFailure
    from mailsetup.oauth.clients import ClientsFailure
    from mailsetup.verify.session import MailSession

_Reached: TypeAlias = "MailSession | DialogueFailure"


class UnconfirmedError(Exception):
    """A face asked for a login at hosts that the person did not agree to: a defect of the face."""


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
        self._programs_here = programs_here
        self._vault = vault or Vault()
        self._left_open: _LeftOpen | None = None
        self._sign_ins: TokenStore | None = None

    async def discover(
        self, address: EmailAddress, emit: Emit = ignore, *, agreed: Collection[str] = ()
    ) -> Discovery:
        """Look for the settings of an address. Cancelling reaches every socket.

        What was learnt and opened on the way stays for the next `check` or `explain_absence`;
        `close` lets go of it.
        """
        await self.close()
        async with self._network(leave_open=True) as net:
            faults = asyncio.ensure_future(self._environment_faults(net))
            try:
                found = await find(
                    address,
                    net,
                    agreed=(*self.options.agreed, *agreed),
                    budget=self.options.budget,
                    offline=self.options.offline,
                    plain_http=self.options.plain_http,
                    emit=lambda progress: emit(_event(progress)),
                )
                return replace(found, warnings=(*found.warnings, *await faults))
            finally:
                faults.cancel()

    async def warned(self, discovery: Discovery) -> Discovery:
        """Settings that were not searched for, with what a search would have warned of."""
        async with self._network(leave_open=True) as net:
            faults = await self._environment_faults(net)
        return replace(discovery, warnings=(*discovery.warnings, *faults))

    async def _environment_faults(self, net: Network) -> tuple[str, ...]:
        """What is wrong with the variables by which the outside is reached, as warnings."""
        if self.options.offline:
            return ()
        from mailsetup.net.environment import environment_faults

        return await environment_faults(net.connect, use_proxy=self.options.network.use_proxy)

    async def explain_absence(
        self, address: EmailAddress, discovery: Discovery | None = None
    ) -> Diagnosis:
        """Why nothing was found: what the domain and this network have to do with it.

        ``discovery`` is the search that found nothing; what it learnt is not asked for again.
        """
        if self.options.offline:
            return diagnose((), ())
        from mailsetup.diagnosis.checks.domain import DomainCheck, check_domain
        from mailsetup.diagnosis.checks.network import check_network
        from mailsetup.diagnosis.guard import Guard

        guard = Guard()
        facts = discovery.domain_facts if discovery else None
        unseen = DomainCheck((), in_order=False)
        async with self._network() as net:
            domain, network = await asyncio.gather(
                guard.run("domain", check_domain(address, net, facts), unseen),
                guard.run("network", check_network(net), ()),
            )
        findings = (*network, *domain.findings, *guard.defects)
        return diagnose(findings, (Link.DNS,) if domain.in_order else ())

    async def check(self, request: CheckRequest, emit: Emit = ignore) -> "CheckReport":
        """Log in, send a message to oneself, see it arrive, and judge the chain.

        Raises `UnconfirmedError` rather than send the password to a host that nobody agreed to.
        """
        _require_confirmation(request, self.options.agreed)
        request = _with_token_hosts(request)
        from mailsetup.assistant.check.run import run_check

        programs_here = self._programs_here or _accounts_here
        async with self._network() as net:
            if request.sign_in is None:
                return await run_check(request, net, emit, programs_here)
            sign_ins = self._signing_in()
            current = await sign_ins.fresh(request.sign_in, net)
            request = replace(request, secret=current.token, sign_in=current)
            renew = partial(sign_ins.new_token, current, net)
            return await run_check(request, net, emit, programs_here, renew)

    # Signing in in the browser ---------------------------------------------------------------

    async def sign_in_way(
        self,
        account: Account,
        settings: AccountSettings | None = None,
        *,
        agreed: Collection[str] = (),
    ) -> "SignInWay | SignInFailure | ClientsFailure":
        """Where one signs in for the account, and as which client this program is known there.

        ``agreed`` are domains, or host names, that the person agreed to.
        """
        from mailsetup.assistant.signin.flow import find_way, known_clients
        from mailsetup.oauth.clients import ClientsFailure

        known = await in_thread(known_clients, self.options.oauth_client_id)
        if isinstance(known, ClientsFailure):
            return known
        async with self._network(leave_open=True) as net:
            return await find_way(
                account,
                settings,
                net,
                known=known,
                agreed=(*self.options.agreed, *agreed),
                offline=self.options.offline,
            )

    async def sign_in(
        self,
        way: "SignInWay",
        open_browser: "OpenBrowser",
        emit: Emit = ignore,
        *,
        means: "SignInMeans | None" = None,
        choose_account: bool = False,
    ) -> "SignIn | SignInFailure":
        """Let the person sign in, and hold the tokens in memory until `end_sign_ins`.

        ``open_browser`` shows a page in the person's browser; it is called in the event loop's
        thread and must not block. Raises `UnconfirmedError` where the token would go to a host that
        nobody agreed to.
        """
        if way.confirm:
            raise UnconfirmedError(", ".join(way.confirm))
        from mailsetup.assistant.signin.flow import SignIn, SignInMeans, sign_in

        means = means or SignInMeans.BROWSER
        async with self._network(leave_open=True) as net:
            made = await sign_in(way, means, net, emit, open_browser, choose_account=choose_account)
            if isinstance(made, SignIn):
                await self._signing_in().replace(made, net)
            return made

    async def kept_sign_in(self, way: "SignInWay") -> "SignIn | SignInFailure | None":
        """The sign-in from the keyring, with a fresh token; None where there is none."""
        if way.confirm:
            return None
        sign_ins = self._signing_in()
        found = await sign_ins.kept(way)
        if found is None:
            return None
        async with self._network(leave_open=True) as net:
            return await sign_ins.renewed(found, net)

    async def has_kept_sign_in(self, address: EmailAddress) -> bool:
        """Whether the keyring holds a sign-in for the address."""
        return await in_thread(self._vault.load_sign_in, address) is not None

    async def keep_sign_in(self, one: "SignIn") -> bool:
        """Put the sign-in into the keyring. False when it was not taken."""
        return await self._signing_in().keep(one)

    async def forget_sign_in(self, address: EmailAddress) -> bool:
        """Remove the sign-in from the keyring."""
        return await asyncio.to_thread(self._vault.forget_sign_in, address)

    async def end_sign_ins(self) -> None:
        """Forget all tokens; those that are not kept are given back to their providers."""
        if self._sign_ins is None:
            return
        ending = self._sign_ins.let_go()
        if ending:
            async with self._network() as net:
                await self._sign_ins.give_back(ending, net)

    def _signing_in(self) -> "TokenStore":
        """The sign-ins of this run; nobody loads what they need who has none."""
        if self._sign_ins is None:
            from mailsetup.assistant.signin.token_store import TokenStore

            self._sign_ins = TokenStore(self._vault)
        return self._sign_ins

    async def reach(
        self, server: ServerSettings, address: EmailAddress
    ) -> Finding | NotAsked | None:
        """Why a server that was typed does not answer as it should; None where it does.

        Goes up to where one could log in; nothing secret is sent.
        """
        if self.options.offline:
            return NotAsked()
        from mailsetup.diagnosis.checks.server import finding_of
        from mailsetup.model.dialogue import DialogueFailure
        from mailsetup.verify.login import open_imap, open_pop3, open_smtp

        openers: dict[Protocol, Callable[[ServerSettings, Network], Awaitable[_Reached]]] = {
            Protocol.IMAP: open_imap,
            Protocol.POP3: open_pop3,
            Protocol.SMTP: open_smtp,
        }
        async with open_network(self.options.network) as net:
            opened = await openers[server.protocol](server, net)
            if isinstance(opened, DialogueFailure):
                return finding_of(opened, address)
            await opened.end()
            return None

    async def mail_exchangers(self, domain: str) -> tuple[str, ...]:
        """The domain's MX hosts, best first, for what it should publish."""
        from mailsetup.assistant.publication_check import mail_exchangers

        async with self._network(leave_open=True) as net:
            return await mail_exchangers(domain, net)

    async def verify_publication(self, expected: "Publication") -> "tuple[PublicationRow, ...]":
        """Fetch what is really served for a domain, and compare."""
        from mailsetup.assistant.publication_check import verify_publication

        async with self._network() as net:
            return await verify_publication(expected, net)

    async def watch(self, domain: str, known: Discovery | None = None) -> "DomainReport":
        """Everything about a domain that needs no account; ``known`` stands for a search."""
        from mailsetup.assistant.domain_watch import watch

        async with self._network() as net:
            report, faults = await asyncio.gather(
                watch(domain, net, self.options, known), self._environment_faults(net)
            )
        discovery = replace(report.discovery, warnings=(*report.discovery.warnings, *faults))
        return replace(report, discovery=discovery)

    async def find_second(self, address: EmailAddress, secret: Secret) -> SecondMailbox | None:
        """The person's mailbox at another company; None where its servers are not certain."""
        found = await self.discover(address)
        account = choose_account(found.settings, address) if found.settings else None
        if found.outcome is not DiscoveryStatus.FOUND or account is None:
            return None
        return SecondMailbox(account, secret)

    async def close(self) -> None:
        """Let go of what the last search left open."""
        left, self._left_open = self._left_open, None
        if left is not None:
            await left.stack.aclose()

    @property
    def vault(self) -> Vault:
        """The keyring in use; the demo has none."""
        return self._vault

    async def vault_state(self) -> VaultState:
        """Whether passwords can be kept on this computer."""
        return await in_thread(self._vault.state)

    async def load_secret(self, address: EmailAddress) -> Secret | None:
        """The password from the keyring."""
        return await in_thread(self._vault.load, address)

    async def store_secret(self, address: EmailAddress, secret: Secret) -> bool:
        """Keep the password in the keyring. False when it was not taken."""
        return await asyncio.to_thread(self._vault.store, address, secret)

    async def forget_secret(self, address: EmailAddress) -> bool:
        """Remove the password from the keyring."""
        return await asyncio.to_thread(self._vault.forget, address)

    @asynccontextmanager
    async def _network(self, *, leave_open: bool = False) -> AsyncIterator[Network]:
        """The network that a search left open, once, or a new one."""
        left, self._left_open = self._left_open, None
        loop = asyncio.get_running_loop()
        if left is None or left.loop is not loop:
            stack = AsyncExitStack()
            net = await stack.enter_async_context(
                open_network(self.options.network, soon=not self.options.offline)
            )
            left = _LeftOpen(net, stack, loop)
        try:
            yield left.net
        except BaseException:
            await left.stack.aclose()
            raise
        if leave_open and self._left_open is None:
            self._left_open = left
        else:
            await left.stack.aclose()


def _accounts_here() -> tuple[ProgramAccount, ...]:
    from mailsetup.apply.thunderbird.accounts import accounts_here

    return accounts_here()


def _with_token_hosts(request: CheckRequest) -> CheckRequest:
    """The request without servers that the sign-in's token must not go to.

    Raises `UnconfirmedError` where the account's own are among them.
    """
    if not isinstance(request.secret, AccessToken):
        return request
    way = request.sign_in.way if request.sign_in is not None else None
    used = (request.account.incoming, request.account.outgoing)
    if way is None or not all(way.may_receive(server) for server in used):
        raise UnconfirmedError(", ".join(dict.fromkeys(server.host for server in used)))
    others = tuple(server for server in request.alternatives if way.may_receive(server))
    return replace(request, alternatives=others)


@dataclass(frozen=True, slots=True)
class _LeftOpen:
    """A network between two steps, with the loop that it lives in."""

    net: Network
    stack: AsyncExitStack
    loop: asyncio.AbstractEventLoop


def _require_confirmation(request: CheckRequest, agreed: Collection[str]) -> None:
    if request.discovery is None:
        return
    missing = set(request.discovery.confirm) - {*request.agreed, *agreed}
    found = request.discovery.settings.hosts if request.discovery.settings else ()
    account = request.account
    servers = (account.incoming, account.outgoing, *request.alternatives)
    if missing and any(server.host in found for server in servers):
        raise UnconfirmedError(", ".join(sorted(missing)))


def _event(progress: Progress) -> Event:
    match progress:
        case SourceStarted(method=method, location=location):
            return SourceAsked(method, location)
        case SourceEnded(tried=tried):
            return SourceAnswered(tried)
        case Improved(settings=settings, source=source):
            return SettingsFound(settings, source)
        case _:
            assert_never(progress)
