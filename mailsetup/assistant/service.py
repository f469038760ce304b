"""The use cases: find settings, check an account. No Qt, no printing, no prompting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    Event,
    FindingMade,
    LinkJudged,
    SettingsFound,
    SourceAnswered,
    SourceAsked,
)
from mailsetup.assistant.report import CheckReport, Elsewhere
from mailsetup.assistant.second import SecondMailbox, exchange
from mailsetup.diagnosis.chain import Verdict, judge
from mailsetup.diagnosis.checks.computer import look_at_computer
from mailsetup.diagnosis.checks.domain import DomainVerdict, look_at_domain
from mailsetup.diagnosis.checks.network import look_at_network
from mailsetup.diagnosis.checks.program import look_at_programs
from mailsetup.diagnosis.checks.server import arrival_findings, finding_of, quota_findings
from mailsetup.diagnosis.symptoms import Answer, Symptom, answer, parse_symptom
from mailsetup.discovery.certificate import proven_name
from mailsetup.discovery.find import Discovery, find
from mailsetup.discovery.find import Verdict as Outcome
from mailsetup.discovery.progress import Improved, Progress, SourceEnded, SourceStarted
from mailsetup.export.thunderbird_accounts import accounts_here
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.secret import Secret
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    ProgramAccount,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network, NetworkOptions, open_network, parse_resolver
from mailsetup.net.publicsuffix import owned_domain
from mailsetup.net.tls import TlsFailure, TlsFault
from mailsetup.vault import Vault, VaultState
from mailsetup.verify.imap import ImapSession
from mailsetup.verify.login import log_in_imap, log_in_smtp, open_imap, open_smtp
from mailsetup.verify.outcome import ErrorClass, Failure, LoggedIn, RoundTrip, Stage
from mailsetup.verify.progress import (
    Arrived,
    CleaningUp,
    Comparing,
    Sending,
    Sent,
    TripProgress,
    Waiting,
)
from mailsetup.verify.roundtrip import round_trip
from mailsetup.verify.session import OpenSessions
from mailsetup.verify.smtp import SmtpSession

__all__ = [
    "Assistant",
    "CheckRequest",
    "Discovery",
    "Emit",
    "NetworkOptions",
    "Outcome",
    "RunOptions",
    "SecondMailbox",
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

MAX_LOGINS = 3
"""Refused logins that a run may cost at most: hostings lock accounts and whole offices out."""

Emit = Callable[[Event], None]
Session = TypeVar("Session", ImapSession, SmtpSession)


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


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to prove. ``wait`` is the patience for the test message, in seconds.

    ``alternatives`` are servers of the same account that are tried, before any login, when the
    chosen ones cannot be reached. ``discovery`` is where the servers came from; whatever it still
    wants confirmed has to be in ``agreed``.
    """

    account: Account
    secret: Secret
    send: bool = True
    attachment_mib: int = 1
    wait: float = 120.0
    alternatives: tuple[ServerSettings, ...] = ()
    discovery: Discovery | None = None
    agreed: tuple[str, ...] = ()
    other_usernames: tuple[str, ...] = ()
    """Names to try where the account's own one is refused; the person agreed to that."""
    second: SecondMailbox | None = None
    """A mailbox at another company, for what only mail on its way through the world shows."""
    symptom: Symptom | None = None
    """What the person complains of; it orders the causes and words the answer."""
    one_login_at_a_time: bool = False
    """Whether a refusal at the one server spares the other one: where one was refused before."""


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
        async with self._network() as net:
            return await _Check(request, net, emit, self._programs_here).run()

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
        if leave_open:
            self._left_open = left
        else:
            await left.stack.aclose()


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
    used = (request.account.incoming.host, request.account.outgoing.host)
    if missing and any(host in found for host in used):
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


@dataclass(frozen=True, slots=True)
class _Side:
    """One server after it was tried: a session with its proof, or the failure."""

    findings: tuple[Finding, ...] = ()
    proof: LoggedIn | None = None
    reached: bool = False
    failure: Failure | None = None

    @property
    def is_good(self) -> bool:
        return self.proof is not None and not any(f.status is Status.FAIL for f in self.findings)


