"""Write files completely or not at all."""

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from mailsetup.i18n import _
from mailsetup.model.text import plain

if sys.platform != "win32":
    import fcntl

PREFIX = ".mailsetup-"
"""The prefix of temporary names; a killed run leaves only such names."""

_LEFTOVER = re.compile(re.escape(PREFIX) + r"[0-9a-f]{16}\Z")
_YOUNG = 10.0
"""Seconds: a younger file may belong to a run that is about to rename it."""
_OLD = 3600.0
"""Seconds after which a file that cannot be locked belongs to no running process."""

_O_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_O_BINARY = getattr(os, "O_BINARY", 0)


class OperationError(OSError):
    """The operation cannot be carried out; ``reason`` is a sentence that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReadBackError(OSError):
    """The content on the disk differs from what was written."""


def temporary_path(folder: Path) -> Path:
    """An unused temporary name in the folder."""
    return folder / f"{PREFIX}{secrets.token_hex(8)}"


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Create the file with this content, on the disk when this returns.

    It is read back and compared, so that an old file is only replaced by the intended content.
    Raises FileExistsError when the name is taken (also by a link), ReadBackError when the
    content differs, OSError when it cannot be written; an incomplete file is removed.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_NOFOLLOW | _O_BINARY, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _compare(path, content)
    except BaseException:
        remove_quietly(path)
        raise


def _compare(path: Path, content: bytes) -> None:
    if path.read_bytes() != content:
        raise ReadBackError(errno.EIO, os.strerror(errno.EIO), str(path))


def put(path: Path, content: bytes, mode: int) -> None:
    """Replace the file by this content: readers see the old one or the new one."""
    temporary = temporary_path(path.parent)
    try:
        write_new(temporary, content, mode)
        with marked_in_use(temporary):
            temporary.replace(path)
    except BaseException:
        remove_quietly(temporary)
        raise
    sync_folder(path.parent)


@contextlib.contextmanager
def replacing(path: Path, mode: int) -> Iterator[TextIO]:
    """Write UTF-8 text that replaces the file at the end of the block, however large it is.

    Readers see the old file or the new one, and the new one is on the disk when this returns. After
    an exception, also of the block, the old file is unchanged. Raises OSError.
    """
    temporary = temporary_path(path.parent)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_BINARY, mode)
    try:
        with (
            marked_in_use(temporary),
            os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file,
        ):
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        remove_quietly(temporary)
    sync_folder(path.parent)


@contextlib.contextmanager
def marked_in_use(path: Path) -> Iterator[None]:
    """Mark a temporary file as in use with a lock, so that `remove_leftovers` leaves it.

    Where the system or the file system has no such locks, its age protects it.
    """
    if sys.platform == "win32":
        yield
        return

    try:
        descriptor = os.open(path, os.O_RDONLY | _O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of killed runs from a folder.

    Only regular files with a name as `temporary_path` makes them, of this user, that no running
    process has locked. Files that cannot be removed do no harm.
    """
    with contextlib.suppress(OSError):
        names = [entry.name for entry in os.scandir(folder) if _LEFTOVER.match(entry.name)]
        for name in names:
            with contextlib.suppress(OSError):
                if _is_left(folder / name):
                    (folder / name).unlink()


def _is_left(path: Path) -> bool:
    """Whether the run that made a file has ended. Raises OSError."""
    seen = path.lstat()
    if not stat.S_ISREG(seen.st_mode):
        return False
    age = time.time() - seen.st_mtime
    if sys.platform == "win32":
        return age > _OLD
    if seen.st_uid != os.geteuid() or age < _YOUNG:
        return False

    descriptor = os.open(path, os.O_RDONLY | _O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return age > _OLD
    finally:
        os.close(descriptor)
    return True


def sync_folder(folder: Path) -> None:
    """Make the folder's entries survive a power failure, where the system supports that."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some network file systems refuse this
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_quietly(path: Path) -> None:
    """Remove a temporary file if it is there; a file that stays does no harm."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def not_read_back(place: Path) -> str:
    """The sentence about a new content that did not read back unchanged."""
    return _(
        "What was written in {place} did not read back as it was meant. It was thrown away; the"
        " files that were there are unchanged. Please report this."
    ).format(place=plain(str(place), 1000))


def reason(error: OSError, place: Path) -> str:
    """Why writing failed, as a sentence that says what to do."""
    if isinstance(error, OperationError):
        return error.reason
    shown = plain(str(place), 1000)
    if isinstance(error, ReadBackError):
        return not_read_back(place)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return _("The disk is full. Make some room and try again.")
        case errno.EACCES | errno.EPERM:
            return _("This account on the computer may not write in {place}.").format(place=shown)
        case errno.EROFS:
            return _("{place} cannot be written: it is read-only.").format(place=shown)
        case errno.ENOENT | errno.ENOTDIR:
            return _("The folder {place} is not there.").format(place=shown)
        case _other:
            return _("{place} cannot be written ({why}).").format(
                place=shown, why=error.strerror or type(error).__name__
            )
