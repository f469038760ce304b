"""Laying out pages for print without blocking the window."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QThread

T = TypeVar("T")


class PrintThread(QThread):
    """Work on a text document. It needs a QThread, because Qt starts timers for it there."""

    def __init__(self, work: Callable[[], bytes]) -> None:
        super().__init__()
        self._work = work
        self._result = b""
        self._error: Exception | None = None

    def run(self) -> None:
        """In the thread."""
        try:
            self._result = self._work()
        except Exception as error:  # noqa: BLE001 - raised again by `result`
            self._error = error

    def result(self) -> bytes:
        """Run the work and wait for it. Raises what the work raises."""
        self.start()
        self.wait()
        if self._error is not None:
            raise self._error
        return self._result


async def in_side_thread(work: Callable[[], T]) -> T:
    """Run work that waits for a `PrintThread`, while the event loop goes on.

    When cancelled it still waits for the end, because a running QThread must not be destroyed.
    Raises what the work raises.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise
