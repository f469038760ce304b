"""Put an account into the Thunderbird of this computer, as a profile of its own.

A new profile touches nothing that the person has: it is made complete beside the others under a
name that Thunderbird does not look at, renamed into place, and then entered in ``profiles.ini``.
Whoever cuts the power in between finds the old list, or the new list and the whole profile.

The list alone does not make the profile the one that opens by itself: Thunderbird decides that at
its first start, for which `Applied.command` names the profile. An account for an existing profile
would take `mailsetup.export.thunderbird.prefs` with unused ``Keys`` and merge ``list_prefs``.
"""

import contextlib
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailsetup.export import atomic, profiles_ini
from mailsetup.export.exporter import CannotExport
from mailsetup.export.filename import sanitised, stem
from mailsetup.export.installation import Installation, find_installation, installations
from mailsetup.export.thunderbird import notes, prefs_js
from mailsetup.i18n import _
from mailsetup.model.settings import Account

__all__ = [
    "Applied",
    "ApplyRefused",
    "Installation",
    "UndoRefused",
    "Undone",
    "apply_new_profile",
    "find_installation",
    "is_running",
    "undo",
]

_INI = "profiles.ini"
_PREFS = "prefs.js"
_BACKUP = "profiles.ini.before"
# In a profile that is not in the list yet; who finds it there may clear the folder away.
_UNFINISHED = atomic.PREFIX + "unfinished"
_OURS = frozenset({_PREFS, _BACKUP, _UNFINISHED})
_MAX_NAME = 40


@dataclass(frozen=True, slots=True)
class Applied:
    """The profile that was added.

    ``command`` opens Thunderbird with it. Where it is the first profile of all, Thunderbird then
    keeps it for plain starts (not before that start); otherwise plain starts stay as they are.
    """

    profile: Path
    name: str
    command: tuple[str, ...]
    root: Path
    backup: Path | None
    """The list of profiles as it was before; None when there was none."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyRefused:
    """Nothing was changed; ``reason`` is a sentence that says what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """What was added is gone."""


@dataclass(frozen=True, slots=True)
class UndoRefused:
    """Nothing was changed; ``reason`` is a sentence."""

    reason: str


class _RefusedError(Exception):
    """Carries a sentence to the border of this module."""


def is_running(profile: Path) -> bool:
    """Whether a Thunderbird has this profile open.

    It holds a POSIX lock on ``.parentlock``, or on Windows keeps ``parent.lock`` open to itself.
    The symbolic link ``lock`` outlives Thunderbird and says nothing. When the question cannot be
    answered the profile counts as open.
    """
    if sys.platform == "win32":
        try:
            (profile / "parent.lock").open("rb").close()
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False
    import fcntl

    try:
        descriptor = os.open(profile / ".parentlock", os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def apply_new_profile(
    account: Account, *, root: Path | None = None, name: str | None = None
) -> Applied | ApplyRefused:
    """Add a profile with this account to the installed Thunderbird. No password is written.

    ``root`` is the folder of ``profiles.ini`` (that of the installed Thunderbird when None);
    ``name`` the profile's name (made from the address when None). The profile's folder is
    readable for the person alone.
    """
    content = prefs_js(account)
    if isinstance(content, CannotExport):
        return ApplyRefused(content.reason)
    installation = _installation(root)
    if isinstance(installation, ApplyRefused):
        return installation
    wanted = sanitised(name or "", stem(account.address))[:_MAX_NAME].rstrip(".-_")
    try:
        with _made(installation.root, may_make=root is None), _locked(installation.root):
            return _add(installation, wanted, content, notes(account))
    except _RefusedError as refused:
        return ApplyRefused(str(refused))
    except OSError as error:
        return ApplyRefused(atomic.reason(error, installation.root))


def undo(applied: Applied) -> Undone | UndoRefused:
    """Take away what `apply_new_profile` added, as long as Thunderbird has not used it."""
    try:
        with _locked(applied.root):
            return _remove(applied)
    except _RefusedError as refused:
        return UndoRefused(str(refused))
    except OSError as error:
        return UndoRefused(atomic.reason(error, applied.root))


def _installation(root: Path | None) -> Installation | ApplyRefused:
    if root is None:
        found = find_installation()
        if found is None:
            return ApplyRefused(
                _("Thunderbird was not found on this computer. Install it and try again.")
            )
        return found
    if not root.is_dir():
        return ApplyRefused(_("The folder {place} is not there.").format(place=root))
    for installation in installations():
        if installation.root == root:
            return installation
    return Installation(("thunderbird",), root)


@contextlib.contextmanager
def _made(root: Path, *, may_make: bool) -> Iterator[None]:
    """The root, made for a Thunderbird that was never started; gone again if the work fails."""
    made = False
    if may_make and not root.exists():
        root.mkdir(mode=0o700, parents=True)
        made = True
    try:
        yield
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                root.rmdir()
        raise


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Only one of us at a time in this root. Windows has no lock on folders: there the list is
    compared once more before it is replaced."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _RefusedError(
                _("Another mailsetup is writing there. Try again in a moment.")
            ) from error
        except OSError as error:
            # Some network file systems have no locks; the comparison before replacing remains.
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.EBADF):
                raise
        yield
    finally:
        os.close(descriptor)


