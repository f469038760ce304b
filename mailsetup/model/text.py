"""Text from outside: what may be shown and what may be written."""

import unicodedata

ELLIPSIS = "…"


def is_control(char: str) -> bool:
    """Whether a character can change the meaning or direction of the text around it.

    C0/C1 controls, line and paragraph separators, bidi and zero-width formatting, surrogates.
    """
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def has_control(text: str) -> bool:
    """Whether the text holds any character for which `is_control` is true."""
    # What Python calls printable holds none of them, and that is nearly every text.
    return not text.isprintable() and any(is_control(char) for char in text)


def without_controls(text: str) -> str:
    """Text of several lines without characters that steer a terminal; nothing is cut."""
    if "\n" not in text and not has_control(text):
        return text
    return "".join(" " if is_control(char) and char != "\n" else char for char in text)


def plain(text: str, limit: int = 300) -> str:
    """Text from a server made fit to be shown: one line, no control characters, cut.

    ANSI escapes lose their escape character and with it their effect.
    """
    cut = text[: 4 * limit]
    shown = "".join(" " if is_control(char) else char for char in cut)
    shown = " ".join(shown.split())
    # Also where little is left of a long run of blanks, one must see that there was more.
    is_whole = len(cut) == len(text) and len(shown) <= limit
    return shown if is_whole else shown[: limit - 1] + ELLIPSIS
