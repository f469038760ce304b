"""Put an account into an existing Thunderbird profile, while Thunderbird is closed.

The profile is locked with Thunderbird's own lock; the present files are copied into the profile's
journal; then each file is replaced, ``prefs.js`` first. If the process is killed in between, the
account is there and Thunderbird asks for its password; the next run restores the old state before
it begins.
"""

from dataclasses import replace
from pathlib import Path

from mailsetup.apply.applier import DEFAULT_PLACE, NEW_PLACE
from mailsetup.apply.installation import Computer, find_installation
from mailsetup.apply.result import AlreadyThere, ApplyFailure, ApplyOutcome, ProfileApplied
from mailsetup.apply.thunderbird import password_store
from mailsetup.apply.thunderbird import undo_journal as journal
from mailsetup.apply.thunderbird.account_merge import plan
from mailsetup.apply.thunderbird.account_repair import MergePlan
from mailsetup.apply.thunderbird.known_accounts import LAST_KEY
from mailsetup.apply.thunderbird.new_profile import apply_new_profile, store_password
from mailsetup.apply.thunderbird.profile_lock import check_profile, hold_profile, read_file
from mailsetup.apply.thunderbird.profiles import (
    ThunderbirdProfile,
    default_place,
    find_place,
    place_opened_instead,
)
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.programs.thunderbird import notes
from mailsetup.files import atomic
from mailsetup.files.locking import locked
from mailsetup.formats.prefs_js import MAX_SIZE, PrefsFile
from mailsetup.i18n import _
from mailsetup.model.folders import Folders
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.text import plain

_PREFS = "prefs.js"


def apply(
    account: Account,
    *,
    profile: str = DEFAULT_PLACE,
    folders: Folders | None = None,
    password: Secret | None = None,
    computer: Computer | None = None,
) -> ProfileApplied | AlreadyThere | ApplyFailure:
    """Put the account into the profile that opens by itself, a new one, or the one of this name or
    folder.

    A ``password`` is given only where the user asked to store it in Thunderbird.
    """
    opened = default_place(computer) if profile == DEFAULT_PLACE else None
    if profile == NEW_PLACE or (profile == DEFAULT_PLACE and opened is None):
        installation = find_installation(computer)
        if installation is None:
            return ApplyFailure(
                _("Thunderbird was not found on this computer. Install it and try again.")
            )
        return apply_new_profile(account, installation, folders=folders, password=password)
    place = opened or find_place(profile, computer)
    if isinstance(place, ApplyFailure):
        return place
    instead = place_opened_instead(place, computer)
    if instead is not None:
        return ApplyFailure(
            _(
                "Thunderbird has never opened the profile “{name}”; an account there would not be"
                " seen. It opens “{opened}”: choose that one."
            ).format(name=plain(place.name, 60), opened=plain(instead.name, 60))
        )
    return apply_existing(account, place, folders=folders, password=password)


def apply_existing(
    account: Account,
    place: ThunderbirdProfile,
    *,
    folders: Folders | None = None,
    password: Secret | None = None,
) -> ProfileApplied | AlreadyThere | ApplyFailure:
    """Add the account to this profile, or correct it there."""
    try:
        profile = check_profile(place.folder)
        with locked(profile), hold_profile(profile):
            journal.recover(profile)
            return _write(account, place, folders, password)
    except OSError as error:
        return ApplyFailure(atomic.reason(error, place.folder))


def _write(
    account: Account,
    place: ThunderbirdProfile,
    folders: Folders | None,
    password: Secret | None,
) -> ProfileApplied | AlreadyThere | ApplyFailure:
    profile = place.folder
    before = read_file(profile / _PREFS, MAX_SIZE)
    content = PrefsFile(before or b"")
    user_js = PrefsFile(read_file(profile / "user.js", MAX_SIZE) or b"")
    made = plan(content, account, folders=folders, user_js=user_js)
    if isinstance(made, ExportFailure):
        return ApplyFailure(made.reason)
    new: dict[str, bytes] = {}
    if made.values:
        after = content.changed(made.values)
        if after is None:
            return ApplyFailure(
                _(
                    "Thunderbird's settings in {place} are damaged. Open and close Thunderbird"
                    " once, then try again."
                ).format(place=profile)
            )
        new[_PREFS] = after
    logins, about_password = store_password(profile, account, password, place.installation)
    new |= logins.files
    hints = (*notes(account), *made.notes, *about_password)
    if not new:
        return AlreadyThere(profile, place.name, place.command, hints, place.is_default)
    outcome = _outcome(made)
    _replace(profile, _change(outcome, account, content, made, logins), new)
    return ProfileApplied(
        profile=profile,
        name=place.name,
        command=place.command,
        notes=hints,
        outcome=outcome,
        corrected=made.corrected,
        opens_by_itself=place.is_default,
        password_stored=bool(logins.files),
    )


def _outcome(made: MergePlan) -> ApplyOutcome:
    if made.added:
        return ApplyOutcome.ADDED
    return ApplyOutcome.REPAIRED if made.values else ApplyOutcome.PASSWORD


def _change(
    outcome: ApplyOutcome,
    account: Account,
    content: PrefsFile,
    made: MergePlan,
    logins: password_store.Stored,
) -> journal.Change:
    return journal.Change(
        kind=outcome,
        address=str(account.address),
        files={},
        prefs={
            name: (content.get(name), value)
            for name, value in made.values.items()
            # Keys that were assigned once are not assigned again.
            if name != LAST_KEY
        },
        prefixes=made.prefixes,
        listed=made.listed,
        logins=logins.guids,
    )


def _replace(profile: Path, change: journal.Change, new: dict[str, bytes]) -> None:
    """Record the change, then replace the files; undo what could not be finished."""
    before = {name: read_file(profile / name, journal.MAX_FILE) for name in new}
    digests = {
        name: (journal.digest(before[name]), journal.digest(content))
        for name, content in new.items()
    }
    recorded = journal.record(profile, replace(change, files=digests), before)
    temporary = {
        name: atomic.temporary_path(profile)
        for name in (_PREFS, password_store.KEY, password_store.LOGINS)
        if name in new
    }
    done = False
    try:
        # A full disk shows before any file is replaced.
        for name, path in temporary.items():
            atomic.write_new(path, new[name], 0o600)
        for name, path in temporary.items():
            path.replace(profile / name)
        done = True
    finally:
        if not done:
            for path in temporary.values():
                atomic.remove_quietly(path)
            journal.roll_back(profile, recorded, journal.current_digests(profile, recorded))
            journal.discard(profile, recorded)
    atomic.sync_folder(profile)
