"""A mailbox that is read by POP3.

A POP3 session does not see what arrives during it, so every search is a login of its own. Servers
limit logins: there are few of them, with growing pauses in between.
"""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import assert_never

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, Stage
from mailsetup.model.rfc5322 import fields_of
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import DialogueError
from mailsetup.net.network import Network
from mailsetup.verify.events import Waiting
from mailsetup.verify.failures import DialogueGuard, DialogueRefusedError, required
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.message import TestMessage
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.round_trip import Arrival, Delivery, Emit

_INBOX = "INBOX"
_OUR_FIELDS = frozenset({"message-id", "x-mailsetup-test"})
_RELAYED_MORE = 64 * 1024
"""Octets that relays may add to the header of the test message."""
_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 17.5, 20.0, 25.0, 25.0)
"""Seconds before each search: two minutes together, stretched where the wait is longer."""
_MAX_LOGINS = len(_PAUSES) + 1
_PREPARING_FOR = 60.0
"""Seconds at least in which a maildrop in use or a login delay is waited for before sending."""
_RETRY_AFTER = 5.0
_DELAY_MARGIN = 1.0
"""Seconds added to the server's LOGIN-DELAY, because its clock is not ours."""
_TRANSIENT = (DialogueFault.TIMEOUT, DialogueFault.RESET, DialogueFault.UNREACHABLE)
"""Passing faults of a network, after which the search is repeated once the message is sent."""
_MAX_HEADERS = 50
"""New messages whose headers are read in one search, newest first."""
_MAX_RETRIEVED = 5
"""The same where the server has no TOP, and whole messages have to be read."""


@dataclass(frozen=True, slots=True)
class Pop3Mailbox:
    """A maildrop that no session of ours has open (RFC 1939 section 4: one at a time).

    A round trip takes 12 logins at most.
    """

    server: ServerSettings
    secret: Secret

    async def prepare(
        self, message: TestMessage, net: Network, wait: float
    ) -> Delivery | DialogueFailure:
        """See `Mailbox`."""
        delivery = Pop3Delivery(self.server, self.secret, message, net, wait)
        failure = await delivery.record_maildrop()
        return failure or delivery


@dataclass(frozen=True, slots=True)
class _Location:
    session: Pop3Session
    number: int
    """Of the message, within this session."""
    data: bytes | None = None
    """The whole message, where it had to be read to be recognised."""


@dataclass(frozen=True, slots=True)
class _Contents:
    """A maildrop without UIDL: the result of STAT, and the number of messages of each size."""

    state: tuple[int, int] | None = None
    sizes: Counter[int] = field(default_factory=Counter)


class _KnownMessages:
    """Which messages of a maildrop need not be examined any more."""

    def __init__(self) -> None:
        self._uids: set[str] | None = None
        self._known = _Contents()
        self._seen = _Contents()

    async def record(self, session: Pop3Session) -> None:
        """Count every message that is there now as known."""
        state = await session.stat()
        listed = await session.uidl()
        if listed is None:
            self._known = _Contents(state, Counter((await session.sizes()).values()))
        else:
            self._known = _Contents(state)
            self._uids = {uid for _number, uid in listed}

    async def unknown(self, session: Pop3Session) -> list[tuple[int, str]]:
        """Number and UID of each message that is not known yet, newest first.

        Without UIDs (UIDL is optional) a message counts as new when there are more of its size
        than before.
        """
        state = await session.stat()
        if state == self._known.state:
            return []
        listed = await session.uidl() if self._uids is not None else None
        if listed is not None:
            known: Set[str] = self._uids or frozenset()
            self._seen = _Contents(state)
            return sorted(((n, uid) for n, uid in listed if uid not in known), reverse=True)
        sizes = await session.sizes()
        self._seen = _Contents(state, Counter(sizes.values()))
        return _beyond(self._known.sizes, sizes)

    def add(self, uid: str) -> None:
        """This message was examined."""
        if uid and self._uids is not None:
            self._uids.add(uid)

    def settle(self, *, completely: bool) -> None:
        """The new messages were examined; those left over come again only where they have UIDs."""
        if completely or self._uids is None:
            self._known = self._seen


def _beyond(known: Counter[int], sizes: Mapping[int, int]) -> list[tuple[int, str]]:
    """The messages beyond the known number of each size, newest first, without UID."""
    left = known.copy()
    found = []
    for number, size in sorted(sizes.items()):
        if left[size]:
            left[size] -= 1
        else:
            found.append((number, ""))
    return found[::-1]


