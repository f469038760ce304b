"""Put an account into the Thunderbird of this computer, as a new profile.

No existing profile is touched: the new one is completed under a temporary name, renamed, and then
entered in ``profiles.ini``. After a power failure there is either the old list, or the new list and
the complete profile.

The first profile of all is made so that Thunderbird opens it by itself (`default_profile`).
Otherwise `ProfileApplied.command` opens it. `existing_profile` adds to an existing profile, `undo`
undoes both.
"""

import contextlib
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from mailsetup.apply.installation import Installation
from mailsetup.apply.result import ApplyFailure, ApplyOutcome, ProfileApplied
from mailsetup.apply.thunderbird import password_store
from mailsetup.apply.thunderbird import undo_journal as journal
from mailsetup.apply.thunderbird.default_profile import CLAIMABLE, COMPATIBILITY, opened_paths
from mailsetup.apply.thunderbird.profile_lock import check_readable, is_readable, is_running
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.filename import stem
from mailsetup.export.programs.thunderbird import notes, prefs_js
from mailsetup.files import atomic
from mailsetup.files.atomic import OperationError
from mailsetup.files.locking import locked
from mailsetup.formats import profiles_ini
from mailsetup.i18n import _
from mailsetup.model.folders import Folders
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account

INI = "profiles.ini"
_PREFS = "prefs.js"
UNFINISHED = atomic.PREFIX + "unfinished"
"""A marker file in a profile that is not in the list (yet): such a folder may be removed."""
OWN_NAMES = frozenset(
    {
        _PREFS,
        COMPATIBILITY,
        password_store.LOGINS,
        password_store.KEY,
        journal.FOLDER,
        UNFINISHED,
        ".parentlock",
    }
)
"""The files in a profile that Thunderbird has never opened."""
_MAX_NAME = 40


def apply_new_profile(
    account: Account,
    installation: Installation,
    *,
    folders: Folders | None = None,
    password: Secret | None = None,
) -> ProfileApplied | ApplyFailure:
    """Add a profile with this account, named after its address, to an installed Thunderbird.

    A ``password`` is given only where the user asked to store it in Thunderbird; where that is
    impossible, a note reports it. The profile's folder is readable for its owner only.
    """
    content = prefs_js(account, folders)
    if isinstance(content, ExportFailure):
        return ApplyFailure(content.reason)
    try:
        with _existing(installation.root), locked(installation.root):
            return _add(installation, content, account, password)
    except OSError as error:
        return ApplyFailure(atomic.reason(error, installation.root))


@contextlib.contextmanager
def _existing(root: Path) -> Iterator[None]:
    """Make the root for a Thunderbird that was never started; remove it if the work fails."""
    is_new = not root.exists()
    if is_new:
        root.mkdir(mode=0o700, parents=True)
    try:
        yield
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                root.rmdir()
        raise


def _add(
    installation: Installation,
    prefs: bytes,
    account: Account,
    password: Secret | None,
) -> ProfileApplied:
    root = installation.root
    # A link stays a link: some users store this file elsewhere.
    ini = (root / INI).resolve()
    before = read_ini(ini)
    known = parse_profiles(before)
    check_closed(root, known)
    remove_leftovers(root, known)
    name = _unique(stem(account.address)[:_MAX_NAME].rstrip(".-_"), known)
    parent = root / "Profiles" if sys.platform in ("win32", "darwin") else root
    made_parent = not parent.exists()
    parent.mkdir(mode=0o700, exist_ok=True)
    profile = parent / f"{secrets.token_hex(4)}.{name}"
    after = _with_profile(before, known, name, profile.relative_to(root).as_posix())
    unfinished = atomic.temporary_path(parent)
    with _removed_on_failure(ini, before, (unfinished, profile), parent if made_parent else None):
        unfinished.mkdir(mode=0o700)
        atomic.write_new(unfinished / UNFINISHED, b"", 0o600)
        if not known:
            atomic.write_new(unfinished / COMPATIBILITY, CLAIMABLE, 0o600)
        logins, hints = _fill(unfinished, installation, account, prefs, password, (before, after))
        if os.path.lexists(profile):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        unfinished.rename(profile)
        atomic.sync_folder(parent)
        if read_ini(ini) != before:
            raise OperationError(
                _("Thunderbird's list of profiles has just changed. Close Thunderbird, try again.")
            )
        check_closed(root, known)
        atomic.put(ini, after, file_mode(ini))
    atomic.remove_quietly(profile / UNFINISHED)
    return ProfileApplied(
        profile=profile,
        name=name,
        command=(*installation.command, "-P", name),
        notes=hints,
        password_stored=bool(logins.files),
        opens_by_itself=profile.relative_to(root).as_posix() in opened_paths(installation, after),
    )


