"""Windows that are closed again, and Qt warnings that fail."""

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

# The offscreen platform says this of every window; it is about the platform, not about us.
_OF_THE_PLATFORM = ("This plugin does not support propagateSizeHints",)


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's own application object, dressed."""
    application = make_application()
    apply_theme(application, dark=False)
    # A wide font that comes with Qt's libraries on Debian: what fits with it fits with others.
    font = application.font()
    font.setFamily("DejaVu Sans")
    application.setFont(font)
    return application


@pytest.fixture(autouse=True)
def _no_qt_warnings() -> Iterator[None]:
    said: list[str] = []

    def take(kind: QtMsgType, _context: object, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and not text.startswith(_OF_THE_PLATFORM):
            said.append(text)

    before = qInstallMessageHandler(take)
    yield
    qInstallMessageHandler(before)
    assert said == []


@pytest.fixture(autouse=True)
def _the_look_comes_back(qapp: QApplication) -> Iterator[None]:
    """Text size and contrast belong to the application: the next test begins with the usual."""
    font = QFont(qapp.font())
    yield
    look = Appearance.of(qapp)
    look.set_text_size(100)
    look.set_more_contrast(False)
    # It dresses in the next turn of the loop.
    qapp.processEvents()
    if qapp.font() != font:
        qapp.setFont(font)


@pytest.fixture(autouse=True)
def _no_widget_outlives_its_test(qapp: QApplication, _the_look_comes_back: None) -> Iterator[None]:
    """What is to be deleted later is deleted by a loop that runs on; a test has none that does.

    Hundreds of closed windows would be dressed anew with each change of the look.
    """
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if qapp.topLevelWidgets():
        # What nobody was to delete may hang in a knot that Python has not untied yet, and would not
        # look for where a table was read.
        gc.unfreeze()
        gc.collect()
    left = qapp.topLevelWidgets()
    names = [type(widget).__name__ for widget in left]
    for widget in left:
        widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert names == []


MakePerson = Callable[[Assistant], Person]


@pytest.fixture
def somebody(qtbot: QtBot) -> Iterator[MakePerson]:
    """Makes a person in front of a window with a given assistant."""
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
def person(somebody: MakePerson) -> Person:
    """Somebody for whom everything works."""
    return somebody(Scripted())
