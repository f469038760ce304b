"""``prefs.js``: reader with Gecko's grammar, writer, and edits that change no other bytes.

The grammar (``modules/libpref/parser``) is not JavaScript: ``user_pref("name", value);`` with
comments between. Unreadable text is skipped to the next semicolon; later statements override
earlier ones.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from mailsetup.formats.prefs_js_scanner import statements

PrefValue = str | int | bool
"""A preference's value."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes. No real ``prefs.js`` is longer."""

_MAX_INT = 2**31 - 1
_ESCAPE = re.compile(
    r"\\(?:x([0-9A-Fa-f]{2})"
    r"|u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})"
    r"|u([0-9A-Fa-f]{4})|(.))",
    re.DOTALL,
)
_QUOTES = b"\"'"
_SIMPLE: Final[Mapping[str, str]] = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "r": "\r"}


class PrefsFile:
    """The preferences of one file. Never fails: other content is preserved."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._raw: dict[str, bytes] = {}
        self._spans: dict[str, list[tuple[int, int]]] = {}
        for raw_name, raw, start, end in statements(content):
            # Almost all names have no escapes; this check makes large files faster to read.
            plain = b"\\" not in raw_name
            name = raw_name[1:-1].decode("utf-8", "replace") if plain else _text(raw_name)
            if name is None or ((raw[0] not in _QUOTES or b"\\" in raw) and _value(raw) is None):
                continue
            self._raw[name] = raw
            self._spans.setdefault(name, []).append((start, end))

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def get(self, name: str) -> PrefValue | None:
        """A preference's value, or None when it is not set here."""
        raw = self._raw.get(name)
        return None if raw is None else _value(raw)

    def text(self, name: str) -> str:
        """A text preference without surrounding blanks; empty for others."""
        value = self.get(name)
        return value.strip() if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """A number preference; None for others."""
        value = self.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def words(self, name: str) -> tuple[str, ...]:
        """The items of a list such as ``account1,account2``."""
        return tuple(word.strip() for word in self.text(name).split(",") if word.strip())

    def changed(
        self, values: Mapping[str, PrefValue], remove: Collection[str] = ()
    ) -> bytes | None:
        """The file with these values set and the ``remove`` preferences deleted.

        None when the result would not read back as intended: the file ends inside an incomplete
        statement or comment, which would swallow a value.
        """
        pieces: list[bytes] = []
        edits: list[tuple[int, int, bytes]] = []
        for name in {*values, *remove}:
            spans = self._spans.get(name, [])
            for start, end in spans:
                new = name in values and (start, end) == spans[-1]
                if new:
                    edits.append((start, end, line(name, values[name]).encode()))
                else:
                    edits.append((start, self._line_end(start, end), b""))
        position = 0
        for start, end, text in sorted(edits):
            pieces += [self.content[position:start], text]
            position = end
        pieces.append(self.content[position:])
        body = b"".join(pieces)
        newline = b"\r\n" if b"\r\n" in self.content[:4096] else b"\n"
        added = [line(name, value) for name, value in values.items() if name not in self._spans]
        if added:
            if body and not body.endswith((b"\n", b"\r")):
                body += newline
            body += b"".join(text.encode() + newline for text in added)
        return body if self.became(body, values, remove) else None

    def became(
        self, content: bytes, values: Mapping[str, PrefValue], remove: Collection[str] = ()
    ) -> bool:
        """Whether ``content`` is this file with these values set and ``remove`` deleted.

        All other bytes must be unchanged, except line ends (a removed statement's line end is
        removed, too).
        """
        after = PrefsFile(content)
        touched = {*values, *remove}
        return (
            self._others(touched) == after._others(touched)
            and all(_same(after.get(name), value) for name, value in values.items())
            and not any(name in after for name in touched - values.keys())
            and self._without(touched) == after._without(touched)
        )

    def _others(self, names: Collection[str]) -> dict[str, bytes]:
        return {name: raw for name, raw in self._raw.items() if name not in names}

    def _without(self, names: Collection[str]) -> bytes:
        """The file without the statements of these names and without line ends."""
        pieces, position = [], 0
        for start, end in sorted(span for name in names for span in self._spans.get(name, ())):
            pieces.append(self.content[position:start])
            position = end
        pieces.append(self.content[position:])
        return b"".join(pieces).translate(None, b"\r\n")

    def _line_end(self, start: int, end: int) -> int:
        """The end of a statement, with its line end where it is alone on the line."""
        before = self.content[max(0, start - 1) : start]
        if before not in (b"", b"\n", b"\r"):
            return end
        for newline in (b"\r\n", b"\n"):
            if self.content.startswith(newline, end):
                return end + len(newline)
        return end


def line(name: str, value: PrefValue) -> str:
    """One line of ``prefs.js``.

    The grammar is not JSON: a preference with ``\\t`` or ``\\/`` is discarded, so that only
    backslash, quote and line breaks are escaped.
    """
    return f"user_pref({_literal(name)}, {_literal(value)});"


def _literal(value: PrefValue) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            if not -_MAX_INT <= value <= _MAX_INT:
                raise ValueError(value)
            return str(value)
        case str():
            text = value.replace("\\", "\\\\").replace('"', '\\"')
            return '"' + text.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _same(one: PrefValue | None, other: PrefValue) -> bool:
    # True == 1 in Python; in Gecko they are of different types.
    return type(one) is type(other) and one == other


def _value(raw: bytes) -> PrefValue | None:
    if raw[:1] in b"\"'":
        return _text(raw)
    if raw in (b"true", b"false"):
        return raw == b"true"
    # Longer ones are out of range, and slow to convert.
    number = int(b"".join(raw.split())) if len(raw) <= 12 else _MAX_INT + 1
    return number if -_MAX_INT - 1 <= number <= _MAX_INT else None


def _text(raw: bytes) -> str | None:
    """The text between the quotes; None where Gecko discards the preference."""
    text = raw[1:-1].decode("utf-8", "replace")
    if b"\\" not in raw:
        return text
    pieces, position = [], 0
    for match in _ESCAPE.finditer(text):
        hexadecimal, high, low, unit, other = match.groups()
        if high is not None:
            code = 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)
            plain = chr(code)
        elif other is not None:
            plain = _SIMPLE.get(other, "")
        else:
            code = int(hexadecimal or unit, 16)
            plain = "" if code == 0 or 0xD800 <= code <= 0xDFFF else chr(code)
        if not plain:
            return None
        pieces += [text[position : match.start()], plain]
        position = match.end()
    return "".join((*pieces, text[position:]))
