"""Folders of ours in a place that somebody else may have prepared.

The folder for everything is the person's choice and may be a link. What this program makes in it
has names that anybody can foresee: there links are not followed, and what belongs to another
account is not used.
"""

import contextlib
import os
import stat
from pathlib import Path

from mailsetup.files import atomic
from mailsetup.files.atomic import OperationError
from mailsetup.i18n import _
from mailsetup.model.text import plain

_MODE = 0o600


class ForeignFileError(OperationError):
    """Something else is where a folder or file of ours should be."""


def make_own_folder(path: Path) -> None:
    """Make the folder, for this account alone, or see that it is ours. Raises OSError, and of that
    ForeignFileError where it is not ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    seen = path.lstat()
    if _is_link(seen):
        raise ForeignFileError(
            _("{place} is a link. Remove it, or choose another folder.").format(place=_shown(path))
        )
    if not stat.S_ISDIR(seen.st_mode):
        raise ForeignFileError(_("{place} is a file, not a folder.").format(place=_shown(path)))
    if os.name != "nt" and seen.st_uid not in (os.geteuid(), _owner_of_new_files(path)):
        raise ForeignFileError(
            _("{place} belongs to another account. Choose another folder.").format(
                place=_shown(path)
            )
        )


def open_own_file(path: Path, flags: int) -> int:
    """A descriptor of a regular file in a folder of ours, made where it is missing. Raises
    OSError; neither follows a link nor waits for the other end of a pipe."""
    flags |= os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    if os.path.islink(path):  # noqa: PTH114 - raises nothing, and Windows has no O_NOFOLLOW
        raise ForeignFileError(
            _("{place} is a link. Remove it, or choose another folder.").format(place=_shown(path))
        )
    descriptor = os.open(path, flags, _MODE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ForeignFileError(
            _("{place} is not a file. Remove it, or choose another folder.").format(
                place=_shown(path)
            )
        )
    return descriptor


def _shown(path: Path) -> str:
    return plain(str(path), 1000)


def _is_link(seen: os.stat_result) -> bool:
    mount_point = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    tag = getattr(seen, "st_reparse_tag", 0)
    return stat.S_ISLNK(seen.st_mode) or (mount_point is not None and tag == mount_point)


def _owner_of_new_files(folder: Path) -> int:
    """To whom a file belongs that is made there: on some network file systems always the same
    account, and then an owner says nothing. Raises OSError."""
    probe = atomic.aside(folder)
    atomic.write_new(probe, b"", _MODE)
    try:
        return probe.lstat().st_uid
    finally:
        atomic.remove_quietly(probe)
