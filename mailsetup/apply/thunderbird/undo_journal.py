"""Records our changes of a profile inside the profile, so that they can be undone byte for byte.

Every change is a folder ``mailsetup-undo/0001`` with ``change.json`` (the files, with their digests
before and after) and copies of the old files. It is complete before the first file is replaced; a
later run that finds a change of which only some files were replaced restores the old ones.
"""

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mailsetup.apply.thunderbird.profile_lock import read_file
from mailsetup.files import atomic
from mailsetup.files.atomic import OperationError
from mailsetup.formats.prefs_js import PrefValue
from mailsetup.i18n import _

FOLDER = "mailsetup-undo"
_CHANGE = "change.json"
_MAX_CHANGE = 1024 * 1024
MAX_FILE = 64 * 1024 * 1024
"""Bytes. Longer files are not replaced."""
_VERSION = 1
_NUMBER = re.compile(r"\d{4,9}\Z")
# Only these files are replaced, whatever a journal contains.
FILES = frozenset({"prefs.js", "logins.json", "key4.db"})

Digest = str | None
"""SHA-256 as hexadecimal digits; None for a missing file."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. Names of files are without folder; digests are `Digest`."""

    kind: str
    """``profile`` (a new one), ``added`` or ``repaired`` (in an existing one), ``password``."""
    address: str
    files: Mapping[str, tuple[Digest, Digest]]
    prefs: Mapping[str, tuple[PrefValue | None, PrefValue]] = field(default_factory=dict)
    """Each preference that was set, with its value before and after."""
    prefixes: tuple[str, ...] = ()
    """Prefixes of the preferences that only this change made."""
    listed: Mapping[str, str] = field(default_factory=dict)
    """Keys that were added to lists of keys: the preference and the key."""
    logins: tuple[str, ...] = ()
    """The ``guid`` of each stored login."""
    ini: tuple[Digest, Digest] = (None, None)
    """``profiles.ini`` before and after, for a new profile."""
    folder: Path | None = None
    """The folder of the journal and the backups; None before the change is recorded."""
    when: str = ""
    """ISO 8601, UTC."""
    number: int = 0

    def backup(self, name: str) -> Path:
        """The copy of the old file."""
        if self.folder is None:
            raise ValueError(name)
        return self.folder / name


def digest(content: bytes | None) -> Digest:
    """The digest of a content."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def record_in_new_profile(parent: Path, change: Change, before: Mapping[str, bytes | None]) -> None:
    """Write a change's journal into a new profile that is not in use yet. Raises OSError."""
    _write(parent / FOLDER / "0001", change, before)


def record(profile: Path, change: Change, before: Mapping[str, bytes | None]) -> Change:
    """Write a change's journal, completely or not at all. Raises OSError."""
    journal = profile / FOLDER
    unfinished = atomic.temporary_path(profile)
    made = not journal.exists()
    last = newest_change(profile)
    number = last.number + 1 if last else 1
    target = journal / f"{number:04}"
    try:
        _write(unfinished / target.name, change, before)
        if made:
            unfinished.rename(journal)
        else:
            (unfinished / target.name).rename(target)
            unfinished.rmdir()
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    atomic.sync_folder(journal)
    atomic.sync_folder(profile)
    found = _load(target)
    if found is None:
        raise OperationError(_("{place} cannot be read. Nothing was changed.").format(place=target))
    return found


def _write(folder: Path, change: Change, before: Mapping[str, bytes | None]) -> None:
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    document = {
        "version": _VERSION,
        "when": datetime.now(UTC).isoformat(timespec="microseconds"),
        "kind": change.kind,
        "address": change.address,
        "files": {name: list(pair) for name, pair in change.files.items()},
        "prefs": {name: list(pair) for name, pair in change.prefs.items()},
        "prefixes": list(change.prefixes),
        "listed": dict(change.listed),
        "logins": list(change.logins),
        "ini": list(change.ini),
    }
    for name, content in before.items():
        if content is not None:
            atomic.write_new(folder / name, content, 0o600)
    atomic.write_new(folder / _CHANGE, json.dumps(document, indent=1).encode(), 0o600)
    atomic.sync_folder(folder)


def changes(profile: Path) -> tuple[Change, ...]:
    """The changes of this profile that can be undone, newest first."""
    found = []
    for folder in _change_folders(profile / FOLDER):
        change = _load(folder)
        if change is not None:
            found.append(change)
    return tuple(sorted(found, key=lambda change: change.number, reverse=True))


