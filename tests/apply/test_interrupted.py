"""A kill, a full disk or an interrupt at any file operation leaves the old state or the new one."""

import json
import signal
import sys
from pathlib import Path

import pytest

from mailsetup.apply.applier import NEW_PLACE
from mailsetup.apply.installation import Computer, Installation
from mailsetup.apply.result import AlreadyThere, ProfileApplied, Undone
from mailsetup.apply.thunderbird.accounts import accounts_in
from mailsetup.apply.thunderbird.existing_profile import apply, apply_existing
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.formats import profiles_ini
from mailsetup.model.secret import Secret
from tests.support.programs import marionette
from tests.support.programs.interrupted import Interruptions
from tests.support.programs.parsers import read_prefs
from tests.support.programs.thunderbird_profiles import (
    thunderbird_at,
    undo_last,
    used_prefs,
)
from tests.support.samples.accounts import account

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals"),
]

OLD_INI = (
    b"[General]\r\nStartWithLastProfile=1\r\n\r\n"
    b"[Profile0]\r\nName=mine\r\nIsRelative=1\r\nPath=abc.mine\r\n"
)


def old_root(folder: Path) -> Path:
    root = folder / "root"
    (root / "abc.mine").mkdir(parents=True)
    (root / "abc.mine" / "prefs.js").write_bytes(b"// mine\n")
    (root / "profiles.ini").write_bytes(OLD_INI)
    return root


