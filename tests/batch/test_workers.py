"""Processes that make people's files: what they do, and that nothing depends on them."""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.batch.person_files import FilesOrder
from mailsetup.batch.workers import WORTH_IT, Worker, Workers
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    Account,
    Protocol,
    ServerSettings,
    SocketType,
)

ANA = EmailAddress("ana", "bodega.es")
ACCOUNT = Account(
    ANA,
    ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, ANA.ascii),
    ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, ANA.ascii),
    person="Ana canario",
)
ORDER = FilesOrder("ana", ACCOUNT, "en", ("outlook",))
DEFECT = replace(ORDER, programs=None)  # type: ignore[arg-type]
"""Nothing that a table could lead to."""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    started = Worker.started(tmp_path)
    assert started is not None
    yield started
    started.close()


def test_a_worker_writes_each_sheet_in_the_persons_language(worker: Worker, tmp_path: Path) -> None:
    laid = worker.ask([replace(ORDER, folder=word, language=word) for word in ("es", "en", "es")])
    assert laid is not None
    shown = [(name, (aside / "welcome.html").read_text()) for aside, name, _files, _notes in laid]
    assert [name for name, _html in shown] == ["es", "en", "es"]
    assert all(f'<html lang="{name}">' in html for name, html in shown)
    assert ["Tu dirección de correo" in html for _name, html in shown] == [True, False, True]
    assert {aside.parent for aside, *_rest in laid} == {tmp_path}


def test_an_error_of_the_disk_comes_back_from_a_worker(worker: Worker, tmp_path: Path) -> None:
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    with pytest.raises(FileNotFoundError):
        worker.ask([ORDER])
    tmp_path.mkdir()
    assert worker.ask([ORDER])


def test_a_defect_in_a_worker_shows_nothing_of_anybody_and_does_not_end_it(
    worker: Worker, capfd: pytest.CaptureFixture[str]
) -> None:
    assert worker.ask([DEFECT]) is None
    assert worker.ask([ORDER])
    worker.close()
    assert capfd.readouterr() == ("", "")


def test_whoever_asked_meets_the_defect_itself(tmp_path: Path) -> None:
    asyncio.run(_meet_a_defect(tmp_path))
    assert not list(tmp_path.iterdir())


async def _meet_a_defect(tmp_path: Path) -> None:
    workers = Workers(tmp_path, WORTH_IT)
    try:
        with pytest.raises(TypeError):
            await workers.lay_down([DEFECT])
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
        assert worker.ask([ORDER]) is None
        assert worker.ask([ORDER]) is None
        worker.close()
    assert process.exitcode == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
async def test_where_no_pipe_can_be_opened_the_files_are_made_here(tmp_path: Path) -> None:
    import resource

    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        # Whatever is open stays so; nothing new can be opened.
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, usual[1]))
        workers = Workers(tmp_path, WORTH_IT)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    try:
        assert workers.count == 1
        (laid,) = await workers.lay_down([ORDER])
        assert (laid[0] / "welcome.html").is_file()
    finally:
        workers.close()
