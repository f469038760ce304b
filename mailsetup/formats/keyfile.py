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
        match = _GROUP.match(line.rstrip("\r\n"))
        if match:
            current = groups.setdefault(match[1], {})
        elif (entry := _entry(line)) is not None and current is not None:
            current[entry[0]] = unescape(entry[1])
    return groups


def with_values(content: bytes, groups: Groups) -> bytes | None:
    """The key file with these values set, everything else byte for byte as it was.

    None when it is no key file. Where a group stands twice, the last entry of a key counts for
    GLib, so each one is set.
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
    """Whether ``after`` is ``before`` with these values, and every other line as it was."""
    old, new = read(before), read(after)
    if old is None or new is None:
        return False
    expected = {**old, **{name: {**old.get(name, {}), **keys} for name, keys in groups.items()}}
    return new == expected and _others(before, groups, old) == _others(after, groups, old)


def _others(content: bytes, groups: Groups, old: Groups) -> list[str]:
    """The lines that stay as they are where values of these groups are set."""
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
    """The lines with their ends."""
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
