"""The use cases: find settings, check an account. No Qt, no printing, no prompting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from mailsetup.assistant.checking import Check, CheckRequest, Emit
from mailsetup.assistant.events import Event, SettingsFound, SourceAnswered, SourceAsked
from mailsetup.assistant.publishing import Row, mail_exchangers, verify_publication
from mailsetup.assistant.report import CheckReport
from mailsetup.assistant.second import SecondMailbox
from mailsetup.assistant.signin import (
    ClientsProblem,
    OpenBrowser,
    SignIn,
    SignInFailure,
    SignInMeans,
    SignInWay,
    find_way,
    from_kept,
    give_back,
    kept_from_text,
    kept_to_text,
    known_clients,
    needs_renewal,
    renewed,
    sign_in,
    to_keep,
)
from mailsetup.diagnosis.chain import Verdict, judge
from mailsetup.diagnosis.checks.domain import look_at_domain
from mailsetup.diagnosis.checks.network import look_at_network
from mailsetup.diagnosis.checks.server import finding_of
from mailsetup.diagnosis.symptoms import Symptom, parse_symptom
from mailsetup.discovery.find import Discovery, find
from mailsetup.discovery.find import Verdict as Outcome
from mailsetup.discovery.progress import Improved, Progress, SourceEnded, SourceStarted
from mailsetup.export.publish.publication import Publication
from mailsetup.export.thunderbird_accounts import accounts_here
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Link
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    ProgramAccount,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network, NetworkOptions, open_network, parse_resolver
from mailsetup.net.publicsuffix import owned_domain
from mailsetup.vault import Vault, VaultState
from mailsetup.verify.login import open_imap, open_pop3, open_smtp
from mailsetup.verify.outcome import Failure
from mailsetup.verify.session import MailSession

if TYPE_CHECKING:
    from mailsetup.assistant.watching import DomainReport

__all__ = [
    "Assistant",
    "CheckRequest",
    "Discovery",
    "Emit",
    "NetworkOptions",
    "Outcome",
    "RunOptions",
    "SecondMailbox",
    "SignIn",
    "SignInFailure",
    "SignInMeans",
    "SignInWay",
    "Symptom",
    "UnconfirmedError",
    "alternatives_to",
    "choose_account",
    "ignore",
    "parse_resolver",
    "parse_symptom",
    "settings_discovery",
    "settings_domains",
    "username_forms",
]


def ignore(_event: Event) -> None:
    """The listener of somebody who only wants the result."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run reaches the outside. ``agreed`` are domains that the person trusts beforehand.

    ``budget`` is in seconds, for finding settings, all sources together.
    """

    network: NetworkOptions = field(default_factory=NetworkOptions)
    agreed: tuple[str, ...] = ()
    budget: float = 20.0
    offline: bool = False
    plain_http: bool = False
    """Whether settings that came over plain HTTP may be proposed; they are always asked about."""
    oauth_client_id: str = ""
    """A technician's own id for sign-ins in the browser, at whichever provider it is."""


class UnconfirmedError(Exception):
    """A face asked for a login at hosts that the person did not agree to: a defect of the face."""


def choose_account(
    settings: AccountSettings, address: EmailAddress, person: str = ""
) -> Account | None:
    """The best incoming server (IMAP first) and the best outgoing one, both encrypted."""
    incoming = next(iter(_usable(settings.incoming, Protocol.IMAP)), None) or next(
        iter(_usable(settings.incoming, Protocol.POP3)), None
    )
    outgoing = next(iter(_usable(settings.outgoing, Protocol.SMTP)), None)
    if incoming is None or outgoing is None:
        return None
    return Account(address=address, incoming=incoming, outgoing=outgoing, person=person)


def settings_domains(discovery: Discovery) -> tuple[str, ...]:
    """Who owns the hosts that were found: one domain each, for the person to recognise."""
    hosts = discovery.settings.hosts if discovery.settings else ()
    return tuple(dict.fromkeys(owned_domain(host) for host in hosts))


def alternatives_to(account: Account, settings: AccountSettings) -> tuple[ServerSettings, ...]:
    """The other encrypted servers of the same kinds, best first."""
    kinds = {account.incoming.protocol, account.outgoing.protocol}
    return tuple(
        server
        for server in settings.servers
        if server.protocol in kinds
        and server.security is not SocketType.NONE
        and server not in (account.incoming, account.outgoing)
    )


def username_forms(address: EmailAddress, server: ServerSettings) -> tuple[str, ...]:
    """The other forms that hostings want an address in as user name, likeliest first.

    RFC 6186 section 4: the whole address, then its local part. Some hostings write a percent sign
    for the @, because old servers took that for a host name.
    """
    forms = (address.ascii, address.local, f"{address.local}%{address.domain}")
    return tuple(form for form in forms if form != server.username)


