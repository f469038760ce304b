"""A new profile next to existing ones: what is written, refused, and undone."""

import subprocess
import sys
from pathlib import Path

import pytest

from mailsetup.apply.result import ApplyFailure, ProfileApplied, UndoFailure, Undone
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.apply.thunderbird.profile_lock import is_running
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.formats import profiles_ini
from mailsetup.model.settings import Authentication
from tests.support.programs.parsers import read_prefs
from tests.support.programs.thunderbird_profiles import (
    backup,
    lock,
    thunderbird_at,
    tree,
)
from tests.support.samples.accounts import account

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and locks")

MINE = b"[Profile0]\nName=Mine\nIsRelative=1\nPath=abc.mine\nDefault=1\n\n[General]\nVersion=2\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / ".thunderbird"
    root.mkdir()
    return root


def applied(root: Path, address: str = "ana@bodega.example") -> ProfileApplied:
    result = apply_new_profile(account(address), thunderbird_at(root))
    assert isinstance(result, ProfileApplied), result
    return result


def reason(root: Path) -> str:
    before = tree(root)
    result = apply_new_profile(account(), thunderbird_at(root))
    assert isinstance(result, ApplyFailure)
    assert tree(root) == before
    assert result.reason.endswith(".")
    return result.reason


def test_a_first_profile_is_listed_claimable_and_private(root: Path) -> None:
    done = applied(root)
    assert done.name == "ana-bodega.example"
    assert done.command[-2:] == ("-P", done.name)
    assert not backup(done.profile, "profiles.ini").exists()
    (entry,) = profiles_ini.entries((root / "profiles.ini").read_bytes()) or ()
    assert entry.name == done.name
    assert entry.folder(root) == done.profile
    assert b"Default=1\n" in (root / "profiles.ini").read_bytes()
    assert done.profile.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in done.profile.iterdir()} == {
        "prefs.js",
        "compatibility.ini",
        "mailsetup-undo",
    }
    prefs = done.profile / "prefs.js"
    assert prefs.stat().st_mode & 0o777 == 0o600
    assert read_prefs(prefs.read_bytes())["mail.identity.id1.fullName"] == "Ana Núñez"


def test_the_old_list_is_preserved_and_copied(root: Path) -> None:
    before = b"\xef\xbb\xbf; a comment\r\n[Weird]\r\nKey = \xc3\xb1\r\n\r\n" + MINE
    (root / "profiles.ini").write_bytes(before)
    (root / "profiles.ini").chmod(0o640)
    done = applied(root)
    after = (root / "profiles.ini").read_bytes()
    assert after.startswith(before)
    assert b"[Profile1]" in after
    assert after.count(b"Default=1") == 1
    assert (root / "profiles.ini").stat().st_mode & 0o777 == 0o640
    assert backup(done.profile, "profiles.ini").read_bytes() == before


