"""Windows that are closed after each test; a warning of Qt fails the test."""

import gc
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mailsetup.assistant.service import Assistant
from mailsetup.gui.app import make_application
from mailsetup.gui.appearance import Appearance
from mailsetup.gui.theme import apply_theme
from mailsetup.gui.window import Window
from tests.support.gui.driver import Person, Scripted

# Printed by the offscreen platform for every window.
_EXPECTED = ("This plugin does not support propagateSizeHints",)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's application object with its theme."""
    application = make_application()
    apply_theme(application, dark=False)
    # A wide font that Debian installs with Qt: a text that fits in it fits in others.
    font = application.font()
    font.setFamily("DejaVu Sans")
    application.setFont(font)
    return application


@pytest.fixture(autouse=True)
def _no_qt_warnings() -> Iterator[None]:
    warnings: list[str] = []

    def record(kind: QtMsgType, _context: object, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and not text.startswith(_EXPECTED):
            warnings.append(text)

    before = qInstallMessageHandler(record)
    yield
    qInstallMessageHandler(before)
    assert warnings == []


@pytest.fixture(autouse=True)
def _restore_appearance(qapp: QApplication) -> Iterator[None]:
    """Text size and contrast belong to the application: restore them for the next test."""
    font = QFont(qapp.font())
    yield
    appearance = Appearance.of(qapp)
    appearance.set_text_size(100)
    appearance.set_more_contrast(False)
    # Applied in the next turn of the event loop.
    qapp.processEvents()
    if qapp.font() != font:
        qapp.setFont(font)


@pytest.fixture(autouse=True)
def _delete_widgets(qapp: QApplication, _restore_appearance: None) -> Iterator[None]:
    """Handle the deferred deletions, for which a test runs no event loop.

    Otherwise every change of the style would be applied to hundreds of closed windows.
    """
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if qapp.topLevelWidgets():
        # Widgets in a reference cycle are deleted by the garbage collector, which ignores the
        # objects that were frozen while a table was read.
        gc.unfreeze()
        gc.collect()
    left = qapp.topLevelWidgets()
    names = [type(widget).__name__ for widget in left]
    for widget in left:
        widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert names == []


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    """A window on its first page."""
    window = Window(Scripted)
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    yield window
    window.close()


MakePerson = Callable[[Assistant], Person]


@pytest.fixture
def make_person(qtbot: QtBot) -> Iterator[MakePerson]:
    """Makes a user of a new window with a given assistant."""
    windows: list[Window] = []

    def make(assistant: Assistant) -> Person:
        window = Window(lambda: assistant)
        qtbot.addWidget(window)
        windows.append(window)
        window.show()
        person = Person(qtbot, window)
        person.clicks(person.welcome.set_up)
        return person

    yield make
    for window in windows:
        window.close()
        assert not window.services.bridge.is_running
        window.deleteLater()


@pytest.fixture
def person(make_person: MakePerson) -> Person:
    """A user for whom everything works."""
    return make_person(Scripted())
