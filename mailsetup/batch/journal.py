"""The journal of a folder of results: one line of JSON for each finished step.

It is append-only, and an entry is on the disk before it is reported. A line that a crash cut off is
removed when the journal is opened again; everything before it is valid.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from mailsetup.export.filename import is_safe_name
from mailsetup.files import atomic
from mailsetup.files.locking import take_lock
from mailsetup.files.private_folder import make_own_folder, open_own_file
from mailsetup.i18n import _
from mailsetup.model.settings_json import Json
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from filelock import BaseFileLock

Entry = dict[str, Json]

_FOLDER, _JOURNAL, _LOCK = ".mailsetup-batch", "journal.jsonl", "lock"
_VERSION = 1
_LATEST = 1e11
"""Seconds since the epoch. Later times in entries are invalid."""


@dataclass(frozen=True, slots=True)
class JournalFailure:
    """Why the folder cannot be used; ``reason`` is a sentence. ``is_busy``: another run is using it
    now."""

    reason: str
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    fingerprint: str
    done: bool
    folder: str


class RunJournal:
    """The journal of one folder of results, locked by one run.

    People's entries stay on the disk; memory has the offset of each person's last line.
    """

    def __init__(self, file: BinaryIO, writer: int, lock: "BaseFileLock") -> None:
        """``file`` reads and the descriptor ``writer`` writes the same file, separately: what
        could not be written must not stay in a buffer that reading would flush."""
        self._file = file
        self._writer = writer
        self._lock = lock
        self._end = 0
        self._people: dict[str, _Place] = {}
        self.domains: dict[str, Entry] = {}
        """The last search of each domain."""
        self.refusals: list[tuple[str, float]] = []
        """Hosting and time (seconds since the epoch) of refused logins."""

    @classmethod
    def open(cls, out: Path) -> "RunJournal | JournalFailure":
        """Open the journal of this folder, or create it."""
        folder = out / _FOLDER
        try:
            make_own_folder(folder)
            os.close(open_own_file(folder / _LOCK, os.O_RDWR))
            lock = take_lock(folder / _LOCK)
        except OSError as error:
            return JournalFailure(atomic.reason(error, out))
        if lock is None:
            return JournalFailure(
                _("Another run is working in {place}. Wait for it, or end it.").format(
                    place=plain(str(out), 1000)
                ),
                is_busy=True,
            )
        try:
            return cls._opened(folder, lock)
        except OSError as error:
            lock.release()
            return JournalFailure(atomic.reason(error, out))

    @classmethod
    def _opened(cls, folder: Path, lock: "BaseFileLock") -> Self:
        """The journal, where its lock is held. Raises OSError."""
        with contextlib.ExitStack() as opened:
            writer = open_own_file(folder / _JOURNAL, os.O_RDWR)
            opened.callback(os.close, writer)
            reader = open_own_file(folder / _JOURNAL, os.O_RDONLY)
            file = opened.enter_context(os.fdopen(reader, "rb"))
            journal = cls(file, writer, lock)
            journal._load()
            if not _is_ours_alone(writer):
                # Settings decide where a password is sent; others could have written these.
                journal.domains.clear()
            opened.pop_all()
        atomic.sync_folder(folder)
        return journal

    def _load(self) -> None:
        """Raises OSError."""
        for offset, line in _whole_lines(self._file):
            entry = _entry(line)
            if entry is not None:
                self._note(entry, offset)
            self._end = offset + len(line)
        os.ftruncate(self._writer, self._end)

    def _note(self, entry: Entry, offset: int) -> None:
        match entry:
            case {"kind": "person", "address": str(address), "fingerprint": str(fingerprint)}:
                folder = entry.get("folder")
                # A path to another folder is no name that this program chose.
                known = folder if isinstance(folder, str) and is_safe_name(folder) else ""
                done = entry.get("done") is True
                self._people[address] = _Place(offset, fingerprint, done, known)
            case {"kind": "domain", "domain": str(domain)}:
                self.domains[domain] = entry
            case {"kind": "refused", "hosting": str(hosting), "at": float(at) | int(at)} if (
                0 <= at < _LATEST
            ):
                self.refusals.append((hosting, float(at)))
            case _:
                # An entry of a later version.
                return

    def add(self, entries: Iterable[Entry]) -> None:
        """Write these entries; when this returns they survive a power cut. Raises OSError."""
        lines = []
        for entry in entries:
            line = json.dumps({"v": _VERSION, **entry}, ensure_ascii=True).encode() + b"\n"
            lines.append((entry, line))
        if not lines:
            return
        content = b"".join(line for _entry, line in lines)
        try:
            os.lseek(self._writer, self._end, os.SEEK_SET)
            while content:
                content = content[os.write(self._writer, content) :]
            os.fsync(self._writer)
        except OSError:
            # The next entry must not continue an incomplete line.
            with contextlib.suppress(OSError):
                os.ftruncate(self._writer, self._end)
            raise
        for entry, line in lines:
            self._note(entry, self._end)
            self._end += len(line)

    def is_done(self, address: str, fingerprint: str) -> bool:
        """Whether everything that the fingerprint describes is done for this person."""
        place = self._people.get(address)
        return place is not None and place.done and place.fingerprint == fingerprint

    def folder_of(self, address: str) -> str:
        """The name of the person's folder; "" for none."""
        place = self._people.get(address)
        return place.folder if place is not None else ""

    @property
    def folders(self) -> Iterator[str]:
        """The names of all people's folders."""
        return (place.folder for place in self._people.values() if place.folder)

    def person(self, address: str) -> Entry | None:
        """The person's last entry, read from the disk."""
        place = self._people.get(address)
        if place is None:
            return None
        self._file.seek(place.offset)
        return _entry(self._file.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release the lock."""
        for close in (self._file.close, lambda: os.close(self._writer), self._lock.release):
            # Every entry is on the disk, but a network file system may still report an error.
            with contextlib.suppress(OSError):
                close()


def recent(entry: Entry, now: datetime, seconds: float) -> bool:
    """Whether the entry's time ``at`` is within the last ``seconds``."""
    at = entry.get("at")
    return isinstance(at, int | float) and at < _LATEST and 0 <= now.timestamp() - at <= seconds


def _is_ours_alone(descriptor: int) -> bool:
    if os.name == "nt":
        return True
    seen = os.fstat(descriptor)
    return seen.st_uid == os.geteuid() and not seen.st_mode & 0o022


def _whole_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    file.seek(0)
    offset = 0
    for line in file:
        if not line.endswith(b"\n"):
            return
        yield offset, line
        offset += len(line)


def _entry(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
