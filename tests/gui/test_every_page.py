"""Rules that hold on every page: names for the screen reader, room for long texts, plain text."""

import gettext
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mailsetup import i18n
from mailsetup.gui.pages.found import FoundPage
from mailsetup.gui.theme import DARK, LIGHT, Colours, apply_theme, colours_of
from mailsetup.gui.window import Window
from mailsetup.i18n import set_language
from tests.support.gui import gallery
from tests.support.gui.driver import Scripted

PAGES = list(gallery.pictures())


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[Window]:
    window = Window(Scripted)
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    yield window
    window.close()


def shown(window: Window, name: str, qapp: QApplication) -> QWidget:
    gallery.show(window, name)
    qapp.processEvents()
    return window


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["es", "en"])
def test_everything_that_takes_the_keyboard_has_a_name(
    window: Window, qapp: QApplication, name: str, language: str
) -> None:
    set_language(language)
    window.retranslate()
    shown(window, name, qapp)
    unnamed = []
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            interface = QAccessible.queryAccessibleInterface(widget)
            if not interface.text(QAccessible.Text.Name).strip():
                unnamed.append(f"{type(widget).__name__} {widget.objectName()}")
    assert unnamed == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["es", "en"])
def test_no_text_is_cut_at_twice_the_size_on_a_small_screen(
    qtbot: QtBot, qapp: QApplication, name: str, language: str
) -> None:
    set_language(language)
    before = QFont(qapp.font())
    large = QFont(before)
    large.setPointSizeF(before.pointSizeF() * 2)
    qapp.setFont(large)
    try:
        twice = Window(Scripted)
        qtbot.addWidget(twice)
        twice.resize(800, 600)
        twice.show()
        shown(twice, name, qapp)
        settle(qapp)
        cut = cut_texts(twice)
        twice.close()
    finally:
        qapp.setFont(before)
    assert cut == []


