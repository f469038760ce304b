"""Start a child process that Ctrl-C does not reach: it is meant for the parent alone."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """A process started in here inherits SIGINT as blocked."""
    if sys.platform == "win32":
        yield
        return
    # Started along with the first child, the tracker would unblock the signal on its way.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
