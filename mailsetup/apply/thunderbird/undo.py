"""Undo changes of a Thunderbird profile.

Files that have not changed since are restored byte for byte. Thunderbird rewrites ``prefs.js``
whenever it runs; then only the preferences of the account can be removed, and only on request. A
new profile that Thunderbird has used is removed from the list and renamed, never deleted: it may
contain mail.
"""

import contextlib
import shutil
from pathlib import Path

from mailsetup.apply.installation import Computer, installations
from mailsetup.apply.result import ApplyOutcome, UndoFailure, Undone, UndoResult
from mailsetup.apply.thunderbird import password_store
from mailsetup.apply.thunderbird import undo_journal as journal
from mailsetup.apply.thunderbird.new_profile import (
    INI,
    OWN_NAMES,
    UNFINISHED,
    check_closed,
    file_mode,
    parse_profiles,
    read_ini,
    remove_leftovers,
)
from mailsetup.apply.thunderbird.profile_lock import check_profile, hold_profile, read_file
from mailsetup.apply.thunderbird.profiles import places
from mailsetup.export.programs.thunderbird import Prefs
from mailsetup.files import atomic, presence
from mailsetup.files.atomic import OperationError
from mailsetup.files.locking import locked
from mailsetup.formats import profiles_ini
from mailsetup.formats.prefs_js import MAX_SIZE, PrefsFile, PrefValue
from mailsetup.i18n import _

_PREFS = "prefs.js"
_REMOVED = "removed"


def undoable(computer: Computer | None = None) -> tuple[tuple[Path, journal.Change], ...]:
    """Each profile of this computer and its newest change, the newest of all first."""
    found = []
    for place in places(computer):
        newest = journal.newest_change(place.folder)
        if newest is not None and newest.kind in list(ApplyOutcome):
            found.append((place.folder, newest))
    return tuple(sorted(found, key=lambda pair: pair[1].when, reverse=True))


def undo(profile: Path, *, only_ours: bool = False, computer: Computer | None = None) -> UndoResult:
    """Undo the newest change of a profile.

    With ``only_ours`` only our preferences are removed from a profile that has changed since.
    """
    newest = journal.newest_change(profile)
    if newest is None:
        there = presence.is_folder(profile)
        clear_leftovers(computer, profile)
        return UndoFailure(
            _("Nothing that this program did there can be taken back.")
            if there
            else _("The profile is not there any more.")
        )
    try:
        check_profile(profile)
        if newest.kind == ApplyOutcome.PROFILE:
            root = _root_of(profile, computer)
            with locked(root):
                return _remove_profile(root, profile, newest)
        with locked(profile), hold_profile(profile):
            journal.recover(profile)
            if newest not in journal.changes(profile):
                # An interrupted change: it has been undone by now.
                return Undone(profile)
            return _restore(profile, newest, only_ours=only_ours)
    except OSError as error:
        return UndoFailure(atomic.reason(error, profile))


def clear_leftovers(computer: Computer | None = None, profile: Path | None = None) -> None:
    """Remove the temporary files of killed runs, in every Thunderbird profile and its parent
    folders; undo interrupted changes.

    ``profile`` names a profile whose Thunderbird may not be on this computer. What is in use, or
    not writable, stays.
    """
    roots = [installation.root for installation in installations(computer)]
    if profile is not None:
        roots += [root for root in profile.parents[:2] if presence.is_file(root / INI)]
    for root in dict.fromkeys(roots):
        with contextlib.suppress(OSError):
            known = parse_profiles(read_ini(root / INI))
            with locked(root):
                check_closed(root, known)
                remove_leftovers(root, known)
                # A list that is a link is written where the link leads.
                atomic.remove_leftovers((root / INI).resolve().parent)
            for entry in known:
                _recover(entry.folder(root))


def _recover(profile: Path) -> None:
    with contextlib.suppress(OSError):
        check_profile(profile)
        with locked(profile), hold_profile(profile):
            journal.recover(profile)


def _root_of(profile: Path, computer: Computer | None) -> Path:
    roots = [installation.root for installation in installations(computer)]
    # Without the Thunderbird: the list is in the parent of the profile, or of ``Profiles``.
    for root in (*roots, profile.parent, profile.parent.parent):
        if root in profile.parents and presence.is_file(root / INI):
            return root
    raise OperationError(_("Thunderbird's list of profiles cannot be read."))


# An existing profile ----------------------------------------------------------------------------


def _restore(profile: Path, change: journal.Change, *, only_ours: bool) -> UndoResult:
    now = journal.current_digests(profile, change)
    if all(now[name] in pair for name, pair in change.files.items()):
        journal.roll_back(profile, change, now)
        journal.discard(profile, change)
        return Undone(profile)
    if only_ours:
        return _remove_account(profile, change)
    return UndoFailure(changed_since(change.address), only_ours_possible=True)


def changed_since(address: str) -> str:
    """Why a profile that was used meanwhile is not restored, and what can be done instead."""
    return _(
        "Thunderbird has changed its settings since. They cannot be put back as they were"
        " without losing that; what was added for {address} alone can be taken out."
    ).format(address=address)


