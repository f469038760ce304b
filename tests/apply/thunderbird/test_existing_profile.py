"""Adding an account to an existing profile, and undo: what is written, refused, and restored."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailsetup.apply.installation import Installation
from mailsetup.apply.result import (
    AlreadyThere,
    ApplyFailure,
    ApplyOutcome,
    ProfileApplied,
    UndoFailure,
    Undone,
)
from mailsetup.apply.thunderbird.accounts import accounts_in
from mailsetup.apply.thunderbird.existing_profile import apply_existing
from mailsetup.apply.thunderbird.profiles import (
    ThunderbirdProfile,
)
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.formats.prefs_js import PrefsFile
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from tests.support.programs.thunderbird_profiles import ANA, backup, lock, tree, used_prefs
from tests.support.samples.accounts import account

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and locks")


@pytest.fixture
def place(tmp_path: Path) -> ThunderbirdProfile:
    """A profile that Thunderbird has used, with another account."""
    folder = tmp_path / ".thunderbird" / "abc.mine"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "prefs.js").write_bytes(b"// Mozilla User Preferences\n" + used_prefs().content)
    (folder / "prefs.js").chmod(0o600)
    (folder / ".parentlock").write_bytes(b"")
    (folder.parent / "profiles.ini").write_bytes(
        b"[Profile0]\nName=Mine\nIsRelative=1\nPath=abc.mine\nDefault=1\n"
    )
    flatpak = Installation(("flatpak", "run", "org.mozilla.Thunderbird"), folder.parent)
    return ThunderbirdProfile("Mine", folder, flatpak, True, False)


def applied(place: ThunderbirdProfile, wanted: Account = ANA) -> ProfileApplied:
    done = apply_existing(wanted, place)
    assert isinstance(done, ProfileApplied), done
    return done


def refused(place: ThunderbirdProfile) -> str:
    before = tree(place.folder)
    done = apply_existing(ANA, place)
    assert isinstance(done, ApplyFailure)
    assert tree(place.folder) == before
    assert done.reason.endswith(".")
    return done.reason


def addresses(place: ThunderbirdProfile) -> list[str]:
    content = (place.folder / "prefs.js").read_bytes()
    return [found.address for found in accounts_in(content, "x")]


# Adding -----------------------------------------------------------------------------------------


def test_the_account_is_added_and_the_old_preferences_are_copied(place: ThunderbirdProfile) -> None:
    before = (place.folder / "prefs.js").read_bytes()
    done = applied(place)
    assert done.outcome is ApplyOutcome.ADDED
    assert done.command == ("flatpak", "run", "org.mozilla.Thunderbird", "-P", "Mine")
    assert addresses(place) == ["luis@otra.example", "ana@bodega.example"]
    assert backup(place.folder).read_bytes() == before
    assert (place.folder / "prefs.js").stat().st_mode & 0o777 == 0o600
    for path in (place.folder / "mailsetup-undo").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
    after = (place.folder / "prefs.js").read_bytes()
    assert after.startswith(b"// Mozilla User Preferences\n")


def test_applying_again_reports_already_there(place: ThunderbirdProfile) -> None:
    applied(place)
    before = tree(place.folder)
    again = apply_existing(ANA, place)
    assert isinstance(again, AlreadyThere)
    assert again.name == "Mine"
    assert tree(place.folder) == before


def test_a_wrong_account_is_repaired_and_reported(place: ThunderbirdProfile) -> None:
    wrong = used_prefs(ANA, server__server1__hostname="imap.typo.example")
    (place.folder / "prefs.js").write_bytes(wrong.content)
    done = applied(place)
    assert done.outcome is ApplyOutcome.REPAIRED
    assert "imap.typo.example" in done.corrected[0]
    assert ANA.incoming.host in done.corrected[0]
    assert isinstance(apply_existing(ANA, place), AlreadyThere)
    assert isinstance(undo(place.folder), Undone)
    assert (place.folder / "prefs.js").read_bytes() == wrong.content


def test_a_profile_that_was_never_opened_is_accepted(place: ThunderbirdProfile) -> None:
    (place.folder / "prefs.js").unlink()
    done = applied(place)
    assert done.outcome is ApplyOutcome.ADDED
    assert not backup(place.folder).exists()
    assert addresses(place) == ["ana@bodega.example"]
    assert isinstance(undo(place.folder), Undone)
    assert not (place.folder / "prefs.js").exists()


# Refusing ---------------------------------------------------------------------------------------


def test_refused_while_thunderbird_has_it_open(
    place: ThunderbirdProfile, hold_lock: list["subprocess.Popen[bytes]"]
) -> None:
    process = lock(place.folder, hold_lock)
    assert "Thunderbird is open" in refused(place)
    process.communicate()
    applied(place)


def test_thunderbird_cannot_start_while_we_write(place: ThunderbirdProfile) -> None:
    from mailsetup.apply.thunderbird.profile_lock import hold_profile

    probe = (
        "import fcntl, sys; f = open(sys.argv[1], 'w')\n"
        "try: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except OSError: sys.exit(7)"
    )
    command = [sys.executable, "-c", probe, str(place.folder / ".parentlock")]
    with hold_profile(place.folder):
        assert subprocess.run(command, check=False).returncode == 7
    assert subprocess.run(command, check=False).returncode == 0


def test_a_missing_profile_is_reported(place: ThunderbirdProfile) -> None:
    gone = place.folder.rename(place.folder.with_name("elsewhere"))
    done = apply_existing(ANA, place)
    assert isinstance(done, ApplyFailure)
    assert "not there" in done.reason
    assert not place.folder.exists()
    assert "prefs.js" in tree(gone)


@pytest.mark.parametrize("what", ["profile", "prefs.js", ".parentlock", "logins.json"])
def test_links_are_not_followed(place: ThunderbirdProfile, tmp_path: Path, what: str) -> None:
    real = tmp_path / "real"
    link = place.folder if what == "profile" else place.folder / what
    if link.exists():
        link.rename(real)
    else:
        real.write_bytes(b"{}")
    link.symlink_to(real)
    before = tree(real) if real.is_dir() else {"": real.read_bytes()}
    done = apply_existing(ANA, place, password=Secret("geheim") if what == "logins.json" else None)
    if what == "logins.json":
        # The libraries are searched first; the link stays unchanged in any case.
        assert isinstance(done, ProfileApplied)
        assert not done.password_stored
    else:
        assert isinstance(done, ApplyFailure)
        assert "link" in done.reason
    assert link.is_symlink()
    assert (tree(real) if real.is_dir() else {"": real.read_bytes()}) == before


def test_missing_permission_is_reported_and_leaves_no_files(place: ThunderbirdProfile) -> None:
    if os.geteuid() == 0:
        # Root may write everywhere; a child without its privileges may not.
        script = (
            "import os, sys; os.chmod(sys.argv[1], 0o500); os.chown(sys.argv[1], 65534, 65534);"
            " os.chown(sys.argv[1] + '/prefs.js', 65534, 65534);"
            " os.chown(sys.argv[1] + '/.parentlock', 65534, 65534)"
        )
        subprocess.run([sys.executable, "-c", script, str(place.folder)], check=True)
        reason = refused(place)
        assert "another account on this computer" in reason
        return
    place.folder.chmod(0o500)
    try:
        assert "may not write" in refused(place)
    finally:
        place.folder.chmod(0o700)


@pytest.mark.parametrize("name", ["prefs.js", "mailsetup-undo"])
def test_a_folder_in_place_of_a_file_is_refused(place: ThunderbirdProfile, name: str) -> None:
    path = place.folder / name
    path.unlink(missing_ok=True)
    if name == "prefs.js":
        path.mkdir()
    else:
        path.write_bytes(b"mine")
    refused(place)


def test_truncated_preferences_are_refused(place: ThunderbirdProfile) -> None:
    with (place.folder / "prefs.js").open("ab") as file:
        file.write(b"/* cut")
    assert "damaged" in refused(place)


def test_a_password_that_cannot_be_stored_is_a_note(
    place: ThunderbirdProfile,
) -> None:
    done = apply_existing(ANA, place, password=Secret("geheim"))
    assert isinstance(done, ProfileApplied)
    assert not done.password_stored
    assert any("Flatpak" in note for note in done.notes)
    assert "ana@bodega.example" in addresses(place)
    for path in place.folder.rglob("*"):
        assert path.is_dir() or b"geheim" not in path.read_bytes()


# Undo ------------------------------------------------------------------------------------


def test_undo_restores_byte_for_byte(place: ThunderbirdProfile) -> None:
    before = tree(place.folder)
    applied(place)
    middle = tree(place.folder)
    applied(place, account("eva@bodega.example"))
    assert isinstance(undo(place.folder), Undone)
    assert tree(place.folder) == middle
    assert isinstance(undo(place.folder), Undone)
    assert tree(place.folder) == before
    nothing = undo(place.folder)
    assert isinstance(nothing, UndoFailure)
    assert nothing.reason.endswith(".")


def test_undo_of_a_changed_profile_is_refused_and_its_backup_remains(
    place: ThunderbirdProfile,
) -> None:
    before = (place.folder / "prefs.js").read_bytes()
    applied(place)
    with (place.folder / "prefs.js").open("ab") as file:
        file.write(b'user_pref("app.update.lastUpdateTime", 5);\n')
    state = tree(place.folder)
    answer = undo(place.folder)
    assert isinstance(answer, UndoFailure)
    assert answer.only_ours_possible
    assert backup(place.folder).read_bytes() == before
    assert tree(place.folder) == state


def test_only_our_preferences_are_removed_from_a_changed_profile(
    place: ThunderbirdProfile,
) -> None:
    before = PrefsFile((place.folder / "prefs.js").read_bytes())
    applied(place)
    content = PrefsFile((place.folder / "prefs.js").read_bytes())
    later = content.changed(
        {
            "app.update.lastUpdateTime": 5,
            "mail.server.server3.directory": str(place.folder),
            "mail.accountmanager.accounts": "account1,account2,account3,account4",
            "mail.account.account4.server": "server4",
            "mail.account.lastKey": 4,
        }
    )
    assert later is not None
    (place.folder / "prefs.js").write_bytes(later)
    done = undo(place.folder, only_ours=True)
    assert isinstance(done, Undone)
    assert str(place.folder) in done.notes[0]
    after = PrefsFile((place.folder / "prefs.js").read_bytes())
    assert after.get("mail.accountmanager.accounts") == "account1,account2,account4"
    assert {name: after.get(name) for name in after} == {
        **{name: before.get(name) for name in before},
        "app.update.lastUpdateTime": 5,
        "mail.accountmanager.accounts": "account1,account2,account4",
        "mail.account.account4.server": "server4",
        "mail.account.lastKey": 4,
    }
    assert isinstance(undo(place.folder), UndoFailure)


def test_a_damaged_backup_is_not_restored(place: ThunderbirdProfile) -> None:
    applied(place)
    backup(place.folder).write_bytes(b"spoiled")
    state = tree(place.folder)
    answer = undo(place.folder)
    assert isinstance(answer, UndoFailure)
    assert "damaged" in answer.reason
    assert tree(place.folder) == state


def test_a_journal_that_names_other_files_is_rejected(place: ThunderbirdProfile) -> None:
    applied(place)
    change = place.folder / "mailsetup-undo" / "0001" / "change.json"
    document = json.loads(change.read_bytes())
    document["files"] = {"../../.bashrc": [None, None]}
    change.write_text(json.dumps(document))
    assert isinstance(undo(place.folder), UndoFailure)


def test_undo_is_refused_while_thunderbird_is_open(
    place: ThunderbirdProfile, hold_lock: list["subprocess.Popen[bytes]"]
) -> None:
    applied(place)
    lock(place.folder, hold_lock)
    state = tree(place.folder)
    answer = undo(place.folder)
    assert isinstance(answer, UndoFailure)
    assert "Thunderbird is open" in answer.reason
    assert tree(place.folder) == state
