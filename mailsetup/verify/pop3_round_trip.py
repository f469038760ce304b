"""A message to oneself, fetched by POP3: sent, seen to arrive, compared, and removed again.

A POP3 session does not see what arrives during it, so every look is a login of its own. Servers
count logins: there are few of them, and further apart the longer it takes.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    LoggedIn,
    RoundTrip,
    RoundTripOutcome,
    Stage,
)
from mailsetup.model.rfc5322 import fields_of
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, ServerSettings
from mailsetup.net.connection import DialogueError
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
from mailsetup.verify.failures import DialogueRefusedError, border
from mailsetup.verify.login import log_in_pop3, open_pop3
from mailsetup.verify.pop3 import Pop3Session
from mailsetup.verify.round_trip import (
    TestMessage,
    attachment_error,
    compose,
    hand_over,
    too_large_for,
)
from mailsetup.verify.smtp import SmtpSession

_INBOX = "INBOX"
_MIB = 1024 * 1024
_RELAYED_MORE = 64 * 1024
"""Octets that relays may add to the header of our message."""
_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 17.5, 20.0, 25.0, 25.0)
"""Seconds before each look: two minutes together, stretched where the wait is longer."""
_MAX_LOGINS = len(_PAUSES) + 1
_PREPARING_FOR = 60.0
"""Seconds, at least, that a maildrop in use or a wanted delay is waited for before sending."""
_RETRY_AFTER = 5.0
_DELAY_MARGIN = 1.0
"""Seconds on top of the server's LOGIN-DELAY, whose clock is not ours."""
_HICCUPS = (DialogueFault.TIMEOUT, DialogueFault.RESET, DialogueFault.UNREACHABLE)
"""What a network does now and then. It is lived with once the message is on its way."""
_MAX_HEADERS = 50
"""New messages whose headers are read in one look, newest first."""
_MAX_RETRIEVED = 5
"""The same where the server has no TOP, and whole messages have to be read."""


async def pop3_round_trip(
    server: ServerSettings,
    secret: Secret,
    smtp: SmtpSession,
    account: Account,
    net: Network,
    *,
    attachment_mib: int = 1,
    wait: float = 120.0,
    to: EmailAddress | None = None,
    emit: Callable[[TripProgress], None] = lambda _progress: None,
) -> RoundTripOutcome:
    """Send a message and see it arrive at ``server``. ``wait`` is in seconds.

    It goes to the account itself unless ``to`` names the mailbox behind ``server``.
    There are at most 12 logins at ``server``. Other sessions of ours there should have ended: a
    maildrop may be open once only (RFC 1939 section 4).
    """
    message = compose(account, attachment_mib, net, to=to)
    oversize = too_large_for(smtp, message)
    if oversize is not None:
        return oversize
    trip = _Trip(server, secret, message, net, wait, emit)
    unprepared = await trip.prepare()
    if unprepared is not None:
        return unprepared
    emit(Sending())
    started = net.clock.monotonic()
    taken = await hand_over(message, smtp, account, to)
    if isinstance(taken, DialogueFailure):
        return taken
    accepted = net.clock.monotonic()
    emit(Sent())
    match await trip.wait_for_arrival():
        case DialogueFailure() as failure:
            return replace(failure, message_id=message.message_id, accepted=taken)
        case _Fetched() as fetched:
            if fetched.error is not None:
                return DialogueFailure(
                    Stage.ATTACHMENT,
                    fetched.error,
                    server,
                    message_id=message.message_id,
                    accepted=taken,
                )
            return RoundTrip(
                sent_ms=1000 * (accepted - started),
                arrived_ms=1000 * (fetched.at - accepted),
                folder=_INBOX,
                junk=False,
                attachment_intact=True,
                size=len(message.data),
                cleaned_up=fetched.cleaned_up,
                message_id=message.message_id,
                raw=fetched.raw,
            )
        case never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """Our message was there, at this time of the monotonic clock."""

    at: float
    error: DialogueFault | None
    """What is wrong with its attachment."""
    cleaned_up: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    number: int
    """Within the session in which it was found."""
    data: bytes | None = None
    """The whole message, where it had to be read to be known."""


@dataclass(frozen=True, slots=True)
class _Contents:
    """A maildrop without names: what STAT said, and how many messages there are of each size."""

    state: tuple[int, int] | None = None
    sizes: Counter[int] = field(default_factory=Counter)


