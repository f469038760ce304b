"""Overlays over the flow: About, the log, the report for support."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from mailsetup import __version__
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.about import AboutPage
from mailsetup.gui.pages.log import LogPage
from tests.support.gui.driver import Person, Scripted
from tests.support.samples.check_results import report

MakePerson = Callable[[Assistant], Person]

CANARY = "canario-secreto"


def opens_about(person: Person) -> AboutPage:
    person.clicks(person.window.header.about)
    view = person.window.navigator.shown
    assert isinstance(view, AboutPage)
    return view


def after_a_test(person: Person) -> None:
    person.begins_the_test(CANARY)
    person.is_on(Page.RESULT)


@pytest.mark.parametrize("way", ["enter", "escape", "back"])
def test_about_is_closed_again_and_the_page_is_as_it_was(person: Person, way: str) -> None:
    person.types(person.start.address.edit, "ana@bodega")
    opens_about(person)
    if way == "enter":
        person.presses_enter()
    elif way == "escape":
        person.presses_escape()
    else:
        person.window.navigator.go_back()
    assert person.window.navigator.shown is person.start
    assert person.start.address.text == "ana@bodega"
    assert person.window.flow.page is Page.START


def test_closing_about_restores_the_focus(person: Person) -> None:
    person.types(person.start.person.edit, "Ana")
    opens_about(person)
    person.clicks(person.window.header.larger)
    person.bot.wait(20)
    person.presses_enter()
    assert person.window.focusWidget() is person.start.person.edit


def test_about_names_version_and_licences(person: Person) -> None:
    person.bot.waitUntil(lambda: bool(person.window.state.libraries))
    view = opens_about(person)
    assert __version__ in view._versions.text()
    assert "MIT" in view._privacy.text()
    person.clicks(view.parts.button)
    shown = "\n".join(person.window.state.libraries)
    assert "PySide6" in shown
    assert "LGPL" in shown
    assert "dnspython" in shown


def test_opening_about_does_not_affect_a_running_check(make_person: MakePerson) -> None:
    assistant = Scripted()
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "secreta")
    person.goes_on()
    opens_about(person)
    person.bot.waitUntil(lambda: person.window.flow.page is Page.RESULT)
    assert isinstance(person.window.navigator.shown, AboutPage)
    person.presses_escape()
    person.bot.waitUntil(lambda: person.result.isVisibleTo(person.window))
    assert person.result.title.text() == "Everything works"


def test_the_log_lists_every_step_and_no_password(person: Person) -> None:
    after_a_test(person)
    view = opens_about(person)
    person.clicks(view.log)
    log = person.window.navigator.shown
    assert isinstance(log, LogPage)
    text = log.view.toPlainText()
    assert "discovery: ask srv bodegasdelebro.es" in text
    assert "check: send ok" in text
    assert "page: result" in text
    assert CANARY not in text
    person.clicks(log.copy)
    assert QGuiApplication.clipboard().text() == text


def test_a_password_in_a_servers_answer_is_blanked_out_in_the_log(person: Person) -> None:
    after_a_test(person)
    person.window.services.log.note(f"finding: the server said {CANARY}")
    assert CANARY not in "\n".join(person.window.services.log.lines())


def test_the_report_for_support_holds_the_surroundings_and_no_password(
    make_person: MakePerson, tmp_path: Path
) -> None:
    person = make_person(Scripted(reports=[report(healthy=False)]))
    after_a_test(person)
    path = tmp_path / "support.txt"
    person.window.services.dialogs.new_file = lambda _parent, _proposed: str(path)
    view = opens_about(person)
    person.clicks(view.support)
    person.bot.waitUntil(path.exists)
    person.bot.waitUntil(lambda: view._saved.isVisibleTo(person.window))
    text = path.read_text()
    for part in (__version__, "Qt", "Python", "page: result", "account.login.refused"):
        assert part in text
    assert CANARY not in text
    assert path.stat().st_mode & 0o077 == 0


def test_a_report_for_support_that_cannot_be_written_says_why(
    person: Person, tmp_path: Path
) -> None:
    path = tmp_path / "missing" / "support.txt"
    person.window.services.dialogs.new_file = lambda _parent, _proposed: str(path)
    view = opens_about(person)
    person.clicks(view.support)
    person.bot.waitUntil(lambda: view._saved.isVisibleTo(person.window))
    assert not view._saved.text().startswith("Saved")
