"""Who makes people's files: a thread of this process, or processes of their own for a long table.

A worker writes folders beside their places and waits for the disk; the process that holds the
journal puts them in their places. So whatever becomes of a worker, or of the one that started it,
nothing half can be seen, and no two can write the same.

A worker gets its orders through a pipe, never as arguments, and no secret is among them. When the
other end closes, because the run is over or because its process was killed, it ends by itself.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from mailsetup.batch.person_files import FilesOrder, make
from mailsetup.batch.person_folder import laid_down
from mailsetup.batch.spawn import interrupts_blocked

MOST = 3
"""Processes at most: each holds some 45 MB."""
WORTH_IT = 150
"""People for whom a process is started; it takes half a second to be ready."""
_FAREWELL = 5.0
"""Seconds for a worker to end by itself."""

Laid = tuple[Path, str, tuple[str, ...], tuple[str, ...]]
"""A folder on the disk, not yet in its place: where, its name, its files, and notes."""

_Answer = list[Laid] | OSError | None
"""None is no answer: that it is ready, or that there was a defect."""


def lay_down(orders: Sequence[FilesOrder], people: Path) -> list[Laid]:
    """Make what was ordered and bring it to the disk, beside its place. Raises OSError."""
    made = [make(order) for order in orders]
    asides = laid_down([one.folder for one in made], people)
    return [
        (
            aside,
            one.folder.name,
            tuple("/".join(filter(None, (sub, file.name))) for sub, file in one.folder.files),
            one.notes,
        )
        for aside, one in zip(asides, made, strict=True)
    ]


class Workers:
    """Those who make files below ``people``, for one run and one event loop."""

    def __init__(self, people: Path, count: int) -> None:
        """``count`` is for how many people; nothing is started for few."""
        self._people = people
        wanted = processes() if count >= WORTH_IT else 0
        self._idle: asyncio.LifoQueue[Worker | None] = asyncio.LifoQueue()
        started = [Worker.started(people) for _number in range(wanted)]
        self._processes = [worker for worker in started if worker is not None]
        self.count = max(1, len(self._processes))
        """How many groups are made side by side."""
        for worker in self._processes or (None,):
            self._idle.put_nowait(worker)
        self._threads = ThreadPoolExecutor(self.count, thread_name_prefix="making")

    async def lay_down(self, orders: Sequence[FilesOrder]) -> list[Laid]:
        """See the function of this name; the work goes on where its waiter gives up. Raises
        OSError."""
        worker = await self._idle.get()
        doing = asyncio.get_running_loop().run_in_executor(
            self._threads, self._done_by, worker, orders
        )
        doing.add_done_callback(lambda _done: self._idle.put_nowait(worker))
        return await asyncio.shield(doing)

    def _done_by(self, worker: "Worker | None", orders: Sequence[FilesOrder]) -> list[Laid]:
        laid = worker.ask(orders) if worker is not None else None
        # A worker that cannot be started here, or that something ended, does not end the run.
        return lay_down(orders, self._people) if laid is None else laid

    def close(self) -> None:
        """End them all; waits for what they are doing."""
        self._threads.shutdown()
        for worker in self._processes:
            worker.close()


def processes() -> int:
    """How many are worth starting on this computer: one always waits for the disk."""
    return min(MOST, 1 + (os.cpu_count() or 1))


class Worker:
    """One process that lays folders down."""

    def __init__(
        self, pipe: "Connection[Sequence[FilesOrder], _Answer]", process: SpawnProcess
    ) -> None:
        """``process`` was started, and has or had the other end of ``pipe``."""
        self._pipe = pipe
        self._process = process
        self._is_ready = False
        self._is_lost = False

    @classmethod
    def started(cls, people: Path) -> "Worker | None":
        """One that is ready a little later; None where this computer cannot start it."""
        context = multiprocessing.get_context("spawn")
        try:
            ours, theirs = context.Pipe()
        except OSError:
            return None
        process = context.Process(
            target=_serve, args=(theirs, people), name="mailsetup-writer", daemon=True
        )
        # Only where no end of theirs is open here, the end of the process closes the pipe.
        with theirs:
            try:
                with interrupts_blocked():
                    process.start()
            except OSError:
                ours.close()
                return None
        return cls(ours, process)

    def ask(self, orders: Sequence[FilesOrder]) -> list[Laid] | None:
        """What it did; None where it is gone or met a defect. Raises its OSError."""
        if self._is_lost:
            return None
        try:
            if not self._is_ready:
                self._await_ready()
            self._pipe.send(orders)
            answer = self._pipe.recv()
        except (EOFError, OSError):
            self._is_lost = True
            return None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _await_ready(self) -> None:
        """Wait for its first word. Raises EOFError where it ended before that: Windows keeps its
        end of the pipe open here until it has taken it over, so reading would wait for ever."""
        wait([self._pipe, self._process.sentinel])
        if not self._pipe.poll():
            raise EOFError
        self._pipe.recv()
        self._is_ready = True

    def close(self) -> None:
        """End it; waits for what it is doing."""
        self._pipe.close()
        self._process.join(_FAREWELL)
        self._process.kill()
        self._process.join()


def _serve(orders: "Connection[_Answer, Sequence[FilesOrder]]", people: Path) -> None:
    """A worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with orders:
        answer: _Answer = None
        while True:
            try:
                # The first is the word that it is ready.
                orders.send(answer)
                wanted = orders.recv()
            except (EOFError, OSError):
                # Nobody is there to put it in its place; the next run clears it away.
                return
            try:
                answer = lay_down(wanted, people)
            except OSError as error:
                answer = error
            except Exception:  # noqa: BLE001 - told where it can be: whoever asked makes it anew
                answer = None
