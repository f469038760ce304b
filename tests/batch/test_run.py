"""One run: its order of work, what a cancel leaves, what workers are sent."""

import asyncio
import multiprocessing
import pickle
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailsetup.assistant.run_options import RunOptions
from mailsetup.batch import events
from mailsetup.batch.events import BatchEvent, BatchStarted, EmitBatchEvent, PersonDone
from mailsetup.batch.journal import RunJournal
from mailsetup.batch.person_folder import PersonFolders
from mailsetup.batch.result_writer import ResultWriter
from mailsetup.batch.run import BatchRunner
from mailsetup.batch.table import PeopleTable, read_table
from mailsetup.batch.table_check import BatchPlan, Defaults, check_table
from mailsetup.batch.welcome_sheet import Printed
from mailsetup.batch.work import Finished, MakePage, Work
from mailsetup.batch.workers import MIN_PEOPLE, Workers
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from mailsetup.net.network import Network
from tests.support.network.scripted_network import ScriptedNetwork

pytestmark = pytest.mark.slow

MANY = MIN_PEOPLE + 10


@asynccontextmanager
async def nowhere(_options: NetworkOptions) -> AsyncIterator[Network]:
    """A network without any servers."""
    yield ScriptedNetwork().network()


def planned(tmp_path: Path, count: int, password: str = "") -> BatchPlan:
    path = tmp_path / "people.csv"
    rows = [
        f"Person {n};p{n:03}@gmail.com;{'en' if n % 2 else 'es'};{password}" for n in range(count)
    ]
    path.write_text("\n".join(("name;address;language;password", *rows)) + "\n")
    table = read_table(path)
    assert isinstance(table, PeopleTable)
    return check_table(table, Defaults("en", programs=("outlook",)))


def carried_out(
    tmp_path: Path,
    count: int,
    work: Work,
    *,
    emit: EmitBatchEvent = events.ignore,
    make_page: MakePage | None = None,
    begun: Callable[["asyncio.Task[Finished]"], None] = lambda _task: None,
) -> tuple[Finished | None, list[str]]:
    """How a run ended (None: cancelled), and the addresses of those who are done."""

    async def run(runner: BatchRunner) -> Finished | None:
        task = asyncio.ensure_future(runner.run())
        begun(task)
        try:
            return await task
        except asyncio.CancelledError:
            return None

    plan = planned(tmp_path, count)
    out = tmp_path / "out"
    journal = RunJournal.open(out)
    assert isinstance(journal, RunJournal)
    options = RunOptions(offline=True)
    with journal:
        runner = BatchRunner(
            plan, out, journal, work, options, emit=emit, make_page=make_page, network=nowhere
        )
        ended = asyncio.run(run(runner))
        done = [person.address.ascii for person in plan.people if runner.is_done(person)]
    return ended, done


def test_pages_are_made_in_the_order_of_the_table_so_that_groups_are_ready_early(
    tmp_path: Path,
) -> None:
    pages: list[str] = []

    def make_page(page: Printed) -> bytes:
        pages.append(page.title.rpartition(" ")[2])
        return b"%PDF"

    ended, done = carried_out(tmp_path, MANY, Work(pdf=True), make_page=make_page)
    assert ended == Finished()
    assert len(done) == MANY
    assert pages == sorted(pages)
    assert len(pages) == MANY
    names = sorted(path.name for path in (tmp_path / "out" / "people").iterdir())
    assert names == sorted(f"person-{number}" for number in range(MANY))


def test_a_cancel_starts_no_further_page_and_writes_those_that_were_made(tmp_path: Path) -> None:
    pages: list[str] = []
    running: list[asyncio.Task[Finished]] = []

    def make_page(page: Printed) -> bytes:
        pages.append(page.title)
        if len(pages) == 30:
            running[0].cancel()
        return b"%PDF"

    ended, done = carried_out(
        tmp_path, MANY, Work(pdf=True), make_page=make_page, begun=running.append
    )
    assert ended is None
    # It takes a few iterations of the loop until all tasks are cancelled.
    assert 30 <= len(pages) <= 40
    assert len(done) == len(pages)
    assert len(list((tmp_path / "out" / "people").iterdir())) == len(pages)


@pytest.mark.parametrize("check", [False, True])
def test_processes_are_started_for_a_long_table_but_not_for_a_check(
    tmp_path: Path, check: bool
) -> None:
    seen: set[int] = set()

    def emit(event: BatchEvent) -> None:
        if isinstance(event, PersonDone):
            seen.add(len(multiprocessing.active_children()))

    ended, _done = carried_out(tmp_path, MANY, Work(check=check), emit=emit)
    assert ended == Finished()
    assert (seen == {0}) is check
    sheets = (tmp_path / "out" / "people").glob("*/welcome.html")
    shown = {path.parent.name: path.read_text() for path in sheets}
    assert len(shown) == MANY
    for name, html in shown.items():
        language = ("es", "en")[int(name.removeprefix("person-")) % 2]
        assert f'<html lang="{language}">' in html


@pytest.mark.parametrize("count", [3, MANY])
def test_a_folder_that_disappears_stops_the_run_with_a_sentence(tmp_path: Path, count: int) -> None:
    people = tmp_path / "out" / "people"

    def emit(event: BatchEvent) -> None:
        if isinstance(event, BatchStarted):
            people.rmdir()
            people.write_text("a file")

    ended, done = carried_out(tmp_path, count, Work(), emit=emit)
    assert ended is not None
    assert str(people) in ended.stopped
    assert done == []


def test_what_is_sent_to_a_worker_holds_no_password(tmp_path: Path) -> None:
    (person,) = planned(tmp_path, 1, "canario").people
    assert person.password is not None
    assert person.password.reveal() == "canario"
    assert b"canario" in pickle.dumps(person.password.reveal())
    imap = ServerSettings(Protocol.IMAP, "imap.gmail.com", 993, SocketType.TLS, "p000")
    smtp = ServerSettings(Protocol.SMTP, "smtp.gmail.com", 465, SocketType.TLS, "p000")
    account = Account(person.address, imap, smtp, person=person.name)
    journal = RunJournal.open(tmp_path / "out")
    assert isinstance(journal, RunJournal)
    with journal:
        folders = PersonFolders(tmp_path / "out")
        workers = Workers(folders.people, 1)
        writer = ResultWriter(journal, folders, workers, Work(), make_page=None, emit=events.ignore)
        order = writer.order(person, account)
        workers.close()
        writer.close()
    sent = pickle.dumps(order)
    assert b"canario" not in sent
    assert b"Person 0" in sent
