"""Progress of long steps: one changing line on a terminal, a line every few seconds elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from mailsetup.i18n import _

SECONDS_BETWEEN_LINES = 15.0
"""Seconds between lines, where the output is a file or a pipe."""

SECONDS_BETWEEN_UPDATES = 0.1

WORTH_AN_ESTIMATE = 0.1
SECONDS_BEFORE_AN_ESTIMATE = 3.0


class Progress:
    """One step with its progress, written to standard error."""

    def __init__(
        self,
        title: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._started = self._updated = clock()
        self._shown = ""

    def __enter__(self) -> Self:
        self._write(f"{self._title} ..." + ("" if self._is_terminal else "\n"))
        self._updated = -SECONDS_BETWEEN_UPDATES if self._is_terminal else self._started
        return self

    def update(self, detail: str, fraction: float | None = None) -> None:
        """Show the state of the step; ``fraction`` is between 0 and 1, if known."""
        now = self._clock()
        between = SECONDS_BETWEEN_UPDATES if self._is_terminal else SECONDS_BETWEEN_LINES
        if now - self._updated < between:
            return
        self._updated = now
        text = f"{self._title}: {self._position(now, fraction)}, {detail}"
        if self._is_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._write("\r" + text[:width].ljust(min(len(self._shown), width)))
            self._shown = text[:width]
        else:
            self._write(f"  {text}\n")

    def _position(self, now: float, fraction: float | None) -> str:
        """The percentage done, the time taken, and an estimate of the rest."""
        elapsed = now - self._started
        if fraction is None:
            return duration(elapsed)
        share = min(max(fraction, 0.0), 1.0)
        if share < WORTH_AN_ESTIMATE or elapsed < SECONDS_BEFORE_AN_ESTIMATE:
            return f"{share:.0%}, {duration(elapsed)}"
        left = elapsed * (1 - share) / share
        return f"{share:.0%}, " + _("about {duration} left").format(duration=duration(left))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_terminal:
            width = max(len(self._shown), len(self._title) + 4)
            self._write("\r" + " " * width + "\r")
        if kind is None:
            self._write(f"{self._title}: {duration(self._clock() - self._started)}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def duration(seconds: float) -> str:
    """A duration for people to read: ``7 s``, ``3 min 12 s``."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60:02} s"


def say(text: str) -> None:
    """Write a line to standard error and flush it."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
