"""A mailbox that is read by IMAP, where a test message is searched for in every folder.

The message is found by UIDNEXT and FETCH, not by SEARCH: at least one large hosting's SEARCH is
reported to find nothing. Folders are opened read-only, except to remove the test message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, Stage
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import DialogueError
from mailsetup.net.network import Network
from mailsetup.verify.events import Waiting
from mailsetup.verify.failures import DialogueGuard, DialogueRefusedError, required
from mailsetup.verify.imap.folder import Folder
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.message import TestMessage
from mailsetup.verify.round_trip import Arrival, Delivery, Emit

_MAX_RECORDED = 60
"""Folders whose UIDNEXT is recorded before sending, which has to wait for the answer."""
_MAX_FOLDERS = 1000
_RECENT = 20
"""Messages at the end of a folder that are searched where its UIDNEXT was not recorded."""
_FIRST_PAUSE = 0.1
"""Seconds. Local delivery is over by then, while servers may report to IDLE half a second late."""
_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
"""Seconds between two searches; the last one repeats."""
_OTHER_FOLDERS_AFTER = 2.0
"""Seconds in which only the INBOX is searched; a rule or filter moves mail elsewhere at once."""


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """The mailbox of a session that is logged in. The session stays open."""

    session: ImapSession

    @property
    def server(self) -> ServerSettings:
        """See `Mailbox`."""
        return self.session.server

    async def prepare(
        self, message: TestMessage, net: Network, wait: float
    ) -> Delivery | DialogueFailure:
        """See `Mailbox`."""
        delivery = ImapDelivery(self.session, message, net, wait)
        with DialogueGuard(self.server, Stage.MAILBOX) as guard:
            await delivery.record_folders()
            return delivery
        return guard.required_failure()


@dataclass(frozen=True, slots=True)
class _Location:
    folder: Folder
    uid: int


class ImapDelivery(Delivery):
    """See `Delivery`."""

    def __init__(self, imap: ImapSession, message: TestMessage, net: Network, wait: float) -> None:
        self._imap = imap
        self._message = message
        self._net = net
        self._wait = wait
        self._folders: Sequence[Folder] = ()
        self._next_uids: dict[str, int] = {}
        self._unrecorded: set[str] = set()
        self._found: _Location | None = None
        self._folders_with_copies: list[Folder] = []

    async def __aexit__(self, kind: type[BaseException] | None, *details: object) -> None:
        """The session belongs to the caller."""

    async def record_folders(self) -> None:
        """Record UIDNEXT of the folders in which the message is most likely to arrive."""
        await self._list_folders()
        recorded = self._folders[:_MAX_RECORDED]
        self._next_uids = await self._imap.next_uids(recorded, then_examine=recorded[0])
        # UIDNEXT of the others is asked for when they are searched.
        self._unrecorded = {folder.wire for folder in self._folders[_MAX_RECORDED:]}

    async def _list_folders(self) -> None:
        folders = [folder for folder in await self._imap.folders() if folder.is_selectable]
        # INBOX comes first, then the folder for spam, which is the next most likely place, then
        # the one for sent messages, into which some servers put a copy.
        folders = folders[:1] + sorted(
            folders[1:], key=lambda folder: (not folder.is_junk, r"\sent" not in folder.flags)
        )
        self._folders = folders[:_MAX_FOLDERS]

    async def search(self, emit: Emit) -> Arrival | DialogueFailure:
        """See `Delivery`. INBOX is searched first, later every folder."""
        with DialogueGuard(self._imap.server, Stage.ARRIVAL) as guard:
            self._found = await self._search_until_found(emit)
            if self._found is not None:
                return Arrival(self._found.folder.name, self._found.folder.is_junk)
            return DialogueFailure(Stage.ARRIVAL, DialogueFault.NOT_ARRIVED, self._imap.server)
        return guard.required_failure()

    async def _search_until_found(self, emit: Emit) -> _Location | None:
        started = self._net.clock.monotonic()
        inbox = self._folders[0]
        pauses = iter(_PAUSES)
        pause = _FIRST_PAUSE
        while True:
            found = await self._search_open_folder(inbox)
            waited = self._net.clock.monotonic() - started
            if found is None and waited >= _OTHER_FOLDERS_AFTER:
                found = await self._search_other_folders()
            if found is not None or waited >= self._wait:
                return found
            emit(Waiting(inbox.name, waited))
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

    async def _search_folder(self, folder: Folder) -> _Location | None:
        await self._imap.examine(folder)
        return await self._search_open_folder(folder)

    async def _search_open_folder(self, folder: Folder) -> _Location | None:
        uid = self._next_uids.get(folder.wire, 1)
        for found, headers in (await self._imap.headers_from(uid)).items():
            if self._message.is_in(headers):
                return _Location(folder, found)
        return None

    async def _search_other_folders(self) -> _Location | None:
        # A rule may have created the folder that it moved the message to.
        await self._list_folders()
        for folder, next_uid in await self._changed(self._folders[1:]):
            found = await self._search_folder(folder)
            if found is not None:
                return found
            self._next_uids[folder.wire] = next_uid
        # IDLE and the next search need the INBOX open again.
        return await self._search_folder(self._folders[0])

    async def _changed(self, folders: Sequence[Folder]) -> list[tuple[Folder, int]]:
        """Folders with new messages, and their UIDNEXT. All are asked for in one round trip."""
        now = await self._imap.next_uids(folders)
        for wire in self._unrecorded & now.keys():
            self._next_uids.setdefault(wire, max(now[wire] - _RECENT, 1))
        return self._grown(folders, now)

    def _grown(self, folders: Sequence[Folder], now: Mapping[str, int]) -> list[tuple[Folder, int]]:
        before = self._next_uids
        return [(f, now[f.wire]) for f in folders if now.get(f.wire, 0) > before.get(f.wire, 0)]

    async def fetch(self) -> bytes | DialogueFailure:
        """See `Delivery`. The same round trip asks which other folders may hold a copy."""
        found = required(self._found, "the message was not found yet")
        unknown = self._unrecorded - self._next_uids.keys()
        others = [f for f in self._folders if f != found.folder and f.wire not in unknown]
        with DialogueGuard(self._imap.server, Stage.ARRIVAL) as guard:
            data, now = await self._imap.message(found.uid, self._message.size_limit, others)
            self._folders_with_copies = [folder for folder, _next in self._grown(others, now)]
            return data or b""
        return guard.required_failure()

    async def remove(self) -> bool:
        """See `Delivery`. A copy in the folder for sent messages is removed as well."""
        found = required(self._found, "the message was not found yet")
        removed_all = True
        try:
            # A folder is selected successfully before anything in it is removed.
            await self._imap.select(found.folder)
            removed_all &= await self._imap.remove([found.uid])
            for folder in self._folders_with_copies:
                copy = await self._search_folder(folder)
                if copy is not None:
                    await self._imap.select(folder)
                    removed_all &= await self._imap.remove([copy.uid])
        except (DialogueRefusedError, DialogueError, TimeoutError):
            # The delivery is proven; the user is informed of the message that stays behind.
            return False
        return removed_all
