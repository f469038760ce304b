"""``profiles.ini``: Thunderbird's list of profiles, read, and extended byte for byte.

Thunderbird numbers the sections from ``[Profile0]`` and stops at the first number that is missing.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from mailsetup.files.locking import RefusedError
from mailsetup.i18n import _

MAX_SIZE = 1024 * 1024
_FIRST = b"[General]\nStartWithLastProfile=1\nVersion=2\n\n"
_UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """One profile of the list."""

    number: int
    name: str
    path: str
    relative: bool

    def folder(self, root: Path) -> Path:
        """Where the profile is."""
        return root / self.path if self.relative else Path(self.path)


def entries(content: bytes) -> tuple[ProfileEntry, ...] | None:
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
        ProfileEntry(
            number=number,
            name=section.get("Name", ""),
            path=section.get("Path", ""),
            relative=section.get("IsRelative", "1") != "0",
        )
        for number, section in sorted(sections.items())
    )


def listed(content: bytes) -> tuple[ProfileEntry, ...]:
    """The profiles that Thunderbird reads: up to the first number that is missing."""
    known = entries(content) or ()
    free = first_free(known)
    return tuple(entry for entry in known if entry.number < free)


def normal_default(content: bytes) -> ProfileEntry | None:
    """The profile with ``Default=1`` (the last one where several have it), or the only one."""
    known = listed(content)
    numbers = marked(content)
    chosen = [entry for entry in known if entry.number in numbers]
    if chosen:
        return chosen[-1]
    return known[0] if len(known) == 1 else None


def first_free(known: tuple[ProfileEntry, ...]) -> int:
    """The number at which Thunderbird stops reading, and so the one for a new profile."""
    taken = {entry.number for entry in known}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def with_profile(content: bytes, number: int, name: str, path: str) -> bytes:
    """The file with one more profile; everything that was in it stays byte for byte.

    Raises RefusedError when the result would not read back so.

    The first profile of all is marked as the default: a Thunderbird that has started it once then
    keeps it for plain starts, also when more profiles follow.
    """
    known = entries(content) or ()
    first = not known
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    if not content.strip():
        content = _FIRST
        newline = b"\n"
    elif not content.endswith((b"\n", b"\r")):
        content += newline
    section = [f"[Profile{number}]", f"Name={name}", "IsRelative=1", f"Path={path}"]
    section += ["Default=1", ""] if first else [""]
    separator = b"" if content.endswith(newline * 2) else newline
    after = content + separator + b"".join(line.encode() + newline for line in section)
    new = ProfileEntry(number=number, name=name, path=path, relative=True)
    if set(entries(after) or ()) != {*known, new}:
        raise RefusedError(_("Thunderbird's list of profiles cannot be read."))
    return after


def without_profile(content: bytes, path: str) -> bytes | None:
    """The file without the profile of this path; None when it is not there exactly once.

    Raises RefusedError when the result would not read back so.

    Those behind it are numbered anew, because Thunderbird stops reading at a number that is
    missing. Where an installation opens this profile by itself, that is taken out, too.
    """
    known = entries(content)
    if known is None:
        return None
    mine = [entry for entry in known if entry.relative and entry.path == path]
    if len(mine) != 1:
        return None
    number = mine[0].number
    kept: list[bytes] = []
    for section in _SECTION.split(content):
        match = _PROFILE.match(section)
        if match is None:
            kept.append(without_default(section, path))
            continue
        place = int(match[1])
        if place == number:
            continue
        if place > number:
            section = b"[Profile%d]" % (place - 1) + section[match.end() :]
        kept.append(section)
    after = b"".join(kept)
    others = [_where(entry) for entry in known if entry.number != number]
    if [_where(entry) for entry in entries(after) or ()] != others or path in defaults(after):
        raise RefusedError(_("Thunderbird's list of profiles cannot be read."))
    return after


def _where(entry: ProfileEntry) -> tuple[str, str, bool]:
    return entry.name, entry.path, entry.relative


def without_default(content: bytes, path: str) -> bytes:
    """The file (also ``installs.ini``) without installations that open the profile of this path."""
    kept = []
    for section in _SECTION.split(content):
        is_install = section.startswith(b"[") and not section.startswith((b"[Profile", b"[General"))
        if not (is_install and _default(section) == path):
            kept.append(section)
    return b"".join(kept)


def defaults(content: bytes) -> tuple[str, ...]:
    """The paths of the profiles that installations open by themselves, in the file's order."""
    found = []
    for section in _SECTION.split(content):
        if section.startswith(b"[") and not section.startswith((b"[Profile", b"[General")):
            path = _default(section)
            if path:
                found.append(path)
    return tuple(found)


def marked(content: bytes) -> tuple[int, ...]:
    """The numbers of the profiles with ``Default=1``, which Thunderbird used before version 68."""
    return tuple(
        int(match[1])
        for section in _SECTION.split(content)
        if (match := _PROFILE.match(section)) and _default(section) == "1"
    )


def has_version(content: bytes) -> bool:
    """Whether a Thunderbird that has profiles per installation (67 or later) wrote the list."""
    return value(content, "General", "Version") is not None


def value(content: bytes, section: str, key: str) -> str | None:
    """A value of any file in this format; None where it is not set."""
    head = f"[{section}]".encode()
    for text in _SECTION.split(content.removeprefix(_UTF8_BOM)):
        if text.startswith(head):
            match = re.search(rb"(?m)^" + re.escape(key).encode() + rb"=([^\r\n]*)", text)
            if match is not None:
                return match[1].decode("utf-8", "replace")
    return None


_SECTION = re.compile(rb"(?m)^(?=\[)")
_PROFILE = re.compile(rb"\[Profile(\d{1,6})\]")


def _default(section: bytes) -> str:
    match = re.search(rb"(?m)^Default=([^\r\n]*)", section)
    return match[1].decode("utf-8", "replace") if match else ""