class Longer(gettext.NullTranslations):
    """A language whose texts take two fifths more room."""

    def __init__(self, known: gettext.NullTranslations) -> None:
        super().__init__()
        self._known = known

    def gettext(self, message: str) -> str:
        return longer(self._known.gettext(message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return longer(self._known.ngettext(msgid1, msgid2, n))


def longer(text: str) -> str:
    """The text, and then again what it begins with. What is filled in stays as it is."""
    more = -(-len(text) * 2 // 5)
    again = re.sub(r"\{[^}]*\}|&", "", text)[:more].strip()
    return f"{text} {again}" if " " in text else text + again


@pytest.fixture
def wordy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spanish with longer words, in everything that the window says."""
    set_language("es")
    monkeypatch.setattr(i18n, "_translations", Longer(i18n.translations("es")))


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.usefixtures("wordy")
def test_no_text_is_cut_when_every_text_is_forty_percent_longer(
    qtbot: QtBot, qapp: QApplication, name: str
) -> None:
    window = Window(Scripted)
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    shown(window, name, qapp)
    settle(qapp)
    assert window.footer.cancel.text() == "CancelarCanc"
    assert cut_texts(window) + outside(window) == []
    window.close()


def outside(window: Window) -> list[str]:
    """What makes the window or the page wider than the screen, or the steps than their place."""
    beyond = window.navigator.area.horizontalScrollBar().maximum()
    found = [f"the page: {beyond} px to scroll"] if beyond else []
    if window.width() > 800:
        found.append(f"the window: {window.width()} px wide")
    if (
        window.header.steps.isVisible()
        and window.header.steps.width() < window.header.steps.minimumSizeHint().width()
    ):
        found.append("the steps")
    return found


def settle(qapp: QApplication) -> None:
    """Let the layout come to rest: a changed text moves up one widget with each round."""
    for _ in range(24):
        qapp.processEvents()


def cut_texts(root: QWidget) -> list[str]:
    """Labels and buttons that are smaller than their text."""
    cut = []
    for label in root.findChildren(QLabel):
        if not label.isVisible() or not label.text():
            continue
        needed = (
            label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        )
        if label.height() + 1 < needed:
            cut.append(f"{label.height()} < {needed}: {label.text()[:60]}")
        if not label.wordWrap() and label.width() + 1 < label.sizeHint().width():
            cut.append(f"wide: {label.text()[:60]}")
    for button in root.findChildren(QAbstractButton):
        if button.isVisible() and button.text() and button.width() + 1 < button.sizeHint().width():
            cut.append(f"button: {button.text()}")
    return cut


LONG = ".".join(("a" * 63, "b" * 63, "c" * 63, "d" * 56, "es"))
"""Nearly as long as a domain may be (RFC 1035 2.3.4)."""


@pytest.mark.parametrize("width", [480, 800])
@pytest.mark.parametrize("domain", [LONG, f"xn--{'a' * 55}-esa.{LONG[64:]}"])
def test_a_domain_that_has_to_be_confirmed_is_shown_whole_however_long(
    window: Window, qapp: QApplication, domain: str, width: int
) -> None:
    window.resize(width, 600)
    gallery.show(window, "confirm")
    search = window.state.search
    assert search.discovery is not None
    found = replace(search.discovery, confirm=(domain,), settings=None)
    window.state.search = replace(search, discovery=found)
    view = window.navigator.shown
    assert isinstance(view, FoundPage)
    view.enter()
    settle(qapp)
    label = view.domains
    assert domain in label.text().replace("\u200b", "").replace("\n", "")
    drawn = label.fontMetrics().boundingRect(
        QRect(0, 0, label.width(), 10_000), Qt.TextFlag.TextWordWrap, label.text()
    )
    assert drawn.width() <= label.width()
    assert drawn.height() <= label.height()
    assert window.navigator.area.horizontalScrollBar().maximum() == 0
    assert window.width() == width
    assert cut_texts(window) == []


def test_text_from_a_server_is_shown_literally(window: Window, qapp: QApplication) -> None:
    hostile = '<b>bold</b><img src="file:///etc/passwd">'
    gallery.show(window, "found")
    search = window.state.search
    assert search.discovery is not None
    assert search.discovery.settings is not None
    settings = replace(search.discovery.settings, provider=hostile)
    window.state.search = replace(search, discovery=replace(search.discovery, settings=settings))
    view = window.navigator.shown
    view.enter()
    shown_labels = [label for label in view.findChildren(QLabel) if "<b>" in label.text()]
    assert shown_labels
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in shown_labels)


def test_labels_of_the_pages_are_plain_text_by_construction(
    window: Window, qapp: QApplication
) -> None:
    for name in PAGES:
        shown(window, name, qapp)
    rich = [
        label.text()
        for label in window.findChildren(QLabel)
        if label.textFormat() is not Qt.TextFormat.PlainText and label.buddy() is None
    ]
    assert rich == []


def test_the_password_is_hidden_until_asked_for(window: Window, qapp: QApplication) -> None:
    shown(window, "password", qapp)
    view = window.navigator.shown
    (edit,) = view.findChildren(QLineEdit)
    assert edit.echoMode() is QLineEdit.EchoMode.Password


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_apply_to_the_whole_window(qapp: QApplication, *, dark: bool) -> None:
    try:
        apply_theme(qapp, dark=dark)
        ground = (DARK if dark else LIGHT).ground
        assert qapp.palette().window().color().name() == ground
    finally:
        apply_theme(qapp, dark=False)


@pytest.mark.parametrize("dark", [False, True])
def test_custom_painted_widgets_use_the_windows_scheme(
    window: Window, qapp: QApplication, *, dark: bool
) -> None:
    try:
        apply_theme(qapp, dark=dark)
        for name in ("confirm", "welcome", "fleet", "testing"):
            shown(window, name, qapp)
            worn = {colours_of(widget).accent for widget in window.findChildren(QWidget)}
            assert worn == {(DARK if dark else LIGHT).accent}
    finally:
        apply_theme(qapp, dark=False)


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_every_text_colour_can_be_read_on_its_ground(scheme: Colours) -> None:
    for text in (scheme.text, scheme.muted, scheme.accent, scheme.ok, scheme.warn, scheme.fail):
        assert contrast(text, scheme.card) >= 4.5
    for text in (scheme.text, scheme.muted, scheme.accent):
        assert contrast(text, scheme.soft) >= 4.5
    assert contrast(scheme.on_accent, scheme.accent) >= 4.5
    assert contrast(scheme.border, scheme.field) >= 3


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