def newest_change(profile: Path) -> Change | None:
    """The change that can be undone first."""
    return next(iter(changes(profile)), None)


def _change_folders(journal: Path) -> list[Path]:
    """The folders of the changes; none where they cannot be read."""
    with contextlib.suppress(OSError):
        if not journal.is_symlink() and journal.is_dir():
            return [
                folder
                for folder in journal.iterdir()
                if _NUMBER.match(folder.name) and folder.is_dir() and not folder.is_symlink()
            ]
    return []


def discard(profile: Path, change: Change) -> None:
    """Remove a change's journal: rename it, then delete it. Raises OSError."""
    if change.folder is None:
        return
    removed = atomic.temporary_path(profile)
    change.folder.rename(removed)
    with contextlib.suppress(OSError):  # other changes are left in it
        (profile / FOLDER).rmdir()
    atomic.sync_folder(profile)
    shutil.rmtree(removed, ignore_errors=True)


def current_digests(profile: Path, change: Change) -> dict[str, Digest]:
    """The present digests of the change's files. Raises OSError."""
    return {name: digest(read_file(profile / name, MAX_FILE)) for name in change.files}


def roll_back(profile: Path, change: Change, now: Mapping[str, Digest]) -> None:
    """Restore every file that has changed. Raises OSError.

    The preferences are last: restoring them removes the account.
    """
    changed = [name for name in change.files if now[name] != change.files[name][0]]
    for name in changed:
        before = change.files[name][0]
        if before is not None and digest(read_file(change.backup(name), MAX_FILE)) != before:
            raise OperationError(
                _("The copy of {name} from before is damaged. Nothing was changed.").format(
                    name=name
                )
            )
    for name in sorted(changed, key=lambda name: name == "prefs.js"):
        if change.files[name][0] is None:
            (profile / name).unlink(missing_ok=True)
        else:
            # The copy itself is renamed: this works on a full disk.
            change.backup(name).replace(profile / name)
    atomic.sync_folder(profile)


def recover(profile: Path) -> None:
    """Remove what a killed run has left; the profile must be locked.

    Raises OSError.
    """
    for entry in profile.iterdir():
        if entry.name.startswith(atomic.PREFIX) and not entry.is_symlink():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                atomic.remove_quietly(entry)
    with contextlib.suppress(OSError):  # changes are left in it, or it does not exist
        (profile / FOLDER).rmdir()
    newest = newest_change(profile)
    if newest is None or newest.kind == "profile":
        return
    now = current_digests(profile, newest)
    complete = all(now[name] == after for name, (_before, after) in newest.files.items())
    ours = all(now[name] in pair for name, pair in newest.files.items())
    if ours and not complete:
        roll_back(profile, newest, now)
        discard(profile, newest)


def _load(folder: Path) -> Change | None:
    try:
        content = read_file(folder / _CHANGE, _MAX_CHANGE)
        return None if content is None else _parsed(json.loads(content), folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not a journal of ours, or damaged: it cannot be undone


def _parsed(document: dict[str, object], folder: Path) -> Change | None:
    files, prefs, listed = document["files"], document["prefs"], document["listed"]
    prefixes, logins, ini = document["prefixes"], document["logins"], document["ini"]
    if not (
        document["version"] == _VERSION
        and isinstance(files, dict)
        and isinstance(prefs, dict)
        and isinstance(listed, dict)
        and isinstance(prefixes, list)
        and isinstance(logins, list)
        and isinstance(ini, list)
        and set(files) <= FILES
    ):
        return None
    return Change(
        kind=str(document["kind"]),
        address=str(document["address"]),
        files={name: (_digest(pair[0]), _digest(pair[1])) for name, pair in files.items()},
        prefs={str(name): (_pref(pair[0]), _set(pair[1])) for name, pair in prefs.items()},
        prefixes=tuple(map(str, prefixes)),
        listed={str(name): str(key) for name, key in listed.items()},
        logins=tuple(map(str, logins)),
        ini=(_digest(ini[0]), _digest(ini[1])),
        folder=folder,
        when=str(document["when"]),
        number=int(folder.name),
    )


def _digest(value: object) -> Digest:
    if value is None or isinstance(value, str):
        return value
    raise TypeError


def _pref(value: object) -> PrefValue | None:
    return None if value is None else _set(value)


def _set(value: object) -> PrefValue:
    if isinstance(value, str | int | bool):
        return value
    raise TypeError
