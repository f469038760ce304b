"""Waiting for what another process does, with a limit."""

import time
from collections.abc import Callable
from pathlib import Path


def wait_until(condition: Callable[[], bool], seconds: float = 30, what: str = "it") -> None:
    """Poll ``condition`` until it holds.

    :raises AssertionError: it did not hold within ``seconds``; the message names ``what``.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.02)


def wait_for_line(path: Path, seconds: float = 30) -> str:
    """The first line of a file that another process writes.

    A file exists before its text is in it: a shell creates it first and writes then.
    """

    def complete() -> bool:
        return path.exists() and "\n" in path.read_text(encoding="utf-8")

    wait_until(complete, seconds, f"a line in {path.name}")
    return path.read_text(encoding="utf-8").partition("\n")[0]
