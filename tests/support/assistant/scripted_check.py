"""Parts of a check on scripted sessions: no connection is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self, TypedDict, Unpack

from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.request import CheckRequest, DomainSeen
from mailsetup.assistant.check.servers import LoginSteps, MailAccess, ServerResult
from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    Event,
    FindingMade,
)
from mailsetup.assistant.signin.flow import SignIn
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, RoundTrip, Stage
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Status
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, ServerSettings
from mailsetup.model.symptom import Symptom
from mailsetup.net.network import Network
from mailsetup.verify.login import AnySession
from mailsetup.verify.message import TestMessage
from mailsetup.verify.round_trip import Arrival, Emit
from mailsetup.verify.smtp import SmtpSession
from tests.support.fault_table import account
from tests.support.network.scripted_network import ScriptedNetwork

PASSWORD = Secret("correcto-17")
TRIP = RoundTrip(100.0, 200.0, "INBOX", False, True, 4096, True, "<t@x>")


class ScriptedSession(SmtpSession):
    """An open session that talks to no server."""

    def __init__(self, server: ServerSettings) -> None:
        self.server = server
        self.ended = 0
        self.sent: list[bytes] = []

    @property
    def size_limit(self) -> int | None:
        return None

    async def send(self, sender: str, recipient: str, message: bytes) -> str:
        self.sent.append(message)
        return "queued"

    async def end(self) -> None:
        self.ended += 1

    def close(self) -> None:
        self.ended += 1


@dataclass
class ScriptedServer:
    """Opens sessions and judges logins as its tables say."""

    unreachable: Mapping[str, DialogueFault] = field(default_factory=dict)
    """By host."""
    refused: Mapping[str, DialogueFault] = field(default_factory=dict)
    """By user name or secret."""
    opened: list[ScriptedSession] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    """User name and secret of each login, in order."""

    async def open(
        self, server: ServerSettings, _net: Network
    ) -> ScriptedSession | DialogueFailure:
        fault = self.unreachable.get(server.host)
        if fault is not None:
            return DialogueFailure(Stage.CONNECT, fault, server)
        self.opened.append(ScriptedSession(server))
        return self.opened[-1]

    async def log_in(
        self, session: AnySession, secret: Secret, _net: Network
    ) -> LoggedIn | DialogueFailure:
        name = session.server.username
        self.logins.append((name, secret.reveal()))
        fault = self.refused.get(name) or self.refused.get(secret.reveal())
        if fault is not None:
            return DialogueFailure(Stage.LOGIN, fault, session.server)
        return LoggedIn(session.server, "PLAIN", "TLSv1.3", 12.0)

    @property
    def steps(self) -> LoginSteps:
        """The steps of a `ServerProof`."""
        return LoginSteps(self.open, self.log_in)


@dataclass
class ScriptedMailbox:
    """A mailbox in which the message arrives, or ``failure`` happens instead."""

    server: ServerSettings
    failure: DialogueFault | None = None
    removed: bool = True

    async def prepare(
        self, message: TestMessage, _net: Network, _wait: float
    ) -> "ScriptedDelivery | DialogueFailure":
        return ScriptedDelivery(self, message)


@dataclass
class ScriptedDelivery:
    """One message on its way into a `ScriptedMailbox`."""

    mailbox: ScriptedMailbox
    message: TestMessage

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    async def search(self, _emit: Emit) -> Arrival | DialogueFailure:
        if self.mailbox.failure is not None:
            return DialogueFailure(Stage.ARRIVAL, self.mailbox.failure, self.mailbox.server)
        return Arrival("INBOX")

    async def fetch(self) -> bytes | DialogueFailure:
        return self.message.data

    async def remove(self) -> bool:
        return self.mailbox.removed


@dataclass
class RunningCheck:
    """A check's context with the events that it emitted."""

    context: CheckContext
    events: list[Event]

    def ended(self) -> dict[Activity, Status]:
        """The status of each activity that ended."""
        return {one.activity: one.status for one in self.events if isinstance(one, ActivityEnded)}

    def started(self) -> list[tuple[Activity, str]]:
        """The activities that started, with their details, in order."""
        return [
            (one.activity, one.detail) for one in self.events if isinstance(one, ActivityStarted)
        ]

    def reported(self) -> list[str]:
        """The ids of the findings that were emitted."""
        return [str(one.finding.id) for one in self.events if isinstance(one, FindingMade)]


class RequestFields(TypedDict, total=False):
    """Fields of a `CheckRequest`."""

    account: Account
    secret: Secret
    send: bool
    alternatives: tuple[ServerSettings, ...]
    discovery: Discovery | None
    symptom: Symptom | None
    one_login_at_a_time: bool
    domain: DomainSeen | None
    sign_in: SignIn | None


def request(**more: Unpack[RequestFields]) -> CheckRequest:
    """A check of the account at ``bodega.es``."""
    made = CheckRequest(account(domain="bodega.es"), PASSWORD, attachment_mib=0, wait=5.0)
    return replace(made, **more)


def running(
    wanted: CheckRequest | None = None, scripted: ScriptedNetwork | None = None
) -> RunningCheck:
    """A check in a scripted network."""
    events: list[Event] = []
    net = (scripted or ScriptedNetwork()).network()
    return RunningCheck(CheckContext(wanted or request(), net, events.append), events)


def good_access(check: CheckContext) -> MailAccess:
    """Both servers proven, with a mailbox and an outgoing session."""
    incoming, outgoing = check.account.incoming, check.account.outgoing
    return MailAccess(
        ServerResult(proof=LoggedIn(incoming, "PLAIN", "TLSv1.3", 12.0), reached=True),
        ServerResult(proof=LoggedIn(outgoing, "PLAIN", "TLSv1.3", 12.0), reached=True),
        ScriptedMailbox(incoming),
        ScriptedSession(outgoing),
    )
