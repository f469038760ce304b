"""A person's folder on the disk: complete, or not there at all.

Files are written into a temporary folder, which is renamed into place, so other processes see the
old folder, the new one or none. Many folders are synchronized together: one wait for the disk
takes as long as ten.
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
"""Name of the folder that contains the people's folders."""
_SYNC_THREADS = 8


@dataclass(frozen=True, slots=True)
class PersonFolder:
    """The content of one folder; ``files`` with the subfolder of each ("" for none)."""

    name: str
    files: tuple[tuple[str, ArtifactFile], ...]


class PersonFolders:
    """The folders in ``out``; only the process that holds the journal moves them into place."""

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

    def move_into_place(self, written: Iterable[tuple[Path, str]]) -> None:
        """Rename temporary folders (see `write_folders`) to these names.

        When this returns, the renaming survives a power cut. Raises OSError.
        """
        waiting = deque(written)
        try:
            while waiting:
                temporary, name = waiting[0]
                _replace(temporary, self.people / name)
                waiting.popleft()
        finally:
            for temporary, _name in waiting:
                shutil.rmtree(temporary, ignore_errors=True)
        atomic.sync_folder(self.people)


def write_folders(folders: Sequence[PersonFolder], people: Path) -> list[Path]:
    """Write temporary folders in ``people`` and wait until the disk has them. Raises OSError; then
    nothing is left of them.
    """
    temporary: list[Path] = []
    try:
        written: list[str] = []
        for folder in folders:
            path = atomic.temporary_path(people)
            path.mkdir(mode=0o700)
            temporary.append(path)
            written += _write_files(str(path), folder.files)
        with ThreadPoolExecutor(_SYNC_THREADS, thread_name_prefix="fsync") as pool:
            shares = [written[start::_SYNC_THREADS] for start in range(_SYNC_THREADS)]
            for _synced in pool.map(_sync, shares):
                pass
    except BaseException:
        for path in temporary:
            shutil.rmtree(path, ignore_errors=True)
        raise
    return temporary


def _write_files(folder: str, files: Iterable[tuple[str, ArtifactFile]]) -> list[str]:
    """The paths to synchronize: the files, and their folders with a final slash."""
    written = []
    folders = {folder}
    for sub, file in files:
        parent = f"{folder}/{sub}" if sub else folder
        if parent not in folders:
            os.mkdir(parent, mode=0o700)  # noqa: PTH102 - thousands of them
            folders.add(parent)
        path = f"{parent}/{file.name}"
        descriptor = os.open(
            path,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
            0o600 if file.private else 0o644,
        )
        with os.fdopen(descriptor, "wb") as out:
            out.write(file.content)
        written.append(path)
    # POSIX: a folder's entries are synchronized separately.
    return [*written, *(() if os.name == "nt" else (f"{one}/" for one in folders))]


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


def _replace(temporary: Path, target: Path) -> None:
    """Rename; a folder that was there is removed once the new one is in its place."""
    if not target.is_dir() or target.is_symlink():
        temporary.rename(target)
        return
    old = atomic.temporary_path(target.parent)
    target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        with contextlib.suppress(OSError):
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
