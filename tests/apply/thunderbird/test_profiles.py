"""The profiles of a computer: their order, their names, and the newest change of all."""

import sys
from pathlib import Path

import pytest

from mailsetup.apply.applier import NEW_PLACE
from mailsetup.apply.installation import Computer
from mailsetup.apply.result import ApplyFailure, ApplyOutcome, ProfileApplied, UndoFailure, Undone
from mailsetup.apply.thunderbird.existing_profile import apply
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile, find_place, places
from mailsetup.apply.thunderbird.undo import undoable
from mailsetup.export.programs.thunderbird import prefs_js
from tests.support.programs.installed import linux, program
from tests.support.programs.thunderbird_profiles import ANA, LUIS, tree, undo_last

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes and locks")


def with_profiles(tmp_path: Path, ini: str, *folders: str) -> Computer:
    computer = linux(tmp_path)
    program(tmp_path / "usr/bin/thunderbird")
    root = computer.home / ".thunderbird"
    root.mkdir()
    for folder in folders:
        (root / folder).mkdir()
        content = prefs_js(LUIS)
        assert isinstance(content, bytes)
        (root / folder / "prefs.js").write_bytes(content)
        (root / folder / "compatibility.ini").write_text(USED)
    (root / "profiles.ini").write_text(ini)
    return computer


USED = "[Compatibility]\nLastVersion=153\nLastPlatformDir=/usr/lib/thunderbird\n"

TWO = (
    "[Profile0]\nName=old\nIsRelative=1\nPath=a.old\nDefault=1\n\n"
    "[Profile1]\nName=used\nIsRelative=1\nPath=b.used\n\n"
)


def test_the_profile_that_opens_by_itself_comes_first(tmp_path: Path) -> None:
    computer = with_profiles(
        tmp_path, f"[Install4F96]\nDefault=b.used\nLocked=1\n\n{TWO}", "a.old", "b.used"
    )
    assert [(place.name, place.is_default) for place in places(computer)] == [
        ("used", True),
        ("old", False),
    ]
    (computer.home / ".thunderbird/profiles.ini").write_text(TWO)
    assert [(place.name, place.is_default) for place in places(computer)] == [
        ("old", True),
        ("used", False),
    ]


def test_missing_profiles_are_left_out(tmp_path: Path) -> None:
    computer = with_profiles(tmp_path, TWO + "[Profile3]\nName=x\nPath=b.used\n", "b.used")
    assert [place.name for place in places(computer)] == ["used"]


def test_a_profile_is_named_by_its_name_or_its_folder(tmp_path: Path) -> None:
    computer = with_profiles(tmp_path, TWO.replace("old", "used"), "a.used", "b.used")
    several = find_place("used", computer)
    assert isinstance(several, ApplyFailure)
    assert "a.used" in several.reason
    by_folder = find_place("b.used", computer)
    assert isinstance(by_folder, ThunderbirdProfile)
    assert find_place(str(by_folder.folder), computer) == by_folder
    missing = find_place("missing", computer)
    assert isinstance(missing, ApplyFailure)
    assert "missing" in missing.reason
    assert isinstance(find_place("x", linux(tmp_path / "empty")), ApplyFailure)


def test_apply_takes_new_or_a_name_and_the_newest_is_undone_first(tmp_path: Path) -> None:
    computer = with_profiles(tmp_path, TWO, "a.old", "b.used")
    root = computer.home / ".thunderbird"
    before = tree(root)
    missing = apply(ANA, profile="missing", computer=computer)
    assert isinstance(missing, ApplyFailure)
    in_old = apply(ANA, profile="old", computer=computer)
    assert isinstance(in_old, ProfileApplied)
    assert in_old.profile.name == "a.old"
    fresh = apply(ANA, profile=NEW_PLACE, computer=computer)
    assert isinstance(fresh, ProfileApplied)
    assert fresh.outcome is ApplyOutcome.PROFILE
    assert {profile for profile, _change in undoable(computer)} == {in_old.profile, fresh.profile}
    assert isinstance(undo_last("old", computer), Undone)
    assert isinstance(undo_last("", computer), Undone)
    assert tree(root) == before
    assert isinstance(undo_last("", computer), UndoFailure)
    assert isinstance(undo_last("missing", computer), UndoFailure)
