"""Small widgets of the window."""

import re
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QDesktopServices,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mailsetup.gui.theme import Space, Type, set_type
from mailsetup.i18n import _

_LONG_WORD = re.compile(r"\S{25,}")
"""Words that may be wider than a small window."""
_MAY_BREAK = "\u200b"
"""ZERO WIDTH SPACE: a line may break here (UAX 14, class ZW)."""

L = TypeVar("L", bound=QBoxLayout)


def without_margins(layout: L, spacing: int | None = None) -> L:
    """The same layout without margins. ``spacing`` is in logical pixels; None: the style's."""
    layout.setContentsMargins(0, 0, 0, 0)
    if spacing is not None:
        layout.setSpacing(spacing)
    return layout


class PlainLabel(QLabel):
    """Plain text, whatever its source; wraps."""

    def __init__(
        self, text: str = "", role: str = "", size: Type = Type.BODY, *, bold: bool = False
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        if role:
            self.setProperty("role", role)
        self.setText(text)
        if size is not Type.BODY or bold:
            set_type(self, size, bold=bold)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def setText(self, text: str) -> None:
        """Set the text. A domain that is too long for a line is wrapped, never cut."""
        if self.property("role") != "domain":
            super().setText(text)
            return
        super().setText(_LONG_WORD.sub(lambda word: _MAY_BREAK.join(word.group()), text))
        self.setAccessibleName(text)

    def show_text(self, text: str) -> None:
        """Set the text, and hide the label where it is empty."""
        self.setText(text)
        self.setVisible(bool(text))

    def set_role(self, role: str) -> None:
        """Set the role, which decides the colour."""
        self.setProperty("role", role)
        self.style().unpolish(self)
        self.style().polish(self)


class Title(PlainLabel):
    """The one heading of a page."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, size=Type.TITLE, bold=True)


class LinkButton(QPushButton):
    """A quiet action, or a web page to open where a URL is given."""

    def __init__(
        self, text: str = "", url: str = "", on_click: Callable[[], object] | None = None
    ) -> None:
        super().__init__(text)
        self.setProperty("role", "link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._url = ""
        self.set_url(url)
        self.clicked.connect(on_click or self._open)

    def set_url(self, url: str) -> None:
        """The web page to open; only HTTPS is accepted."""
        self._url = url if url.startswith("https://") else ""

    def _open(self) -> None:
        if self._url:
            QDesktopServices.openUrl(QUrl(self._url))


def action_button(text: str = "", on_click: Callable[[], object] | None = None) -> QPushButton:
    """An ordinary button."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    if on_click is not None:
        button.clicked.connect(on_click)
    return button


class Field(QWidget):
    """A label with mnemonic above a line edit, and a line for its fault."""

    changed = Signal(str)

    def __init__(self, editor: QLineEdit | None = None) -> None:
        super().__init__()
        self.edit = editor or QLineEdit()
        self.label = PlainLabel()
        self.label.setBuddy(self.edit)
        self.fault = PlainLabel(role="fault", size=Type.SMALL)
        self.fault.hide()
        layout = without_margins(QVBoxLayout(self), Space.TINY)
        self._line = QHBoxLayout()
        self._line.setSpacing(Space.SMALL)
        self._line.addWidget(self.edit, 1)
        layout.addWidget(self.label)
        layout.addLayout(self._line)
        layout.addWidget(self.fault)
        self.edit.textChanged.connect(self.changed)
        self.setFocusProxy(self.edit)

    def set_label(self, text: str) -> None:
        """The label; ``&`` marks its mnemonic."""
        self.label.setText(text)
        self.edit.setAccessibleName(text.replace("&", ""))

    def set_fault(self, text: str) -> None:
        """Show what is wrong, or nothing."""
        self.fault.show_text(text)
        self.edit.setProperty("fault", "true" if text else "false")
        self.edit.setAccessibleDescription(text)
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)

    def add_button(self, button: QPushButton) -> None:
        """Put a button at the end of the line edit."""
        self._line.addWidget(button)

    @property
    def text(self) -> str:
        """The text of the line edit."""
        return self.edit.text()


