"""Laying out pages for paper where the window does not wait for it."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QThread

T = TypeVar("T")


class PrintThread(QThread):
    """Work on a text document. Qt needs a thread of its own for it: it starts timers there."""

    def __init__(self, work: Callable[[], bytes]) -> None:
        super().__init__()
        self._work = work
        self._done = b""
        self._error: Exception | None = None

    def run(self) -> None:
        """In the thread."""
        try:
            self._done = self._work()
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits
            self._error = error

    def written(self) -> bytes:
        """Do the work and wait for it. Raises what the work raises."""
        self.start()
        self.wait()
        if self._error is not None:
            raise self._error
        return self._done


async def beside(work: Callable[[], T]) -> T:
    """Work that waits for pages, in a thread of its own: the engine goes on meanwhile.

    Who is cancelled still waits for its end, because a thread of Qt must not be given up while it
    runs. Raises what the work raises.
    """
    import asyncio

    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise
