"""Processes that make people's files: what they do, and that nothing depends on them."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from mailsetup.batch.person_files import FilesOrder
from mailsetup.batch.workers import MIN_PEOPLE, Worker, Workers
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    Account,
    Protocol,
    ServerSettings,
    SocketType,
)

ROOT = Path(__file__).resolve().parent.parent.parent
ANA = EmailAddress("ana", "bodega.es")
ACCOUNT = Account(
    ANA,
    ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, ANA.ascii),
    ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, ANA.ascii),
    person="Ana canario",
)
ORDER = FilesOrder("ana", ACCOUNT, "en", ("outlook",))
DEFECT = replace(ORDER, programs=cast("tuple[str, ...]", None))
"""An order that no table can lead to: making it raises."""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    started = Worker.start(tmp_path)
    assert started is not None
    yield started
    started.close()


def test_a_worker_writes_each_sheet_in_the_persons_language(worker: Worker, tmp_path: Path) -> None:
    orders = [replace(ORDER, folder=word, language=word) for word in ("es", "en", "es")]
    written = worker.write(orders)
    assert written is not None
    shown = [(one.name, (one.temporary / "welcome.html").read_text()) for one in written]
    assert [name for name, _html in shown] == ["es", "en", "es"]
    assert all(f'<html lang="{name}">' in html for name, html in shown)
    assert ["Tu dirección de correo" in html for _name, html in shown] == [True, False, True]
    assert {one.temporary.parent for one in written} == {tmp_path}


def test_an_error_of_the_disk_comes_back_from_a_worker(worker: Worker, tmp_path: Path) -> None:
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    with pytest.raises(FileNotFoundError):
        worker.write([ORDER])
    tmp_path.mkdir()
    assert worker.write([ORDER])


def test_a_defect_in_a_worker_prints_nothing_and_does_not_end_it(
    worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    assert worker.write([DEFECT]) is None
    assert worker.write([ORDER])
    worker.close()
    assert capfd.readouterr() == ("", "")


def test_the_caller_meets_the_defect_itself(tmp_path: Path) -> None:
    asyncio.run(_meet_a_defect(tmp_path))
    assert not list(tmp_path.iterdir())


async def _meet_a_defect(tmp_path: Path) -> None:
    workers = Workers(tmp_path, MIN_PEOPLE)
    try:
        with pytest.raises(TypeError):
            await workers.write([DEFECT])
    finally:
        workers.close()


def test_a_worker_that_ended_before_it_was_ready_is_not_waited_for() -> None:
    """As on Windows, where its end of the pipe stays open here until it took it over."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=os._exit, args=(3,))
    process.start()
    with theirs:
        worker = Worker(ours, process)
        assert worker.write([ORDER]) is None
        assert worker.write([ORDER]) is None
        worker.close()
    assert process.exitcode == 3


async def test_where_the_workers_were_killed_the_files_are_written_by_this_process(
    tmp_path: Path,
) -> None:
    workers = Workers(tmp_path, MIN_PEOPLE)
    try:
        for process in multiprocessing.active_children():
            process.kill()
            process.join()
        for _attempt in range(2):
            (written,) = await workers.write([ORDER])
            assert (written.temporary / "welcome.html").is_file()
    finally:
        workers.close()


def test_a_worker_ends_with_its_parent() -> None:
    code = (
        "import os\n"
        "from pathlib import Path\n"
        "from mailsetup.batch.workers import Worker\n"
        "worker = Worker.start(Path())\n"
        "worker._wait_until_ready()\n"
        "print(worker._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    worker = int(parent.stdout)
    deadline = time.monotonic() + 20
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(worker)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
async def test_where_no_pipe_can_be_opened_the_files_are_made_here(tmp_path: Path) -> None:
    import resource

    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        # What is open stays open; nothing new can be opened.
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, usual[1]))
        workers = Workers(tmp_path, MIN_PEOPLE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    try:
        assert workers.count == 1
        (written,) = await workers.write([ORDER])
        assert (written.temporary / "welcome.html").is_file()
    finally:
        workers.close()
