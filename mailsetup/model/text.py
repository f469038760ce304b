"""Text from outside: removal of control characters, and limits of length."""

import unicodedata
from dataclasses import fields
from enum import Enum

ELLIPSIS = "…"
MAX_TEXT = 2000
"""Characters of one text in a `CleanText`."""
MAX_ROWS = 200
"""Items of one tuple in a `CleanText`."""


def is_control(char: str) -> bool:
    """Whether a character can change the meaning or direction of the text around it.

    C0/C1 controls, line and paragraph separators, bidi and zero-width formatting, surrogates.
    """
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def has_control(text: str) -> bool:
    """Whether the text holds any character for which `is_control` is true."""
    # Printable text, which is nearly all, holds none of them.
    return not text.isprintable() and any(is_control(char) for char in text)


def without_controls(text: str) -> str:
    """Text of several lines without terminal control characters; nothing is cut."""
    if "\n" not in text and not has_control(text):
        return text
    return "".join(" " if is_control(char) and char != "\n" else char for char in text)


def plain(text: str, limit: int = 300) -> str:
    """Untrusted text made safe to show: one line, no control characters, cut.

    ANSI escape sequences lose their escape character and thus their effect.
    """
    cut = text[: 4 * limit]
    shown = "".join(" " if is_control(char) else char for char in cut)
    shown = " ".join(shown.split())
    # The ellipsis is needed also where only blanks were cut.
    is_whole = len(cut) == len(text) and len(shown) <= limit
    return shown if is_whole else shown[: limit - 1] + ELLIPSIS


class CleanText:
    """Base of frozen dataclasses whose texts are safe to show, wherever they came from.

    When a value is made, each of its texts becomes one line without control characters, of at
    most `MAX_TEXT` characters, and each tuple keeps at most `MAX_ROWS` items.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for one in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, one.name, _clean(getattr(self, one.name)))


def _clean(value: object) -> object:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return plain(value, MAX_TEXT)
    if isinstance(value, tuple):
        return tuple(_clean(item) for item in value[:MAX_ROWS])
    return value
