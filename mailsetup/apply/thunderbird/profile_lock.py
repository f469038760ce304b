"""A Thunderbird profile on the disk: whether it is open, its lock, and reading without links."""

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from mailsetup.files import atomic
from mailsetup.files.atomic import OperationError
from mailsetup.i18n import _

if sys.platform != "win32":
    import fcntl

_LOCK = ".parentlock"


def is_running(profile: Path) -> bool:
    """Whether a Thunderbird has this profile open.

    It holds a POSIX lock on ``.parentlock``; on Windows it has ``parent.lock`` open exclusively.
    The symbolic link ``lock`` remains after Thunderbird has ended and proves nothing. When this
    cannot be determined the profile counts as open.
    """
    if sys.platform == "win32":
        try:
            (profile / "parent.lock").open("rb").close()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    try:
        descriptor = os.open(profile / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_readable(folder: Path) -> bool:
    """Whether the files of the folder can be read; also True where there is no folder."""
    try:
        check_readable(folder)
    except OperationError:
        return False
    return True


def check_readable(folder: Path) -> None:
    """Raise OperationError when this user may not read the folder."""
    for access in (lambda: os.scandir(folder).close(), (folder / _LOCK).lstat):
        try:
            access()
        except PermissionError as error:
            raise OperationError(atomic.reason(error, folder)) from error
        except OSError:
            continue


@contextlib.contextmanager
def hold_profile(profile: Path) -> Iterator[None]:
    """Hold Thunderbird's own lock of a profile. Raises OperationError while it is open.

    Windows has no lock that both could hold: there this only checks that it is not open.
    """
    if sys.platform == "win32":
        if is_running(profile):
            raise OperationError(_open())
        yield
        return

    path = profile / _LOCK
    used = path.exists()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OperationError(_link(path)) from error
        raise
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            raise OperationError(_open()) from error
        try:
            yield
        finally:
            if not used:
                atomic.remove_quietly(path)
    finally:
        os.close(descriptor)


def check_profile(profile: Path) -> Path:
    """The profile, after checking that this user may write it. Raises OSError."""
    try:
        status = profile.lstat()
    except FileNotFoundError as error:
        raise OperationError(
            _("The profile {place} is not there any more. Choose another one.").format(
                place=profile
            )
        ) from error
    if stat.S_ISLNK(status.st_mode):
        raise OperationError(
            _(
                "The profile {place} is a link to {target}. It was not followed; choose the folder"
                " that it leads to."
            ).format(place=profile, target=profile.resolve())
        )
    if not stat.S_ISDIR(status.st_mode):
        raise OperationError(_("{place} is not a profile folder.").format(place=profile))
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        raise OperationError(
            _(
                "The profile {place} belongs to another account on this computer. Sign in there"
                " and try again."
            ).format(place=profile)
        )
    return profile


def read_file(path: Path, limit: int) -> bytes | None:
    """The content of a file, None when there is none. Links are not followed.

    Raises OperationError for a link, a folder and what is longer than ``limit`` bytes, OSError when
    it cannot be read.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(status.st_mode):
        raise OperationError(_link(path))
    if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
        raise OperationError(_("{place} cannot be read. Nothing was changed.").format(place=path))
    return path.read_bytes()


def _link(path: Path) -> str:
    return _("{place} is a link. It was not followed; nothing was written.").format(place=path)


def _open() -> str:
    return _("Thunderbird is open. Close it and try again.")
