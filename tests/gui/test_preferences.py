"""What is stored between two runs, where the user allows it; never a password."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from mailsetup.assistant.flow import Page
from mailsetup.gui.preferences import MAX_ADDRESSES, Preferences
from mailsetup.gui.window import Window
from mailsetup.i18n import language
from mailsetup.model.address import EmailAddress
from tests.support.gui.driver import Person, Scripted

OpenAgain = Callable[[], Person]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.ini"


def preferences_in(file: Path) -> Preferences:
    return Preferences(QSettings(str(file), QSettings.Format.IniFormat))


@pytest.fixture
def again(qtbot: QtBot, file: Path) -> Iterator[OpenAgain]:
    """Opens the program once more on the same computer."""
    windows: list[Window] = []

    def open_again() -> Person:
        for window in windows:
            window.close()
        window = Window(Scripted, preferences=preferences_in(file))
        qtbot.addWidget(window)
        windows.append(window)
        window.show()
        person = Person(qtbot, window)
        person.clicks(person.welcome.set_up)
        return person

    yield open_again
    for window in windows:
        window.close()


def test_addresses_are_remembered_only_when_that_was_allowed(again: OpenAgain, file: Path) -> None:
    person = again()
    assert not person.start.remember.isChecked()
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person = again()
    assert not person.start.known
    person.start.remember.setChecked(True)
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    person = again()
    assert list(person.start.known) == ["ana@bodegasdelebro.es"]
    person.clicks(person.start.known["ana@bodegasdelebro.es"])
    assert person.start.address.text == "ana@bodegasdelebro.es"
    assert "canario-secreto" not in file.read_text(encoding="utf-8")


def test_forget_deletes_stored_addresses_at_once(again: OpenAgain, file: Path) -> None:
    stored = preferences_in(file)
    stored.allow_addresses(True)
    stored.store_address(EmailAddress("ana", "bodega.test"))
    person = again()
    person.clicks(person.start.forget)
    assert not person.start.known
    assert not person.start._known.isVisibleTo(person.window)
    assert preferences_in(file).addresses() == ()
    assert person.start.remember.isChecked()


def test_withdrawing_permission_deletes_stored_addresses(again: OpenAgain, file: Path) -> None:
    stored = preferences_in(file)
    stored.allow_addresses(True)
    stored.store_address(EmailAddress("ana", "bodega.test"))
    person = again()
    person.start.remember.setChecked(False)
    assert preferences_in(file).addresses() == ()


def test_the_last_ten_addresses_are_stored_latest_first(file: Path) -> None:
    preferences = preferences_in(file)
    preferences.allow_addresses(True)
    for number in range(MAX_ADDRESSES + 3):
        preferences.store_address(EmailAddress(f"p{number}", "bodega.test"))
    preferences.store_address(EmailAddress("p5", "bodega.test"))
    stored = preferences_in(file).addresses()
    assert len(stored) == MAX_ADDRESSES
    assert stored[:2] == ("p5@bodega.test", "p12@bodega.test")


def test_an_edited_settings_file_is_read_safely(file: Path) -> None:
    file.write_text(
        "[addresses]\nallowed=true\nlast=no address, a@b\\x202e.es, ana@bodega.test\n",
        encoding="utf-8",
    )
    assert preferences_in(file).addresses() == ("ana@bodega.test",)
    file.write_text(
        "text-size=huge\ngeometry=7\nlanguage=xx\nmore-contrast=perhaps\n", encoding="utf-8"
    )
    stored = preferences_in(file)
    assert stored.text_size == 100
    assert stored.geometry is None
    assert not stored.more_contrast


def test_without_settings_storing_is_not_offered(qtbot: QtBot, window: Window) -> None:
    person = Person(qtbot, window)
    person.clicks(person.welcome.set_up)
    assert not person.start.remember.isVisibleTo(window)


def test_text_size_language_and_geometry_are_restored(again: OpenAgain, file: Path) -> None:
    person = again()
    person.window.resize(711, 557)
    person.clicks(person.window.header.larger)
    size = person.window.appearance.text_size
    person.window.header.languages.setCurrentIndex(0)
    assert language() == "es"
    person.window.close()
    person.window.appearance.set_text_size(100)
    stored = preferences_in(file)
    assert stored.language == "es"
    assert stored.text_size == size
    person = again()
    assert person.window.appearance.text_size == size
    assert (person.window.width(), person.window.height()) == (711, 557)
