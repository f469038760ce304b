"""The positions of statements in a ``prefs.js``, by Gecko's grammar (``modules/libpref/parser``).

The scanner reads every byte a constant number of times for any content, without possessive
quantifiers or atomic groups: CPython before 3.11.5 matches those wrongly (gh-106052).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

Statement = tuple[bytes, bytes, int, int]
"""The literals of name and value, and the start and end offsets of the statement."""

# The form that Thunderbird writes; `_statement` reads the same from it, more slowly. Each repeated
# class excludes what follows it, so that a mismatch costs one pass.
_COMMON_FORM = re.compile(
    rb'user_pref\("([^"\\\0]*)", ("[^"\\\0]*"|-?[0-9]+(?![A-Za-z0-9_])|true|false)\);'
)
_SEPARATORS = re.compile(rb"[\s;]+")
"""Text between statements without effect."""
_BLANK = re.compile(rb"\s+")
_LINE_COMMENT = re.compile(rb"(?://|#)[^\r\n]*")
_WORD = re.compile(rb"(?:user_|sticky_)?pref")
_PLAIN_VALUE = re.compile(rb"(?:[+-]?\s*\d+|true|false)(?![A-Za-z0-9_])")
_IN_QUOTES: Final[Mapping[int, re.Pattern[bytes]]] = {
    ord('"'): re.compile(rb'["\\\0]'),
    ord("'"): re.compile(rb"['\\\0]"),
}
_SKIP_STOP = re.compile(rb"[;\"'/#\0]")
"""Where skipping unreadable bytes stops: at their end, or at text that may contain a semicolon."""


def statements(content: bytes) -> Iterator[Statement]:
    """Every statement with a name and a value, in the file's order.

    Anything else is skipped to the next semicolon outside of strings and comments: to the end of
    the file where one of these is not terminated, and after a NUL.
    """
    position, length = 0, len(content)
    while position < length:
        separators = _SEPARATORS.match(content, position)
        if separators is not None:
            position = separators.end()
            continue
        common = _COMMON_FORM.match(content, position)
        if common is not None:
            yield b'"' + common[1] + b'"', common[2], position, common.end()
            position = common.end()
            continue
        found = _statement(content, position)
        if found is not None:
            yield found
            position = found[3]
            continue
        end = _after_gap(content, position)
        position = end if end > position else _after_unreadable(content, position)


def _statement(content: bytes, start: int) -> Statement | None:
    """The statement that starts here, or None."""
    word = _WORD.match(content, start)
    if word is None:
        return None
    opened = _after_sign(content, word.end(), b"(")
    if opened is None:
        return None
    name_start = _after_gap(content, opened)
    name_end = _after_text(content, name_start)
    if name_end is None:
        return None
    comma = _after_sign(content, name_end, b",")
    if comma is None:
        return None
    value_start = _after_gap(content, comma)
    value_end = _after_value(content, value_start)
    if value_end is None:
        return None
    closed = _after_sign(content, value_end, b")")
    end = None if closed is None else _after_sign(content, closed, b";")
    if end is None:
        return None
    return content[name_start:name_end], content[value_start:value_end], start, end


def _after_sign(content: bytes, position: int, sign: bytes) -> int | None:
    """The position after this character, which may follow a gap; None when it is not there."""
    position = _after_gap(content, position)
    return position + 1 if content.startswith(sign, position) else None


def _after_gap(content: bytes, position: int) -> int:
    """The position after blanks and comments."""
    while True:
        match = _BLANK.match(content, position) or _LINE_COMMENT.match(content, position)
        end = match.end() if match is not None else _after_block_comment(content, position)
        if end is None:
            return position
        position = end


def _after_block_comment(content: bytes, position: int) -> int | None:
    if not content.startswith(b"/*", position):
        return None
    end = content.find(b"*/", position + 2)
    return None if end < 0 else end + 2


def _after_text(content: bytes, position: int) -> int | None:
    """The position after a quoted string; None where there is none, or it is not terminated."""
    quote = content[position : position + 1]
    stop = _IN_QUOTES.get(quote[0]) if quote else None
    if stop is None:
        return None
    position += 1
    while (match := stop.search(content, position)) is not None:
        if match[0] == quote:
            return match.end()
        if match[0] == b"\0" or content[match.end() : match.end() + 1] in (b"", b"\0"):
            return None
        position = match.end() + 1
    return None


def _after_value(content: bytes, position: int) -> int | None:
    text = _after_text(content, position)
    if text is not None:
        return text
    plain = _PLAIN_VALUE.match(content, position)
    return None if plain is None else plain.end()


def _after_unreadable(content: bytes, position: int) -> int:
    """The position at which scanning continues."""
    while (match := _SKIP_STOP.search(content, position)) is not None:
        match match[0]:
            case b";":
                return match.end()
            case b"\0":
                return len(content)
            case b'"' | b"'":
                end = _after_text(content, match.start())
            case b"#":
                end = _after_line_comment(content, match.start())
            case _slash:
                end = _after_slash(content, match.start())
        if end is None:
            return len(content)
        position = end
    return len(content)


def _after_line_comment(content: bytes, position: int) -> int | None:
    match = _LINE_COMMENT.match(content, position)
    return None if match is None else match.end()


def _after_slash(content: bytes, position: int) -> int | None:
    """After a comment, or after a slash that starts none; None for an unterminated comment."""
    if content.startswith(b"/*", position):
        return _after_block_comment(content, position)
    return _after_line_comment(content, position) or position + 1
