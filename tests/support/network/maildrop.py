"""A maildrop on a scripted POP3 server, and round trips of test messages to it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import (
    DialogueFailure,
    LoggedIn,
    RoundTripOutcome,
)
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from mailsetup.net.network import Network
from mailsetup.verify.events import (
    CleaningUp,
    Comparing,
    MessageArrived,
    Sending,
    Sent,
    TripProgress,
)
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3_mailbox import Pop3Mailbox
from mailsetup.verify.round_trip import round_trip
from mailsetup.verify.smtp import SmtpSession
from tests.support.network.scripted_logins import SECRET
from tests.support.network.scripted_network import Script, ScriptedNetwork

INCOMING = ServerSettings(Protocol.POP3, "pop.bodega.es", 995, SocketType.TLS, "ana@bodega.es")
OUTGOING = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")
ACCOUNT = Account(EmailAddress("ana", "bodega.es"), INCOMING, OUTGOING, "Ana")
OTHERS = (b"Subject: one\r\n\r\nfirst\r\n", b"Subject: two\r\n\r\n.second\r\n")
ALL_EVENTS = [Sending(), Sent(), MessageArrived("INBOX"), Comparing(), CleaningUp()]


class InstantClock:
    """A clock that advances by sleeping only, which takes no time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_700_000_000 + self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class StoredMessage:
    """A message in the maildrop, visible to sessions that begin at ``since`` or later."""

    uid: str
    data: bytes
    since: float = 0.0


@dataclass
class Maildrop(Script):
    """A POP3 server whose sessions see a snapshot, and which removes messages at QUIT only."""

    greeting: bytes = b"+OK ready\r\n"
    clock: InstantClock = field(default_factory=InstantClock)
    stored: list[StoredMessage] = field(default_factory=list)
    capabilities: tuple[str, ...] = ("SASL PLAIN", "UIDL", "TOP", "RESP-CODES")
    refused: dict[str, bytes] = field(default_factory=dict)
    """Replies in place of the usual ones, by command."""
    refused_logins: list[bytes] = field(default_factory=list)
    """Replies to the first logins."""
    logins: list[float] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    snapshot: list[StoredMessage] = field(default_factory=list)
    marked: list[StoredMessage] = field(default_factory=list)

    def answer(self, line: bytes) -> bytes:
        command, *arguments = line.decode().split()
        self.commands.append(" ".join([command, *arguments[:1]]))
        if command in self.refused:
            return self.refused[command]
        message = None
        if command in ("TOP", "RETR", "DELE") or (command == "LIST" and arguments):
            message = self.snapshot[int(arguments[0]) - 1]
        match command, message:
            case "CAPA", _:
                self.marked = []
                return _lines(self.capabilities)
            case "AUTH", _:
                return self._log_in()
            case "STAT", _:
                octets = sum(len(each.data) for each in self.snapshot)
                return f"+OK {len(self.snapshot)} {octets}\r\n".encode()
            case "UIDL", _:
                return _lines(f"{n} {each.uid}" for n, each in enumerate(self.snapshot, 1))
            case "LIST", None:
                sizes = (f"{n} {len(each.data)}" for n, each in enumerate(self.snapshot, 1))
                return _lines(sizes)
            case "LIST", StoredMessage(data=data):
                return f"+OK {arguments[0]} {len(data)}\r\n".encode()
            case "TOP", StoredMessage(data=data):
                return _content(data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            case "RETR", StoredMessage(data=data):
                return _content(data)
            case "DELE", StoredMessage() as each:
                self.marked.append(each)
                return b"+OK\r\n"
            case "QUIT", _:
                self.stored = [each for each in self.stored if each not in self.marked]
                return b"+OK bye\r\n"
            case _:
                raise AssertionError(line)

    def _log_in(self) -> bytes:
        self.logins.append(self.clock.seconds)
        if self.refused_logins:
            return self.refused_logins.pop(0)
        self.snapshot = [each for each in self.stored if each.since <= self.clock.seconds]
        return b"+OK in\r\n"


def _lines(lines: Sequence[str] | Iterator[str]) -> bytes:
    return b"+OK\r\n" + "".join(f"{line}\r\n" for line in lines).encode() + b".\r\n"


def _content(data: bytes) -> bytes:
    lines = data.removesuffix(b"\r\n").split(b"\r\n")
    stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
    return b"+OK\r\n" + b"\r\n".join(stuffed) + b"\r\n.\r\n"


@dataclass
class SubmissionServer(Script):
    """A submission server that passes each message to ``deliver``."""

    greeting: bytes = b"220 ready\r\n"
    deliver: Callable[[bytes], None] = lambda _data: None
    size: int = 0
    data: list[bytes] | None = None

    def answer(self, line: bytes) -> bytes:
        if self.data is not None:
            if line != b".":
                self.data.append(line.removeprefix(b".") + b"\r\n")
                return b""
            self.deliver(b"".join(self.data))
            self.data = None
            return b"250 taken\r\n"
        match line.split(b" ")[0]:
            case b"EHLO":
                return f"250-hello\r\n250-SIZE {self.size}\r\n250 AUTH PLAIN\r\n".encode()
            case b"AUTH":
                return b"235 in\r\n"
            case b"DATA":
                self.data = []
                return b"354 go on\r\n"
            case _:
                return b"250 fine\r\n"


@dataclass
class FinishedTrip:
    """A round trip in a scripted network, and its result."""

    outcome: RoundTripOutcome
    maildrop: Maildrop
    events: list[TripProgress]
    seconds: float

    @property
    def left(self) -> list[bytes]:
        """The messages in the maildrop afterwards."""
        return [each.data for each in self.maildrop.stored]


async def run_round_trip(
    maildrop: Maildrop,
    *,
    after: float | None = 0.0,
    change: Callable[[bytes], bytes] = lambda data: data,
    others: Callable[[bytes], Sequence[bytes]] = lambda _data: (),
    size: int = 0,
    wait: float = 120.0,
) -> FinishedTrip:
    """Send a test message and search for it.

    It arrives ``after`` seconds (None: never), altered by ``change``, behind ``others``.
    """
    clock = maildrop.clock
    maildrop.stored = [StoredMessage(f"old{n}", data) for n, data in enumerate(OTHERS)]

    def deliver(data: bytes) -> None:
        for number, other in enumerate(others(data)):
            maildrop.stored.append(StoredMessage(f"new{number}", other, clock.seconds))
        if after is not None:
            maildrop.stored.append(StoredMessage("ours", change(data), clock.seconds + after))

    scripted = ScriptedNetwork()
    scripted.mail[INCOMING.host, INCOMING.port] = maildrop
    scripted.mail[OUTGOING.host, OUTGOING.port] = SubmissionServer(deliver=deliver, size=size)
    net: Network = replace(scripted.network(), clock=clock)
    events: list[TripProgress] = []
    sending = await open_as(SmtpSession, OUTGOING, net)
    assert not isinstance(sending, DialogueFailure), sending
    async with sending:
        assert isinstance(await log_in(sending, SECRET, net), LoggedIn)
        outcome = await round_trip(
            Pop3Mailbox(INCOMING, SECRET), sending, ACCOUNT, net, wait=wait, emit=events.append
        )
    return FinishedTrip(outcome, maildrop, events, clock.seconds)
