"""The only place where Qt and asyncio meet.

The engine runs in one worker thread with a stock event loop. What comes back crosses the border as
frozen values in queued signals, to slots of a QObject in the window's thread.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from mailsetup.assistant.events import Event

Make = Callable[[Callable[[Event], None]], Coroutine[Any, Any, object]]
"""Makes the coroutine of a job; called in the worker thread, with the listener for its events."""

_JOIN_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended: with a value, cancelled, or with the type of a defect's exception."""

    value: object = None
    cancelled: bool = False
    defect: str = ""


@dataclass(frozen=True, slots=True)
class _Handlers:
    on_event: Callable[[Event], None]
    on_end: Callable[[JobEnd], None]


class Bridge(QObject):
    """Starts and cancels jobs in the worker thread. Belongs to the window."""

    _told = Signal(int, object)
    _ended = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Connected before anything can be emitted; queued, because the emitter is another thread.
        self._told.connect(self._deliver_event, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._deliver_end, Qt.ConnectionType.QueuedConnection)
        self._handlers: dict[int, _Handlers] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        """Cancelled, but not yet at their end: they may still have something to close."""
        self._next = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def start(
        self,
        make: Make,
        on_end: Callable[[JobEnd], None],
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> int:
        """Start a job; the handlers are called in the window's thread. Nothing after `close`."""
        self._next += 1
        job = self._next
        if self._loop.is_closed():
            return job
        self._handlers[job] = _Handlers(on_event, on_end)
        self._loop.call_soon_threadsafe(self._begin, job, make)
        return job

    def cancel(self, job: int) -> None:
        """End a job. Its handlers are not called any more."""
        self._handlers.pop(job, None)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel, job)

    def close(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Cancel everything and end the thread.

        ``farewell`` is the last work there. It is given only now: kept from the beginning, it would
        tie the window to itself, and whichever thread collects such a knot would delete widgets.
        """
        self._handlers.clear()
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._finish, farewell)
        self._thread.join(_JOIN_TIMEOUT)

    @property
    def is_running(self) -> bool:
        """Whether the worker thread lives."""
        return self._thread.is_alive()

    # In the worker thread -------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _begin(self, job: int, make: Make) -> None:
        self._tasks[job] = self._loop.create_task(self._carry_out(job, make))

    async def _carry_out(self, job: int, make: Make) -> None:
        try:
            value = await make(lambda event: self._told.emit(job, event))
            end = JobEnd(value)
        except asyncio.CancelledError:
            end = JobEnd(cancelled=True)
        except Exception as error:  # noqa: BLE001 - the border: a defect of ours, shown as such
            end = JobEnd(defect=type(error).__name__)
        finally:
            self._tasks.pop(job, None)
        self._ended.emit(job, end)

    def _cancel(self, job: int) -> None:
        task = self._tasks.pop(job, None)
        if task is not None:
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _finish(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        async def finish() -> None:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self._ending, return_exceptions=True)
            try:
                if farewell is not None:
                    await farewell()
            finally:
                self._loop.stop()

        self._finishing = self._loop.create_task(finish())

    # In the window's thread -----------------------------------------------------------------

    @Slot(int, object)
    def _deliver_event(self, job: int, event: Event) -> None:
        handlers = self._handlers.get(job)
        if handlers is not None:
            handlers.on_event(event)

    @Slot(int, object)
    def _deliver_end(self, job: int, end: JobEnd) -> None:
        handlers = self._handlers.pop(job, None)
        if handlers is not None:
            handlers.on_end(end)
