"""Folders of ours in a place that another user may have prepared.

The parent folder is the user's choice and may be a link. The names that this program makes in it
are predictable: there links are not followed, and what belongs to another user is not used.
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
    """Another object is where a folder or file of ours should be."""


def make_own_folder(path: Path) -> None:
    """Make the folder for this user alone, or check that it is ours. Raises OSError, and of that
    ForeignFileError where it is not ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    if _is_link(status):
        raise ForeignFileError(
            _("{place} is a link. Remove it, or choose another folder.").format(place=_shown(path))
        )
    if not stat.S_ISDIR(status.st_mode):
        raise ForeignFileError(_("{place} is a file, not a folder.").format(place=_shown(path)))
    if os.name != "nt" and status.st_uid not in (os.geteuid(), _owner_of_new_files(path)):
        raise ForeignFileError(
            _("{place} belongs to another account. Choose another folder.").format(
                place=_shown(path)
            )
        )


def open_own_file(path: Path, flags: int) -> int:
    """A descriptor of a regular file in a folder of ours, made where it is missing. Raises OSError;
    neither follows a link nor waits for the other end of a pipe."""
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


def _is_link(status: os.stat_result) -> bool:
    mount_point = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or (mount_point is not None and tag == mount_point)


def _owner_of_new_files(folder: Path) -> int:
    """The owner of new files there: on some network file systems always the same user, so that an
    owner proves nothing. Raises OSError."""
    probe = atomic.temporary_path(folder)
    atomic.write_new(probe, b"", _MODE)
    try:
        return probe.lstat().st_uid
    finally:
        atomic.remove_quietly(probe)
