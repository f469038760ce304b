"""Writing the files of an export: nothing is lost, links are not followed, nothing leaves the
folder."""

import os
import sys
import time
from pathlib import Path

import pytest

from mailsetup.apply.artifact_writer import WriteFailure, Written, write_artifact
from mailsetup.export.exporter import Artifact, ArtifactFile
from mailsetup.files import atomic


def artifact(*names: str) -> Artifact:
    return Artifact(
        tuple(ArtifactFile(name, name.encode(), "text/plain", private=True) for name in names), ()
    )


def refused(result: Written | WriteFailure) -> str:
    assert isinstance(result, WriteFailure)
    assert result.reason
    return result.reason


def test_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    result = write_artifact(artifact("a.txt", "b.txt"), tmp_path / "new" / "deep")
    assert isinstance(result, Written)
    assert [path.read_text() for path in result.paths] == ["a.txt", "b.txt"]
    assert sorted(path.name for path in (tmp_path / "new/deep").iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_private_files_are_readable_for_the_owner_only(tmp_path: Path) -> None:
    result = write_artifact(artifact("a.txt"), tmp_path)
    assert isinstance(result, Written)
    assert result.paths[0].stat().st_mode & 0o777 == 0o600


def test_an_existing_file_stays_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("mine")
    assert "b.txt" in refused(write_artifact(artifact("a.txt", "b.txt"), tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"], "all or nothing"
    assert (tmp_path / "b.txt").read_text() == "mine"
    assert isinstance(write_artifact(artifact("a.txt", "b.txt"), tmp_path, force=True), Written)
    assert (tmp_path / "b.txt").read_text() == "b.txt"


@pytest.mark.parametrize("force", [False, True])
def test_links_are_never_followed_or_replaced(tmp_path: Path, force: bool) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.txt").symlink_to(victim)
    (out / "b.txt").symlink_to(tmp_path / "dangling")
    refused(write_artifact(artifact("a.txt"), out, force=force))
    refused(write_artifact(artifact("b.txt"), out, force=force))
    assert victim.read_text() == "precious"
    assert not (tmp_path / "dangling").exists()


def test_folders_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    refused(write_artifact(artifact("a.txt"), tmp_path, force=True))


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "/etc/a",
        "a/b",
        "a\\b",
        "",
        ".",
        "..",
        "a..b",
        ".hidden",
        "-rf",
        "a b",
        "CON",
        "nul.txt",
        "com1.reg",
        "a\nb",
        "a.",
        "ñ.txt",
        "x" * 200,
    ],
)
def test_names_that_could_leave_the_folder_or_confuse_a_system_are_refused(
    name: str, tmp_path: Path
) -> None:
    refused(write_artifact(artifact("a.txt", name), tmp_path / "out", force=True))
    assert not (tmp_path / "out").exists()


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    refused(write_artifact(artifact("a.txt", "A.TXT"), tmp_path))


def test_a_file_in_place_of_the_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    assert "not a folder" in refused(write_artifact(artifact("a.txt"), tmp_path / "out"))
    refused(write_artifact(artifact("a.txt"), tmp_path / "out" / "below"))
    assert (tmp_path / "out").read_text() == "mine"


# Files left by killed runs -----------------------------------------------------------------------


def left_behind(folder: Path, age: float = 60.0) -> Path:
    """A temporary file of a run that was killed this many seconds ago."""
    path = atomic.temporary_path(folder)
    path.write_text("half")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_temporary_files_of_a_killed_run_are_removed_by_the_next(tmp_path: Path) -> None:
    left = left_behind(tmp_path)
    assert isinstance(write_artifact(artifact("a.txt"), tmp_path), Written)
    assert not left.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")
def test_only_our_temporary_files_are_removed(tmp_path: Path) -> None:
    names = [".mailsetup-unfinished", ".mailsetup-0123", f".mailsetup-{'0' * 16}.txt", "mailsetup-"]
    for name in names:
        (tmp_path / name).write_text("mine")
    folder = tmp_path / f".mailsetup-{'1' * 16}"
    folder.mkdir()
    link = tmp_path / f".mailsetup-{'2' * 16}"
    link.symlink_to(tmp_path / names[0])
    pipe = tmp_path / f".mailsetup-{'3' * 16}"
    os.mkfifo(pipe)
    before = sorted(tmp_path.iterdir())
    atomic.remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="there its age protects it")
def test_temporary_files_of_a_running_process_are_not_removed(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    with atomic.marked_in_use(path):
        atomic.remove_leftovers(tmp_path)
        assert path.exists()
    atomic.remove_leftovers(tmp_path)
    assert not path.exists()


def test_a_file_that_was_just_made_is_not_removed(tmp_path: Path) -> None:
    path = left_behind(tmp_path, 0.0)
    atomic.remove_leftovers(tmp_path)
    assert path.exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="makes a foreign file")
def test_a_file_of_another_user_is_not_removed(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    os.chown(path, 12345, 12345)
    atomic.remove_leftovers(tmp_path)
    assert path.exists()


def test_an_unreadable_folder_does_no_harm(tmp_path: Path) -> None:
    atomic.remove_leftovers(tmp_path / "missing")
    (tmp_path / "file").write_text("x")
    atomic.remove_leftovers(tmp_path / "file")
