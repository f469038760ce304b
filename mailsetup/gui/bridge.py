"""The only place where Qt and asyncio meet.

Jobs are coroutines in one worker thread with a stock event loop. Their events and results reach the
window's thread as frozen values in queued signals. The thread starts with the first job and imports
asyncio itself: the first picture waits for neither.
"""

import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, TypeVarTuple

from PySide6.QtCore import QObject, Qt, Signal, Slot

from mailsetup.i18n import _
from mailsetup.model.text import plain

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
E = TypeVar("E")
Ts = TypeVarTuple("Ts")

_JOIN_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Defect:
    """A job that ended by an exception; ``kind`` is its type."""

    kind: str

    @property
    def sentence(self) -> str:
        """For the user."""
        return _("This program made a mistake ({kind}).").format(kind=plain(self.kind, 60))


JobEnd: TypeAlias = T | Defect
"""The result of a job."""
Job: TypeAlias = Callable[[], Coroutine[Any, Any, T]]
"""Makes the coroutine of a job; called in the worker thread."""
EventJob: TypeAlias = Callable[[Callable[[E], None]], Coroutine[Any, Any, T]]
"""The same, with the listener for the job's events."""


@dataclass(frozen=True, slots=True)
class _Handlers:
    on_event: Callable[[Any], None]
    on_end: Callable[[Any], None]


class Bridge(QObject):
    """Starts and cancels jobs in the worker thread. Belongs to the window's thread."""

    _emitted = Signal(int, object)
    _ended = Signal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Connected before anything can be emitted; queued, because the emitter is another thread.
        self._emitted.connect(self._deliver_event, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._deliver_end, Qt.ConnectionType.QueuedConnection)
        self._handlers: dict[int, _Handlers] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        """Cancelled tasks that have not ended yet: they may still have something to close."""
        self._next = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        """Held while ``_loop`` and ``_waiting`` change together."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[Callable[[], None]] = []
        """Calls for the loop before it exists."""

    def start(self, job: Job[T], on_end: Callable[[JobEnd[T]], None] = lambda _end: None) -> int:
        """Start a job without events; ``on_end`` is called in the window's thread.

        Does nothing after `close`.
        """
        return self.start_with_events(lambda _emit: job(), on_end, lambda _event: None)

    def start_with_events(
        self,
        job: EventJob[E, T],
        on_end: Callable[[JobEnd[T]], None],
        on_event: Callable[[E], None],
    ) -> int:
        """Start a job; the handlers are called in the window's thread. Nothing after `close`."""
        self._next += 1
        number = self._next
        if self._closed:
            return number
        self._handlers[number] = _Handlers(on_event, on_end)
        self._call(self._create_task, number, job)
        return number

    def cancel(self, number: int) -> None:
        """Cancel a job. Its handlers are not called any more."""
        self._handlers.pop(number, None)
        if not self._closed:
            self._call(self._cancel_task, number)

    def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Cancel all jobs, run ``last`` in the worker thread, and end the thread.

        ``last`` is passed only now: stored earlier, it would be part of a reference cycle with the
        window, and the thread that collects such a cycle would delete widgets.
        """
        self._handlers.clear()
        closed, self._closed = self._closed, True
        if closed or self._thread is None:
            return
        self._call(self._finish, last)
        self._thread.join(_JOIN_TIMEOUT)

    @property
    def is_running(self) -> bool:
        """Whether the worker thread is alive."""
        return self._thread is not None and self._thread.is_alive()

    def _call(self, function: Callable[[*Ts], None], *arguments: *Ts) -> None:
        """Call a function in the worker thread."""
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function, *arguments)
                return
            self._waiting.append(partial(function, *arguments))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
            self._thread.start()

    # In the worker thread -------------------------------------------------------------------

    def _run(self) -> None:
        import asyncio  # 60 ms; the first picture does not wait for it

        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        with self._lock:
            self._loop = loop
            for call in self._waiting:
                loop.call_soon(call)
            self._waiting.clear()
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    def _create_task(self, number: int, job: EventJob[E, T]) -> None:
        if self._loop is not None:
            self._tasks[number] = self._loop.create_task(self._run_job(number, job))

    async def _run_job(self, number: int, job: EventJob[E, T]) -> None:
        import asyncio

        end: JobEnd[T]
        try:
            end = await job(lambda event: self._emitted.emit(number, event))
        except asyncio.CancelledError as error:
            end = Defect(type(error).__name__)
        except Exception as error:  # noqa: BLE001 - any defect of a job is shown to the user
            end = Defect(type(error).__name__)
        finally:
            self._tasks.pop(number, None)
        self._ended.emit(number, end)

    def _cancel_task(self, number: int) -> None:
        task = self._tasks.pop(number, None)
        if task is not None:
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _finish(self, last: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        import asyncio

        loop = asyncio.get_running_loop()

        async def finish() -> None:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, *self._ending, return_exceptions=True)
            try:
                if last is not None:
                    await last()
            finally:
                loop.stop()

        self._finishing = loop.create_task(finish())

    # In the window's thread -----------------------------------------------------------------

    @Slot(int, object)
    def _deliver_event(self, number: int, event: object) -> None:
        handlers = self._handlers.get(number)
        if handlers is not None:
            handlers.on_event(event)

    @Slot(int, object)
    def _deliver_end(self, number: int, end: object) -> None:
        handlers = self._handlers.pop(number, None)
        if handlers is not None:
            handlers.on_end(end)
