"""Workbooks, read in a child process with limits on memory, processor and time.

The reader is native code, and a few bytes of these formats can claim any amount of memory: two
cells far apart, a forged count, an element that is never closed. Such a file aborts or hangs the
process that reads it. Checking the file first would cover the XML formats only, not .xls and
.xlsb, and each new attack would need its own check; a child process covers them all.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Self

from mailsetup.batch import workbook_child
from mailsetup.batch.spawn import start_child

_STEP = 0.1
"""Seconds between checks for a cancellation."""
_START_SECONDS = 30.0
_MAX_MESSAGE = 16 * 1024 * 1024


class CellKind(StrEnum):
    """The type of a cell that is no text."""

    NUMBER = "number"
    DATE = "date"
    TRUTH = "truth"
    ERROR = "error"


class WorkbookFault(StrEnum):
    """Why a workbook cannot be read."""

    BROKEN = "broken"
    """Damaged, not a workbook, or it takes too much memory or time."""
    PASSWORD = "password"  # noqa: S105 - a word for machines
    LARGE = "large"
    NOT_STARTED = "not-started"
    """The process that reads it could not be started."""


class WorkbookError(Exception):
    """Raised inside this package with the fault."""

    def __init__(self, fault: WorkbookFault) -> None:
        super().__init__(fault)
        self.fault = fault


class ReadingCancelledError(Exception):
    """The reading was cancelled."""


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """The limits for one workbook: bytes of memory, seconds of wall-clock and of processor time."""

    memory: int = workbook_child.MEMORY
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a sheet: its number from 1, its cells as texts, and which of them are no texts."""

    number: int
    cells: list[str]
    kinds: dict[int, CellKind]


class Workbook:
    """A workbook that a child process reads; a context manager.

    ``sheets`` are the names of its worksheets and whether each is visible.
    """

    def __init__(
        self,
        content: bytes,
        limits: WorkbookLimits | None = None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start reading. Raises WorkbookError, ReadingCancelledError."""
        self._limits = limits or WorkbookLimits()
        self._is_cancelled = is_cancelled
        self._requests = 0
        self._deadline = time.monotonic() + _START_SECONDS
        self._pipe, self._process = _started(self._limits)
        try:
            # Its first message reports that it is ready.
            self._receive(WorkbookFault.NOT_STARTED)
            self._deadline = time.monotonic() + self._limits.seconds
            self._send(content)
            self.sheets = _sheets(self._receive())
        except BaseException:
            self.close()
            raise

    def rows(self, index: int) -> Iterator[SheetRow]:
        """The rows of a sheet that are not empty. Raises WorkbookError, ReadingCancelledError."""
        self._requests += 1
        request = self._requests
        self._send(str(index).encode())
        while True:
            message = self._receive()
            if message.get("request") != request:
                # It belongs to a sheet that was not read to its end.
                continue
            if message.get("end") is True:
                return
            for number, cells in _list(message.get("rows")):
                yield _row(number, cells)

    def _send(self, content: bytes) -> None:
        try:
            self._pipe.send_bytes(content)
        except OSError:
            raise WorkbookError(WorkbookFault.BROKEN) from None

    def _receive(self, lost: WorkbookFault = WorkbookFault.BROKEN) -> dict[str, Any]:
        """The next message; ``lost`` is the fault where the child ends or is too slow."""
        while not self._pipe.poll():
            if self._is_cancelled():
                raise ReadingCancelledError
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise WorkbookError(lost)
            ready = wait([self._pipe, self._process.sentinel], min(left, _STEP))
            # Its last message may have arrived just before its end.
            if ready == [self._process.sentinel] and not self._pipe.poll():
                raise WorkbookError(lost)
        try:
            message = json.loads(self._pipe.recv_bytes(_MAX_MESSAGE))
        except (EOFError, OSError, ValueError, RecursionError):
            raise WorkbookError(lost) from None
        if not isinstance(message, dict):
            raise WorkbookError(lost)
        if "fault" in message:
            known = message["fault"] in tuple(WorkbookFault)
            raise WorkbookError(WorkbookFault(message["fault"]) if known else WorkbookFault.BROKEN)
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child process."""
        self._pipe.close()
        self._process.kill()
        self._process.join()
        with contextlib.suppress(ValueError):
            self._process.close()


def _started(limits: WorkbookLimits) -> "tuple[Connection[bytes, bytes], SpawnProcess]":
    seconds = max(1, round(limits.seconds))
    try:
        return start_child(workbook_child.serve, limits.memory, seconds, name="mailsetup-workbook")
    except OSError:
        raise WorkbookError(WorkbookFault.NOT_STARTED) from None


# The child's messages are validated like any other input ----------------------------------


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise WorkbookError(WorkbookFault.BROKEN)
    return value


def _sheets(message: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    sheets = _list(message.get("sheets"))
    return tuple((str(name), visible is True) for name, visible in sheets)


def _row(number: int, cells: list[Any]) -> SheetRow:
    kinds: dict[int, CellKind] = {}
    texts: list[str] = []
    for place, cell in enumerate(cells):
        if isinstance(cell, str):
            texts.append(cell)
        else:
            kinds[place] = CellKind(cell[0])
            texts.append(cell[1])
    return SheetRow(number, texts, kinds)