def test_a_list_that_is_a_link_stays_a_link(root: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.ini"
    real.write_bytes(MINE)
    (root / "profiles.ini").symlink_to(real)
    applied(root)
    assert (root / "profiles.ini").is_symlink()
    assert real.read_bytes().startswith(MINE)


def test_names_are_unique_ascii_and_never_an_option(root: Path) -> None:
    assert applied(root).name == "ana-bodega.example"
    assert applied(root).name == "ana-bodega.example-2"
    assert applied(root, "ANA@bodega.example").name == "ANA-bodega.example-3"
    assert applied(root, "--P/../Ñoño@bodega.example").name == "P-.-Nono-bodega.example"
    assert applied(root, "文@b.example").name == "b.example"
    assert {path.parent for path in root.glob("*/prefs.js")} == set(root.iterdir()) - {
        root / "profiles.ini"
    }


def test_a_gap_in_the_numbers_of_the_list_is_filled(root: Path) -> None:
    (root / "profiles.ini").write_bytes(MINE + b"[Profile2]\nName=x\nIsRelative=1\nPath=x\n")
    applied(root)
    assert b"[Profile1]\n" in (root / "profiles.ini").read_bytes()


def test_refused_while_any_profile_of_the_list_is_open(
    root: Path, hold_lock: list["subprocess.Popen[bytes]"]
) -> None:
    (root / "profiles.ini").write_bytes(MINE)
    mine = root / "abc.mine"
    mine.mkdir()
    assert not is_running(mine)
    (mine / "lock").symlink_to("127.0.0.1:+1")
    assert not is_running(mine), "the link is left over from a Thunderbird that ended"
    process = lock(mine, hold_lock)
    assert is_running(mine)
    assert "Thunderbird is open" in reason(root)
    process.communicate()
    assert not is_running(mine)
    applied(root)


def test_refused_while_a_profile_elsewhere_is_open(
    root: Path, tmp_path: Path, hold_lock: list["subprocess.Popen[bytes]"]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / "profiles.ini").write_text(f"[Profile0]\nName=e\nIsRelative=0\nPath={elsewhere}\n")
    lock(elsewhere, hold_lock)
    assert "Thunderbird is open" in reason(root)


@pytest.mark.parametrize("content", [b"\xff\xfe[\0", b"[Profile0]\nName=\xff\n", b"a\0b"])
def test_a_malformed_list_is_not_changed(root: Path, content: bytes) -> None:
    (root / "profiles.ini").write_bytes(content)
    assert "cannot be read" in reason(root)


def test_a_list_that_is_a_folder_is_refused(root: Path) -> None:
    (root / "profiles.ini").mkdir()
    assert "profiles.ini" in reason(root) or str(root) in reason(root)


def test_an_account_that_cannot_be_expressed_writes_nothing(root: Path) -> None:
    wanted = account(authentication=(Authentication.OAUTH2,))
    result = apply_new_profile(wanted, thunderbird_at(root))
    assert isinstance(result, ApplyFailure)
    assert tree(root) == {}


def test_undo_removes_exactly_what_was_added(root: Path) -> None:
    first = applied(root)
    with_first = tree(root)
    second = applied(root)
    assert isinstance(undo(second.profile), Undone)
    assert tree(root) == with_first
    assert isinstance(undo(second.profile), UndoFailure)
    assert isinstance(undo(first.profile), Undone)
    assert tree(root) == {}


@pytest.mark.parametrize(
    "before", [MINE, MINE + b"\n", MINE.rstrip(), MINE.replace(b"\n", b"\r\n")]
)
def test_undo_restores_the_list_byte_for_byte(root: Path, before: bytes) -> None:
    (root / "profiles.ini").write_bytes(before)
    assert isinstance(undo(applied(root).profile), Undone)
    assert tree(root) == {"profiles.ini": before}


def test_undo_renames_a_profile_that_thunderbird_has_used(root: Path) -> None:
    (root / "profiles.ini").write_bytes(MINE)
    done = applied(root)
    (done.profile / "ImapMail").mkdir()
    (done.profile / "ImapMail" / "INBOX").write_bytes(b"From ")
    undone = undo(done.profile)
    assert isinstance(undone, Undone)
    assert undone.moved_to is not None
    assert (undone.moved_to / "ImapMail" / "INBOX").read_bytes() == b"From "
    assert str(undone.moved_to) in undone.notes[0]
    assert not done.profile.exists()
    assert (root / "profiles.ini").read_bytes() == MINE


def test_undo_preserves_later_entries_and_leaves_no_gap(root: Path) -> None:
    (root / "profiles.ini").write_bytes(MINE)
    first = applied(root)
    second = applied(root)
    assert isinstance(undo(first.profile), Undone)
    content = (root / "profiles.ini").read_bytes()
    assert content.startswith(MINE)
    known = profiles_ini.entries(content)
    assert known is not None
    assert [(entry.number, entry.name) for entry in known] == [(0, "Mine"), (1, second.name)]
    assert (second.profile / "prefs.js").exists()


def test_undo_removes_the_profile_from_an_installations_default(root: Path) -> None:
    done = applied(root)
    path = done.profile.name
    ini = root / "profiles.ini"
    ini.write_bytes(
        b"[InstallFDC]\nDefault=" + path.encode() + b"\nLocked=1\n\n" + ini.read_bytes()
    )
    (root / "installs.ini").write_text(f"[FDC]\nDefault={path}\nLocked=1\n\n[ABC]\nDefault=other\n")
    assert isinstance(undo(done.profile), Undone)
    assert path.encode() not in ini.read_bytes()
    assert (root / "installs.ini").read_text() == "[ABC]\nDefault=other\n"


def test_undo_is_refused_while_thunderbird_is_open(
    root: Path, hold_lock: list["subprocess.Popen[bytes]"]
) -> None:
    done = applied(root)
    lock(done.profile, hold_lock)
    before = tree(root)
    refused = undo(done.profile)
    assert isinstance(refused, UndoFailure)
    assert "Thunderbird is open" in refused.reason
    assert tree(root) == before


def test_the_profile_alone_is_enough_to_undo_later(root: Path) -> None:
    (root / "profiles.ini").write_bytes(MINE)
    done = applied(root)
    assert isinstance(undo(done.profile), Undone)
    assert tree(root) == {"profiles.ini": MINE}
