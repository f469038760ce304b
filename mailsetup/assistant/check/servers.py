"""Both servers of an account: reach them, and log in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.current_secret import CurrentSecret
from mailsetup.assistant.check.mailbox_rules import RulesReader
from mailsetup.assistant.events import Activity
from mailsetup.diagnosis.checks.server import finding_of, quota_findings
from mailsetup.discovery.certificate_names import proven_name_for
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, Stage
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, ServerSettings
from mailsetup.net.network import Network
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.imap_mailbox import ImapMailbox
from mailsetup.verify.login import AnySession, log_in, open_session
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.pop3_mailbox import Pop3Mailbox
from mailsetup.verify.round_trip import Mailbox
from mailsetup.verify.session import OpenSessions
from mailsetup.verify.smtp import SmtpSession

MAX_LOGINS: Final = 3
"""Limit of refused logins in one check: hostings lock accounts and block whole networks."""


@dataclass(frozen=True, slots=True)
class LoginSteps:
    """How to open a session and log in."""

    open: Callable[[ServerSettings, Network], Awaitable[AnySession | DialogueFailure]]
    log_in: Callable[[AnySession, Secret, Network], Awaitable[LoggedIn | DialogueFailure]]


REAL: Final = LoginSteps(open_session, log_in)


@dataclass(frozen=True, slots=True)
class ServerResult:
    """One server after it was tried: the proof of a login, or the failure."""

    findings: tuple[Finding, ...] = ()
    proof: LoggedIn | None = None
    reached: bool = False
    failure: DialogueFailure | None = None

    @property
    def is_good(self) -> bool:
        """Whether the login worked and nothing is broken."""
        return self.proof is not None and not any(f.status is Status.FAIL for f in self.findings)


@dataclass(frozen=True, slots=True)
class MailAccess:
    """Both servers, and what a login opened."""

    incoming: ServerResult = field(default_factory=ServerResult)
    outgoing: ServerResult = field(default_factory=ServerResult)
    mailbox: Mailbox | None = None
    smtp: SmtpSession | None = None

    @property
    def is_good(self) -> bool:
        """Whether both logins worked and nothing is broken."""
        return self.incoming.is_good and self.outgoing.is_good


class ServerProof:
    """Proves one server. ``session`` is logged in once `log_in` returned a proof."""

    def __init__(
        self,
        check: CheckContext,
        credentials: CurrentSecret,
        sessions: OpenSessions,
        steps: LoginSteps = REAL,
    ) -> None:
        self._check = check
        self._credentials = credentials
        self._sessions = sessions
        self._steps = steps
        self.session: AnySession | None = None

    async def reach(self, server: ServerSettings) -> ServerResult | None:
        """Open a session with the server or an alternative; None where that worked.

        No password is involved yet.
        """
        opened = await self._open(server)
        if isinstance(opened, DialogueFailure):
            # Where only the name in the certificate is wrong, the right one is searched for.
            name = await proven_name_for(
                opened, self._check.account.address.domain, self._check.net
            )
            return self._failed(opened, reached=False, proven_name=name)
        self._use(opened)
        self._check.use(opened.server)
        if not self._credentials.fit(opened.server):
            # The provider takes no password at all, so not even one is tried.
            failure = DialogueFailure(Stage.LOGIN, DialogueFault.AUTH_OAUTH_NEEDED, opened.server)
            return self._failed(failure, reached=True)
        return None

    async def log_in(self, other_usernames: tuple[str, ...] = ()) -> ServerResult:
        """Log in after `reach`, with another user name where the account's own is refused."""
        progress = self._check.progress
        is_outgoing = self._required_session().server.protocol is Protocol.SMTP
        activity = Activity.LOG_IN_OUTGOING if is_outgoing else Activity.LOG_IN_INCOMING
        progress.begin(activity)
        refused = self._required_session().server
        proof = await self._log_in()
        if isinstance(proof, DialogueFailure) and proof.error is DialogueFault.AUTH_WRONG:
            proof = await self._log_in_as(other_usernames) or proof
        failed = isinstance(proof, DialogueFailure)
        progress.end(activity, Status.FAIL if failed else Status.OK)
        if isinstance(proof, DialogueFailure):
            return self._failed(proof, reached=True)
        used = self._required_session().server
        self._check.use(self._credentials.as_proven(used))
        other_name = used.username != refused.username
        findings = (_username_form(refused, used),) if other_name else ()
        return ServerResult(progress.report(findings), proof, reached=True)

    async def _log_in_as(self, usernames: tuple[str, ...]) -> LoggedIn | None:
        """Log in with one of these user names, which then counts for both servers."""
        check, server = self._check, self._required_session().server
        for name in usernames:
            session = await self._steps.open(replace(server, username=name), check.net)
            if isinstance(session, DialogueFailure):
                break
            self._sessions.add(session)
            proof = await self._steps.log_in(session, self._credentials.secret, check.net)
            if isinstance(proof, LoggedIn):
                self.session = session
                check.use(session.server)
                check.use(replace(check.account.outgoing, username=name))
                return proof
            if proof.error is not DialogueFault.AUTH_WRONG:
                break
        return None

    async def _open(self, first: ServerSettings) -> AnySession | DialogueFailure:
        progress = self._check.progress
        is_outgoing = first.protocol is Protocol.SMTP
        activity = Activity.REACH_OUTGOING if is_outgoing else Activity.REACH_INCOMING
        others = [
            server
            for server in self._check.request.alternatives
            if server.protocol is first.protocol
        ]
        failures: list[DialogueFailure] = []
        for server in (first, *others):
            progress.begin(activity, server.host)
            opened = await self._steps.open(server, self._check.net)
            if not isinstance(opened, DialogueFailure):
                progress.end(activity, Status.OK)
                return opened
            failures.append(opened)
        progress.end(activity, Status.FAIL)
        return failures[0]

    async def _log_in(self) -> LoggedIn | DialogueFailure:
        """Log in; once more with a new token where the current one is refused."""
        session, secret = self._required_session(), self._credentials.secret
        proof = await self._steps.log_in(session, secret, self._check.net)
        if not (
            isinstance(proof, DialogueFailure) and proof.error is DialogueFault.AUTH_TOKEN_REFUSED
        ):
            return proof
        if not await self._credentials.has_renewed(secret):
            return proof
        again = await self._steps.open(session.server, self._check.net)
        if isinstance(again, DialogueFailure):
            return again
        self._use(again)
        return await self._steps.log_in(again, self._credentials.secret, self._check.net)

    def _use(self, session: AnySession) -> None:
        self._sessions.add(session)
        self.session = session

    def _required_session(self) -> AnySession:
        assert self.session is not None  # noqa: S101 - `reach` comes first
        return self.session

    def _failed(
        self, failure: DialogueFailure, *, reached: bool, proven_name: str | None = None
    ) -> ServerResult:
        check = self._check
        finding = finding_of(failure, check.account.address, proven_name=proven_name)
        finding = self._credentials.explained(finding, check.request.sign_in)
        return ServerResult(check.progress.report((finding,)), reached=reached, failure=failure)


