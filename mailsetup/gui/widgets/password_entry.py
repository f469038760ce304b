"""A password field that warns about usual mistakes."""

import re
from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.assistant.texts.common import domain_shown
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import (
    LinkButton,
    PasswordField,
    PlainLabel,
    announce,
    without_margins,
)
from mailsetup.i18n import _
from mailsetup.model.text import has_control

MAX_LENGTH = 4096
"""Characters: more than any server accepts."""

# As Google and others show their app passwords: groups of four letters or digits.
_GROUPED = re.compile(r"\s*[a-z0-9]{4}([ -][a-z0-9]{4}){3}\s*\Z")


def _keyboard_layout() -> QLocale:
    return QGuiApplication.inputMethod().locale()


def keyboard_note(layout: QLocale, known: list[str]) -> str:
    """A sentence where the keyboard is set to another language than the system; else "".

    ``known`` are the system's languages, such as ``es-ES``.
    """
    if layout.language() in (QLocale.Language.C, QLocale.Language.AnyLanguage):
        return ""
    if layout.language() in {QLocale(name).language() for name in known}:
        return ""
    return _(
        "The keyboard is set to another language ({language}): some signs are on other keys."
    ).format(language=layout.nativeLanguageName())


def password_goes_to(domains: Iterable[str]) -> str:
    """A sentence about who receives the password: the owners of all servers that may get it."""
    return _(
        "It is sent to the servers of {domains} only, and only over a verified encrypted "
        "connection."
    ).format(domains=", ".join(map(domain_shown, domains)))


def has_foreign_letters(text: str) -> bool:
    """Whether there are other than Latin letters: typed with the wrong keyboard layout."""
    return any(char.isalpha() and ord(char) > 0x24F for char in text)


class PasswordEntry(QWidget):
    """The field, with warnings about Caps Lock, keyboard layout and pasted blanks."""

    changed = Signal()
    edited = Signal()
    """The user typed or pasted."""

    def __init__(self, layout_now: Callable[[], QLocale] = _keyboard_layout) -> None:
        super().__init__()
        self._layout_now = layout_now
        self._caps: bool | None = None
        self.field = PasswordField()
        self.edit = self.field.edit
        self.edit.setMaxLength(MAX_LENGTH)
        self.edit.installEventFilter(self)
        self.edit.textEdited.connect(lambda _text: self.edited.emit())
        self.edit.inputRejected.connect(self._show_too_long, Qt.ConnectionType.QueuedConnection)
        self.field.changed.connect(self._typed)
        self.caps = PlainLabel(role="warn", size=Type.SMALL)
        self.keyboard = PlainLabel(role="warn", size=Type.SMALL)
        self._blanks = PlainLabel(role="muted", size=Type.SMALL)
        self.remove_blanks = LinkButton()
        self.remove_blanks.clicked.connect(self._remove_blanks)
        column = without_margins(QVBoxLayout(self), Space.TINY)
        for widget in (self.field, self.caps, self.keyboard, self._blanks, self.remove_blanks):
            column.addWidget(widget)
        QGuiApplication.inputMethod().localeChanged.connect(self.check_keyboard)
        self.setFocusProxy(self.edit)
        self._typed("")

    @property
    def text(self) -> str:
        """The text of the field."""
        return self.field.text

    def set_text(self, text: str) -> None:
        """Set the text of the field."""
        self.edit.setText(text)

    def set_label(self, text: str) -> None:
        """The field's label."""
        self.field.set_label(text)

    def check(self) -> bool:
        """Whether it can be sent; otherwise shows why and focuses the field."""
        if not has_control(self.text):
            return True
        self.field.set_fault(_("There are invisible characters in it. Type it by hand."))
        self.edit.setFocus()
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt does not give the state of Caps Lock; it follows from the letters that arrive."""
        if watched is self.edit:
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                self._track_caps_lock(event)
            elif event.type() == QEvent.Type.FocusIn:
                self.check_keyboard()
        return super().eventFilter(watched, event)

    def _track_caps_lock(self, event: QKeyEvent) -> None:
        letter = event.text()
        if event.key() == Qt.Key.Key_CapsLock:
            self._caps = None if self._caps is None else not self._caps
        elif len(letter) == 1 and letter.lower() != letter.upper():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if letter.isupper() != shift:
                self._caps = True
            elif not shift:
                self._caps = False
        self._show_caps()

    def _show_caps(self) -> None:
        if self._caps and self.caps.isHidden():
            announce(self, self.caps.text())
        self.caps.setVisible(bool(self._caps))

    def check_keyboard(self) -> None:
        """Warn where the keyboard is set to another language."""
        note = keyboard_note(self._layout_now(), QLocale.system().uiLanguages())
        if has_foreign_letters(self.text):
            note = _("There are letters of another script in it. Look at the keyboard's language.")
        self.keyboard.show_text(note)

    def _show_too_long(self) -> None:
        self.field.set_fault(_("That is too long for a password; the end was left out."))

    def _typed(self, text: str) -> None:
        self.field.set_fault("")
        grouped = bool(_GROUPED.match(text))
        outer = text != text.strip()
        if grouped:
            self._blanks.setText(_("This looks like an app password. It works without the blanks."))
        elif outer:
            self._blanks.setText(_("There is a blank at the beginning or at the end."))
        self._blanks.setVisible(grouped or outer)
        self.remove_blanks.setVisible(grouped or outer)
        self._show_caps()
        self.check_keyboard()
        self.changed.emit()

    def _remove_blanks(self) -> None:
        text = self.text
        grouped = _GROUPED.match(text)
        self.set_text(text.translate({32: None, 45: None}) if grouped else text.strip())
        self.edit.setFocus()

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.field.retranslate()
        self.caps.setText(_("Caps Lock seems to be on."))
        self.remove_blanks.setText(_("Remove the blanks"))
        self._typed(self.text)
