"""Only one of us at a time in a folder, and the refusal that is said where that cannot be had."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mailsetup.i18n import _


class RefusedError(Exception):
    """Carries a sentence to the border of the package's modules."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one of us at a time in this folder. Windows has no lock on folders: there what was
    read is compared once more before it is replaced."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError(
                _("Another mailsetup is writing there. Try again in a moment.")
            ) from error
        except OSError as error:
            # Some network file systems have no locks; the comparison before replacing remains.
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF):
                raise
        yield
    finally:
        os.close(descriptor)
