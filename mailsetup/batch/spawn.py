"""Starts child processes: with a pipe, and without Ctrl-C, which is for the parent."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """A process started inside the block inherits a blocked SIGINT."""
    if sys.platform == "win32":
        yield
        return
    # It is started with the first child and would unblock the signal.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_child(
    target: Callable[..., None], *arguments: object, name: str
) -> "tuple[Connection[Any, Any], SpawnProcess]":
    """Start ``target(pipe, *arguments)`` in a process; this end of its pipe, and the process.

    Spawned, not forked: the window has threads. In a frozen program the child is the program itself
    (`multiprocessing.freeze_support`). Raises OSError where the system cannot start one.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), name=name, daemon=True)
    # The end of the process closes the pipe only where this process has no copy of its end.
    with theirs:
        try:
            with interrupts_blocked():
                process.start()
        except OSError:
            ours.close()
            raise
    return ours, process
