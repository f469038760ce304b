"""What is done, on the disk before the next thing begins: one line of JSON each.

The journal is only ever added to. A line that was cut off by a crash is cut away when the journal
is opened again; everything before it counts.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self

from mailsetup.export import atomic
from mailsetup.i18n import _
from mailsetup.model.document import Json

Entry = dict[str, Json]

_FOLDER, _JOURNAL, _LOCK = ".mailsetup-batch", "journal.jsonl", "lock"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class JournalRefused:
    """Why the folder cannot be worked in; ``reason`` is a sentence. ``is_busy`` where another run
    holds it now."""

    reason: str
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    fingerprint: str
    done: bool
    folder: str


class Journal:
    """The journal of one folder of results, held by one run at a time.

    ``people`` are kept on the disk; memory holds where each one's last line stands.
    """

    def __init__(self, file: BinaryIO, lock: BinaryIO) -> None:
        self._file = file
        self._lock = lock
        self._end = 0
        self._people: dict[str, _Place] = {}
        self.domains: dict[str, Entry] = {}
        """The last search of each domain."""
        self.refusals: list[tuple[str, float]] = []
        """Hosting and time (seconds since the epoch) of logins that were refused."""

    @classmethod
    def open(cls, out: Path) -> "Journal | JournalRefused":
        """Open or begin the journal of this folder."""
        folder = out / _FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (folder / _LOCK).open("ab")
            if not _take(lock):
                lock.close()
                return JournalRefused(
                    _("Another run is working in {place}. Wait for it, or end it.").format(
                        place=out
                    ),
                    is_busy=True,
                )
            descriptor = os.open(
                folder / _JOURNAL,
                os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0),
                0o600,
            )
        except OSError as error:
            return JournalRefused(atomic.reason(error, out))
        journal = cls(os.fdopen(descriptor, "r+b"), lock)
        journal._load()
        if not _is_ours_alone(descriptor):
            # Where a password goes is not taken from a file that others can write.
            journal.domains.clear()
        atomic.sync_folder(folder)
        return journal

    def _load(self) -> None:
        for offset, line in _whole_lines(self._file):
            entry = _entry(line)
            if entry is not None:
                self._note(entry, offset)
            self._end = offset + len(line)
        self._file.seek(self._end)
        self._file.truncate()

    def _note(self, entry: Entry, offset: int) -> None:
        match entry:
            case {"kind": "person", "address": str(address), "fingerprint": str(fingerprint)}:
                self._people[address] = _Place(
                    offset, fingerprint, entry.get("done") is True, str(entry.get("folder") or "")
                )
            case {"kind": "domain", "domain": str(domain)}:
                self.domains[domain] = entry
            case {"kind": "refused", "hosting": str(hosting), "at": float(at) | int(at)}:
                self.refusals.append((hosting, float(at)))
            case _:
                # A later version's entry: not ours to judge.
                return

    def add(self, entries: Iterable[Entry]) -> None:
        """Write these entries; when this returns they survive a power cut. Raises OSError."""
        lines = []
        for entry in entries:
            line = json.dumps({"v": _VERSION, **entry}, ensure_ascii=True).encode() + b"\n"
            lines.append((entry, line))
        if not lines:
            return
        self._file.seek(self._end)
        self._file.write(b"".join(line for _entry, line in lines))
        self._file.flush()
        os.fsync(self._file.fileno())
        for entry, line in lines:
            self._note(entry, self._end)
            self._end += len(line)

    def is_done(self, address: str, fingerprint: str) -> bool:
        """Whether this person, asked for in just this way, needs nothing more."""
        place = self._people.get(address)
        return place is not None and place.done and place.fingerprint == fingerprint

    def folder_of(self, address: str) -> str:
        """The name of the person's folder, once there is one."""
        place = self._people.get(address)
        return place.folder if place is not None else ""

    @property
    def folders(self) -> Iterator[str]:
        """All names that were given out."""
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
        """Let others work in the folder."""
        self._file.close()
        self._lock.close()


def recent(entry: Entry, now: datetime, seconds: float) -> bool:
    """Whether the entry's time ``at`` is no longer ago than this."""
    at = entry.get("at")
    return isinstance(at, int | float) and 0 <= now.timestamp() - at <= seconds


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


def _take(lock: BinaryIO) -> bool:
    """Hold the file until it is closed, or the process ends in whatever way."""
    if sys.platform == "win32":
        import msvcrt

        try:
            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