class PasswordField(Field):
    """A password with a button that shows it."""

    def __init__(self) -> None:
        super().__init__()
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self._show = action_button()
        self._show.setCheckable(True)
        self._show.toggled.connect(self._toggle)
        self.add_button(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Texts of the button."""
        shown = self._show.isChecked()
        self._show.setText(_("Hide") if shown else _("Show"))
        self._show.setAccessibleName(_("Hide the password") if shown else _("Show the password"))

    def _toggle(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.edit.setEchoMode(mode)
        self.retranslate()


class Notice(QFrame):
    """A box for something that the user should read."""

    def __init__(self, *lines: QWidget) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        self._layout.setSpacing(Space.TINY)
        self.add(*lines)

    def add(self, *lines: QWidget) -> None:
        """Put lines below the others."""
        for line in lines:
            self._layout.addWidget(line)


def with_button(text: QWidget, button: QWidget) -> QWidget:
    """A text, and a button at the end of its line."""
    host = QWidget()
    row = without_margins(QHBoxLayout(host), Space.SMALL)
    row.addWidget(text, 1)
    row.addWidget(button)
    return host


class CopyRow(QFrame):
    """A value to be typed elsewhere, and a button that copies it."""

    def __init__(self, label: str, value: str) -> None:
        super().__init__()
        self.setObjectName("row")
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.MEDIUM, Space.TINY, Space.TINY, Space.TINY)
        name = PlainLabel(label, "muted", Type.SMALL)
        shown = PlainLabel(value, bold=True)
        shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = action_button(_("Copy"))
        copy.setAccessibleName(_("Copy {label}").format(label=label))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(value))
        row.addWidget(name, 2)
        row.addWidget(shown, 3)
        row.addWidget(copy)


class Foldable(QWidget):
    """Details that a button shows and hides."""

    def __init__(self) -> None:
        super().__init__()
        self._closed, self._opened = "", ""
        self.button = LinkButton()
        self.button.setCheckable(True)
        self.button.toggled.connect(self._toggle)
        self.body = QWidget()
        self.body.hide()
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(Space.MEDIUM, 0, 0, 0)
        inner.setSpacing(Space.TINY)
        self._lines = PlainLabel("", "muted", Type.SMALL)
        self._lines.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._lines.hide()
        inner.addWidget(self._lines)
        layout = without_margins(QVBoxLayout(self), Space.TINY)
        layout.addWidget(self.button)
        layout.addWidget(self.body)

    def set_layout(self, inner: QVBoxLayout) -> None:
        """Fold a layout instead of lines."""
        layout = self.body.layout()
        if isinstance(layout, QVBoxLayout):
            layout.addLayout(inner)

    def set_texts(self, closed: str, opened: str) -> None:
        """The button's texts in both states."""
        self._closed, self._opened = closed, opened
        self._toggle(self.button.isChecked())

    def fill(self, lines: list[str]) -> None:
        """Replace the lines."""
        self._lines.show_text("\n".join(lines))
        self.setVisible(bool(lines))

    def _toggle(self, opened: bool) -> None:
        self.body.setVisible(opened)
        self.button.setText(self._opened if opened else self._closed)


def clear(widget: QWidget) -> None:
    """Delete all widgets of a widget's layout."""
    layout = widget.layout()
    while layout is not None and layout.count():
        item = layout.takeAt(0)
        inner = item.widget() if item is not None else None
        if inner is not None:
            inner.hide()
            inner.deleteLater()


class Announcer(QObject):
    """Passes texts to the screen reader; tests connect to ``announced``."""

    announced = Signal(str)

    def announce(self, widget: QWidget, text: str) -> None:
        """Announce a text to a screen reader."""
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
            self.announced.emit(text)


ANNOUNCER = Announcer()


def announce(widget: QWidget, text: str) -> None:
    """Announce a text to a screen reader."""
    ANNOUNCER.announce(widget, text)