def _username_form(refused: ServerSettings, accepted: ServerSettings) -> Finding:
    facts = {"username": accepted.username, "refused": refused.username}
    evidence = {"server": str(accepted)}
    return Finding(FindingId.ACCOUNT_LOGIN_USERNAME_FORM, Status.WARN, facts, evidence)


async def prove_servers(
    check: CheckContext, credentials: CurrentSecret, sessions: OpenSessions, rules: RulesReader
) -> MailAccess:
    """Log in at both servers concurrently; one after the other where a login may be refused."""
    guard, request = check.guard, check.request
    incoming_steps = guard.run(
        "incoming", _prove_incoming(check, credentials, sessions, rules), (ServerResult(), None)
    )
    if not (request.other_usernames or request.one_login_at_a_time):
        (incoming, mailbox), (outgoing, smtp) = await asyncio.gather(
            incoming_steps, _guarded_outgoing(check, credentials, sessions)
        )
        return MailAccess(incoming, outgoing, mailbox, smtp)
    incoming, mailbox = await incoming_steps
    if incoming.reached and incoming.proof is None:
        # Every refusal brings a lock of the account nearer, and the other server would refuse too.
        return MailAccess(incoming)
    outgoing, smtp = await _guarded_outgoing(check, credentials, sessions)
    return MailAccess(incoming, outgoing, mailbox, smtp)


async def _prove_incoming(
    check: CheckContext, credentials: CurrentSecret, sessions: OpenSessions, rules: RulesReader
) -> tuple[ServerResult, Mailbox | None]:
    server = ServerProof(check, credentials, sessions)
    result = await _prove_with_rules(check, credentials, server, rules)
    if result.proof is None or server.session is None:
        return result, None
    return result, await mailbox_of(server.session, credentials.secret)


async def mailbox_of(session: AnySession, secret: Secret) -> Mailbox:
    """The mailbox of a session that is logged in."""
    match session:
        case ImapSession():
            return ImapMailbox(session)
        case Pop3Session():
            # An open maildrop is locked for everyone, also for another session of ours.
            await session.end()
            return Pop3Mailbox(session.server, secret)
        case _:
            raise TypeError(session.server.protocol)


async def _prove_with_rules(
    check: CheckContext, credentials: CurrentSecret, server: ServerProof, rules: RulesReader
) -> ServerResult:
    asked = check.account.incoming
    rules.start(asked)
    failed = await server.reach(asked)
    if failed is not None:
        return failed
    if check.account.incoming.host != asked.host:
        rules.start(check.account.incoming)
    result = await server.log_in(check.request.other_usernames[: MAX_LOGINS - 2])
    if result.proof is None:
        return result
    rules.accept(result.proof.server.username, credentials.secret)
    quota = check.progress.report(quota_findings(result.proof))
    return replace(result, findings=(*result.findings, *quota))


async def _guarded_outgoing(
    check: CheckContext, credentials: CurrentSecret, sessions: OpenSessions
) -> tuple[ServerResult, SmtpSession | None]:
    work = _prove_outgoing(check, credentials, sessions)
    return await check.guard.run("outgoing", work, (ServerResult(), None))


async def _prove_outgoing(
    check: CheckContext, credentials: CurrentSecret, sessions: OpenSessions
) -> tuple[ServerResult, SmtpSession | None]:
    server = ServerProof(check, credentials, sessions)
    result = await server.reach(check.account.outgoing) or await server.log_in()
    return result, server.session if isinstance(server.session, SmtpSession) else None
