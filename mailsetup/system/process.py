"""Protection of the secrets in this process: its memory with passwords, and its TLS keys."""

import contextlib
import os
import sys
from collections.abc import Sequence

_WITH_SECRETS = frozenset({"check", "batch", "kit", "export", "apply"})
"""Commands that may read a password or a token."""
_PR_SET_DUMPABLE = 4
"""linux/prctl.h"""


def keep_secrets(arguments: Sequence[str]) -> None:
    """Limit what other processes can read of this one; called once, before any secret is read.

    Disables core files, and removes ``SSLKEYLOGFILE`` from the environment, also for C libraries.
    For commands that read secrets, no other process of the same user can read the memory (Linux).
    """
    limit_cores()
    os.environ.pop("SSLKEYLOGFILE", None)
    if _WITH_SECRETS.intersection(arguments) and not os.environ.get("MAILSETUP_DEBUG"):
        hide_memory()


def limit_cores() -> None:
    """Disable core files of this process and its children."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        # Linux pipes a core to a program such as systemd-coredump even with a limit of 0, but not
        # with a limit of 1 (do_coredump in fs/coredump.c). Neither allows a file.
        wanted = 1 if sys.platform == "linux" else 0
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))


def hide_memory() -> None:
    """Forbid core dumps, tracing and ``/proc/PID/mem`` to all but root (Linux).

    Not for the window: the desktop's portals read ``/proc/PID/root`` of their clients and refuse
    their services, such as the file dialog, where they cannot. Child processes are not affected:
    execve(2) resets the flag.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
