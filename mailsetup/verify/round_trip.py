"""A message to oneself: sent, seen to arrive, compared, and removed again.

The message is found by UIDNEXT and FETCH, not by SEARCH: at least one large hosting's SEARCH is
reported to find nothing. Folders are only ever opened for looking, except to remove our own
message.
"""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import SMTPUTF8 as SMTPUTF8_POLICY
from email.utils import format_datetime

from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    RoundTrip,
    RoundTripOutcome,
    Stage,
)
from mailsetup.model.rfc5322 import parts_of
from mailsetup.model.settings import Account
from mailsetup.model.text import plain
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
from mailsetup.verify.imap import Folder, ImapSession
from mailsetup.verify.smtp import SmtpSession

_MIB = 1024 * 1024
_SMALLEST = 1024
_MAX_NOTED = 60
"""Folders whose state is noted before sending: that is waited for."""
_MAX_FOLDERS = 1000
_RECENT = 20
"""Messages at a folder's end among which ours is looked for where its state was not noted."""
_FIRST_PAUSE = 0.1
"""Seconds. Local delivery is over by then, while servers may report to IDLE half a second late."""
_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Seconds between looks; the last one repeats."""
_ELSEWHERE_AFTER = 2.0
"""Seconds that only the INBOX is watched; a rule or filter puts mail elsewhere at once."""


@dataclass(frozen=True, slots=True)
class TestMessage:
    """Our message: its bytes as sent, and how to know it again."""

    __test__ = False  # not a test case, whatever pytest thinks of the name

    data: bytes
    message_id: str
    token: str
    digest: bytes
    """SHA-256 of the attachment."""

    def is_in(self, headers: bytes) -> bool:
        """Whether these header lines belong to it. Some relays write a new Message-ID."""
        return self.token.encode() in headers or self.message_id.encode() in headers


def compose(
    account: Account, attachment_mib: int, net: Network, *, to: EmailAddress | None = None
) -> TestMessage:
    """Write the test message (RFC 5322), with an attachment of random bytes.

    It goes to the account itself unless ``to`` names somebody else.
    """
    address = account.address
    token = secrets.token_hex(12)
    attachment = secrets.token_bytes(attachment_mib * _MIB or _SMALLEST)
    recipient = to or address
    # Letters beyond ASCII before an @ exist in messages of RFC 6532 only.
    plain_letters = (address.local + recipient.local).isascii()
    message = EmailMessage(policy=SMTP_POLICY if plain_letters else SMTPUTF8_POLICY)
    message["From"] = Address(account.person, address.local, address.domain)
    message["To"] = Address("", recipient.local, recipient.domain)
    message["Subject"] = _("mailsetup: test message {token}").format(token=token[:8])
    message["Date"] = format_datetime(net.clock.now())
    message["Message-ID"] = f"<{token}@{address.domain}>"
    message["X-Mailsetup-Test"] = token
    # Keeps vacation answers quiet (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        _(
            "mailsetup sent this message to check your account.\n"
            "It is removed by itself. If it is still here, you can delete it.\n"
        )
    )
    message.add_attachment(
        attachment,
        maintype="application",
        subtype="octet-stream",
        filename=_("test attachment ñ.bin"),
    )
    return TestMessage(
        data=message.as_bytes(),
        message_id=message["Message-ID"],
        token=token,
        digest=hashlib.sha256(attachment).digest(),
    )


async def round_trip(
    imap: ImapSession,
    smtp: SmtpSession,
    account: Account,
    net: Network,
    *,
    attachment_mib: int = 1,
    wait: float = 120.0,
    to: EmailAddress | None = None,
    emit: Callable[[TripProgress], None] = lambda _progress: None,
) -> RoundTripOutcome:
    """Send a message from the account and see it arrive. ``wait`` is in seconds.

    It goes to the account itself, or ``to`` a mailbox elsewhere, which ``imap`` has open then.
    """
    message = compose(account, attachment_mib, net, to=to)
    oversize = too_large_for(smtp, message)
    if oversize is not None:
        return oversize
    trip = _Trip(imap, message, net, wait, emit)
    with border(imap.server, Stage.MAILBOX) as before:
        await trip.prepare()
    if before.failure is not None:
        return before.failure
    emit(Sending())
    started = net.clock.monotonic()
    taken = await hand_over(message, smtp, account, to)
    if isinstance(taken, DialogueFailure):
        return taken
    accepted = net.clock.monotonic()
    emit(Sent())
    with border(imap.server, Stage.ARRIVAL) as receiving:
        found = await trip.wait_for_arrival()
        if found is None:
            return DialogueFailure(
                Stage.ARRIVAL,
                DialogueFault.NOT_ARRIVED,
                imap.server,
                message_id=message.message_id,
                accepted=taken,
            )
        arrived = net.clock.monotonic()
        emit(Comparing())
        error = await trip.compare(found)
        emit(CleaningUp())
        cleaned_up = await trip.clean_up(found)
        if error is not None:
            return DialogueFailure(
                Stage.ATTACHMENT, error, imap.server, message_id=message.message_id, accepted=taken
            )
        return RoundTrip(
            sent_ms=1000 * (accepted - started),
            arrived_ms=1000 * (arrived - accepted),
            folder=found.folder.name,
            junk=found.folder.is_junk,
            attachment_intact=True,
            size=len(message.data),
            cleaned_up=cleaned_up,
            message_id=message.message_id,
            raw=trip.raw,
        )
    return receiving.outcome()


def too_large_for(smtp: SmtpSession, message: TestMessage) -> DialogueFailure | None:
    """What the server's own word about sizes says, before anything is sent (RFC 1870)."""
    limit = smtp.size_limit
    if limit is None or len(message.data) <= limit:
        return None
    return DialogueFailure(
        Stage.SENDER, DialogueFault.TOO_LARGE, smtp.server, limit=limit, size=len(message.data)
    )


