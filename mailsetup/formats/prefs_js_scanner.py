"""Where the statements of a ``prefs.js`` are, by Gecko's grammar (``modules/libpref/parser``).

The scanner looks at every byte a constant number of times, whatever the file holds, and needs no
possessive quantifiers or atomic groups: CPython before 3.11.5 matches those wrongly (gh-106052).
"""

import re
from collections.abc import Iterator

Statement = tuple[bytes, bytes, int, int]
"""The literal of the name, the literal of the value, where the statement begins and ends."""

# The form that Thunderbird writes itself; `_statement` reads the same from it, only more slowly.
# Each repeated class excludes what follows it, so a mismatch costs one pass.
_USUAL = re.compile(
    rb'user_pref\("([^"\\\0]*)", ("[^"\\\0]*"|-?[0-9]+(?![A-Za-z0-9_])|true|false)\);'
)
_NOTHING = re.compile(rb"[\s;]+")
"""What may stand between statements without any effect."""
_BLANK = re.compile(rb"\s+")
_LINE_COMMENT = re.compile(rb"(?://|#)[^\r\n]*")
_WORD = re.compile(rb"(?:user_|sticky_)?pref")
_PLAIN_VALUE = re.compile(rb"(?:[+-]?\s*\d+|true|false)(?![A-Za-z0-9_])")
_IN_QUOTES = {ord('"'): re.compile(rb'["\\\0]'), ord("'"): re.compile(rb"['\\\0]")}
_NOT_ODD = re.compile(rb"[;\"'/#\0]")
"""What a run of unreadable bytes stops at: its end, or something that may hide its end."""


def statements(content: bytes) -> Iterator[Statement]:
    """Every statement with a name and a value, in the file's order.

    What is neither a statement nor a comment is skipped to the next semicolon outside of texts
    and comments: to the end of the file where one of these never closes, and from a NUL on.
    """
    position, length = 0, len(content)
    while position < length:
        nothing = _NOTHING.match(content, position)
        if nothing is not None:
            position = nothing.end()
            continue
        usual = _USUAL.match(content, position)
        if usual is not None:
            yield b'"' + usual[1] + b'"', usual[2], position, usual.end()
            position = usual.end()
            continue
        found = _statement(content, position)
        if found is not None:
            yield found
            position = found[3]
            continue
        behind = _gap(content, position)
        position = behind if behind > position else _behind_unreadable(content, position)


def _statement(content: bytes, start: int) -> Statement | None:
    """The statement that begins here, or None."""
    word = _WORD.match(content, start)
    if word is None:
        return None
    opened = _sign(content, word.end(), b"(")
    if opened is None:
        return None
    name_start = _gap(content, opened)
    name_end = _behind_text(content, name_start)
    if name_end is None:
        return None
    comma = _sign(content, name_end, b",")
    if comma is None:
        return None
    value_start = _gap(content, comma)
    value_end = _behind_value(content, value_start)
    if value_end is None:
        return None
    closed = _sign(content, value_end, b")")
    end = None if closed is None else _sign(content, closed, b";")
    if end is None:
        return None
    return content[name_start:name_end], content[value_start:value_end], start, end


def _sign(content: bytes, position: int, sign: bytes) -> int | None:
    """The position behind this sign, which may have a gap before it; None when it is not there."""
    position = _gap(content, position)
    return position + 1 if content.startswith(sign, position) else None


def _gap(content: bytes, position: int) -> int:
    """The position behind blanks and comments."""
    while True:
        match = _BLANK.match(content, position) or _LINE_COMMENT.match(content, position)
        end = match.end() if match is not None else _behind_block_comment(content, position)
        if end is None:
            return position
        position = end


def _behind_block_comment(content: bytes, position: int) -> int | None:
    if not content.startswith(b"/*", position):
        return None
    end = content.find(b"*/", position + 2)
    return None if end < 0 else end + 2


def _behind_text(content: bytes, position: int) -> int | None:
    """The position behind a text in quotes; None where none begins or where it never closes."""
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


def _behind_value(content: bytes, position: int) -> int | None:
    text = _behind_text(content, position)
    if text is not None:
        return text
    plain = _PLAIN_VALUE.match(content, position)
    return None if plain is None else plain.end()


def _behind_unreadable(content: bytes, position: int) -> int:
    """The position from which the file can be read again."""
    while (match := _NOT_ODD.search(content, position)) is not None:
        match match[0]:
            case b";":
                return match.end()
            case b"\0":
                return len(content)
            case b'"' | b"'":
                behind = _behind_text(content, match.start())
            case b"#":
                behind = _behind_line_comment(content, match.start())
            case _slash:
                behind = _behind_slash(content, match.start())
        if behind is None:
            return len(content)
        position = behind
    return len(content)


def _behind_line_comment(content: bytes, position: int) -> int | None:
    match = _LINE_COMMENT.match(content, position)
    return None if match is None else match.end()


def _behind_slash(content: bytes, position: int) -> int | None:
    """Behind a comment, or behind a slash that begins none; None for a comment without an end."""
    if content.startswith(b"/*", position):
        return _behind_block_comment(content, position)
    return _behind_line_comment(content, position) or position + 1
