"""The window's own small widgets."""

import re

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QDesktopServices,
    QGuiApplication,
)
from PySide6.QtWidgets import (
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
"""What may be wider than a small window."""
_MAY_BREAK = "\u200b"
"""A blank without width (UAX 14, class ZW)."""


class PlainLabel(QLabel):
    """Text that is never anything but text, wherever it comes from; wraps, can be selected."""

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
        """Show this. A domain is never cut: one that is too long for a line goes on in the next."""
        if self.property("role") != "domain":
            super().setText(text)
            return
        super().setText(_LONG_WORD.sub(lambda word: _MAY_BREAK.join(word.group()), text))
        self.setAccessibleName(text)

    def set_role(self, role: str) -> None:
        """Change the colour."""
        self.setProperty("role", role)
        self.style().unpolish(self)
        self.style().polish(self)


class Title(PlainLabel):
    """The one heading of a page."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, size=Type.TITLE, bold=True)


class LinkButton(QPushButton):
    """A quiet action, or a web page to open where a URL is given."""

    def __init__(self, text: str = "", url: str = "") -> None:
        super().__init__(text)
        self.setProperty("role", "link")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._url = ""
        self.set_url(url)
        self.clicked.connect(self._open)

    def set_url(self, url: str) -> None:
        """The web page to open; anything but HTTPS is no page for us."""
        self._url = url if url.startswith("https://") else ""

    def _open(self) -> None:
        if self._url:
            QDesktopServices.openUrl(QUrl(self._url))


def action_button(text: str = "") -> QPushButton:
    """An ordinary button."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return button


class Field(QWidget):
    """A label with mnemonic above a line to type in, and room for what is wrong with it."""

    changed = Signal(str)

    def __init__(self, editor: QLineEdit | None = None) -> None:
        super().__init__()
        self.edit = editor or QLineEdit()
        self.label = PlainLabel()
        self.label.setBuddy(self.edit)
        self.fault = PlainLabel(role="fault", size=Type.SMALL)
        self.fault.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.TINY)
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
        """Say what is wrong, or nothing."""
        self.fault.setText(text)
        self.fault.setVisible(bool(text))
        self.edit.setProperty("fault", "true" if text else "false")
        self.edit.setAccessibleDescription(text)
        self.edit.style().unpolish(self.edit)
        self.edit.style().polish(self.edit)

    def add_beside(self, button: QPushButton) -> None:
        """A button that belongs to the field, on its line."""
        self._line.addWidget(button)

    @property
    def text(self) -> str:
        """What stands in the field."""
        return self.edit.text()


class PasswordField(Field):
    """A password with a button of its own to show it, which the keyboard reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
        )
        self._show = action_button()
        self._show.setCheckable(True)
        self._show.toggled.connect(self._toggle)
        self.add_beside(self._show)
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
    """A quiet box for something that the person should read."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        self._layout.setSpacing(Space.TINY)

    def add(self, widget: QWidget) -> None:
        """One more line in the box."""
        self._layout.addWidget(widget)


def beside(text: QWidget, button: QWidget) -> QWidget:
    """A text and, at the end of its line, what can be done with it."""
    host = QWidget()
    row = QHBoxLayout(host)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(Space.SMALL)
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
    """Details that are there when somebody wants them."""

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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.TINY)
        layout.addWidget(self.button)
        layout.addWidget(self.body)

    def take(self, inner: QVBoxLayout) -> None:
        """Fold a layout of one's own instead of lines."""
        layout = self.body.layout()
        if isinstance(layout, QVBoxLayout):
            layout.addLayout(inner)

    def set_texts(self, closed: str, opened: str) -> None:
        """The button's texts in both states."""
        self._closed, self._opened = closed, opened
        self._toggle(self.button.isChecked())

    def fill(self, lines: list[str]) -> None:
        """Replace what is inside."""
        self._lines.setText("\n".join(lines))
        self._lines.setVisible(bool(lines))
        self.setVisible(bool(lines))

    def _toggle(self, opened: bool) -> None:
        self.body.setVisible(opened)
        self.button.setText(self._opened if opened else self._closed)


def clear(widget: QWidget) -> None:
    """Take everything out of a widget's layout."""
    layout = widget.layout()
    while layout is not None and layout.count():
        item = layout.takeAt(0)
        inner = item.widget() if item is not None else None
        if inner is not None:
            inner.hide()
            inner.deleteLater()


class Announcer(QObject):
    """Through it everything goes that a screen reader says by itself."""

    said = Signal(str)

    def say(self, widget: QWidget, text: str) -> None:
        """Let a screen reader say something now."""
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
            self.said.emit(text)


ANNOUNCER = Announcer()


def announce(widget: QWidget, text: str) -> None:
    """Let a screen reader say something now."""
    ANNOUNCER.say(widget, text)