def _add(installation: Installation, wanted: str, prefs: bytes, hints: tuple[str, ...]) -> Applied:
    root = installation.root
    # A link stays a link: some people keep this file elsewhere.
    ini = (root / _INI).resolve()
    before = _read(ini)
    known = _understood(before)
    _refuse_while_open(root, known)
    if sys.platform != "win32":
        _sweep(root, known)
    name = _unique(wanted, known)
    parent = root / "Profiles" if sys.platform in ("win32", "darwin") else root
    made_parent = not parent.exists()
    parent.mkdir(mode=0o700, exist_ok=True)
    profile = parent / f"{secrets.token_hex(4)}.{name}"
    unfinished = atomic.aside(parent)
    registered = False
    try:
        unfinished.mkdir(mode=0o700)
        atomic.write_new(unfinished / _UNFINISHED, b"", 0o600)
        atomic.write_new(unfinished / _PREFS, prefs, 0o600)
        if before is not None:
            atomic.write_new(unfinished / _BACKUP, before, 0o600)
        atomic.sync_folder(unfinished)
        if os.path.lexists(profile):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        unfinished.rename(profile)
        atomic.sync_folder(parent)
        after = profiles_ini.with_profile(
            before or b"",
            profiles_ini.first_free(known),
            name,
            profile.relative_to(root).as_posix(),
        )
        if _read(ini) != before:
            raise _RefusedError(
                _("Thunderbird's list of profiles has just changed. Close Thunderbird, try again.")
            )
        _refuse_while_open(root, known)
        atomic.put(ini, after, _mode(ini))
        registered = True
    finally:
        if not registered and _read_quietly(ini) == before:
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.rmtree(profile, ignore_errors=True)
            if made_parent:
                with contextlib.suppress(OSError):
                    parent.rmdir()
    atomic.remove_quietly(profile / _UNFINISHED)
    return Applied(
        profile=profile,
        name=name,
        command=(*installation.command, "-P", name),
        root=root,
        backup=profile / _BACKUP if before is not None else None,
        notes=hints,
    )


def _remove(applied: Applied) -> Undone | UndoRefused:
    ini = (applied.root / _INI).resolve()
    content = _read(ini)
    known = _understood(content)
    _refuse_while_open(applied.root, known)
    if not applied.profile.is_dir():
        return UndoRefused(_("The profile is not there any more."))
    if {entry.name for entry in applied.profile.iterdir()} - _OURS:
        return UndoRefused(
            _("Thunderbird has used the profile. Remove it in Thunderbird (start it with -P).")
        )
    path = applied.profile.relative_to(applied.root).as_posix()
    restored = profiles_ini.without_profile(content or b"", path)
    if restored is None:
        return UndoRefused(
            _("Thunderbird's list of profiles has changed. Remove it there (start it with -P).")
        )
    if applied.backup is None and not profiles_ini.entries(restored):
        ini.unlink()
    else:
        before = _read(applied.backup) if applied.backup else None
        # Blank lines around a section can be told apart only by the copy.
        same = before is not None and before.split() == restored.split()
        atomic.put(ini, before if same and before is not None else restored, _mode(ini))
    shutil.rmtree(applied.profile)
    return Undone()


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(content) > profiles_ini.MAX_SIZE:
        raise _RefusedError(_("Thunderbird's list of profiles cannot be read."))
    return content


def _read_quietly(path: Path) -> bytes | None:
    with contextlib.suppress(OSError, _RefusedError):
        return _read(path)
    return None


def _understood(content: bytes | None) -> tuple[profiles_ini.Entry, ...]:
    known = profiles_ini.entries(content or b"")
    if known is None:
        raise _RefusedError(_("Thunderbird's list of profiles cannot be read."))
    return known


def _refuse_while_open(root: Path, known: tuple[profiles_ini.Entry, ...]) -> None:
    folders = {entry.folder(root) for entry in known if entry.path}
    for parent in (root, root / "Profiles"):
        if parent.is_dir():
            folders.update(entry for entry in parent.iterdir() if entry.is_dir())
    if any(is_running(folder) for folder in folders):
        raise _RefusedError(_("Thunderbird is open. Close it and try again."))


def _sweep(root: Path, known: tuple[profiles_ini.Entry, ...]) -> None:
    """Clear away what a run of ours that was killed has left; we hold the lock."""
    listed = {entry.folder(root).name for entry in known if entry.path}
    for parent in (root, root / "Profiles"):
        if not parent.is_dir():
            continue
        for entry in parent.iterdir():
            if entry.is_symlink():
                continue
            if not entry.is_dir():
                if entry.name.startswith(atomic.PREFIX):
                    atomic.remove_quietly(entry)
            elif entry.name in listed:
                atomic.remove_quietly(entry / _UNFINISHED)
            elif {inner.name for inner in entry.iterdir()} <= _OURS and (
                entry.name.startswith(atomic.PREFIX) or (entry / _UNFINISHED).exists()
            ):
                shutil.rmtree(entry, ignore_errors=True)


def _unique(wanted: str, known: tuple[profiles_ini.Entry, ...]) -> str:
    taken = {entry.name.casefold() for entry in known}
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o600