class Pop3Delivery(Delivery):
    """See `Delivery`."""

    def __init__(
        self,
        server: ServerSettings,
        secret: Secret,
        message: TestMessage,
        net: Network,
        wait: float,
    ) -> None:
        self._server = server
        self._secret = secret
        self._message = message
        self._net = net
        self._wait = wait
        self._known = _KnownMessages()
        self._found: _Location | None = None
        self._logins = 0
        self._delay = 0.0
        """Seconds between two logins that the server demands."""
        self._pauses = [pause * max(1.0, wait / sum(_PAUSES)) for pause in _PAUSES]

    async def __aexit__(self, kind: type[BaseException] | None, *details: object) -> None:
        if self._found is not None:
            await self._found.session.__aexit__(kind, *details)

    # Before sending -----------------------------------------------------------------------------

    async def record_maildrop(self) -> DialogueFailure | None:
        """Record which messages are there, and check that the server's delay fits the wait."""
        started = self._net.clock.monotonic()
        while True:
            failure = await self._record()
            if failure is None or not _is_passing(failure):
                break
            pause = max(self._delay, _RETRY_AFTER)
            waited = self._net.clock.monotonic() - started
            # Half of the logins are reserved for the searches.
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

    async def _record(self) -> DialogueFailure | None:
        session = await self._log_in()
        if isinstance(session, DialogueFailure):
            return session
        async with session:
            with DialogueGuard(self._server, Stage.MAILBOX, self._secret) as guard:
                if session.removes_what_was_read and not session.offers("TOP"):
                    # The search would remove other people's messages.
                    raise DialogueRefusedError(Stage.MAILBOX, DialogueFault.POLICY, code="EXPIRE 0")
                await self._known.record(session)
        return guard.failure

    async def _log_in(self) -> Pop3Session | DialogueFailure:
        self._logins += 1
        session = await open_as(Pop3Session, self._server, self._net)
        if isinstance(session, DialogueFailure):
            return session
        self._respect(session.login_delay)
        try:
            proof = await log_in(session, self._secret, self._net)
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

    # After sending ------------------------------------------------------------------------------

    async def search(self, emit: Emit) -> Arrival | DialogueFailure:
        """See `Delivery`. It also ends when all logins are used."""
        started = self._net.clock.monotonic()
        waited = 0.0
        while True:
            await self._net.clock.sleep(self._pause(waited))
            outcome = await self._search_once()
            match outcome:
                case _Location():
                    self._found = outcome
                    return Arrival(_INBOX)
                case DialogueFailure() if not (_is_passing(outcome) or outcome.error in _TRANSIENT):
                    return outcome
                case DialogueFailure() | None:
                    waited = self._net.clock.monotonic() - started
                    over = self._wait - waited < max(self._delay, 0.05)
                    if over or self._logins >= _MAX_LOGINS:
                        # After a failed search it is unknown whether the message arrived.
                        return outcome or DialogueFailure(
                            Stage.ARRIVAL, DialogueFault.NOT_ARRIVED, self._server
                        )
                    emit(Waiting(_INBOX, waited))
                case _:
                    assert_never(outcome)

    def _pause(self, waited: float) -> float:
        left = self._wait - waited
        pause = max(self._pauses.pop(0) if self._pauses else left, self._delay)
        # The last search that the logins or the delay between them allow is at the end.
        if self._logins == _MAX_LOGINS - 1 or left - pause < self._delay:
            pause = left
        return max(min(pause, left), 0.05)

    async def _search_once(self) -> _Location | DialogueFailure | None:
        """Search in a new session, which stays open where the message was found."""
        session = await self._log_in()
        if isinstance(session, DialogueFailure):
            return session
        found = None
        try:
            with DialogueGuard(self._server, Stage.ARRIVAL, self._secret) as guard:
                found = await self._find(session)
        except BaseException:
            session.close()
            raise
        if found is None:
            await session.end()
        return found or guard.failure

    async def _find(self, session: Pop3Session) -> _Location | None:
        unknown = await self._known.unknown(session)
        retrieved = 0
        for number, uid in unknown[:_MAX_HEADERS]:
            header = await session.top(number)
            data = None
            if header is None:
                if retrieved >= _MAX_RETRIEVED or session.removes_what_was_read:
                    break
                size = await session.size(number)
                if size is None or size > len(self._message.data) + _RELAYED_MORE:
                    self._known.add(uid)
                    continue
                retrieved += 1
                header = data = await session.retrieve(number, self._message.size_limit)
            if self._is_ours(header):
                return _Location(session, number, data)
            self._known.add(uid)
        if unknown:
            completely = len(unknown) <= _MAX_HEADERS and retrieved < _MAX_RETRIEVED
            self._known.settle(completely=completely)
        return None

    def _is_ours(self, data: bytes) -> bool:
        """By two fields only: a reply or a bounce quotes the message in other places."""
        return any(
            name in _OUR_FIELDS and self._message.is_in(value) for name, value in fields_of(data)
        )

    async def fetch(self) -> bytes | DialogueFailure:
        """See `Delivery`."""
        found = required(self._found, "the message was not found yet")
        with DialogueGuard(self._server, Stage.ATTACHMENT, self._secret) as guard:
            if found.data is not None:
                return found.data
            return await found.session.retrieve(found.number, self._message.size_limit)
        return guard.required_failure()

    async def remove(self) -> bool:
        """See `Delivery`. Nothing else was marked for deletion in this session."""
        found = required(self._found, "the message was not found yet")
        try:
            await found.session.delete(found.number)
            await found.session.quit()
        except (DialogueRefusedError, DialogueError, TimeoutError):
            # Without a positive response to QUIT the message is assumed to be there still.
            found.session.close()
            return False
        return True


def _is_passing(failure: DialogueFailure) -> bool:
    """Whether the same login may succeed a little later, and repeating it harms nobody.

    A server that limits logins without naming a delay may lock the account at the next one.
    """
    match failure.error:
        case DialogueFault.IN_USE | DialogueFault.TEMPORARY:
            return True
        case DialogueFault.AUTH_RATE_LIMITED:
            return "LOGIN-DELAY" in failure.code
        case _:
            return False
