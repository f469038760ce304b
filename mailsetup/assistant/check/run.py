"""One run of a check: logins, a message on its way, the domain, and the verdict."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TypeVar, assert_never

from mailsetup.assistant.check.report import CheckReport, Elsewhere, sending_was_tested
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.check.second_mailbox import exchange
from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    Emit,
    FindingMade,
    LinkJudged,
)
from mailsetup.assistant.program_folders import folders_for_programs
from mailsetup.assistant.redaction import Redacted
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.diagnosis.checks.computer import check_computer
from mailsetup.diagnosis.checks.domain import DomainCheck, check_domain
from mailsetup.diagnosis.checks.folders import folder_findings
from mailsetup.diagnosis.checks.network import check_network
from mailsetup.diagnosis.checks.program import check_programs
from mailsetup.diagnosis.checks.server import arrival_findings, finding_of, quota_findings
from mailsetup.diagnosis.guard import Guard, guarded
from mailsetup.diagnosis.health import blocklists
from mailsetup.diagnosis.health.domain_health import (
    HealthRequest,
    check_dns_health,
    check_received_message,
    without_disproved,
)
from mailsetup.diagnosis.health.forwarding_loop import loop_finding
from mailsetup.diagnosis.sieve.rule_findings import rule_findings, rule_folders
from mailsetup.diagnosis.symptoms import SymptomAnswer, answer
from mailsetup.discovery.certificate_names import proven_name
from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, RoundTrip, Stage
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import (
    Account,
    Authentication,
    ProgramAccount,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.sign_in import SignInFailure, SignInFault
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network
from mailsetup.system.threads import in_thread
from mailsetup.verify.events import (
    CleaningUp,
    Comparing,
    MessageArrived,
    Sending,
    Sent,
    TripProgress,
    Waiting,
)
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.imap_mailbox import ImapMailbox
from mailsetup.verify.login import (
    log_in_imap,
    log_in_pop3,
    log_in_smtp,
    open_imap,
    open_pop3,
    open_smtp,
)
from mailsetup.verify.managesieve.active_rules import RulesOutcome, read_active_rules
from mailsetup.verify.managesieve.session import ActiveRules
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.pop3_mailbox import Pop3Mailbox
from mailsetup.verify.round_trip import Mailbox, round_trip
from mailsetup.verify.session import OpenSessions
from mailsetup.verify.smtp import SmtpSession

MAX_LOGINS = 3
"""Refused logins that a run may cost at most: hostings lock accounts and whole offices out."""

Session = TypeVar("Session", ImapSession, Pop3Session, SmtpSession)
Incoming = TypeVar("Incoming", ImapSession, Pop3Session)
Renew = Callable[[], Awaitable[AccessToken | SignInFailure]]
"""Gets a new access token for the sign-in of the request."""
_Opener = Callable[[ServerSettings, Network], Awaitable[Session | DialogueFailure]]
_LogIn = Callable[[Session, Secret, Network], Awaitable[LoggedIn | DialogueFailure]]


@dataclass(frozen=True, slots=True)
class DomainSeen:
    """The part of a check that is the same for all mailboxes of a domain."""

    verdict: DomainCheck
    health: tuple[Finding, ...]


_UNSEEN = DomainCheck((), in_order=False)


async def see_domain(account: Account, discovery: Discovery | None, net: Network) -> DomainSeen:
    """Look at the domain of this account once, for all its mailboxes."""
    facts = discovery.domain_facts if discovery else None
    request = HealthRequest(
        account.address,
        incoming_host=account.incoming.host,
        outgoing_host=account.outgoing.host,
        exchangers=facts,
        tried=discovery.tried if discovery else (),
    )
    guard = Guard()
    verdict, health = await asyncio.gather(
        guard.run("domain", check_domain(account.address, net, facts), _UNSEEN),
        guard.run("dns", check_dns_health(request, net), ()),
    )
    return DomainSeen(verdict, (*health, *guard.defects))


@dataclass(frozen=True, slots=True)
class _Side:
    """One server after it was tried: a session with its proof, or the failure."""

    findings: tuple[Finding, ...] = ()
    proof: LoggedIn | None = None
    reached: bool = False
    failure: DialogueFailure | None = None

    @property
    def is_good(self) -> bool:
        return self.proof is not None and not any(f.status is Status.FAIL for f in self.findings)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The mailbox's rules on their way. ``accepted`` lets the login begin, as that user."""

    task: asyncio.Task[RulesOutcome]
    accepted: asyncio.Future[tuple[str, Secret]]


