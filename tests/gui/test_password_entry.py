"""The password's field helps with what usually goes wrong in it."""

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mailsetup.gui.widgets.password_entry import MAX_LENGTH, PasswordEntry, keyboard_note
from mailsetup.i18n import set_language

SPANISH = QLocale(QLocale.Language.Spanish)
RUSSIAN = QLocale(QLocale.Language.Russian)


@pytest.fixture
def entry(qtbot: QtBot) -> PasswordEntry:
    set_language("en")
    made = PasswordEntry(lambda: QLocale.c())
    qtbot.addWidget(made)
    made.show()
    made.retranslate()
    return made


def types(entry: PasswordEntry, letter: str, *, shift: bool) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.sendKeyEvent(QTest.KeyAction.Click, entry.edit, Qt.Key.Key_A, letter, held)


def test_caps_lock_follows_from_typed_letters_and_is_withdrawn(entry: PasswordEntry) -> None:
    QTest.keyClicks(entry.edit, "a")
    assert entry.caps.isHidden()
    types(entry, "B", shift=True)
    assert entry.caps.isHidden()
    types(entry, "A", shift=False)
    assert entry.caps.isVisible()
    QTest.keyClick(entry.edit, Qt.Key.Key_CapsLock)
    assert entry.caps.isHidden()
    QTest.keyClick(entry.edit, Qt.Key.Key_CapsLock)
    assert entry.caps.isVisible()
    QTest.keyClicks(entry.edit, "1")
    assert entry.caps.isVisible()
    QTest.keyClicks(entry.edit, "a")
    assert entry.caps.isHidden()


def test_small_letters_with_shift_mean_caps_lock(entry: PasswordEntry) -> None:
    types(entry, "a", shift=True)
    assert entry.caps.isVisible()


def test_a_keyboard_in_another_language_is_named() -> None:
    set_language("en")
    assert keyboard_note(SPANISH, ["es-ES", "en-GB"]) == ""
    assert keyboard_note(QLocale.c(), ["es-ES"]) == ""
    assert RUSSIAN.nativeLanguageName() in keyboard_note(RUSSIAN, ["es-ES"])


def test_the_keyboards_language_is_shown_while_it_is_another(qtbot: QtBot) -> None:
    layouts = [RUSSIAN]
    entry = PasswordEntry(lambda: layouts[0])
    qtbot.addWidget(entry)
    entry.show()
    entry.retranslate()
    assert entry.keyboard.isVisible()
    layouts[0] = QLocale.c()
    entry.check_keyboard()
    assert entry.keyboard.isHidden()


def test_letters_of_another_script_are_reported(entry: PasswordEntry) -> None:
    entry.set_text("contraseña")
    assert entry.keyboard.isHidden()
    entry.set_text("сщтекфыуñф")
    assert entry.keyboard.isVisible()


@pytest.mark.parametrize(
    ("pasted", "left"),
    [
        ("abcd efgh ijkl mnop", "abcdefghijklmnop"),
        (" abcd efgh ijkl mnop\t", "abcdefghijklmnop\t"),
        ("ab12-cd34-ef56-gh78", "ab12cd34ef56gh78"),
        (" secreta ", "secreta"),
    ],
)
def test_pasted_blanks_can_be_removed(entry: PasswordEntry, pasted: str, left: str) -> None:
    entry.set_text(pasted)
    assert entry.remove_blanks.isVisible()
    entry.remove_blanks.click()
    assert entry.text.strip() == left.strip()


def test_a_blank_inside_belongs_to_the_password(entry: PasswordEntry) -> None:
    entry.set_text("mi perro Tobi")
    assert entry.remove_blanks.isHidden()


def test_ten_megabytes_are_truncated_with_a_message(qtbot: QtBot, entry: PasswordEntry) -> None:
    QGuiApplication.clipboard().setText("x" * 10_000_000)
    entry.edit.paste()
    assert len(entry.text) == MAX_LENGTH
    qtbot.waitUntil(entry.field.fault.isVisible)


@pytest.mark.parametrize("text", ["a\tb", "a\u202eb", "a\x00b", "a\u200bb"])
def test_invisible_characters_are_explained_at_the_field(entry: PasswordEntry, text: str) -> None:
    entry.set_text(text)
    assert not entry.check()
    assert entry.field.fault.isVisible()
    entry.set_text("secreta")
    assert entry.check()
    assert entry.field.fault.isHidden()
