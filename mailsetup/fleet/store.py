"""A person's folder on the disk: there whole, or not at all.

Files are written beside the folder's place and the folder is renamed into it, so whoever looks
sees the old one, the new one or none. Many folders are brought to the disk together: one wait for
the disk costs as much as ten.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mailsetup.export import atomic
from mailsetup.export.exporter import ArtifactFile

PEOPLE = "people"
"""The folder of the people's folders."""


@dataclass(frozen=True, slots=True)
class PersonFolder:
    """What is to stand in one folder; ``files`` by the folder below it ("" for itself)."""

    name: str
    files: tuple[tuple[str, ArtifactFile], ...]


class Store:
    """Writes folders below ``out``. Use from one thread at a time."""

    def __init__(self, out: Path) -> None:
        self._people = out / PEOPLE
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="fsync")

    def prepare(self) -> None:
        """Make the folder, and remove what a killed run left unfinished. Raises OSError."""
        self._people.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._people.glob(f"{atomic.PREFIX}*"):
            shutil.rmtree(path, ignore_errors=True)

    def write(self, folders: Sequence[PersonFolder]) -> None:
        """Put these folders in their places, on the disk when this returns. Raises OSError."""
        prepared: list[tuple[Path, Path]] = []
        try:
            written: list[Path] = []
            for folder in folders:
                aside = atomic.aside(self._people)
                aside.mkdir(mode=0o700)
                prepared.append((aside, self._people / folder.name))
                written += _write_files(aside, folder.files)
            for _synced in self._pool.map(_sync, written):
                pass
            for aside, target in prepared:
                _into_place(aside, target)
        except BaseException:
            for aside, _target in prepared:
                shutil.rmtree(aside, ignore_errors=True)
            raise
        atomic.sync_folder(self._people)

    def close(self) -> None:
        """End its threads."""
        self._pool.shutdown()


def _write_files(aside: Path, files: Iterable[tuple[str, ArtifactFile]]) -> list[Path]:
    written = []
    below: set[Path] = set()
    for sub, file in files:
        parent = aside / sub if sub else aside
        if parent not in below:
            parent.mkdir(mode=0o700, exist_ok=True)
            below.add(parent)
        path = parent / file.name
        descriptor = os.open(
            path,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
            0o600 if file.private else 0o644,
        )
        with os.fdopen(descriptor, "wb") as out:
            out.write(file.content)
        written.append(path)
    # On some systems a folder is a thing to be written down by itself.
    return [*written, *(() if os.name == "nt" else below)]


def _sync(path: Path) -> None:
    if path.is_dir():
        atomic.sync_folder(path)
        return
    # Windows flushes only what was opened for writing.
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _into_place(aside: Path, target: Path) -> None:
    """Rename; a folder that was there goes away only once the new one has its place."""
    if not target.is_dir() or target.is_symlink():
        aside.rename(target)
        return
    old = atomic.aside(target.parent)
    target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        with contextlib.suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