@dataclass(frozen=True, slots=True)
class _Mail:
    """What both servers showed, and the messages that went through them."""

    incoming: _Side
    outgoing: _Side
    trip: RoundTrip | None = None
    elsewhere: Elsewhere | None = None
    of_mailbox: tuple[Finding, ...] = ()
    of_trip: tuple[Finding, ...] = ()
    of_elsewhere: tuple[Finding, ...] = ()
    of_programs: tuple[Finding, ...] = ()
    of_computer: tuple[Finding, ...] = ()
    folders: Folders = NO_FOLDERS

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Where both servers show the same fault, the incoming one speaks for both."""
        return (
            *self.incoming.findings,
            *self.outgoing.findings,
            *self.of_trip,
            *self.of_mailbox,
            *self.of_elsewhere,
            *self.of_programs,
        )


_TRIP = (
    Activity.SEND,
    Activity.WAIT_FOR_ARRIVAL,
    Activity.COMPARE_ATTACHMENT,
    Activity.CLEAN_UP,
)


class Check:
    """Its sessions, findings and what was proven so far."""

    def __init__(
        self,
        request: CheckRequest,
        net: Network,
        emit: Emit,
        programs_here: Callable[[], tuple[ProgramAccount, ...]],
        renew: Renew | None = None,
    ) -> None:
        self._request = request
        self._secret = request.secret
        self._renew = renew
        self._renewing = asyncio.Lock()
        self._has_new_token = False
        self._renewal_failed: SignInFailure | None = None
        self._programs_here = programs_here
        self._account = request.account
        self._net = net
        self._emit = emit
        self._sessions = OpenSessions()
        self._mailbox: Mailbox | None = None
        self._smtp: SmtpSession | None = None
        self._reading: _Reading | None = None
        self._running: dict[Activity, float] = {}
        self._guard = Guard()

    async def run(self) -> CheckReport:
        """Do everything that does not depend on each other side by side."""
        try:
            return await self._run()
        finally:
            self._stop_reading()

    async def _run(self) -> CheckReport:
        started = self._net.clock.monotonic()
        if not self._net.is_online():
            # Every question would only be waited for.
            return self._offline(started)
        guard = self._guard
        domain, of_dns, (mail, of_identity) = await asyncio.gather(
            guard.run("domain", self._domain(), _UNSEEN),
            guard.run("dns", self._dns_health(), ()),
            guard.run("mail", self._mail_and_its_identity(), (_Mail(_Side(), _Side()), ())),
        )
        findings = (
            *mail.of_computer,
            *domain.findings,
            *guard.call("dns", lambda: self._relevant(of_dns, mail), of_dns),
            *of_identity,
            *mail.findings,
            *self._told(guard.defects),
        )
        for activity in tuple(self._running):
            # Of a part that did not come to its end.
            self._end(activity, Status.UNKNOWN)
        return self._report(started, findings, mail, self._proven(domain, mail))

    def _offline(self, started: float) -> CheckReport:
        findings = self._told((Finding(FindingId.CLIENT_NETWORK_OFFLINE, Status.FAIL),))
        return self._report(started, findings, _Mail(_Side(), _Side()), set())

    def _report(
        self, started: float, findings: Sequence[Finding], mail: _Mail, proven: Collection[Link]
    ) -> CheckReport:
        verdict = diagnose(findings, proven, self._request.symptom)
        for link, status in verdict.chain:
            self._emit(LinkJudged(link, status))
        report = CheckReport(
            account=self._account,
            chain=verdict.chain,
            first_broken=verdict.first_broken,
            findings=verdict.findings,
            incoming=mail.incoming.proof,
            outgoing=mail.outgoing.proof,
            round_trip=mail.trip,
            elapsed_ms=1000 * (self._net.clock.monotonic() - started),
            answer=self._answer(verdict, mail),
            elsewhere=mail.elsewhere,
            folders=mail.folders,
        )
        return self._redacted.report(report)

    # The servers, and mail on its way --------------------------------------------------------

    async def _mail_and_its_identity(self) -> tuple[_Mail, tuple[Finding, ...]]:
        async with self._sessions:
            mail = await self._mail()
            # Nobody waits for the goodbyes while there is something to be looked at.
            of_identity, _ended = await asyncio.gather(
                self._guard.run("identity", self._identity(mail), ()), self._sessions.end()
            )
        return mail, of_identity

    async def _mail(self) -> _Mail:
        proven = self._proven_before()
        if proven is not None:
            looking = self._programs(proven.incoming, proven.outgoing)
            return replace(proven, of_programs=await self._guard.run("programs", looking, ()))
        guard = self._guard
        incoming, outgoing = await self._sides()
        (trip, of_trip), of_programs, (script, of_rules) = await asyncio.gather(
            guard.run("message", self._trip(incoming, outgoing), (None, ())),
            guard.run("programs", self._programs(incoming, outgoing), ()),
            guard.run("rules", self._rules(incoming), ("", ())),
        )
        of_folders = await guard.run("folders", self._folders(incoming, trip, script), ())
        elsewhere, of_elsewhere = await guard.run(
            "elsewhere", self._elsewhere(incoming, outgoing), (None, ())
        )
        of_computer = await guard.run("computer", self._computer(incoming, outgoing), ())
        folders = guard.call("folders", lambda: self._folders_for_programs(incoming), NO_FOLDERS)
        return _Mail(
            incoming,
            outgoing,
            trip,
            elsewhere,
            of_mailbox=(*of_rules, *of_folders),
            of_trip=of_trip,
            of_elsewhere=of_elsewhere,
            of_programs=of_programs,
            of_computer=of_computer,
            folders=folders,
        )

    def _folders_for_programs(self, incoming: _Side) -> Folders:
        mailbox = self._mailbox
        if not isinstance(mailbox, ImapMailbox) or incoming.proof is None:
            return NO_FOLDERS
        return folders_for_programs(mailbox.session.known_folders)

    def _proven_before(self) -> _Mail | None:
        """What the last report proved of both servers, if nothing there is left to be asked."""
        last = self._request.previous
        if last is None or last.account != self._account:
            return None
        if last.incoming is None or last.outgoing is None:
            return None
        if any(finding.link in (Link.HOSTING, Link.ACCOUNT) for finding in last.findings):
            return None
        if self._request.send and last.round_trip is None:
            return None
        if self._request.second is not None and (
            last.elsewhere is None or not (last.elsewhere.sent and last.elsewhere.received)
        ):
            return None
        for activity in (Activity.LOG_IN_INCOMING, Activity.LOG_IN_OUTGOING):
            self._begin(activity)
            self._end(activity, Status.OK)
        incoming = _Side(proof=last.incoming, reached=True)
        outgoing = _Side(proof=last.outgoing, reached=True)
        return _Mail(incoming, outgoing, last.round_trip, last.elsewhere, folders=last.folders)

    async def _rules(self, incoming: _Side) -> tuple[str, tuple[Finding, ...]]:
        """The mailbox's own rules, where its host tells them to the same user."""
        if self._reading is None or incoming.proof is None:
            return "", ()
        outcome = await self._reading.task
        if not isinstance(outcome, ActiveRules):
            return "", ()
        now = self._net.clock.now()
        # Large scripts take a while to be followed.
        findings = await in_thread(rule_findings, outcome.text, self._account.address, now)
        return outcome.text, self._told(findings)

    async def _folders(
        self, incoming: _Side, trip: RoundTrip | None, script: str
    ) -> tuple[Finding, ...]:
        """Folders into which mail comes and that programs do not show."""
        mailbox = self._mailbox
        if not isinstance(mailbox, ImapMailbox) or incoming.proof is None:
            return ()
        now = self._net.clock.now()
        receiving = list(await in_thread(rule_folders, script, self._account.address, now))
        if trip is not None:
            receiving.append(trip.folder)
        session = mailbox.session
        if not session.known_folders:
            # Without a message on its way nobody has asked for them yet.
            with DialogueGuard(session.server, Stage.MAILBOX) as listing:
                await session.folders()
            if listing.failure is not None:
                return ()
        findings = folder_findings(session.known_folders, session.subscribed, receiving=receiving)
        return self._told(findings)

    # The domain ------------------------------------------------------------------------------

    def _health_request(self, raw: bytes = b"", *, elsewhere: bool = False) -> HealthRequest:
        discovery = self._request.discovery
        return HealthRequest(
            self._account.address,
            incoming_host=self._account.incoming.host,
            outgoing_host=self._account.outgoing.host,
            exchangers=discovery.domain_facts if discovery else None,
            tried=discovery.tried if discovery else (),
            arrived=raw,
            arrived_elsewhere=elsewhere,
        )

    async def _dns_health(self) -> tuple[Finding, ...]:
        if self._request.domain is not None:
            return self._request.domain.health
        return self._told(await check_dns_health(self._health_request(), self._net))

    async def _identity(self, mail: _Mail) -> tuple[Finding, ...]:
        """What the messages that arrived prove of the domain's identity."""
        requests = []
        if mail.trip is not None and mail.trip.raw:
            requests.append(self._health_request(mail.trip.raw))
        sent = mail.elsewhere.sent if mail.elsewhere is not None else None
        if sent is not None and sent.raw:
            requests.append(self._health_request(sent.raw, elsewhere=True))
        looks = [
            guarded("message", check_received_message(request, self._net)) for request in requests
        ]
        if sent is not None and self._request.blocklists:
            looks.append(guarded("blocklists", blocklists.findings(sent.raw, self._net.dns)))
        return self._told([one for found in await asyncio.gather(*looks) for one in found])

    def _relevant(self, of_dns: tuple[Finding, ...], mail: _Mail) -> tuple[Finding, ...]:
        """Without what would only count had we logged in there, and what mail disproves."""
        unproven: tuple[str, ...] = ()
        if mail.incoming.proof is None:
            unproven += (FindingId.DNS_MX_ELSEWHERE, FindingId.DNS_MX_TWO_HOSTINGS)
        if mail.outgoing.proof is None:
            unproven += (FindingId.DNS_SPF_SENDER_NOT_COVERED,)
        sent = mail.elsewhere.sent if mail.elsewhere is not None else None
        request = self._health_request(sent.raw if sent is not None else b"", elsewhere=True)
        return tuple(one for one in without_disproved(of_dns, request) if one.id not in unproven)

    async def _programs(self, incoming: _Side, outgoing: _Side) -> tuple[Finding, ...]:
        """The account in the programs on this computer, once its servers are seen to work."""
        if not (incoming.is_good and outgoing.is_good):
            return ()
        accounts = await in_thread(self._programs_here)
        account = self._account
        good = (account.incoming, account.outgoing, *self._request.alternatives)
        return self._told(await check_programs(account, good, accounts, self._net))

    async def _elsewhere(
        self, incoming: _Side, outgoing: _Side
    ) -> tuple[Elsewhere | None, tuple[Finding, ...]]:
        second, mailbox, smtp = self._request.second, self._mailbox, self._smtp
        if second is None or mailbox is None or smtp is None:
            return None, ()
        if not (incoming.is_good and outgoing.is_good):
            return None, ()
        elsewhere, findings = await exchange(
            self._account,
            mailbox,
            smtp,
            second,
            self._net,
            wait=self._request.wait,
            begin=self._begin,
            end=self._end,
        )
        return elsewhere, self._told(findings)

    def _answer(self, verdict: Diagnosis, mail: _Mail) -> SymptomAnswer | None:
        symptom = self._request.symptom
        if symptom is None:
            return None
        in_order = all(status in (Status.OK, Status.WARN) for _link, status in verdict.chain)
        return answer(
            symptom,
            verdict.findings,
            proven=in_order and sending_was_tested(mail.trip, mail.elsewhere),
            saw_elsewhere=bool(mail.elsewhere and mail.elsewhere.sent),
        )

    async def _computer(self, incoming: _Side, outgoing: _Side) -> tuple[Finding, ...]:
        """Whether this computer or its network is why a server was not reached."""
        failures = [side.failure for side in (incoming, outgoing) if side.failure is not None]
        if not failures:
            return ()
        looks = [guarded("computer", check_computer(failures, self._net))]
        if not (incoming.reached or outgoing.reached):
            looks.append(guarded("network", check_network(self._net)))
        return self._told([one for found in await asyncio.gather(*looks) for one in found])

    async def _domain(self) -> DomainCheck:
        if self._request.domain is not None:
            return self._request.domain.verdict
        self._begin(Activity.LOOK_AT_DOMAIN, self._account.address.display_domain)
        verdict = await check_domain(self._account.address, self._net)
        verdict = replace(verdict, findings=self._told(verdict.findings))
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
        return await self._guard.run("incoming", self._look_at_incoming(), _Side())

    async def _outgoing(self) -> _Side:
        return await self._guard.run("outgoing", self._look_at_outgoing(), _Side())

    async def _look_at_incoming(self) -> _Side:
        match self._account.incoming.protocol:
            case Protocol.IMAP:
                return await self._incoming_by(open_imap, log_in_imap)
            case Protocol.POP3:
                return await self._incoming_by(open_pop3, log_in_pop3)
            case _:
                return _Side()

    async def _incoming_by(self, opener: _Opener[Incoming], log_in: _LogIn[Incoming]) -> _Side:
        self._start_reading(self._account.incoming)
        opened = await self._open(Activity.REACH_INCOMING, self._account.incoming, opener)
        if isinstance(opened, DialogueFailure):
            return await self._unreached(opened)
        if opened.server.host != self._account.incoming.host:
            self._start_reading(opened.server)
        self._sessions.add(opened)
        self._account = replace(self._account, incoming=opened.server)
        if self._cannot_log_in(opened.server):
            return self._sign_in_elsewhere(opened.server)
        session, proof, findings = await self._log_in_incoming(opened, opener, log_in)
        if isinstance(proof, DialogueFailure):
            return self._failed(proof, reached=True)
        self._account = replace(self._account, incoming=self._as_proven(self._account.incoming))
        if self._reading is not None:
            self._reading.accepted.set_result((proof.server.username, self._secret))
        if isinstance(session, ImapSession):
            self._mailbox = ImapMailbox(session)
        else:
            # Nobody else may look into a maildrop that we hold, not even we.
            await session.end()
            self._mailbox = Pop3Mailbox(session.server, self._secret)
        findings += quota_findings(proof)
        return _Side(self._told(findings), proof, reached=True)

    def _start_reading(self, server: ServerSettings) -> None:
        """Reach for the mailbox's rules beside everything else: nobody waits for a port that a
        firewall swallows. Nothing secret is said before the mailbox has accepted it."""
        self._stop_reading()
        if not self._cannot_log_in(server):
            accepted = asyncio.get_running_loop().create_future()
            reading = read_active_rules(server, self._net, accepted=accepted)
            self._reading = _Reading(asyncio.create_task(reading), accepted)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.task.cancel()
            self._reading = None

    async def _log_in_incoming(
        self, session: Incoming, opener: _Opener[Incoming], log_in: _LogIn[Incoming]
    ) -> tuple[Incoming, LoggedIn | DialogueFailure, tuple[Finding, ...]]:
        """Log in, at most with so many user names that one login is left for the other server."""
        self._begin(Activity.LOG_IN_INCOMING)
        session, proof = await self._log_in(session, opener, log_in)
        findings: tuple[Finding, ...] = ()
        for name in self._request.other_usernames[: MAX_LOGINS - 2]:
            if not (isinstance(proof, DialogueFailure) and proof.error is DialogueFault.AUTH_WRONG):
                break
            again = await opener(replace(session.server, username=name), self._net)
            if isinstance(again, DialogueFailure):
                break
            self._sessions.add(again)
            other = await log_in(again, self._secret, self._net)
            if isinstance(other, DialogueFailure):
                continue
            findings = (_username_form(session.server, other.server),)
            outgoing = replace(self._account.outgoing, username=name)
            self._account = replace(self._account, incoming=again.server, outgoing=outgoing)
            session, proof = again, other
        self._end(Activity.LOG_IN_INCOMING, _status(proof))
        return session, proof, findings

    async def _log_in(
        self, session: Session, opener: _Opener[Session], log_in: _LogIn[Session]
    ) -> tuple[Session, LoggedIn | DialogueFailure]:
        """Log in; with a new token once more where the one at hand is refused."""
        tried = self._secret
        proof = await log_in(session, tried, self._net)
        if not (
            isinstance(proof, DialogueFailure) and proof.error is DialogueFault.AUTH_TOKEN_REFUSED
        ):
            return session, proof
        if not await self._has_renewed(tried):
            return session, proof
        again = await opener(session.server, self._net)
        if isinstance(again, DialogueFailure):
            return session, again
        self._sessions.add(again)
        return again, await log_in(again, self._secret, self._net)

    async def _has_renewed(self, refused: Secret) -> bool:
        """Whether there is another token than the refused one; both servers share it.

        One renewal is enough: a new token that is refused was not too old. The next renewal would
        fail where a refresh token serves only once (RFC 9700 section 4.14.2), and look like a
        sign-in that has expired.
        """
        async with self._renewing:
            if self._secret is not refused:
                return True
            if self._renew is None or self._renewal_failed is not None or self._has_new_token:
                return False
            fresh = await self._renew()
            if isinstance(fresh, SignInFailure):
                self._renewal_failed = fresh
                return False
            self._secret, self._has_new_token = fresh, True
            return True

    def _cannot_log_in(self, server: ServerSettings) -> bool:
        """Whether the server wants another kind of secret than there is."""
        return not server.takes_password and not isinstance(self._secret, AccessToken)

    def _as_proven(self, server: ServerSettings) -> ServerSettings:
        """The server as programs are to use it: where a sign-in worked, that comes first."""
        if not isinstance(self._secret, AccessToken):
            return server
        others = tuple(kind for kind in server.authentication if kind is not Authentication.OAUTH2)
        return replace(server, authentication=(Authentication.OAUTH2, *others))

    async def _look_at_outgoing(self) -> _Side:
        opened = await self._open(Activity.REACH_OUTGOING, self._account.outgoing, open_smtp)
        if isinstance(opened, DialogueFailure):
            return await self._unreached(opened)
        self._sessions.add(opened)
        self._account = replace(self._account, outgoing=opened.server)
        if self._cannot_log_in(opened.server):
            return self._sign_in_elsewhere(opened.server)
        self._begin(Activity.LOG_IN_OUTGOING)
        self._smtp, proof = await self._log_in(opened, open_smtp, log_in_smtp)
        self._end(Activity.LOG_IN_OUTGOING, _status(proof))
        if isinstance(proof, DialogueFailure):
            return self._failed(proof, reached=True)
        self._account = replace(self._account, outgoing=self._as_proven(self._account.outgoing))
        return _Side(proof=proof, reached=True)

    async def _open(
        self,
        activity: Activity,
        first: ServerSettings,
        opener: _Opener[Session],
    ) -> Session | DialogueFailure:
        """The first server that can be reached. No password is involved yet."""
        others: list[ServerSettings] = [
            server for server in self._request.alternatives if server.protocol is first.protocol
        ]
        failures: list[DialogueFailure] = []
        for server in (first, *others):
            self._begin(activity, server.host)
            opened = await opener(server, self._net)
            if not isinstance(opened, DialogueFailure):
                self._end(activity, Status.OK)
                return opened
            failures.append(opened)
        self._end(activity, Status.FAIL)
        return failures[0]

    async def _trip(
        self, incoming: _Side, outgoing: _Side
    ) -> tuple[RoundTrip | None, tuple[Finding, ...]]:
        mailbox, smtp = self._mailbox, self._smtp
        if not self._request.send or mailbox is None or smtp is None:
            return None, ()
        if not (incoming.is_good and outgoing.is_good):
            # With a refused login or a full mailbox there is nothing left to be learnt from it.
            return None, ()
        outcome = await round_trip(
            mailbox,
            smtp,
            self._account,
            self._net,
            attachment_mib=self._request.attachment_mib,
            wait=self._request.wait,
            emit=self._trip_progress,
        )
        if isinstance(outcome, DialogueFailure):
            self._end_trip(Status.FAIL)
            finding = finding_of(outcome, self._account.address, wait=self._request.wait)
            return None, self._told((finding,))
        self._end_trip(Status.OK)
        findings = arrival_findings(outcome, self._account.incoming.protocol)
        address = self._account.address
        loop = self._guard.call("message", lambda: loop_finding(outcome.raw, address), None)
        findings += (loop,) if loop is not None else ()
        return outcome, self._told(findings)

    def _end_trip(self, status: Status) -> None:
        for activity in _TRIP:
            self._end(activity, status)

    def _trip_progress(self, progress: TripProgress) -> None:
        match progress:
            case Sending():
                self._begin(Activity.SEND)
            case Sent():
                self._end(Activity.SEND, Status.OK)
            case Waiting(folder=folder):
                if Activity.WAIT_FOR_ARRIVAL not in self._running:
                    self._begin(Activity.WAIT_FOR_ARRIVAL, folder)
            case MessageArrived():
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
            DialogueFailure(Stage.LOGIN, DialogueFault.AUTH_OAUTH_NEEDED, server), reached=True
        )

    async def _unreached(self, failure: DialogueFailure) -> _Side:
        """No session. Where only the name is wrong, the one that would be right is looked for."""
        server = failure.server
        name = None
        if failure.error is DialogueFault.CERTIFICATE_WRONG_NAME:
            tls = TlsFailure(TlsFault.WRONG_NAME, certificate=failure.certificate)
            seen = ConnectFailure(ConnectFault.TLS, server.host, server.port, tls)
            upgrades = server.protocol if server.security is SocketType.STARTTLS else None
            name = await proven_name(seen, self._account.address.domain, self._net, upgrades)
        return self._failed(failure, reached=False, proven_name=name)

    def _failed(
        self, failure: DialogueFailure, *, reached: bool, proven_name: str | None = None
    ) -> _Side:
        finding = finding_of(failure, self._account.address, proven_name=proven_name)
        findings = self._told((self._of_sign_in(finding),))
        return _Side(findings, reached=reached, failure=failure)

    def _of_sign_in(self, finding: Finding) -> Finding:
        """Where a token was refused: what is known of the reason from the sign-in itself."""
        sign_in = self._request.sign_in
        if finding.id != FindingId.ACCOUNT_LOGIN_SIGN_IN_REFUSED or sign_in is None:
            return finding
        facts, evidence = dict(finding.facts), dict(finding.evidence)
        if sign_in.is_of_another:
            facts["chosen"] = evidence["chosen"] = sign_in.signed_in_as
            return Finding(FindingId.ACCOUNT_LOGIN_WRONG_ACCOUNT, finding.status, facts, evidence)
        failed = self._renewal_failed
        if failed is not None and failed.fault is SignInFault.EXPIRED:
            return Finding(FindingId.ACCOUNT_LOGIN_SIGN_IN_EXPIRED, finding.status, facts, evidence)
        return finding

    @property
    def _redacted(self) -> Redacted:
        second = self._request.second
        secrets = [self._request.secret, *([second.secret] if second is not None else [])]
        return Redacted(self._account, secrets)

    def _told(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings with the time at which they were made, free of secrets; told at once."""
        now = self._net.clock.now().astimezone(UTC).isoformat(timespec="seconds")
        redacted = self._redacted
        told = []
        for finding in findings:
            dated = replace(finding, evidence={**finding.evidence, "time": now})
            told.append(redacted.finding(dated))
            self._emit(FindingMade(told[-1]))
        return tuple(told)

    def _proven(self, domain: DomainCheck, mail: _Mail) -> set[Link]:
        proven: set[Link] = set()
        if mail.incoming.reached and mail.outgoing.reached:
            proven |= {Link.HOSTING, Link.CLIENT}
        elif mail.incoming.reached or mail.outgoing.reached:
            proven.add(Link.CLIENT)
        logged_in = mail.incoming.proof and mail.outgoing.proof
        if logged_in and (mail.trip or not self._request.send):
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
    return Finding(
        FindingId.ACCOUNT_LOGIN_USERNAME_FORM, Status.WARN, facts, {"server": str(accepted)}
    )


def _status(outcome: LoggedIn | DialogueFailure) -> Status:
    return Status.FAIL if isinstance(outcome, DialogueFailure) else Status.OK
