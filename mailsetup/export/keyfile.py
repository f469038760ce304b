"""Key files as GLib reads and writes them (GNOME's configuration format).

A value is escaped as ``g_key_file_set_string`` does it. Two rules differ from other such formats:
only a backslash begins an escape, so quotes and ``;`` stand for themselves in a plain string; and
blanks around a value are dropped unless they are written as ``\\s``.
"""

import re
from collections.abc import Mapping

MAX_SIZE = 1024 * 1024
"""Bytes. A longer file is not one of a mail program's accounts."""

Groups = Mapping[str, Mapping[str, str]]
"""Group → key → value, unescaped."""

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_GROUP = re.compile(r"\[([^\[\]]+)\][ \t]*\Z")


def escape(value: str) -> str:
    """The value as it stands behind the ``=``."""
    text = "".join(_ESCAPES.get(char, char) for char in value)
    inner = text.strip(" ")
    if not inner:
        return "\\s" * len(text)
    front = len(text) - len(text.lstrip(" "))
    back = len(text) - len(text.rstrip(" "))
    return "\\s" * front + inner + "\\s" * back


def unescape(raw: str) -> str:
    """What a value stands for; an escape that GLib does not know stays as it is."""
    return re.sub(r"\\(.)", lambda match: _UNESCAPES.get(match[1], match[0]), raw, flags=re.DOTALL)


def render(groups: Groups) -> bytes:
    """A whole key file, in this order of groups and keys."""
    blocks = (
        "\n".join((f"[{group}]", *(f"{key}={escape(value)}" for key, value in keys.items())))
        for group, keys in groups.items()
    )
    return ("\n\n".join(blocks) + "\n").encode()


def read(content: bytes) -> dict[str, dict[str, str]] | None:
    """Groups and values of a key file; None when it is not one."""
    lines = _lines(content)
    if lines is None:
        return None
    groups: dict[str, dict[str, str]] = {}
    current: dict[str, str] | None = None
    for line in lines:
        match = _GROUP.match(line)
        if match:
            current = groups.setdefault(match[1], {})
        elif (entry := _entry(line)) is not None and current is not None:
            current[entry[0]] = unescape(entry[1])
    return groups


def with_values(content: bytes, groups: Groups) -> bytes | None:
    """The key file with these values set, everything else kept; None when it is not one.

    Where a group stands twice, the last entry of a key counts for GLib, so each one is set.
    """
    lines = _lines(content)
    if lines is None:
        return None
    missing = {group: dict(keys) for group, keys in groups.items()}
    written: list[str] = []
    group = ""
    ends: dict[str, int] = {}
    for line in lines:
        match = _GROUP.match(line)
        entry = _entry(line)
        if match:
            group = match[1]
        elif entry is not None and entry[0] in groups.get(group, {}):
            missing[group].pop(entry[0], None)
            line = f"{entry[0]}={escape(groups[group][entry[0]])}"
        written.append(line)
        if group and line.strip():
            ends[group] = len(written)
    for name, position in sorted(ends.items(), key=lambda item: -item[1]):
        rest = missing.pop(name, {})
        written[position:position] = [f"{key}={escape(value)}" for key, value in rest.items()]
    text = "\n".join(written).rstrip("\n") + "\n"
    added = {name: keys for name, keys in missing.items() if name not in ends}
    return text.encode() + (b"\n" + render(added) if added else b"")


def _lines(content: bytes) -> list[str] | None:
    if len(content) > MAX_SIZE:
        return None
    try:
        return re.split(r"\r?\n", content.decode())
    except UnicodeDecodeError:
        return None


def _entry(line: str) -> tuple[str, str] | None:
    if line.lstrip().startswith("#") or "=" not in line:
        return None
    key, _equals, raw = line.partition("=")
    return key.strip(), raw.strip(" \t")
