"""Locks between processes of this program."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.files.atomic import OperationError
from mailsetup.files.private_folder import make_own_folder
from mailsetup.i18n import _

if TYPE_CHECKING:
    from filelock import BaseFileLock


def take_lock(path: Path) -> "BaseFileLock | None":
    """Lock this file until ``release()`` or the end of the process; None while another holds it.

    The file is made where it is missing, and stays. Raises OSError.
    """
    # Loading it takes 75 ms.
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return None
    return lock


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder. Raises OperationError while another process holds it.

    The lock file is not in the folder itself: a profile that is restored must contain no file of
    ours. Where no lock can be had, the comparison of files before they are replaced remains.
    """
    path = _lock_file(folder)
    if path is None:
        yield
        return
    lock = take_lock(path)
    if lock is None:
        raise OperationError(_("Another mailsetup is writing there. Try again in a moment."))
    try:
        yield
    finally:
        lock.release()


def _lock_file(folder: Path) -> Path | None:
    """The folder's lock file; None where the folder of lock files cannot be used."""
    user = f"-{os.geteuid()}" if os.name != "nt" else ""
    try:
        # It writes a file to find out, and raises OSError on a full disk.
        base = Path(tempfile.gettempdir()) / f"mailsetup-locks{user}"
        make_own_folder(base)
        name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()
        path = base / f"{name}.lock"
        path.touch(mode=0o600)
    except OSError:
        return None
    return path
