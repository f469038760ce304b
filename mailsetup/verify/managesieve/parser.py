"""Reads and writes the lines of ManageSieve (RFC 5804 sections 1.2 and 4)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailsetup.model.text import has_control

_MAX_DEPTH = 4
_MAX_QUOTED = 1024
"""Octets of a quoted string (RFC 5804 section 4)."""
_ENDS = frozenset({"OK", "NO", "BYE"})
_ATOM = re.compile(rb'[^\s()"\0]+')
_QUOTED = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"')

IMAP_CODES: Final[Mapping[str, str]] = {
    "ACTIVE": "",
    "ALREADYEXISTS": "",
    "AUTH-TOO-WEAK": "PRIVACYREQUIRED",
    "ENCRYPT-NEEDED": "PRIVACYREQUIRED",
    "NONEXISTENT": "",
    "QUOTA": "OVERQUOTA",
    "QUOTA/MAXSCRIPTS": "OVERQUOTA",
    "QUOTA/MAXSIZE": "OVERQUOTA",
    "REFERRAL": "",
    "SASL": "",
    "TAG": "",
    "TRANSITION-NEEDED": "EXPIRED",
    "TRYLATER": "UNAVAILABLE",
    "WARNINGS": "",
}
"""Response codes (RFC 5804 section 1.3), each with the code of the same meaning in IMAP (RFC 5530),
if any, so that one table classifies both. Unknown codes may be anything and are dropped."""

Word = str | bytes | tuple["Word", ...]
"""An atom or number, the octets of a string, or a parenthesised list."""


@dataclass(frozen=True, slots=True)
class SieveResponse:
    """One line of a response, with its strings.

    ``end`` is OK, NO or BYE in the last line; there ``code`` is the response code in upper case if
    it is a known one, ``argument`` its string, ``text`` the human-readable text.
    """

    words: tuple[Word, ...]
    end: str = ""
    code: str = ""
    argument: bytes = b""
    text: str = ""


def string(data: bytes) -> bytes:
    """``data`` as a quoted string where that is possible, else as a literal."""
    text = data.decode("utf-8", "replace")
    if len(data) > _MAX_QUOTED or text.encode() != data or has_control(text):
        return b"{%d+}\r\n" % len(data) + data
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def parse(line: bytes, strings: Sequence[bytes]) -> SieveResponse | None:
    """Parse a line in which a NUL stands for each literal; None where it is no response."""
    words = _words(line, strings)
    if not words:
        return None
    first, rest = words[0], words[1:]
    if isinstance(first, bytes):
        return SieveResponse(words)
    if isinstance(first, tuple) or first.upper() not in _ENDS:
        return None
    code, argument, text = "", b"", b""
    if rest and isinstance(rest[0], tuple):
        inside = rest[0]
        word = inside[0].upper() if inside and isinstance(inside[0], str) else ""
        code = word if word in IMAP_CODES else ""
        argument = next((word for word in inside if isinstance(word, bytes)), b"")
    text = next((word for word in rest if isinstance(word, bytes)), b"")
    return SieveResponse(words, first.upper(), code, argument, text.decode("utf-8", "replace"))


def _words(line: bytes, strings: Sequence[bytes]) -> tuple[Word, ...]:
    """The words of a line; empty where it does not fit the grammar."""
    stack: list[list[Word]] = [[]]
    waiting = list(reversed(strings))
    position = 0
    while position < len(line):
        char = line[position : position + 1]
        if char in b" \t\r":
            position += 1
        elif char == b"(":
            if len(stack) > _MAX_DEPTH:
                return ()
            stack.append([])
            position += 1
        elif char == b")":
            if len(stack) == 1:
                return ()
            inner = tuple(stack.pop())
            stack[-1].append(inner)
            position += 1
        elif char == b"\0":
            stack[-1].append(waiting.pop())
            position += 1
        else:
            match = (_QUOTED if char == b'"' else _ATOM).match(line, position)
            if match is None:
                return ()
            stack[-1].append(_unquoted(match) if char == b'"' else _atom(match))
            position = match.end()
    return tuple(stack[0]) if len(stack) == 1 else ()


def _unquoted(match: re.Match[bytes]) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", match.group(1))


def _atom(match: re.Match[bytes]) -> str:
    return match.group().decode("utf-8", "replace")
