"""Key files (GLib's GKeyFile, GNOME's configuration format): reader, writer, and value edits.

Values are escaped as by ``g_key_file_set_string``. Only a backslash starts an escape, so that
quotes and ``;`` are literal in a plain string; blanks around a value are dropped unless they are
written as ``\\s``.
"""

import re
from collections.abc import Mapping
from typing import Final

MAX_SIZE = 1024 * 1024
"""Bytes. A longer file is not an account of a mail program."""

Groups = Mapping[str, Mapping[str, str]]
"""Group → key → value, unescaped."""

_ESCAPES: Final[Mapping[str, str]] = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPES: Final[Mapping[str, str]] = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_GROUP = re.compile(r"\[([^\[\]]+)\][ \t]*\Z")


def escape(value: str) -> str:
    """The value in the form after the ``=``."""
    text = "".join(_ESCAPES.get(char, char) for char in value)
    inner = text.strip(" ")
    if not inner:
        return "\\s" * len(text)
    front = len(text) - len(text.lstrip(" "))
    back = len(text) - len(text.rstrip(" "))
    return "\\s" * front + inner + "\\s" * back


def unescape(raw: str) -> str:
    """The value of its form in the file; unknown escapes are left unchanged."""
    return re.sub(r"\\(.)", lambda match: _UNESCAPES.get(match[1], match[0]), raw, flags=re.DOTALL)


def render(groups: Groups) -> bytes:
    """A key file with these groups and keys, in this order."""
    blocks = (
        "\n".join((f"[{group}]", *(f"{key}={escape(value)}" for key, value in keys.items())))
        for group, keys in groups.items()
    )
    return ("\n\n".join(blocks) + "\n").encode()


def read(content: bytes) -> dict[str, dict[str, str]] | None:
    """Groups and values of a key file; None for other files."""
    lines = _lines(content)
    if lines is None:
        return None
    groups: dict[str, dict[str, str]] = {}
    current: dict[str, str] | None = None
    for line in lines:
        match = _GROUP.match(line.rstrip("\r\n"))
        if match:
            current = groups.setdefault(match[1], {})
        elif (entry := _entry(line)) is not None and current is not None:
            current[entry[0]] = unescape(entry[1])
    return groups


def with_values(content: bytes, groups: Groups) -> bytes | None:
    """The key file with these values set, and all other bytes unchanged.

    None when it is no key file. In a group that is repeated, GLib uses the last entry of a key, so
    that each one is set.
    """
    lines = _lines(content)
    if lines is None:
        return None
    newline = "\r\n" if b"\r\n" in content else "\n"
    missing = {group: dict(keys) for group, keys in groups.items()}
    written: list[str] = []
    group = ""
    ends: dict[str, int] = {}
    for line in lines:
        match = _GROUP.match(line.rstrip("\r\n"))
        entry = _entry(line)
        if match:
            group = match[1]
        elif entry is not None and entry[0] in groups.get(group, {}):
            missing[group].pop(entry[0], None)
            line = f"{entry[0]}={escape(groups[group][entry[0]])}{newline}"
        written.append(line if line.endswith("\n") else line + newline)
        if group and line.strip():
            ends[group] = len(written)
    for name, position in sorted(ends.items(), key=lambda item: -item[1]):
        rest = missing.pop(name, {})
        written[position:position] = [
            f"{key}={escape(value)}{newline}" for key, value in rest.items()
        ]
    added = {name: keys for name, keys in missing.items() if name not in ends}
    return "".join(written).encode() + (b"\n" + render(added) if added else b"")


def became(before: bytes, after: bytes, groups: Groups) -> bool:
    """Whether ``after`` is ``before`` with these values and all other lines unchanged."""
    old, new = read(before), read(after)
    if old is None or new is None:
        return False
    expected = {**old, **{name: {**old.get(name, {}), **keys} for name, keys in groups.items()}}
    return new == expected and _others(before, groups, old) == _others(after, groups, old)


def _others(content: bytes, groups: Groups, old: Groups) -> list[str]:
    """The lines that setting values of these groups does not change."""
    found, group = [], ""
    for line in _lines(content) or ():
        match, entry = _GROUP.match(line.rstrip("\r\n")), _entry(line)
        if match:
            group = match[1]
        is_new = match is not None and group in groups and group not in old
        is_set = match is None and entry is not None and entry[0] in groups.get(group, {})
        if line.strip() and not is_new and not is_set:
            found.append(line.rstrip("\r\n"))
    return found


def _lines(content: bytes) -> list[str] | None:
    """The lines with their line ends."""
    if len(content) > MAX_SIZE:
        return None
    try:
        return re.findall(r"[^\n]*\n|[^\n]+", content.decode())
    except UnicodeDecodeError:
        return None


def _entry(line: str) -> tuple[str, str] | None:
    if line.lstrip().startswith("#") or "=" not in line:
        return None
    key, _equals, raw = line.partition("=")
    return key.strip(), raw.rstrip("\r\n").strip(" \t")
