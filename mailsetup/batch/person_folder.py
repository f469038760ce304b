"""A person's folder on the disk: there whole, or not at all.

Files are written beside the folder's place and the folder is renamed into it, so whoever looks
sees the old one, the new one or none. Many folders are brought to the disk together: one wait for
the disk costs as much as ten.
"""

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mailsetup.export.exporter import ArtifactFile
from mailsetup.files import atomic
from mailsetup.files.private_folder import make_own_folder

PEOPLE = "people"
"""The folder of the people's folders."""
_WAITS = 8
"""Waits for the disk side by side."""


@dataclass(frozen=True, slots=True)
class PersonFolder:
    """What is to stand in one folder; ``files`` by the folder below it ("" for itself)."""

    name: str
    files: tuple[tuple[str, ArtifactFile], ...]


class PersonFolders:
    """The folders below ``out``; whoever holds the journal puts them in their places."""

    def __init__(self, out: Path) -> None:
        self.people = out / PEOPLE

    def prepare(self) -> None:
        """Make the folder, and remove what a killed run left unfinished. Raises OSError."""
        make_own_folder(self.people)
        self.clean()

    def clean(self) -> None:
        """Remove what is unfinished; what cannot be removed does no harm."""
        with contextlib.suppress(OSError):
            for path in self.people.glob(f"{atomic.PREFIX}*"):
                # Never through a link: rmtree refuses one.
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
        atomic.remove_leftovers(self.people)

    def put(self, prepared: Iterable[tuple[Path, str]]) -> None:
        """Put folders that are on the disk (`laid_down`) in their places, under these names.

        When this returns, they are there for good. Raises OSError.
        """
        waiting = deque(prepared)
        try:
            while waiting:
                aside, name = waiting[0]
                _into_place(aside, self.people / name)
                waiting.popleft()
        finally:
            for aside, _name in waiting:
                shutil.rmtree(aside, ignore_errors=True)
        atomic.sync_folder(self.people)


def laid_down(folders: Sequence[PersonFolder], people: Path) -> list[Path]:
    """Write folders beside their places and wait until the disk has them. Raises OSError; then
    nothing is left of them.
    """
    asides: list[Path] = []
    try:
        written: list[str] = []
        for folder in folders:
            aside = atomic.temporary_path(people)
            aside.mkdir(mode=0o700)
            asides.append(aside)
            written += _write_files(str(aside), folder.files)
        with ThreadPoolExecutor(max_workers=_WAITS, thread_name_prefix="fsync") as pool:
            shares = [written[start::_WAITS] for start in range(_WAITS)]
            for _synced in pool.map(_sync, shares):
                pass
    except BaseException:
        for aside in asides:
            shutil.rmtree(aside, ignore_errors=True)
        raise
    return asides


def _write_files(aside: str, files: Iterable[tuple[str, ArtifactFile]]) -> list[str]:
    """What has to be brought to the disk: the files, and their folders with a final slash."""
    written = []
    below = {aside}
    for sub, file in files:
        parent = f"{aside}/{sub}" if sub else aside
        if parent not in below:
            os.mkdir(parent, mode=0o700)  # noqa: PTH102 - thousands of them
            below.add(parent)
        path = f"{parent}/{file.name}"
        descriptor = os.open(
            path,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
            0o600 if file.private else 0o644,
        )
        with os.fdopen(descriptor, "wb") as out:
            out.write(file.content)
        written.append(path)
    # On some systems a folder is a thing to be written down by itself.
    return [*written, *(() if os.name == "nt" else (f"{folder}/" for folder in below))]


def _sync(paths: Iterable[str]) -> None:
    for path in paths:
        if path.endswith("/"):
            atomic.sync_folder(Path(path))
            continue
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
    old = atomic.temporary_path(target.parent)
    target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        with contextlib.suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
