"""Files that are there whole or not at all."""

import contextlib
import errno
import os
import secrets
from pathlib import Path

from mailsetup.i18n import _

PREFIX = ".mailsetup-"
"""What we have not finished begins with this; a run that was killed leaves only such names."""

_O_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_O_BINARY = getattr(os, "O_BINARY", 0)


class NotReadBackError(OSError):
    """What is on the disk is not what was written."""


def aside(folder: Path) -> Path:
    """A name in the folder that nobody else uses."""
    return folder / f"{PREFIX}{secrets.token_hex(8)}"


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Create the file with this content, on the disk when this returns.

    It is read back and compared, so that an old file is only replaced by what was meant. Raises
    FileExistsError when the name is taken (also by a link), NotReadBackError when the content
    differs, OSError when it cannot be written; a file that was begun is removed.
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
        raise NotReadBackError(errno.EIO, os.strerror(errno.EIO), str(path))


def put(path: Path, content: bytes, mode: int) -> None:
    """Replace the file by this content: who looks sees the old one or the new one."""
    temporary = aside(path.parent)
    try:
        write_new(temporary, content, mode)
        temporary.replace(path)
    except BaseException:
        remove_quietly(temporary)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries survive a power cut, where the system can do that."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):  # some network file systems refuse this
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_quietly(path: Path) -> None:
    """Remove a file of ours if it is there; a file that stays does no harm."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def not_read_back(place: Path) -> str:
    """The refusal of a new content that does not read back as it was meant."""
    return _(
        "What was written in {place} did not read back as it was meant. It was thrown away; the"
        " files that were there are unchanged. Please report this."
    ).format(place=place)


def reason(error: OSError, place: Path) -> str:
    """Why writing failed, as a sentence that says what to do."""
    if isinstance(error, NotReadBackError):
        return not_read_back(place)
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return _("The disk is full. Make some room and try again.")
        case errno.EACCES | errno.EPERM:
            return _("This account on the computer may not write in {place}.").format(place=place)
        case errno.EROFS:
            return _("{place} cannot be written: it is read-only.").format(place=place)
        case errno.ENOENT | errno.ENOTDIR:
            return _("The folder {place} is not there.").format(place=place)
        case _other:
            return _("{place} cannot be written ({why}).").format(
                place=place, why=error.strerror or type(error).__name__
            )