class _Maildrop:
    """Which messages need not be looked at any more."""

    def __init__(self) -> None:
        self._uids: set[str] | None = None
        self._known = _Contents()
        self._seen = _Contents()

    async def note(self, session: Pop3Session) -> None:
        """Take everything that is there now for known."""
        state = await session.stat()
        names = await session.uidl()
        if names is None:
            self._known = _Contents(state, Counter((await session.sizes()).values()))
        else:
            self._known = _Contents(state)
            self._uids = {uid for _number, uid in names}

    async def news(self, session: Pop3Session) -> list[tuple[int, str]]:
        """Number and name of each message that is not known yet, newest first.

        Without names (UIDL is optional) a message counts as new when there are more of its size
        than before.
        """
        state = await session.stat()
        if state == self._known.state:
            return []
        names = await session.uidl() if self._uids is not None else None
        if names is not None:
            known = self._uids or set()
            self._seen = _Contents(state)
            return sorted(((n, uid) for n, uid in names if uid not in known), reverse=True)
        sizes = await session.sizes()
        self._seen = _Contents(state, Counter(sizes.values()))
        before = self._known.sizes.copy()
        found = []
        for number, size in sorted(sizes.items()):
            if before[size]:
                before[size] -= 1
            else:
                found.append((number, ""))
        return found[::-1]

    def add(self, uid: str) -> None:
        """This one was looked at."""
        if uid and self._uids is not None:
            self._uids.add(uid)

    def settle(self, *, completely: bool) -> None:
        """What was new was looked at; where messages have names, the rest may come later."""
        if completely or self._uids is None:
            self._known = self._seen


