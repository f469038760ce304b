"""The name that the computer knows is proposed, looks like a person's, and is never forced."""

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.full_name import as_name, own_name
from tests.support.gui.driver import TIMEOUT, Person, Scripted

MakePerson = Callable[[Assistant], Person]


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ("Ana María  Martínez", "Ana María Martínez"),
        ("root", ""),
        ("ana", ""),
        ("", ""),
        ("Office PC 3", ""),
        ("Ana\u202e Martínez", ""),
        ("A " * 60, ""),
    ],
)
def test_only_texts_like_a_persons_name_are_proposed(known: str, name: str) -> None:
    assert as_name(known) == name


@pytest.mark.skipif(sys.platform == "win32", reason="the accounts of a Unix system")
def test_the_system_is_asked_for_the_current_user() -> None:
    full = next((name for user, name in accounts() if user == os.getuid()), "")
    assert own_name() == as_name(full)


@pytest.mark.skipif(sys.platform != "linux", reason="becomes make_person else as Linux allows it")
def test_the_full_name_of_an_account_is_found() -> None:
    if os.getuid() != 0:
        pytest.skip("only root can be make_person else for a moment")
    user, full = next(((user, name) for user, name in accounts() if as_name(name)), (0, ""))
    if not full:
        pytest.skip("no user of this computer has a full name")
    os.setresuid(user, 0, 0)
    try:
        assert own_name() == as_name(full) != ""
    finally:
        os.setresuid(0, 0, 0)


def accounts() -> list[tuple[int, str]]:
    """Who there is by the system's own file, with the full name (passwd(5))."""
    lines = Path("/etc/passwd").read_text(encoding="utf-8").splitlines()
    rows = [line.split(":") for line in lines if line.count(":") == 6]
    return [(int(row[2]), row[4].split(",", 1)[0]) for row in rows]


def test_the_proposed_name_is_selected_and_used(make_person: MakePerson) -> None:
    person = make_person(Scripted())
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    knows_the_name(person)
    person.clicks(person.welcome.set_up)
    field = person.start.person.edit
    assert field.selectedText() == "Ana Martínez"
    assert person.window.focusWidget() is field
    QTest.keyClick(field, Qt.Key.Key_Tab)
    QTest.keyClicks(person.window.focusWidget(), "ana@bodegasdelebro.es")
    person.presses_enter()
    person.is_on(Page.FOUND)
    assert person.window.state.owner.name == "Ana Martínez"
    person.window.navigator.go_back()
    assert person.window.focusWidget() is person.start.address.edit


def test_an_emptied_name_stays_empty(make_person: MakePerson) -> None:
    person = make_person(Scripted())
    knows_the_name(person)
    person.enters_address("ana@bodegasdelebro.es", name="")
    person.is_on(Page.FOUND)
    person.window.navigator.go_back()
    assert person.start.person.text == ""


def test_an_invalid_address_is_reported_when_tab_leaves_it(person: Person) -> None:
    field = person.start.address
    field.edit.setFocus()
    QTest.keyClick(field.edit, Qt.Key.Key_Tab)
    assert not field.fault.isVisibleTo(person.window)
    field.edit.setFocus()
    QTest.keyClicks(field.edit, "ana@")
    assert not field.fault.isVisibleTo(person.window)
    QTest.keyClick(field.edit, Qt.Key.Key_Tab)
    assert field.fault.isVisibleTo(person.window)


def knows_the_name(person: Person, name: str = "Ana Martínez") -> None:
    """The computer's user has this full name."""
    state = person.window.state
    state.computer = replace(state.computer, user_name=name)


def loaded_once(person: Person) -> None:
    """The window has loaded all modules and is about to do so again."""
    state = person.window.state
    person.bot.waitUntil(lambda: bool(state.libraries), timeout=TIMEOUT)
    state.libraries = ()
    knows_the_name(person, "")


def test_a_slow_directory_service_does_not_delay_the_window(person: Person) -> None:
    answer = threading.Event()

    def slow() -> str:
        assert answer.wait(20)
        return "Ana Martínez"

    state = person.window.state
    loaded_once(person)
    person.window.services.warm_up.start(lambda: None, slow)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.bot.waitUntil(lambda: bool(state.libraries), timeout=TIMEOUT)
    answer.set()
    person.bot.waitUntil(lambda: state.computer.user_name == "Ana Martínez")


def test_a_failing_directory_service_affects_nothing_else(person: Person) -> None:
    def fails() -> str:
        raise OSError

    loaded_once(person)
    person.window.services.warm_up.start(lambda: None, fails)
    person.bot.waitUntil(lambda: bool(person.window.state.libraries), timeout=TIMEOUT)
    assert person.window.state.computer.user_name == ""
