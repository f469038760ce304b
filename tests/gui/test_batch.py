"""A table of many people in the window: dropped, checked, worked through, stopped and resumed."""

import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.batch.result import PersonState
from mailsetup.gui.pages.batch_done import BatchDonePage
from mailsetup.gui.pages.batch_table import BatchTablePage
from mailsetup.gui.pages.technician import TechnicianPage
from tests.support.batch.workbooks import cell_at, ods, xlsx
from tests.support.gui import gallery
from tests.support.gui.driver import TIMEOUT, Person, Scripted

MakePerson = Callable[[Assistant], Person]


@pytest.fixture
def technician(make_person: MakePerson) -> Person:
    """A person at the page for a table, without network access."""
    person = make_person(Scripted())
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.technician)
    view = person.window.pages.view(Page.TECHNICIAN)
    assert isinstance(view, TechnicianPage)
    view.offline.setChecked(True)
    person.clicks(view.table)
    person.is_on(Page.BATCH)
    return person


def page(person: Person) -> BatchTablePage:
    view = person.window.pages.view(Page.BATCH)
    assert isinstance(view, BatchTablePage)
    return view


def drops(person: Person, table: Path) -> None:
    """Drop a file and wait until it was read."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(table))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    action = Qt.DropAction.CopyAction
    page(person).dropEvent(QDropEvent(QPointF(5, 5), action, data, buttons, keys))
    batch = person.window.services.batch
    person.bot.waitUntil(lambda: not batch.state.reading, timeout=TIMEOUT)


def table(tmp_path: Path, rows: int, *others: str) -> Path:
    path = tmp_path / "people.csv"
    lines = [f"Person {number};p{number}@gmail.com" for number in range(rows)]
    path.write_text("\n".join(("nombre;correo", *lines, *others)) + "\n", encoding="utf-8")
    return path


def test_a_dropped_table_is_checked_worked_through_and_its_overview_opened(
    technician: Person, tmp_path: Path
) -> None:
    drops(technician, table(tmp_path, 3, "Nobody;no-address"))
    view = page(technician)
    assert "Row 5" in view.faults.text()
    assert not technician.window.footer.primary.isEnabled()
    view.skip_bad.setChecked(True)
    view.programs["outlook"].setChecked(True)
    technician.goes_on()
    technician.is_on(Page.BATCH_DONE)
    out = tmp_path / "people-mailsetup"
    report = json.loads((out / "report.json").read_text())
    assert report["totals"]["ready"] == 3
    assert report["people"][0]["programs"] == ["outlook", "other"]
    done = technician.window.pages.view(Page.BATCH_DONE)
    assert isinstance(done, BatchDonePage)
    opened: list[Path] = []
    technician.window.services.dialogs.show = opened.append
    technician.clicks(done.overview)
    technician.clicks(done.folder)
    assert opened == [out / "report.html", out]
    technician.goes_on()
    technician.is_on(Page.WELCOME)


def test_a_stopped_run_continues_where_it_was(technician: Person, tmp_path: Path) -> None:
    count = 160
    drops(technician, table(tmp_path, count))
    people = tmp_path / "people-mailsetup" / "people"
    technician.goes_on()
    technician.bot.waitUntil(
        lambda: people.is_dir() and len(list(people.glob("person-*"))) > 5, timeout=TIMEOUT
    )
    technician.presses_escape()
    technician.is_on(Page.BATCH)
    assert technician.window.footer.primary.text() == "Go on where it was"
    technician.goes_on()
    technician.bot.waitUntil(
        lambda: technician.window.flow.page is Page.BATCH_DONE, timeout=4 * TIMEOUT
    )
    overview = technician.window.services.batch.state.overview
    assert overview is not None
    assert overview.totals[PersonState.READY] == count
    assert len(list(people.iterdir())) == count


def test_a_file_that_is_no_table_is_reported_and_cannot_be_started(
    technician: Person, tmp_path: Path
) -> None:
    path = tmp_path / "photo.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    drops(technician, path)
    assert page(technician).faults.text()
    assert not technician.window.footer.primary.isVisibleTo(technician.window)


def test_a_folder_that_cannot_be_written_is_reported(technician: Person, tmp_path: Path) -> None:
    drops(technician, table(tmp_path, 2))
    (tmp_path / "people-mailsetup").write_text("a file")
    technician.goes_on()
    technician.bot.waitUntil(lambda: bool(page(technician).faults.text()), timeout=TIMEOUT)
    assert technician.window.flow.page is Page.BATCH


def test_no_password_of_the_table_is_in_the_written_files(
    technician: Person, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("address,password\nana@gmail.com,canario-7\n")
    drops(technician, path)
    technician.goes_on()
    technician.is_on(Page.BATCH_DONE)
    for file in (tmp_path / "people-mailsetup").rglob("*"):
        assert not file.is_file() or b"canario" not in file.read_bytes()


def test_the_settings_files_that_a_table_names_are_listed(
    technician: Person, tmp_path: Path
) -> None:
    server = {"host": "mail.b.es", "port": 993, "security": "tls"}
    sides = {
        "incoming": [{**server, "protocol": "imap"}],
        "outgoing": [{**server, "protocol": "smtp", "port": 465}],
    }
    (tmp_path / "one.json").write_text(json.dumps(sides))
    (tmp_path / "people.csv").write_text("address;settings\na@b.es;one.json\n")
    drops(technician, tmp_path / "people.csv")
    assert "one.json" in page(technician).summary.text()


def with_commands(technician: Person, tmp_path: Path, *commands: str) -> BatchTablePage:
    """The page with a table that names these commands, and the test switched on."""
    path = tmp_path / "people.csv"
    rows = (f"p{number}@gmail.com;{command}" for number, command in enumerate(commands))
    path.write_text("\n".join(("address;command", *rows)) + "\n")
    drops(technician, path)
    view = page(technician)
    assert not view.question.isVisibleTo(technician.window)
    view.check.setChecked(True)
    return view


def test_commands_of_a_table_are_run_only_after_every_one_was_shown_and_agreed_to(
    technician: Person, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    view = with_commands(technician, tmp_path, f"touch {mark}", "pass {address}", f"touch {mark}")
    assert view.question.isVisibleTo(technician.window)
    assert view.question.commands.text().split("\n") == [f"touch {mark}", "pass {address}"]
    assert not technician.window.footer.primary.isEnabled()
    technician.clicks(view.question.agree)
    assert technician.window.footer.primary.isEnabled()
    technician.goes_on()
    technician.is_on(Page.BATCH_DONE)
    assert mark.exists()


def test_without_a_test_no_command_is_asked_about_or_run(
    technician: Person, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    view = with_commands(technician, tmp_path, f"touch {mark}")
    view.check.setChecked(False)
    assert not view.question.isVisibleTo(technician.window)
    technician.goes_on()
    technician.is_on(Page.BATCH_DONE)
    assert not mark.exists()


def test_agreement_for_one_table_does_not_count_for_another(
    technician: Person, tmp_path: Path
) -> None:
    technician.clicks(with_commands(technician, tmp_path, "true").question.agree)
    assert technician.window.footer.primary.isEnabled()
    page(technician).check.setChecked(False)
    view = with_commands(technician, tmp_path, "true", "false")
    assert not view.question.agree.isChecked()
    assert not technician.window.footer.primary.isEnabled()


def test_too_many_commands_to_read_cannot_be_agreed_to(technician: Person, tmp_path: Path) -> None:
    view = with_commands(technician, tmp_path, *(f"echo {number}" for number in range(101)))
    assert not view.question.agree.isVisibleTo(technician.window)
    assert not technician.window.footer.primary.isEnabled()


def test_a_hostile_workbook_is_reported_and_the_window_continues(
    technician: Person, tmp_path: Path
) -> None:
    path = tmp_path / "people.xlsx"
    path.write_bytes(xlsx({"P": cell_at("A1") + cell_at("XFD1048576")}))
    drops(technician, path)
    assert "cannot be read" in page(technician).faults.text()
    drops(technician, table(tmp_path, 2))
    assert technician.window.footer.primary.isEnabled()


def test_a_table_that_hangs_does_not_block_another(technician: Person, tmp_path: Path) -> None:
    path = tmp_path / "people.ods"
    path.write_bytes(ods("<table:table table:name='P'>", is_closed=False))
    batch = technician.window.services.batch
    batch.choose(path)
    batch.read_table()
    begun = time.monotonic()
    drops(technician, table(tmp_path, 2))
    assert time.monotonic() - begun < 10
    assert batch.state.plan is not None
    technician.bot.waitUntil(lambda: not multiprocessing.active_children(), timeout=TIMEOUT)


def has_overview(person: Person, *companies: str) -> None:
    """The run left these companies to be agreed to."""
    batch = person.window.services.batch
    assert batch.state.overview is not None
    overview = replace(batch.state.overview, confirm=companies)
    batch.state = replace(batch.state, overview=overview)


def asked_about(person: Person, *companies: str) -> BatchDonePage:
    """The end of a run that left these companies to be agreed to."""
    gallery.show(person.window, "fleet-left")
    has_overview(person, *companies)
    done = person.window.pages.view(Page.BATCH_DONE)
    assert isinstance(done, BatchDonePage)
    done.enter()
    return done


def test_every_company_to_agree_to_has_its_own_line(person: Person) -> None:
    companies = tuple(f"hosting-{number}.example" for number in range(20))
    done = asked_about(person, *companies)
    assert tuple(done.domains.text().split("\n")) == companies
    assert done.domains.isVisibleTo(person.window)
    person.clicks(done.agree)
    assert person.window.services.batch.state.agreed == companies
    person.clicks(done.agree)
    assert person.window.services.batch.state.agreed == ()


def test_a_company_with_foreign_letters_is_shown_in_both_forms(person: Person) -> None:
    done = asked_about(person, "xn--80ak6aa92e.com")
    assert done.domains.text() == "\u0430\u0440\u0440\u04cf\u0435.com (xn--80ak6aa92e.com)"


def test_companies_that_were_not_shown_are_not_agreed_to(person: Person) -> None:
    done = asked_about(person, "hosting.example")
    has_overview(person, "hosting.example", "other.example")
    person.clicks(done.agree)
    assert person.window.services.batch.state.agreed == ("hosting.example",)


def test_earlier_agreements_remain_after_the_next_run(person: Person) -> None:
    done = asked_about(person, "hosting.example")
    person.clicks(done.agree)
    has_overview(person, "other.example")
    done.enter()
    assert not done.agree.isChecked()
    person.clicks(done.agree)
    assert person.window.services.batch.state.agreed == ("hosting.example", "other.example")


def test_escape_does_nothing_once_everybody_is_set_up(person: Person) -> None:
    gallery.show(person.window, "fleet-done")
    person.presses_escape()
    assert person.window.flow.page is Page.BATCH_DONE