class _Trip:
    def __init__(
        self,
        server: ServerSettings,
        secret: Secret,
        message: TestMessage,
        net: Network,
        wait: float,
        emit: Callable[[TripProgress], None],
    ) -> None:
        self._server = server
        self._secret = secret
        self._message = message
        self._net = net
        self._wait = wait
        self._emit = emit
        self._maildrop = _Maildrop()
        self._logins = 0
        self._delay = 0.0
        """Seconds between two logins that the server asks for."""
        self._pauses = [pause * max(1.0, wait / sum(_PAUSES)) for pause in _PAUSES]

    # Before -----------------------------------------------------------------------------------

    async def prepare(self) -> DialogueFailure | None:
        """Note which messages are there already, and see that the wait is long enough."""
        started = self._net.clock.monotonic()
        while True:
            failure = await self._note_all()
            if failure is None or not _is_passing(failure):
                break
            pause = max(self._delay, _RETRY_AFTER)
            waited = self._net.clock.monotonic() - started
            # Half of the logins are kept for what comes.
            patience = max(_PREPARING_FOR, self._wait)
            if waited + pause > patience or self._logins >= _MAX_LOGINS // 2:
                return failure
            await self._net.clock.sleep(pause)
        if failure is None and self._delay > self._wait:
            return DialogueFailure(
                Stage.ARRIVAL,
                DialogueFault.AUTH_RATE_LIMITED,
                self._server,
                code="LOGIN-DELAY",
                text=f"LOGIN-DELAY {self._delay:.0f}",
            )
        return failure

    async def _note_all(self) -> DialogueFailure | None:
        session = await self._log_in()
        if isinstance(session, DialogueFailure):
            return session
        async with session:
            with border(self._server, Stage.MAILBOX, self._secret) as end:
                if session.removes_what_was_read and not session.offers("TOP"):
                    # Looking for our message would remove other people's.
                    raise DialogueRefusedError(Stage.MAILBOX, DialogueFault.POLICY, code="EXPIRE 0")
                await self._maildrop.note(session)
                return None
        return end.outcome()

    async def _log_in(self) -> Pop3Session | DialogueFailure:
        self._logins += 1
        session = await open_pop3(self._server, self._net)
        if isinstance(session, DialogueFailure):
            return session
        self._respect(session.login_delay)
        try:
            proof = await log_in_pop3(session, self._secret, self._net)
        except BaseException:
            session.close()
            raise
        if isinstance(proof, LoggedIn):
            self._respect(session.login_delay)
            return session
        session.close()
        return proof

    def _respect(self, delay: float) -> None:
        if delay:
            self._delay = max(self._delay, delay + _DELAY_MARGIN)

    # Behind -----------------------------------------------------------------------------------

    async def wait_for_arrival(self) -> _Fetched | DialogueFailure:
        """Look until it is there, or the time or the logins are used up."""
        started = self._net.clock.monotonic()
        waited = 0.0
        while True:
            await self._net.clock.sleep(self._pause(waited))
            outcome = await self._look()
            match outcome:
                case _Fetched():
                    return outcome
                case DialogueFailure() if not (_is_passing(outcome) or outcome.error in _HICCUPS):
                    return outcome
                case DialogueFailure() | None:
                    waited = self._net.clock.monotonic() - started
                    over = self._wait - waited < max(self._delay, 0.05)
                    if over or self._logins >= _MAX_LOGINS:
                        # Who could not look must not say that nothing came.
                        return outcome or DialogueFailure(
                            Stage.ARRIVAL, DialogueFault.NOT_ARRIVED, self._server
                        )
                    self._emit(Waiting(_INBOX, waited))
                case _:
                    assert_never(outcome)

    def _pause(self, waited: float) -> float:
        left = self._wait - waited
        pause = max(self._pauses.pop(0) if self._pauses else left, self._delay)
        # The last look, for which there is a login or time between two of them, is at the end.
        if self._logins == _MAX_LOGINS - 1 or left - pause < self._delay:
            pause = left
        return max(min(pause, left), 0.05)

    async def _look(self) -> _Fetched | DialogueFailure | None:
        """One session: None when our message is not there."""
        session = await self._log_in()
        if isinstance(session, DialogueFailure):
            return session
        async with session:
            place = None
            with border(self._server, Stage.ARRIVAL, self._secret) as looking:
                place = await self._find(session)
            if place is None:
                return looking.failure
            at = self._net.clock.monotonic()
            self._emit(MessageArrived(_INBOX))
            self._emit(Comparing())
            with border(self._server, Stage.ATTACHMENT, self._secret) as comparing:
                data = place.data
                if data is None:
                    data = await session.retrieve(place.number, self._limit)
                error = await in_thread(attachment_error, data, self._message.digest)
                self._emit(CleaningUp())
                return _Fetched(at, error, await _remove(session, place), data)
            return comparing.outcome()

    async def _find(self, session: Pop3Session) -> _Place | None:
        news = await self._maildrop.news(session)
        retrieved = 0
        for number, uid in news[:_MAX_HEADERS]:
            header = await session.top(number)
            data = None
            if header is None:
                if retrieved >= _MAX_RETRIEVED or session.removes_what_was_read:
                    break
                size = await session.size(number)
                if size is None or size > len(self._message.data) + _RELAYED_MORE:
                    self._maildrop.add(uid)
                    continue
                retrieved += 1
                header = data = await session.retrieve(number, self._limit)
            if self._is_ours(header):
                return _Place(number, data)
            self._maildrop.add(uid)
        if news:
            completely = len(news) <= _MAX_HEADERS and retrieved < _MAX_RETRIEVED
            self._maildrop.settle(completely=completely)
        return None

    @property
    def _limit(self) -> int:
        return 2 * len(self._message.data) + _MIB

    def _is_ours(self, data: bytes) -> bool:
        """By two fields only: an answer to our message, or its return, quotes it elsewhere."""
        ours = ("message-id", "x-mailsetup-test")
        return any(name in ours and self._message.is_in(value) for name, value in fields_of(data))


async def _remove(session: Pop3Session, place: _Place) -> bool:
    """Remove our message; nothing else was marked in this session."""
    try:
        await session.delete(place.number)
        await session.quit()
    except (DialogueRefusedError, DialogueError, TimeoutError):
        # The proof stands; without QUIT's consent the message is taken to be there still.
        session.close()
        return False
    return True


def _is_passing(failure: DialogueFailure) -> bool:
    """Whether the same may work a little later, and trying again harms nobody.

    A server that limits logins without naming a delay may lock the account for the next one.
    """
    match failure.error:
        case DialogueFault.IN_USE | DialogueFault.TEMPORARY:
            return True
        case DialogueFault.AUTH_RATE_LIMITED:
            return "LOGIN-DELAY" in failure.code
        case _:
            return False
