"""The only place where Qt and asyncio meet.

The engine runs in one worker thread with a stock event loop. What comes back crosses the border as
frozen values in queued signals, to slots of a QObject in the window's thread. The thread begins
with its first job, and asyncio is loaded there: the first picture waits for neither.
"""

import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVarTuple

from PySide6.QtCore import QObject, Qt, Signal, Slot

from mailsetup.assistant.events import Event

if TYPE_CHECKING:
    import asyncio

Ts = TypeVarTuple("Ts")
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
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        """Held where ``_loop`` and ``_waiting`` change together."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[Callable[[], None]] = []
        """What is to be done as soon as there is a loop."""

    def start(
        self,
        make: Make,
        on_end: Callable[[JobEnd], None],
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> int:
        """Start a job; the handlers are called in the window's thread. Nothing after `close`."""
        self._next += 1
        job = self._next
        if self._closed:
            return job
        self._handlers[job] = _Handlers(on_event, on_end)
        self._call(self._begin, job, make)
        return job

    def cancel(self, job: int) -> None:
        """End a job. Its handlers are not called any more."""
        self._handlers.pop(job, None)
        if not self._closed:
            self._call(self._cancel, job)

    def close(self, farewell: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Cancel everything and end the thread.

        ``farewell`` is the last work there. It is given only now: kept from the beginning, it would
        tie the window to itself, and whichever thread collects such a knot would delete widgets.
        """
        self._handlers.clear()
        closed, self._closed = self._closed, True
        if closed or self._thread is None:
            return
        self._call(self._finish, farewell)
        self._thread.join(_JOIN_TIMEOUT)

    @property
    def is_running(self) -> bool:
        """Whether the worker thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def _call(self, work: Callable[[*Ts], None], *arguments: *Ts) -> None:
        """Let the worker thread do something."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(work, *arguments)
                return
            self._waiting.append(partial(work, *arguments))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
            self._thread.start()

    # In the worker thread -------------------------------------------------------------------

    def _run(self) -> None:
        import asyncio

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        with self._lock:
            self._loop = loop
            for work in self._waiting:
                loop.call_soon(work)
            self._waiting.clear()
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _begin(self, job: int, make: Make) -> None:
        import asyncio

        task = asyncio.get_running_loop().create_task(self._carry_out(job, make))
        self._tasks[job] = task

    async def _carry_out(self, job: int, make: Make) -> None:
        import asyncio

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
        import asyncio

        loop = asyncio.get_running_loop()

        async def finish() -> None:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self._ending, return_exceptions=True)
            try:
                if farewell is not None:
                    await farewell()
            finally:
                loop.stop()

        self._finishing = loop.create_task(finish())

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
