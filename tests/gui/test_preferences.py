"""What is kept between two runs, where it is allowed; never a password."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mailsetup.assistant.flow import Page
from mailsetup.gui.appearance import Appearance
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
def again(qtbot: QtBot, qapp: QApplication, file: Path) -> Iterator[OpenAgain]:
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
    Appearance.of(qapp).set_text_size(100)
    Appearance.of(qapp).set_more_contrast(False)


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
    assert "canario-secreto" not in file.read_text()


def test_forgetting_forgets_at_once(again: OpenAgain, file: Path) -> None:
    memory = preferences_in(file)
    memory.allow_addresses(True)
    memory.store_address(EmailAddress("ana", "bodega.test"))
    person = again()
    person.clicks(person.start.forget)
    assert not person.start.known
    assert not person.start._known.isVisibleTo(person.window)
    assert preferences_in(file).addresses() == ()
    assert person.start.remember.isChecked()


def test_no_longer_allowing_forgets_too(again: OpenAgain, file: Path) -> None:
    memory = preferences_in(file)
    memory.allow_addresses(True)
    memory.store_address(EmailAddress("ana", "bodega.test"))
    person = again()
    person.start.remember.setChecked(False)
    assert preferences_in(file).addresses() == ()


def test_the_last_ten_are_kept_the_latest_first(file: Path) -> None:
    memory = preferences_in(file)
    memory.allow_addresses(True)
    for number in range(MAX_ADDRESSES + 3):
        memory.store_address(EmailAddress(f"p{number}", "bodega.test"))
    memory.store_address(EmailAddress("p5", "bodega.test"))
    kept = preferences_in(file).addresses()
    assert len(kept) == MAX_ADDRESSES
    assert kept[:2] == ("p5@bodega.test", "p12@bodega.test")


def test_a_file_that_somebody_edited_does_no_harm(file: Path) -> None:
    file.write_text("[addresses]\nallowed=true\nlast=no address, a@b\\x202e.es, ana@bodega.test\n")
    assert preferences_in(file).addresses() == ("ana@bodega.test",)
    file.write_text("text-size=huge\ngeometry=7\nlanguage=xx\nmore-contrast=perhaps\n")
    memory = preferences_in(file)
    assert memory.text_size == 100
    assert memory.geometry is None
    assert not memory.more_contrast


def test_without_a_place_nothing_is_offered(qtbot: QtBot) -> None:
    window = Window(Scripted)
    qtbot.addWidget(window)
    window.show()
    person = Person(qtbot, window)
    person.clicks(person.welcome.set_up)
    assert not person.start.remember.isVisibleTo(window)
    window.close()


def test_text_size_language_and_the_windows_size_come_back(again: OpenAgain, file: Path) -> None:
    person = again()
    person.window.resize(711, 557)
    person.clicks(person.window.header.larger)
    size = person.window.appearance.text_size
    person.window.header.languages.setCurrentIndex(0)
    assert language() == "es"
    person.window.close()
    person.window.appearance.set_text_size(100)
    kept = preferences_in(file)
    assert kept.language == "es"
    assert kept.text_size == size
    person = again()
    assert person.window.appearance.text_size == size
    assert (person.window.width(), person.window.height()) == (711, 557)