async def hand_over(
    message: TestMessage, smtp: SmtpSession, account: Account, to: EmailAddress | None
) -> str | DialogueFailure:
    """Send the message; what the server said when it took it, plain and cut."""
    sender = account.address.ascii
    taken = ""
    with border(smtp.server, Stage.DATA) as sending:
        taken = plain(await smtp.send(sender, (to or account.address).ascii, message.data), 160)
    failure = sending.failure
    if failure is None or failure.error is not DialogueFault.TOO_LARGE:
        return failure or taken
    limit = None
    with border(smtp.server, Stage.SENDER):
        limit = await smtp.largest(sender, len(message.data))
    return replace(failure, limit=limit, size=len(message.data))


@dataclass(frozen=True, slots=True)
class _Place:
    folder: Folder
    uid: int


class _Trip:
    def __init__(
        self,
        imap: ImapSession,
        message: TestMessage,
        net: Network,
        wait: float,
        emit: Callable[[TripProgress], None],
    ) -> None:
        self._imap = imap
        self._message = message
        self._net = net
        self._wait = wait
        self._emit = emit
        self._folders: Sequence[Folder] = ()
        self._next_uids: dict[str, int] = {}
        self._unnoted: set[str] = set()
        self._copies_in: list[Folder] = []
        self.raw = b""

    async def prepare(self) -> None:
        """Note where new messages will begin in every folder, the likeliest ones at least."""
        await self._list_folders()
        noted = self._folders[:_MAX_NOTED]
        self._next_uids = await self._imap.next_uids(noted, then_examine=noted[0])
        # How far the others reach is seen when they are looked into.
        self._unnoted = {folder.wire for folder in self._folders[_MAX_NOTED:]}

    async def _list_folders(self) -> None:
        folders = [folder for folder in await self._imap.folders() if folder.is_selectable]
        # INBOX stands first; behind it the folder for spam is the likeliest place, and among the
        # sent ones some servers put a copy.
        folders = folders[:1] + sorted(
            folders[1:], key=lambda folder: (not folder.is_junk, r"\sent" not in folder.flags)
        )
        self._folders = folders[:_MAX_FOLDERS]

    async def wait_for_arrival(self) -> _Place | None:
        """Look in the INBOX, then everywhere, until it is there or the time is over."""
        started = self._net.clock.monotonic()
        inbox = self._folders[0]
        pauses = iter(_PAUSES)
        pause = _FIRST_PAUSE
        while True:
            found = await self._look_in_open(inbox)
            waited = self._net.clock.monotonic() - started
            if found is None and waited >= _ELSEWHERE_AFTER:
                found = await self._look_elsewhere()
            if found is not None:
                self._emit(MessageArrived(found.folder.name))
                return found
            if waited >= self._wait:
                return None
            self._emit(Waiting(inbox.name, waited))
            if pause == _FIRST_PAUSE:
                await self._net.clock.sleep(pause)
            else:
                await self._pause(min(pause, max(self._wait - waited, 0.05)))
            pause = next(pauses, pause)

    async def _pause(self, seconds: float) -> None:
        if self._imap.offers("IDLE"):
            await self._imap.idle(seconds)
        else:
            await self._net.clock.sleep(seconds)

    async def _look_in(self, folder: Folder) -> _Place | None:
        await self._imap.examine(folder)
        return await self._look_in_open(folder)

    async def _look_in_open(self, folder: Folder) -> _Place | None:
        uid = self._next_uids.get(folder.wire, 1)
        for found, headers in (await self._imap.headers_from(uid)).items():
            if self._message.is_in(headers):
                return _Place(folder, found)
        return None

    async def _look_elsewhere(self) -> _Place | None:
        # A rule may have made the folder that it moved the message to.
        await self._list_folders()
        for folder, behind in await self._changed(self._folders[1:]):
            found = await self._look_in(folder)
            if found is not None:
                return found
            self._next_uids[folder.wire] = behind
        # IDLE and the next look want the INBOX open again.
        return await self._look_in(self._folders[0])

    async def _changed(self, folders: Sequence[Folder]) -> list[tuple[Folder, int]]:
        """Folders that got messages since, and where the next one will be.

        Asking for all at once is one round trip.
        """
        now = await self._imap.next_uids(folders)
        for wire in self._unnoted & now.keys():
            self._next_uids.setdefault(wire, max(now[wire] - _RECENT, 1))
        return self._behind(folders, now)

    def _behind(
        self, folders: Sequence[Folder], now: Mapping[str, int]
    ) -> list[tuple[Folder, int]]:
        before = self._next_uids
        return [(f, now[f.wire]) for f in folders if now.get(f.wire, 0) > before.get(f.wire, 0)]

    async def compare(self, place: _Place) -> DialogueFault | None:
        """Fetch the message from the open folder and compare the attachment byte for byte.

        Where else a copy of it may be is asked along.
        """
        limit = 2 * len(self._message.data) + _MIB
        unseen = self._unnoted - self._next_uids.keys()
        others = [f for f in self._folders if f != place.folder and f.wire not in unseen]
        data, next_uids = await self._imap.message(place.uid, limit, others)
        self._copies_in = [folder for folder, _next in self._behind(others, next_uids)]
        if data is None:
            return DialogueFault.ATTACHMENT_MISSING
        self.raw = data
        return await in_thread(attachment_error, data, self._message.digest)

    async def clean_up(self, found: _Place) -> bool:
        """Remove our message wherever it is, also a copy among the sent ones; nothing else."""
        removed_all = True
        try:
            # Each folder is opened and seen to be open before anything in it is removed.
            await self._imap.select(found.folder)
            removed_all &= await self._imap.remove([found.uid])
            for folder in self._copies_in:
                place = await self._look_in(folder)
                if place is not None:
                    await self._imap.select(folder)
                    removed_all &= await self._imap.remove([place.uid])
        except (DialogueRefusedError, DialogueError, TimeoutError):
            # The proof stands; the message that stays behind is told to the person.
            return False
        return removed_all


def attachment_error(data: bytes, digest: bytes) -> DialogueFault | None:
    """What is wrong with the attachment of a message that arrived, if anything.

    Linear in the size of ``data``. A message that is beyond the limits of `parts_of` was altered.
    """
    found = parts_of(data)
    if any(hashlib.sha256(part.content()).digest() == digest for part in found.attachments):
        return None
    if found.attachments or not found.complete:
        return DialogueFault.ATTACHMENT_ALTERED
    return DialogueFault.ATTACHMENT_MISSING
