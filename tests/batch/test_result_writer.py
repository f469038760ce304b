"""Writing results: files, journal and event, in this order, and what a cancel leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.batch.events import BatchEvent, PersonDone
from mailsetup.batch.journal import RunJournal
from mailsetup.batch.person_folder import PersonFolders
from mailsetup.batch.result import PersonResult, PersonState
from mailsetup.batch.result_writer import ResultWriter
from mailsetup.batch.work import Work
from mailsetup.batch.workers import Workers
from tests.support.batch.people import open_journal, person
from tests.support.samples.accounts import account

ANA = PersonResult(person("ana@bodega.example"), PersonState.READY, account=account())
BERTA = PersonResult(person("berta@bodega.example", row=2), PersonState.NO_SETTINGS, "Nothing.")


@asynccontextmanager
async def opened(
    out: Path, events: list[BatchEvent]
) -> AsyncIterator[tuple[ResultWriter, RunJournal]]:
    """A writer without processes."""
    folders = PersonFolders(out)
    folders.prepare()
    workers = Workers(folders.people, 1)
    with open_journal(out) as journal:
        writer = ResultWriter(journal, folders, workers, Work(), make_page=None, emit=events.append)
        yield writer, journal
        workers.close()
        writer.close()


async def test_a_result_is_on_the_disk_before_it_is_reported(tmp_path: Path) -> None:
    events: list[BatchEvent] = []
    async with opened(tmp_path, events) as (writer, journal):
        await writer.submit(ANA)
        await writer.submit(BERTA)
        await writer.submit({"kind": "refused", "hosting": "bodega.example", "at": 1.0})
        await writer.finish()
        await writer.run()
        assert [event.address for event in events if isinstance(event, PersonDone)] == [
            "ana@bodega.example",
            "berta@bodega.example",
        ]
        entry = journal.person("ana@bodega.example")
        assert entry is not None
        files = entry["files"]
        assert isinstance(files, list)
        assert "people/person-1/welcome.html" in files
        assert all((tmp_path / str(file)).is_file() for file in files)
        assert (journal.person("berta@bodega.example") or {})["folder"] == ""


async def test_several_tasks_write_until_the_last_result(tmp_path: Path) -> None:
    events: list[BatchEvent] = []
    async with opened(tmp_path, events) as (writer, _journal):
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for _number in range(3):
                group.create_task(writer.run())
            for row in range(60):
                one = person(f"p{row}@bodega.example", row=row)
                await writer.submit(replace(ANA, person=one))
            await writer.finish()
        assert len(events) == 60
        assert len(list((tmp_path / "people").iterdir())) == 60


async def test_after_a_cancel_only_what_took_a_login_is_written(tmp_path: Path) -> None:
    events: list[BatchEvent] = []
    async with opened(tmp_path, events) as (writer, journal):
        running = asyncio.create_task(writer.run())
        await asyncio.sleep(0)
        await writer.submit({"kind": "refused", "hosting": "bodega.example", "at": 1.0})
        await writer.submit(ANA)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert events == []
        assert journal.person("ana@bodega.example") is None
        assert journal.refusals == [("bodega.example", 1.0)]
