"""``profiles.ini``, Thunderbird's list of profiles: reader, and edits that change no other bytes.

Thunderbird numbers the sections from ``[Profile0]`` and stops at the first missing number.
"""

import re
from dataclasses import dataclass
from pathlib import Path

MAX_SIZE = 1024 * 1024
_FIRST = b"[General]\nStartWithLastProfile=1\nVersion=2\n\n"
_UTF8_BOM = b"\xef\xbb\xbf"


class ProfilesIniError(ValueError):
    """An edited list would not read back as intended."""


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """One profile of the list."""

    number: int
    name: str
    path: str
    relative: bool

    def folder(self, root: Path) -> Path:
        """The profile's folder; ``root`` is the folder of ``profiles.ini``."""
        return root / self.path if self.relative else Path(self.path)


def entries(content: bytes) -> tuple[ProfileEntry, ...] | None:
    """The profiles, by number; None when the file is not UTF-8 text."""
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
    """The profiles that Thunderbird reads: up to the first missing number."""
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
    """The first missing number, which is the one for a new profile."""
    used = {entry.number for entry in known}
    return next(number for number in range(len(used) + 1) if number not in used)


def with_profile(content: bytes, number: int, name: str, path: str) -> bytes:
    """The file with one more profile, and all bytes that were in it unchanged.

    The first profile of all is marked as the default: once started, Thunderbird then continues to
    use it for starts without a profile argument, also when more profiles follow.

    Raises ProfilesIniError when the result would not read back as intended.
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
        raise ProfilesIniError
    return after


def without_profile(content: bytes, path: str) -> bytes | None:
    """The file without the profile of this path; None when it is not there exactly once.

    Later profiles are renumbered, because Thunderbird stops reading at a missing number. Sections
    of installations whose default is this profile are removed, too.

    Raises ProfilesIniError when the result would not read back as intended.
    """
    known = entries(content)
    if known is None:
        return None
    matching = [entry for entry in known if entry.relative and entry.path == path]
    if len(matching) != 1:
        return None
    removed = matching[0].number
    sections: list[bytes] = []
    for section in _SECTION.split(content):
        match = _PROFILE.match(section)
        if match is None:
            sections.append(without_default(section, path))
            continue
        number = int(match[1])
        if number == removed:
            continue
        if number > removed:
            section = b"[Profile%d]" % (number - 1) + section[match.end() :]
        sections.append(section)
    after = b"".join(sections)
    others = [_location(entry) for entry in known if entry.number != removed]
    if [_location(entry) for entry in entries(after) or ()] != others or path in defaults(after):
        raise ProfilesIniError
    return after


def _location(entry: ProfileEntry) -> tuple[str, str, bool]:
    return entry.name, entry.path, entry.relative


def without_default(content: bytes, path: str) -> bytes:
    """The file (also ``installs.ini``) without installations whose default is this profile."""
    return b"".join(
        section
        for section in _SECTION.split(content)
        if not (_is_installation(section) and _default(section) == path)
    )


def defaults(content: bytes) -> tuple[str, ...]:
    """The paths of the installations' default profiles, in the file's order."""
    return tuple(
        path
        for section in _SECTION.split(content)
        if _is_installation(section) and (path := _default(section))
    )


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
        if text.startswith(head) and (found := _value(text, key)) is not None:
            return found
    return None


_SECTION = re.compile(rb"(?m)^(?=\[)")
_PROFILE = re.compile(rb"\[Profile(\d{1,6})\]")


def _is_installation(section: bytes) -> bool:
    return section.startswith(b"[") and not section.startswith((b"[Profile", b"[General"))


def _default(section: bytes) -> str:
    return _value(section, "Default") or ""


def _value(section: bytes, key: str) -> str | None:
    match = re.search(rb"(?m)^" + re.escape(key).encode() + rb"=([^\r\n]*)", section)
    return match[1].decode("utf-8", "replace") if match else None
