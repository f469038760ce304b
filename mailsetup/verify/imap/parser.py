"""Reads IMAP responses (RFC 9051 section 9), tolerant of what does not fit the grammar."""

import re
from dataclasses import dataclass

from mailsetup.net.connection import TooMuchDataError

_MAX_DEPTH = 12

Token = str | bytes | list["Token"]
"""An atom or quoted string, the octets of a literal, or a parenthesised list."""


@dataclass(frozen=True, slots=True)
class ImapResponse:
    """One response. ``tag`` is ``*`` for untagged data, ``+`` for a continuation."""

    tag: str
    name: str
    """The first word after the tag in upper case; for ``* 3 EXISTS`` it is ``EXISTS``."""
    tokens: tuple[Token, ...]
    """What follows the name (for numbered responses: the number, then the rest)."""
    text: str = ""
    """For status responses: the human-readable text."""
    code: str = ""
    """For status responses: the first word in brackets, in upper case."""
    arguments: str = ""
    """For status responses: the other words in the brackets."""


def parse(line: bytes, literals: list[bytes]) -> ImapResponse:
    """Parse a response line in which a NUL stands for each of the ``literals``."""
    text = line.decode("utf-8", "replace")
    tag, _, rest = text.partition(" ")
    if tag == "+":
        return ImapResponse("+", "", (), text=rest)
    word, _, after = rest.partition(" ")
    name = word.upper()
    if name in {"OK", "NO", "BAD", "BYE", "PREAUTH"}:
        code, arguments, human = _status_text(after)
        return ImapResponse(tag, name, (), human, code, arguments)
    found = tokens(rest, literals)
    if len(found) > 1 and number(found[0]) is not None and isinstance(found[1], str):
        return ImapResponse(tag, found[1].upper(), (found[0], *found[2:]))
    return ImapResponse(tag, name, tuple(found[1:]))


def _status_text(text: str) -> tuple[str, str, str]:
    match = re.match(r"\[([^\] ]+)(?: ([^\]]*))?\]\s*(.*)\Z", text, re.DOTALL)
    if match is None:
        return "", "", text
    return match.group(1).upper(), match.group(2) or "", match.group(3)


def tokens(text: str, literals: list[bytes]) -> list[Token]:
    """The atoms, quoted strings, literals and lists of a line."""
    stack: list[list[Token]] = [[]]
    rest = list(reversed(literals))
    position, end = 0, len(text)
    while position < end:
        char = text[position]
        if char == " ":
            position += 1
        elif char == "(":
            if len(stack) > _MAX_DEPTH:
                raise TooMuchDataError
            inner: list[Token] = []
            stack[-1].append(inner)
            stack.append(inner)
            position += 1
        elif char == ")":
            if len(stack) > 1:
                stack.pop()
            position += 1
        elif char == "\0":
            stack[-1].append(rest.pop() if rest else b"")
            position += 1
        elif char == '"':
            value, position = _quoted_string(text, position + 1)
            stack[-1].append(value)
        else:
            start = position
            depth = 0
            # A section such as BODY[HEADER.FIELDS (X)] is one atom with blanks in brackets.
            while position < end and (depth or text[position] not in ' ()"\0'):
                depth += {"[": 1, "]": -1}.get(text[position], 0)
                position += 1
            stack[-1].append(text[start:position])
    return stack[0]


def _quoted_string(text: str, position: int) -> tuple[str, int]:
    value: list[str] = []
    while position < len(text):
        char = text[position]
        if char == '"':
            return "".join(value), position + 1
        if char == "\\" and position + 1 < len(text):
            position += 1
            char = text[position]
        value.append(char)
        position += 1
    return "".join(value), position


def fetch_items(response: ImapResponse) -> dict[str, Token]:
    """The data items of a FETCH response by their names in upper case."""
    items = response.tokens[1] if len(response.tokens) > 1 else None
    if not isinstance(items, list):
        return {}
    pairs = zip(items[::2], items[1::2], strict=False)
    return {str(key).upper(): value for key, value in pairs if isinstance(key, str)}


def number(token: object) -> int | None:
    """The number that an atom stands for; None for anything else."""
    if isinstance(token, str) and token.isascii() and token.isdigit() and len(token) < 16:
        return int(token)
    return None


def quoted(text: str) -> str:
    """``text`` as a quoted string. The caller ensures that it has no control characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
