"""What this process keeps to itself: its memory, which may hold passwords, and its TLS keys."""

import contextlib
import os
import sys
from collections.abc import Sequence

_WITH_SECRETS = frozenset({"check", "batch", "kit", "export", "apply"})
"""Verbs that may read a password or a token."""
_PR_SET_DUMPABLE = 4
"""linux/prctl.h"""


def keep_secrets(arguments: Sequence[str]) -> None:
    """Limit what others may learn of this process; called once, before anything is read.

    No core file is written. ``SSLKEYLOGFILE`` is forgotten, also for libraries below Python. For
    the verbs that read secrets, Linux lets no other process of the same user read the memory.
    """
    limit_cores()
    os.environ.pop("SSLKEYLOGFILE", None)
    if _WITH_SECRETS.intersection(arguments) and not os.environ.get("MAILSETUP_DEBUG"):
        hide_memory()


def limit_cores() -> None:
    """Have no core file written, by this process or those that it starts."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        # Linux hands a core to a program such as systemd-coredump in spite of a limit of 0, but not
        # with a limit of 1 (do_coredump in fs/coredump.c); a file is as impossible with either.
        wanted = 1 if sys.platform == "linux" else 0
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))


def hide_memory() -> None:
    """Forbid core dumps, tracing and ``/proc/PID/mem`` to all but the administrator (Linux).

    Not for the window: the desktop's portals read ``/proc/PID/root`` of who asks them and refuse
    their services, such as the file dialog, where they may not. Programs that are started from here
    are not concerned, as each new program has its own mark.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