def _with_profile(
    before: bytes | None, known: tuple[profiles_ini.ProfileEntry, ...], name: str, path: str
) -> bytes:
    try:
        first = profiles_ini.first_free(known)
        return profiles_ini.with_profile(before or b"", first, name, path)
    except profiles_ini.ProfilesIniError as error:
        raise OperationError(_("Thunderbird's list of profiles cannot be read.")) from error


@contextlib.contextmanager
def _removed_on_failure(
    ini: Path, before: bytes | None, folders: tuple[Path, ...], parent: Path | None
) -> Iterator[None]:
    """Remove the folders (and the empty ``parent``) if the work fails before the list changed."""
    try:
        yield
    except BaseException:
        if _read_quietly(ini) == before:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            if parent is not None:
                with contextlib.suppress(OSError):
                    parent.rmdir()
        raise


def _fill(
    folder: Path,
    installation: Installation,
    account: Account,
    prefs: bytes,
    password: Secret | None,
    ini: tuple[bytes | None, bytes],
) -> tuple[password_store.Stored, tuple[str, ...]]:
    """Write the files of a new profile and its journal; the stored logins, and notes.

    ``ini`` is the list of profiles before and after.
    """
    logins, about_password = store_password(folder, account, password, installation)
    files = {_PREFS: prefs, **logins.files}
    for name, content in files.items():
        atomic.write_new(folder / name, content, 0o600)
    before, after = ini
    change = journal.Change(
        kind=ApplyOutcome.PROFILE,
        address=str(account.address),
        files={name: (None, journal.digest(content)) for name, content in files.items()},
        logins=logins.guids,
        ini=(journal.digest(before), journal.digest(after)),
    )
    journal.record_in_new_profile(folder, change, {INI: before})
    atomic.sync_folder(folder)
    return logins, (*notes(account), *about_password)


def store_password(
    profile: Path, account: Account, password: Secret | None, installation: Installation
) -> tuple[password_store.Stored, tuple[str, ...]]:
    """The files with the password, and notes about it; nothing without a password."""
    if password is None:
        return password_store.Stored({}), ()
    if not password_store.takes_password(account):
        return password_store.Stored({}), (
            _("No password was stored: Thunderbird signs in there in the browser."),
        )
    try:
        logins = password_store.stored(profile, account, password, installation)
    except OperationError as error:
        return password_store.Stored({}), (error.reason,)
    return logins, (
        _(
            "The password is stored in Thunderbird. Whoever can use this computer account can read"
            " it there, unless you set a primary password in Thunderbird."
        ),
    )


def read_ini(path: Path) -> bytes | None:
    """The content of ``profiles.ini``; None when there is no such file. Raises OSError."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(content) > profiles_ini.MAX_SIZE:
        raise OperationError(_("Thunderbird's list of profiles cannot be read."))
    return content


def _read_quietly(path: Path) -> bytes | None:
    with contextlib.suppress(OSError):
        return read_ini(path)
    return None


def parse_profiles(content: bytes | None) -> tuple[profiles_ini.ProfileEntry, ...]:
    """The profiles of the list. Raises OperationError when it cannot be parsed."""
    known = profiles_ini.entries(content or b"")
    if known is None:
        raise OperationError(_("Thunderbird's list of profiles cannot be read."))
    return known


def check_closed(root: Path, known: tuple[profiles_ini.ProfileEntry, ...]) -> None:
    """Raise OperationError while a profile of this root is open or cannot be read."""
    folders = {entry.folder(root) for entry in known if entry.path}
    for folder in folders:
        check_readable(folder)
    for parent in (root, root / "Profiles"):
        if parent.is_dir():
            # An unreadable folder that is not in the list is no profile of this user.
            folders.update(
                entry for entry in parent.iterdir() if entry.is_dir() and is_readable(entry)
            )
    if any(is_running(folder) for folder in folders):
        raise OperationError(_("Thunderbird is open. Close it and try again."))


def remove_leftovers(root: Path, known: tuple[profiles_ini.ProfileEntry, ...]) -> None:
    """Remove the temporary files and folders of killed runs; the lock must be held.

    Not on Windows, where a lock may be missing.
    """
    if sys.platform == "win32":
        return
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
                atomic.remove_quietly(entry / UNFINISHED)
            elif (
                is_readable(entry)
                and {inner.name for inner in entry.iterdir()} <= OWN_NAMES
                and (entry.name.startswith(atomic.PREFIX) or (entry / UNFINISHED).exists())
            ):
                shutil.rmtree(entry, ignore_errors=True)


def _unique(wanted: str, known: tuple[profiles_ini.ProfileEntry, ...]) -> str:
    taken = {entry.name.casefold() for entry in known}
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def file_mode(path: Path) -> int:
    """The permissions of an existing file, else those of a private one."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o600
