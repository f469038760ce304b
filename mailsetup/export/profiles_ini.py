"""``profiles.ini``: Thunderbird's list of profiles, read, and extended byte for byte.

Thunderbird numbers the sections from ``[Profile0]`` and stops at the first number that is missing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

MAX_SIZE = 1024 * 1024
_FIRST = b"[General]\nStartWithLastProfile=1\nVersion=2\n\n"
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Entry:
    """One profile of the list."""

    number: int
    name: str
    path: str
    relative: bool

    def folder(self, root: Path) -> Path:
        """Where the profile is."""
        return root / self.path if self.relative else Path(self.path)


def entries(content: bytes) -> tuple[Entry, ...] | None:
    """The profiles, by number; None when the file is not one that we understand."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        return None
    try:
        text = content.removeprefix(_UTF8_BOM).decode()
    except UnicodeDecodeError:
        return None
    sections: dict[int, dict[str, str]] = {}
    current: dict[str, str] = {}
    for raw in re.split(r"\r\n|\r|\n", text):
        entry = raw.strip()
        if entry.startswith("["):
            match = re.fullmatch(r"\[Profile(\d{1,6})\]", entry)
            current = sections.setdefault(int(match.group(1)), {}) if match else {}
        elif "=" in entry and not entry.startswith(("#", ";")):
            key, _equals, value = entry.partition("=")
            current[key] = value
    return tuple(
        Entry(
            number=number,
            name=section.get("Name", ""),
            path=section.get("Path", ""),
            relative=section.get("IsRelative", "1") != "0",
        )
        for number, section in sorted(sections.items())
    )


def first_free(known: tuple[Entry, ...]) -> int:
    """The number at which Thunderbird stops reading, and so the one for a new profile."""
    taken = {entry.number for entry in known}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def with_profile(content: bytes, number: int, name: str, path: str) -> bytes:
    """The file with one more profile; everything that was in it stays byte for byte.

    The first profile of all is marked as the default: a Thunderbird that has started it once then
    keeps it for plain starts, also when more profiles follow.
    """
    first = not entries(content)
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    if not content.strip():
        content = _FIRST
        newline = b"\n"
    elif not content.endswith((b"\n", b"\r")):
        content += newline
    section = [f"[Profile{number}]", f"Name={name}", "IsRelative=1", f"Path={path}"]
    section += ["Default=1", ""] if first else [""]
    separator = b"" if content.endswith(newline * 2) else newline
    return content + separator + b"".join(line.encode() + newline for line in section)


def without_profile(content: bytes, path: str) -> bytes | None:
    """The file without the section that `with_profile` added; None when it is not there alone.

    Only the last section goes: taking out one in the middle would hide the ones behind it.
    """
    known = entries(content)
    if known is None:
        return None
    mine = [entry for entry in known if entry.relative and entry.path == path]
    if len(mine) != 1 or any(entry.number > mine[0].number for entry in known):
        return None
    header = re.compile(rb"(?m)^\[Profile%d\][ \t]*\r?$\n?" % mine[0].number)
    match = header.search(content)
    if match is None:
        return None
    following = re.compile(rb"(?m)^\[").search(content, match.end())
    end = following.start() if following else len(content)
    return content[: match.start()] + content[end:]