def _remove_account(profile: Path, change: journal.Change) -> UndoResult:
    content = PrefsFile(read_file(profile / _PREFS, MAX_SIZE) or b"")
    values, delete = _removal(content, change)
    new: dict[str, bytes] = {}
    if values or delete:
        after = content.changed(values, delete)
        if after is None:
            return UndoFailure(_("Thunderbird's settings cannot be read."))
        new[_PREFS] = after
    logins = read_file(profile / password_store.LOGINS, journal.MAX_FILE)
    if change.logins and logins is not None:
        before = read_file(change.backup(password_store.LOGINS), journal.MAX_FILE)
        new[password_store.LOGINS] = password_store.without(logins, before, change.logins)
    for name, text in new.items():
        atomic.put(profile / name, text, 0o600)
    journal.discard(profile, change)
    mail_left = _mail_left(content, change.prefixes) if delete else ()
    return Undone(profile, notes=mail_left, only_ours=True)


def _removal(content: PrefsFile, change: journal.Change) -> tuple[Prefs, set[str]]:
    """The preferences to set, and those to delete, in order to remove an account from a profile
    that has changed."""
    before: dict[str, PrefValue | None] = {
        name: ",".join(word for word in content.words(name) if word != key)
        for name, key in change.listed.items()
    }
    delete = {name for name in content if name.startswith(change.prefixes)}
    for name, (old, new) in change.prefs.items():
        if name not in before and name not in delete and content.get(name) == new:
            before[name] = old
    values = {name: value for name, value in before.items() if value is not None and value != ""}
    return values, delete | (before.keys() - values.keys())


def _mail_left(content: PrefsFile, prefixes: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for prefix in prefixes:
        folder = content.text(f"{prefix}directory")
        if folder and presence.is_folder(Path(folder)):
            found.append(
                _("What Thunderbird had fetched for this account is still in {place}.").format(
                    place=folder
                )
            )
    return tuple(found)


# A new profile ----------------------------------------------------------------------------------


def _remove_profile(root: Path, profile: Path, change: journal.Change) -> UndoResult:
    ini = (root / INI).resolve()
    content = read_ini(ini)
    known = parse_profiles(content)
    check_closed(root, known)
    remove_leftovers(root, known)
    unused = _is_unused(profile, change)
    with hold_profile(profile):
        if unused:
            # From now on a folder that is not in the list may be removed.
            atomic.remove_quietly(profile / UNFINISHED)
            atomic.write_new(profile / UNFINISHED, b"", 0o600)
        _unlist(root, ini, content, profile.relative_to(root).as_posix(), change)
        moved = atomic.temporary_path(profile.parent) if unused else _free_name(profile)
        profile.rename(moved)
        atomic.sync_folder(profile.parent)
        if unused:
            shutil.rmtree(moved)
            if change.ini[0] is None:
                for folder in (profile.parent, root):
                    with contextlib.suppress(OSError):  # it is not empty
                        folder.rmdir()
            return Undone(profile)
    return Undone(
        profile,
        moved_to=moved,
        notes=(
            _(
                "Thunderbird had used the profile, so it was not deleted. It is kept in {place},"
                " with the mail that arrived meanwhile."
            ).format(place=moved),
        ),
    )


def _is_unused(profile: Path, change: journal.Change) -> bool:
    if {entry.name for entry in profile.iterdir()} - OWN_NAMES:
        return False
    now = journal.current_digests(profile, change)
    return all(now[name] == after for name, (_before, after) in change.files.items())


def _unlist(
    root: Path,
    ini: Path,
    content: bytes | None,
    path: str,
    change: journal.Change,
) -> None:
    """Remove the profile from the list; restore the old list if it has not changed since."""
    before_digest, after_digest = change.ini
    if content is None:
        return
    before = read_file(change.backup(INI), profiles_ini.MAX_SIZE)
    if journal.digest(content) == after_digest and journal.digest(before) == before_digest:
        restored: bytes | None = before
    else:
        try:
            restored = profiles_ini.without_profile(content, path)
        except profiles_ini.ProfilesIniError as error:
            raise OperationError(_("Thunderbird's list of profiles cannot be read.")) from error
        if restored is None:
            # The user has removed it already.
            return
    installs = root / "installs.ini"
    other = read_file(installs, profiles_ini.MAX_SIZE)
    if other is not None and path in profiles_ini.defaults(other):
        rest = profiles_ini.without_default(other, path)
        if rest.strip():
            atomic.put(installs, rest, file_mode(installs))
        else:
            installs.unlink()
    if restored is None:
        ini.unlink()
        atomic.sync_folder(ini.parent)
    else:
        atomic.put(ini, restored, file_mode(ini))


def _free_name(profile: Path) -> Path:
    number, free = 1, profile.with_name(f"{profile.name}.{_REMOVED}")
    while free.exists():
        number += 1
        free = profile.with_name(f"{profile.name}.{_REMOVED}-{number}")
    return free