class _Check:
    """One run of a check: its sessions, findings and what was proven so far."""

    def __init__(
        self,
        request: CheckRequest,
        net: Network,
        emit: Emit,
        programs_here: Callable[[], tuple[ProgramAccount, ...]],
    ) -> None:
        self._request = request
        self._programs_here = programs_here
        self._account = request.account
        self._net = net
        self._emit = emit
        self._sessions = OpenSessions()
        self._imap: ImapSession | None = None
        self._smtp: SmtpSession | None = None
        self._running: dict[Activity, float] = {}

    async def run(self) -> CheckReport:
        started = self._net.clock.monotonic()
        async with self._sessions:
            domain, (incoming, outgoing) = await asyncio.gather(self._domain(), self._sides())
            (trip, of_trip), of_programs = await asyncio.gather(
                self._trip(incoming, outgoing), self._programs(incoming, outgoing)
            )
            elsewhere, of_elsewhere = await self._elsewhere(incoming, outgoing)
            here = await self._here(incoming, outgoing)
        # Where both servers show the same fault, the incoming one speaks for both.
        findings = (
            *here,
            *domain.findings,
            *incoming.findings,
            *outgoing.findings,
            *of_trip,
            *of_elsewhere,
            *of_programs,
        )
        symptom = self._request.symptom
        verdict = judge(findings, self._proven(domain, incoming, outgoing, trip), symptom)
        for link, status in verdict.chain:
            self._emit(LinkJudged(link, status))
        return CheckReport(
            account=self._account,
            chain=verdict.chain,
            first_broken=verdict.first_broken,
            findings=verdict.findings,
            incoming=incoming.proof,
            outgoing=outgoing.proof,
            round_trip=trip,
            elapsed_ms=1000 * (self._net.clock.monotonic() - started),
            answer=self._answer(verdict, elsewhere),
            elsewhere=elsewhere,
        )

    async def _programs(self, incoming: _Side, outgoing: _Side) -> tuple[Finding, ...]:
        """The account in the programs on this computer, once its servers are seen to work."""
        if not (incoming.is_good and outgoing.is_good):
            return ()
        accounts = await asyncio.to_thread(self._programs_here)
        account = self._account
        good = (account.incoming, account.outgoing, *self._request.alternatives)
        findings = await look_at_programs(account, good, accounts, self._net)
        self._tell(findings)
        return findings

    async def _elsewhere(
        self, incoming: _Side, outgoing: _Side
    ) -> tuple[Elsewhere | None, tuple[Finding, ...]]:
        second = self._request.second
        if second is None or self._imap is None or self._smtp is None:
            return None, ()
        if not (incoming.is_good and outgoing.is_good):
            return None, ()
        elsewhere, findings = await exchange(
            self._account,
            self._imap,
            self._smtp,
            second,
            self._net,
            wait=self._request.wait,
            begin=self._begin,
            end=self._end,
        )
        self._tell(findings)
        return elsewhere, findings

    def _answer(self, verdict: Verdict, elsewhere: Elsewhere | None) -> Answer | None:
        symptom = self._request.symptom
        if symptom is None:
            return None
        proven = all(status in (Status.OK, Status.WARN) for _link, status in verdict.chain)
        return answer(
            symptom,
            verdict.findings,
            proven=proven,
            saw_elsewhere=bool(elsewhere and elsewhere.sent),
        )

    async def _here(self, incoming: _Side, outgoing: _Side) -> tuple[Finding, ...]:
        """Whether this computer or its network is why a server was not reached."""
        failures = [side.failure for side in (incoming, outgoing) if side.failure is not None]
        if not failures:
            return ()
        looks = [look_at_computer(failures, self._net)]
        if not (incoming.reached or outgoing.reached):
            looks.append(look_at_network(self._net))
        findings = tuple(one for found in await asyncio.gather(*looks) for one in found)
        self._tell(findings)
        return findings

    async def _domain(self) -> DomainVerdict:
        self._begin(Activity.LOOK_AT_DOMAIN, self._account.address.display_domain)
        verdict = await look_at_domain(self._account.address, self._net)
        self._tell(verdict.findings)
        failed = any(f.status is Status.FAIL for f in verdict.findings)
        status = Status.OK if verdict.in_order else Status.FAIL if failed else Status.WARN
        self._end(Activity.LOOK_AT_DOMAIN, status)
        self._emit(LinkJudged(Link.DNS, status))
        return verdict

    async def _sides(self) -> tuple[_Side, _Side]:
        """Both servers side by side; one after the other where user names may have to be tried."""
        if not (self._request.other_usernames or self._request.one_login_at_a_time):
            incoming, outgoing = await asyncio.gather(self._incoming(), self._outgoing())
            return incoming, outgoing
        incoming = await self._incoming()
        refused = incoming.reached and incoming.proof is None
        # Every refusal brings the lock nearer; the other server would say the same.
        return incoming, _Side() if refused else await self._outgoing()

    async def _incoming(self) -> _Side:
        if self._account.incoming.protocol is not Protocol.IMAP:
            return _Side()
        opened = await self._open(Activity.REACH_INCOMING, self._account.incoming, open_imap)
        if isinstance(opened, Failure):
            return await self._unreached(opened)
        self._imap = opened
        self._sessions.add(opened)
        self._account = replace(self._account, incoming=opened.server)
        if not opened.server.takes_password:
            return self._sign_in_elsewhere(opened.server)
        proof, findings = await self._log_in_incoming(opened)
        if isinstance(proof, Failure):
            return self._failed(proof, reached=True)
        findings += quota_findings(proof)
        self._tell(findings)
        return _Side(findings, proof, reached=True)

    async def _log_in_incoming(
        self, session: ImapSession
    ) -> tuple[LoggedIn | Failure, tuple[Finding, ...]]:
        """Log in, at most with so many user names that one login is left for the other server."""
        self._begin(Activity.LOG_IN_INCOMING)
        proof = await log_in_imap(session, self._request.secret, self._net)
        findings: tuple[Finding, ...] = ()
        for name in self._request.other_usernames[: MAX_LOGINS - 2]:
            if not (isinstance(proof, Failure) and proof.error is ErrorClass.AUTH_WRONG):
                break
            again = await open_imap(replace(session.server, username=name), self._net)
            if isinstance(again, Failure):
                break
            self._imap = again
            self._sessions.add(again)
            other = await log_in_imap(again, self._request.secret, self._net)
            if isinstance(other, Failure):
                continue
            findings = (_username_form(session.server, other.server),)
            outgoing = replace(self._account.outgoing, username=name)
            self._account = replace(self._account, incoming=again.server, outgoing=outgoing)
            proof = other
        self._end(Activity.LOG_IN_INCOMING, _status(proof))
        return proof, findings

    async def _outgoing(self) -> _Side:
        opened = await self._open(Activity.REACH_OUTGOING, self._account.outgoing, open_smtp)
        if isinstance(opened, Failure):
            return await self._unreached(opened)
        self._smtp = opened
        self._sessions.add(opened)
        self._account = replace(self._account, outgoing=opened.server)
        if not opened.server.takes_password:
            return self._sign_in_elsewhere(opened.server)
        self._begin(Activity.LOG_IN_OUTGOING)
        proof = await log_in_smtp(opened, self._request.secret, self._net)
        self._end(Activity.LOG_IN_OUTGOING, _status(proof))
        if isinstance(proof, Failure):
            return self._failed(proof, reached=True)
        return _Side(proof=proof, reached=True)

    async def _open(
        self,
        activity: Activity,
        first: ServerSettings,
        opener: Callable[[ServerSettings, Network], Awaitable[Session | Failure]],
    ) -> Session | Failure:
        """The first server that can be reached. No password is involved yet."""
        others: list[ServerSettings] = [
            server for server in self._request.alternatives if server.protocol is first.protocol
        ]
        failures: list[Failure] = []
        for server in (first, *others):
            self._begin(activity, server.host)
            opened = await opener(server, self._net)
            if not isinstance(opened, Failure):
                self._end(activity, Status.OK)
                return opened
            failures.append(opened)
        self._end(activity, Status.FAIL)
        return failures[0]

    async def _trip(
        self, incoming: _Side, outgoing: _Side
    ) -> tuple[RoundTrip | None, tuple[Finding, ...]]:
        if not self._request.send or self._imap is None or self._smtp is None:
            return None, ()
        if not (incoming.is_good and outgoing.is_good):
            # With a refused login or a full mailbox there is nothing left to be learnt from it.
            return None, ()
        outcome = await round_trip(
            self._imap,
            self._smtp,
            self._account,
            self._net,
            attachment_mib=self._request.attachment_mib,
            wait=self._request.wait,
            emit=self._trip_progress,
        )
        if isinstance(outcome, Failure):
            for activity in tuple(self._running):
                self._end(activity, Status.FAIL)
            finding = finding_of(outcome, self._account.address, wait=self._request.wait)
            self._tell((finding,))
            return None, (finding,)
        for activity in tuple(self._running):
            self._end(activity, Status.OK)
        findings = arrival_findings(outcome)
        self._tell(findings)
        return outcome, findings

    def _trip_progress(self, progress: TripProgress) -> None:
        match progress:
            case Sending():
                self._begin(Activity.SEND)
            case Sent():
                self._end(Activity.SEND, Status.OK)
            case Waiting(folder=folder):
                if Activity.WAIT_FOR_ARRIVAL not in self._running:
                    self._begin(Activity.WAIT_FOR_ARRIVAL, folder)
            case Arrived():
                self._end(Activity.WAIT_FOR_ARRIVAL, Status.OK)
            case Comparing():
                self._begin(Activity.COMPARE_ATTACHMENT)
            case CleaningUp():
                self._end(Activity.COMPARE_ATTACHMENT, Status.OK)
                self._begin(Activity.CLEAN_UP)
            case _:
                assert_never(progress)

    def _sign_in_elsewhere(self, server: ServerSettings) -> _Side:
        """The provider takes no password at all: do not even try one."""
        return self._failed(
            Failure(Stage.LOGIN, ErrorClass.AUTH_OAUTH_NEEDED, server), reached=True
        )

    async def _unreached(self, failure: Failure) -> _Side:
        """No session. Where only the name is wrong, the one that would be right is looked for."""
        server = failure.server
        name = None
        if failure.error is ErrorClass.CERTIFICATE_WRONG_NAME:
            tls = TlsFailure(TlsFault.WRONG_NAME, certificate=failure.certificate)
            seen = ConnectFailure(ConnectFault.TLS, server.host, server.port, tls)
            name = await proven_name(seen, self._account.address.domain, self._net)
        return self._failed(failure, reached=False, proven_name=name)

    def _failed(self, failure: Failure, *, reached: bool, proven_name: str | None = None) -> _Side:
        findings = (finding_of(failure, self._account.address, proven_name=proven_name),)
        self._tell(findings)
        return _Side(findings, reached=reached, failure=failure)

    def _tell(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            self._emit(FindingMade(finding))

    def _proven(
        self, domain: DomainVerdict, incoming: _Side, outgoing: _Side, trip: RoundTrip | None
    ) -> set[Link]:
        proven: set[Link] = set()
        if incoming.reached and outgoing.reached:
            proven |= {Link.HOSTING, Link.CLIENT}
        elif incoming.reached or outgoing.reached:
            proven.add(Link.CLIENT)
        if incoming.proof and outgoing.proof and (trip or not self._request.send):
            proven.add(Link.ACCOUNT)
        if domain.in_order:
            proven.add(Link.DNS)
        return proven

    def _begin(self, activity: Activity, detail: str = "") -> None:
        self._running[activity] = self._net.clock.monotonic()
        self._emit(ActivityStarted(activity, detail))

    def _end(self, activity: Activity, status: Status) -> None:
        started = self._running.pop(activity, None)
        if started is not None:
            elapsed = 1000 * (self._net.clock.monotonic() - started)
            self._emit(ActivityEnded(activity, status, elapsed))


def _username_form(refused: ServerSettings, accepted: ServerSettings) -> Finding:
    facts = {"username": accepted.username, "refused": refused.username}
    return Finding("account.login.username-form", Status.WARN, facts, {"server": str(accepted)})


def _status(outcome: LoggedIn | Failure) -> Status:
    return Status.FAIL if isinstance(outcome, Failure) else Status.OK