def state(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def is_whole(root: Path) -> bool:
    """Whether the list is old, or new with a complete profile; fails for anything else."""
    content = (root / "profiles.ini").read_bytes()
    assert (root / "abc.mine" / "prefs.js").read_bytes() == b"// mine\n"
    if content == OLD_INI:
        return False
    assert content.startswith(OLD_INI)
    known = profiles_ini.entries(content)
    assert known is not None
    assert [entry.name for entry in known] == ["mine", "ana-bodega.example"]
    prefs = read_prefs((known[1].folder(root) / "prefs.js").read_bytes())
    assert prefs["mail.server.server1.hostname"] == "mail.bodega.example"
    return True


def test_apply_killed_at_any_file_operation_leaves_the_old_list_or_a_complete_profile(
    failing: Interruptions,
    tmp_path: Path,
) -> None:
    count = failing.operations("apply", old_root(tmp_path / "count"))
    whole = []
    for number in range(1, count + 1):
        root = old_root(tmp_path / str(number))
        assert failing.run("apply", number, "kill", root).status == -signal.SIGKILL
        whole.append(is_whole(root))
        # The next run works, and removes the files of the killed one.
        assert isinstance(apply_new_profile(account(), thunderbird_at(root)), ProfileApplied)
        names = {path.name for path in root.rglob("*")}
        assert not {name for name in names if name.startswith(".mailsetup-")}
        assert len({name for name in names if "ana-bodega" in name}) == 1 + whole[-1]
    assert not whole[0]
    assert sorted(whole) == whole, "once it is there it stays"


@pytest.mark.parametrize("how", ["full", "interrupt"])
def test_a_failed_apply_leaves_no_files(failing: Interruptions, how: str, tmp_path: Path) -> None:
    before = state(old_root(tmp_path / "before"))
    count = failing.operations("apply", old_root(tmp_path / "count"))
    failed = 0
    for number in range(1, count + 1):
        root = old_root(tmp_path / str(number))
        done = failing.run("apply", number, how, root)
        if done.status == 0 or is_whole(root):
            continue
        failed += 1
        assert done.status == (3 if how == "full" else 130), done.error
        assert state(root) == before
        assert {path.name for path in root.iterdir()} == {"abc.mine", "profiles.ini"}
    assert failed > 4


def test_an_interrupted_undo_leaves_a_complete_profile_or_the_old_list(
    failing: Interruptions,
    tmp_path: Path,
) -> None:
    def with_profile(name: str) -> Path:
        root = old_root(tmp_path / name)
        assert isinstance(apply_new_profile(account(), thunderbird_at(root)), ProfileApplied)
        return root

    gone = []
    for number in range(1, failing.operations("undo-new", with_profile("count")) + 1):
        root = with_profile(str(number))
        assert failing.run("undo-new", number, "kill", root).status == -signal.SIGKILL
        gone.append(not is_whole(root))
        # The next run removes what was about to be removed.
        again = apply_new_profile(account("eva@bodega.example"), thunderbird_at(root))
        assert isinstance(again, ProfileApplied)
        found = [path.name for path in root.iterdir() if "ana-bodega" in path.name]
        assert len(found) == (not gone[-1])
        assert not list(root.rglob(".mailsetup-*"))
    assert not gone[0]
    assert gone[-1]


NEEDS_THUNDERBIRD = (
    pytest.mark.thunderbird,
    pytest.mark.skipif(marionette.PROGRAM is None, reason="Thunderbird is not installed"),
)


def used_root(folder: Path) -> Path:
    root = old_root(folder)
    (root / "abc.mine" / ".parentlock").write_bytes(b"")
    (root / "abc.mine" / "prefs.js").write_bytes(used_prefs().content)
    return root


def place(root: Path) -> ThunderbirdProfile:
    program = marionette.PROGRAM or "thunderbird"
    return ThunderbirdProfile(
        "mine", root / "abc.mine", Installation((program,), root), True, False
    )


def has_account(root: Path) -> bool:
    """Whether the profile is unchanged, or has the complete account; fails for anything else."""
    content = (root / "abc.mine" / "prefs.js").read_bytes()
    if content == used_prefs().content:
        return False
    luis, ana = accounts_in(content, "x")
    assert (luis.address, ana.address) == ("luis@otra.example", "ana@bodega.example")
    assert ana.outgoing is not None
    logins = root / "abc.mine" / "logins.json"
    if logins.exists():
        assert len(json.loads(logins.read_bytes())["logins"]) == 2
        assert (root / "abc.mine" / "key4.db").exists()
    return True


@pytest.mark.parametrize("what", ["existing", pytest.param("stored", marks=NEEDS_THUNDERBIRD)])
def test_an_account_is_complete_or_absent_after_a_kill_at_any_file_operation(
    failing: Interruptions, what: str, tmp_path: Path
) -> None:
    count = failing.operations(what, used_root(tmp_path / "count"))
    there = []
    for number in range(1, count + 1):
        root = used_root(tmp_path / str(number))
        before = state(root)
        assert failing.run(what, number, "kill", root).status == -signal.SIGKILL
        there.append(has_account(root))
        # The next run works, and its change can be undone completely.
        again = apply_existing(account(), place(root))
        assert isinstance(again, ProfileApplied | AlreadyThere)
        assert has_account(root)
        assert isinstance(undo(root / "abc.mine"), Undone)
        assert state(root) == before
    assert not there[0]
    # Operations are counted before they happen: the last one without a password is the change.
    assert there[-1] == (what == "stored")
    assert sorted(there) == there, "once it is there it stays"


@pytest.mark.parametrize(
    ("what", "how"),
    [("existing", "interrupt"), pytest.param("stored", "full", marks=NEEDS_THUNDERBIRD)],
)
def test_a_failed_account_leaves_no_files(
    failing: Interruptions, what: str, how: str, tmp_path: Path
) -> None:
    count = failing.operations(what, used_root(tmp_path / "count"))
    failed = 0
    for number in range(1, count + 1):
        root = used_root(tmp_path / str(number))
        before = state(root)
        done = failing.run(what, number, how, root)
        if done.status == 0:
            assert has_account(root)
            continue
        failed += 1
        assert done.status == (3 if how == "full" else 130), done.error
        assert {
            key: value for key, value in state(root).items() if "/.mailsetup-" not in key
        } == before
        names = {path.name for path in (root / "abc.mine").iterdir()}
        if how == "interrupt":  # while removing temporary files: the next run does that
            names = {name for name in names if not name.startswith(".mailsetup-")}
        assert names == {"prefs.js", ".parentlock"}
    assert failed > 4


@pytest.mark.parametrize("how", ["kill", "full", "interrupt"])
def test_an_interrupted_undo_can_be_finished(
    failing: Interruptions, how: str, tmp_path: Path
) -> None:
    def with_account(name: str) -> tuple[Path, dict[str, bytes]]:
        root = used_root(tmp_path / name)
        before = state(root)
        assert isinstance(apply_existing(account(), place(root)), ProfileApplied)
        return root, before

    count = failing.operations("undo", with_account("count")[0])
    for number in range(1, count + 1):
        root, before = with_account(str(number))
        failing.run("undo", number, how, root)
        if has_account(root):
            assert isinstance(undo(root / "abc.mine"), Undone)
        assert not has_account(root)
        # Only the journal of an undone change is left: the next run removes it.
        assert isinstance(apply_existing(account(), place(root)), ProfileApplied)
        assert isinstance(undo(root / "abc.mine"), Undone)
        assert state(root) == before


def at_home(folder: Path) -> tuple[Path, Computer]:
    """The usual root of a Thunderbird, and the computer with this Thunderbird."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(parents=True)
    thunderbird = bin_folder / "thunderbird"
    if marionette.PROGRAM is not None:
        thunderbird.symlink_to(marionette.PROGRAM)
    else:
        thunderbird.write_text("#!/bin/sh\n")
        thunderbird.chmod(0o755)
    root = used_root(folder)
    root.rename(folder / ".thunderbird")
    computer = Computer("linux", folder, {"PATH": str(bin_folder)}, folder)
    return folder / ".thunderbird", computer


def everything(root: Path) -> dict[str, bytes | None]:
    """The content of every file, and every folder, by path."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


@pytest.mark.parametrize("where", ["new", "existing"])
@pytest.mark.parametrize("again", ["by name", "by folder", "whatever there is"])
@pytest.mark.thunderbird
@pytest.mark.skipif(marionette.PROGRAM is None, reason="Thunderbird is not installed")
def test_an_undo_after_a_killed_undo_leaves_no_copies(
    failing: Interruptions, tmp_path: Path, where: str, again: str
) -> None:
    """With a password: then there would be copies of ``logins.json`` and ``key4.db``."""

    def with_account(name: str) -> tuple[Path, Computer, dict[str, bytes | None], Path]:
        root, computer = at_home(tmp_path / name)
        before = everything(root)
        profile = "mine" if where == "existing" else NEW_PLACE
        done = apply(account(), profile=profile, password=Secret("geheim"), computer=computer)
        assert isinstance(done, ProfileApplied)
        assert done.password_stored
        return root, computer, before, done.profile

    what = "undo" if where == "existing" else "undo-new"
    root, _computer, _before, _profile = with_account("count")
    count = failing.operations(what, root)
    for number in range(1, count + 1):
        root, computer, before, made = with_account(str(number))
        assert failing.run(what, number, "kill", root).status == -signal.SIGKILL
        match again:
            case "by name":
                undo_last("mine" if where == "existing" else made.name, computer)
            case "by folder":
                undo(made, computer=computer)
            case _:
                undo_last("", computer)
        assert everything(root) == before, number


@pytest.mark.parametrize("what", ["apply", "existing", pytest.param("stored")])
@pytest.mark.thunderbird
@pytest.mark.skipif(marionette.PROGRAM is None, reason="Thunderbird is not installed")
def test_an_undo_after_a_killed_apply_leaves_no_copies(
    failing: Interruptions, tmp_path: Path, what: str
) -> None:
    count = failing.operations(what, at_home(tmp_path / "count")[0])
    for number in range(1, count + 1):
        root, computer = at_home(tmp_path / str(number))
        before = everything(root)
        assert failing.run(what, number, "kill", root).status == -signal.SIGKILL
        undo_last("", computer)
        assert everything(root) == before, number


@pytest.mark.parametrize(
    "what", ["apply", "existing", pytest.param("stored", marks=NEEDS_THUNDERBIRD), "undo-new"]
)
def test_content_that_does_not_read_back_never_replaces_a_file(
    failing: Interruptions, what: str, tmp_path: Path
) -> None:
    def root_of(name: str) -> Path:
        root = used_root(tmp_path / name)
        if what == "undo-new":
            assert isinstance(apply_new_profile(account(), thunderbird_at(root)), ProfileApplied)
        return root

    count = failing.operations(what, root_of("count"), "spoil")
    for number in range(1, count + 1):
        root = root_of(str(number))
        before = state(root)
        done = failing.run(what, number, "spoil", root)
        assert done.status == 3, done.error
        after = state(root)
        after = {key: value for key, value in after.items() if "mailsetup-unfinished" not in key}
        assert after == before


@pytest.mark.parametrize("what", ["write", "replace"])
@pytest.mark.parametrize("how", ["kill", "full", "interrupt"])
def test_files_are_never_half_written(
    failing: Interruptions, what: str, how: str, tmp_path: Path
) -> None:
    old = {"a.txt": b"old a", "b.txt": b"old b"} if what == "replace" else {}

    def folder(name: str) -> Path:
        made = tmp_path / name
        made.mkdir()
        for file, content in old.items():
            (made / file).write_bytes(content)
        return made

    for number in range(1, failing.operations(what, folder("count")) + 1):
        made = folder(str(number))
        done = failing.run(what, number, how, made)
        assert done.status in {"kill": {-9}, "full": {0, 3}, "interrupt": {130}}[how]
        for file in ("a.txt", "b.txt"):
            path = made / file
            if path.exists() or file in old:
                assert path.read_bytes() in (old.get(file), f"new {file[0]}".encode())
        if how != "kill":
            assert not list(made.glob(".mailsetup-*"))
            present = {
                file: (made / file).read_bytes()
                for file in ("a.txt", "b.txt")
                if (made / file).exists()
            }
            assert present in (old, {"a.txt": b"new a", "b.txt": b"new b"})
