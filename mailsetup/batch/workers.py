"""Makes people's files: in a thread of this process, or in several processes for a long table.

A worker writes temporary folders and waits for the disk; the process that holds the journal moves
them into place. So whatever happens to a worker, or to the process that started it, nothing
incomplete is visible, and no two write the same folder.

A worker gets its orders through a pipe, never as command-line arguments, and they contain no
secret. It ends when the other end of the pipe closes: because the run is over, or because its
process was killed. `concurrent.futures.ProcessPoolExecutor` is not used: its workers survive their
parent, and before Python 3.11.6 it waits for ever when a worker dies at the wrong moment.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from mailsetup.batch.person_files import FilesOrder, make
from mailsetup.batch.person_folder import write_folders
from mailsetup.batch.spawn import start_child

MAX_PROCESSES = 3
"""Each takes some 45 MB."""
MIN_PEOPLE = 150
"""People for whom processes are started; they take half a second to be ready."""
_JOIN_SECONDS = 5.0
"""For a worker to end by itself."""


@dataclass(frozen=True, slots=True)
class WrittenFolder:
    """A person's folder on the disk, not yet in its place.

    ``files`` are paths below it; ``notes`` name the programs that got nothing, with the reason.
    """

    temporary: Path
    name: str
    files: tuple[str, ...]
    notes: tuple[str, ...]


_Answer = list[WrittenFolder] | OSError | None
"""None is no result: the worker has become ready, or met a defect."""


def write_orders(orders: Sequence[FilesOrder], people: Path) -> list[WrittenFolder]:
    """Make what was ordered and write it into temporary folders in ``people``. Raises OSError."""
    made = [make(order) for order in orders]
    paths = write_folders([one.folder for one in made], people)
    return [
        WrittenFolder(
            path,
            one.folder.name,
            tuple("/".join(filter(None, (sub, file.name))) for sub, file in one.folder.files),
            one.notes,
        )
        for path, one in zip(paths, made, strict=True)
    ]


class Workers:
    """Write folders in ``people``, for one run and one event loop."""

    def __init__(self, people: Path, count: int) -> None:
        """``count`` is for how many people; no process is started for few."""
        self._people = people
        wanted = min(MAX_PROCESSES, 1 + (os.cpu_count() or 1)) if count >= MIN_PEOPLE else 0
        started = [Worker.start(people) for _number in range(wanted)]
        self._processes = [worker for worker in started if worker is not None]
        self.count = max(1, len(self._processes))
        """How many groups are written concurrently."""
        self._idle: asyncio.LifoQueue[Worker | None] = asyncio.LifoQueue()
        for worker in self._processes or (None,):
            self._idle.put_nowait(worker)
        self._threads = ThreadPoolExecutor(self.count, thread_name_prefix="writer")

    async def write(self, orders: Sequence[FilesOrder]) -> list[WrittenFolder]:
        """See `write_orders`; the work goes on where the caller is cancelled. Raises OSError."""
        worker = await self._idle.get()
        writing = asyncio.get_running_loop().run_in_executor(
            self._threads, self._write, worker, orders
        )
        writing.add_done_callback(lambda _done: self._idle.put_nowait(worker))
        return await asyncio.shield(writing)

    def _write(self, worker: "Worker | None", orders: Sequence[FilesOrder]) -> list[WrittenFolder]:
        written = worker.write(orders) if worker is not None else None
        # A worker that could not be started, or was killed, does not end the run.
        return write_orders(orders, self._people) if written is None else written

    def close(self) -> None:
        """End all workers; waits for what they are doing."""
        self._threads.shutdown()
        for worker in self._processes:
            worker.close()


class Worker:
    """One process that writes folders."""

    def __init__(
        self, pipe: "Connection[Sequence[FilesOrder], _Answer]", process: SpawnProcess
    ) -> None:
        """``process`` was started, and has or had the other end of ``pipe``."""
        self._pipe = pipe
        self._process = process
        self._is_ready = False
        self._is_lost = False

    @classmethod
    def start(cls, people: Path) -> "Worker | None":
        """A worker that is ready a little later; None where the system cannot start one."""
        try:
            pipe, process = start_child(_serve, people, name="mailsetup-writer")
        except OSError:
            return None
        return cls(pipe, process)

    def write(self, orders: Sequence[FilesOrder]) -> list[WrittenFolder] | None:
        """See `write_orders`; None where the worker is gone or met a defect. Raises its OSError."""
        if self._is_lost:
            return None
        try:
            if not self._is_ready:
                self._wait_until_ready()
            self._pipe.send(orders)
            answer = self._pipe.recv()
        except (EOFError, OSError):
            self._is_lost = True
            return None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _wait_until_ready(self) -> None:
        """Receive the first message. Raises EOFError where the process ended before it: Windows
        leaves the process's end of the pipe open here until it has taken it over, so receiving
        would wait for ever."""
        wait([self._pipe, self._process.sentinel])
        if not self._pipe.poll():
            raise EOFError
        self._pipe.recv()
        self._is_ready = True

    def close(self) -> None:
        """End the process; waits for what it is doing."""
        self._pipe.close()
        self._process.join(_JOIN_SECONDS)
        self._process.kill()
        self._process.join()


def _serve(orders: "Connection[_Answer, Sequence[FilesOrder]]", people: Path) -> None:
    """Runs in the worker: answers orders until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with orders:
        answer: _Answer = None
        while True:
            try:
                # The first message reports that it is ready.
                orders.send(answer)
                wanted = orders.recv()
            except (EOFError, OSError):
                # No process moves this worker's folders into place; the next run removes them.
                return
            try:
                answer = write_orders(wanted, people)
            except OSError as error:
                answer = error
            except Exception:  # noqa: BLE001 - the parent makes the files itself and raises it
                answer = None