def settings_discovery(settings: AccountSettings, path: str) -> Discovery:
    """Settings from the person's own file, as if they had been found: nothing to agree to."""
    return Discovery(
        outcome=Outcome.FOUND,
        settings=settings,
        source=Source(Method.FILE, path, Channel.FILE),
    )


def _usable(servers: Sequence[ServerSettings], protocol: Protocol) -> list[ServerSettings]:
    """Encrypted servers of one kind; those that take a password before those that do not."""
    fitting = [s for s in servers if s.protocol is protocol and s.security is not SocketType.NONE]
    return sorted(fitting, key=lambda server: not server.takes_password)


class Assistant:
    """Finds settings and proves them. Belongs to one event loop; `close` it at the end."""

    def __init__(
        self,
        options: RunOptions | None = None,
        vault: Vault | None = None,
        programs_here: Callable[[], tuple[ProgramAccount, ...]] = accounts_here,
    ) -> None:
        """``programs_here`` reads the accounts of the mail programs on this computer."""
        self.options = options or RunOptions()
        self._programs_here = programs_here
        self._vault = vault or Vault()
        self._left_open: _LeftOpen | None = None
        self._sign_ins: dict[EmailAddress, SignIn] = {}

    async def discover(
        self, address: EmailAddress, emit: Emit = ignore, *, agreed: Collection[str] = ()
    ) -> Discovery:
        """Look for the settings of an address. Cancelling reaches every socket.

        What was learnt and opened on the way stays for the next `check` or `explain_absence`;
        `close` lets go of it.
        """
        await self.close()
        async with self._network(leave_open=True) as net:
            return await find(
                address,
                net,
                agreed=(*self.options.agreed, *agreed),
                budget=self.options.budget,
                offline=self.options.offline,
                plain_http=self.options.plain_http,
                emit=lambda progress: emit(_event(progress)),
            )

    async def explain_absence(
        self, address: EmailAddress, discovery: Discovery | None = None
    ) -> Verdict:
        """Why nothing was found: what the domain and this network have to do with it.

        ``discovery`` is the search that found nothing; what it learnt is not asked for again.
        """
        if self.options.offline:
            return judge((), ())
        async with self._network() as net:
            domain, network = await asyncio.gather(
                look_at_domain(address, net, discovery.domain_facts if discovery else None),
                look_at_network(net),
            )
        findings = (*network, *domain.findings)
        return judge(findings, (Link.DNS,) if domain.in_order else ())

    async def check(self, request: CheckRequest, emit: Emit = ignore) -> CheckReport:
        """Log in, send a message to oneself, see it arrive, and judge the chain.

        Raises `UnconfirmedError` rather than send the password to a host that nobody agreed to.
        """
        _require_confirmation(request, self.options.agreed)
        request = _with_token_hosts(request)
        async with self._network() as net:
            if request.sign_in is None:
                return await Check(request, net, emit, self._programs_here).run()
            current = self._sign_ins.get(request.account.address, request.sign_in)

            async def renew() -> AccessToken | SignInFailure:
                fresh = await self._renewed(current, net)
                return fresh if isinstance(fresh, SignInFailure) else fresh.token

            if needs_renewal(current, net):
                # Where that fails, the servers' refusal is what counts.
                fresh = await self._renewed(current, net)
                current = current if isinstance(fresh, SignInFailure) else fresh
            request = replace(request, secret=current.token, sign_in=current)
            return await Check(request, net, emit, self._programs_here, renew).run()

    # Signing in in the browser ---------------------------------------------------------------

    async def sign_in_way(
        self,
        account: Account,
        settings: AccountSettings | None = None,
        *,
        agreed: Collection[str] = (),
    ) -> SignInWay | SignInFailure | ClientsProblem:
        """Where one signs in for the account, and as which client this program is known there.

        ``agreed`` are domains, or host names, that the person agreed to.
        """
        known = await asyncio.to_thread(known_clients, self.options.oauth_client_id)
        if isinstance(known, ClientsProblem):
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
        way: SignInWay,
        open_browser: OpenBrowser,
        emit: Emit = ignore,
        *,
        means: SignInMeans = SignInMeans.BROWSER,
        choose_account: bool = False,
    ) -> SignIn | SignInFailure:
        """Let the person sign in, and hold the tokens in memory until `end_sign_ins`.

        ``open_browser`` shows a page in the person's browser; it is called in the event loop's
        thread and must not block. Raises `UnconfirmedError` where the token would go to a host that
        nobody agreed to.
        """
        if way.confirm:
            raise UnconfirmedError(", ".join(way.confirm))
        async with self._network(leave_open=True) as net:
            made = await sign_in(way, means, net, emit, open_browser, choose_account=choose_account)
            if isinstance(made, SignIn):
                await self._replace(made, net)
            return made

    async def kept_sign_in(self, way: SignInWay) -> SignIn | SignInFailure | None:
        """The sign-in from the keyring, with a fresh token; None where there is none."""
        if way.confirm:
            return None
        text = await asyncio.to_thread(self._vault.load_sign_in, way.account.address)
        kept = kept_from_text(text) if text is not None else None
        found = from_kept(kept, way) if kept is not None else None
        if found is None:
            return None
        async with self._network(leave_open=True) as net:
            return await self._renewed(found, net)

    async def has_kept_sign_in(self, address: EmailAddress) -> bool:
        """Whether the keyring holds a sign-in for the address."""
        return await asyncio.to_thread(self._vault.load_sign_in, address) is not None

    async def keep_sign_in(self, one: SignIn) -> bool:
        """Put the sign-in into the keyring. False when it was not taken."""
        current = self._sign_ins.get(one.way.account.address, one)
        kept = to_keep(current)
        if kept is None:
            return False
        address = current.way.account.address
        taken = await asyncio.to_thread(self._vault.store_sign_in, address, kept_to_text(kept))
        if taken:
            self._sign_ins[address] = replace(current, kept=True)
        return taken

    async def forget_sign_in(self, address: EmailAddress) -> bool:
        """Remove the sign-in from the keyring."""
        return await asyncio.to_thread(self._vault.forget_sign_in, address)

    async def end_sign_ins(self) -> None:
        """Forget all tokens; those that are not kept are given back to their providers."""
        ending = [one for one in self._sign_ins.values() if not one.kept]
        self._sign_ins.clear()
        if ending:
            async with self._network() as net:
                await asyncio.gather(*(give_back(one, net) for one in ending))

    async def _renewed(self, one: SignIn, net: Network) -> SignIn | SignInFailure:
        fresh = await renewed(one, net)
        if isinstance(fresh, SignInFailure):
            return fresh
        self._sign_ins[one.way.account.address] = fresh
        kept = to_keep(fresh) if fresh.kept else None
        if kept is not None and fresh.tokens.refresh != one.tokens.refresh:
            # The old one may have ended with its use.
            address = fresh.way.account.address
            await asyncio.to_thread(self._vault.store_sign_in, address, kept_to_text(kept))
        return fresh

    async def _replace(self, made: SignIn, net: Network) -> None:
        """The person signed in anew: the tokens from before are not needed any more."""
        address = made.way.account.address
        before = self._sign_ins.pop(address, None)
        self._sign_ins[address] = made
        if before is not None and not before.kept:
            await give_back(before, net)

    async def reach(self, server: ServerSettings, address: EmailAddress) -> Finding | None:
        """Why a server that was typed does not answer as it should; None where it does.

        Goes up to where one could log in; nothing secret is sent.
        """
        openers: dict[Protocol, Callable[[ServerSettings, Network], Awaitable[_Reached]]] = {
            Protocol.IMAP: open_imap,
            Protocol.POP3: open_pop3,
            Protocol.SMTP: open_smtp,
        }
        async with open_network(self.options.network) as net:
            opened = await openers[server.protocol](server, net)
            if isinstance(opened, Failure):
                return finding_of(opened, address)
            await opened.end()
            return None

    async def mail_exchangers(self, domain: str) -> tuple[str, ...]:
        """The domain's MX hosts, best first, for what it should publish."""
        async with self._network(leave_open=True) as net:
            return await mail_exchangers(domain, net)

    async def verify_publication(self, expected: Publication) -> tuple[Row, ...]:
        """Fetch what is really served for a domain, and compare."""
        async with self._network() as net:
            return await verify_publication(expected, net)

    async def watch(self, domain: str, known: Discovery | None = None) -> "DomainReport":
        """Everything about a domain that needs no account; ``known`` stands for a search."""
        from mailsetup.assistant.watching import watch

        async with self._network() as net:
            return await watch(domain, net, self.options, known)

    async def find_second(self, address: EmailAddress, secret: Secret) -> SecondMailbox | None:
        """The person's mailbox at another company; None where its servers are not certain."""
        found = await self.discover(address)
        account = choose_account(found.settings, address) if found.settings else None
        if found.outcome is not Outcome.FOUND or account is None:
            return None
        return SecondMailbox(account, secret)

    async def close(self) -> None:
        """Let go of what the last search left open."""
        left, self._left_open = self._left_open, None
        if left is not None:
            await left.stack.aclose()

    async def vault_state(self) -> VaultState:
        """Whether passwords can be kept on this computer."""
        return await asyncio.to_thread(self._vault.state)

    async def load_secret(self, address: EmailAddress) -> Secret | None:
        """The password from the keyring."""
        return await asyncio.to_thread(self._vault.load, address)

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
            net = await stack.enter_async_context(open_network(self.options.network))
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


_Reached = MailSession | Failure


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
