"""Files of an export on the disk: nothing lost, nothing followed, nothing outside the folder."""

import sys
from pathlib import Path

import pytest

from mailsetup.export.exporter import Artifact, ArtifactFile
from mailsetup.export.write import WriteRefused, Written, write_artifact


def artifact(*names: str) -> Artifact:
    return Artifact(
        tuple(ArtifactFile(name, name.encode(), "text/plain", private=True) for name in names), ()
    )


def refused(result: Written | WriteRefused) -> str:
    assert isinstance(result, WriteRefused)
    assert result.reason
    return result.reason


def test_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    result = write_artifact(artifact("a.txt", "b.txt"), tmp_path / "new" / "deep")
    assert isinstance(result, Written)
    assert [path.read_text() for path in result.paths] == ["a.txt", "b.txt"]
    assert sorted(path.name for path in (tmp_path / "new/deep").iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_private_files_are_readable_for_the_person_alone(tmp_path: Path) -> None:
    result = write_artifact(artifact("a.txt"), tmp_path)
    assert isinstance(result, Written)
    assert result.paths[0].stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
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


def test_names_that_are_one_on_some_systems_are_refused(tmp_path: Path) -> None:
    refused(write_artifact(artifact("a.txt", "A.TXT"), tmp_path))


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    assert "not a folder" in refused(write_artifact(artifact("a.txt"), tmp_path / "out"))
    refused(write_artifact(artifact("a.txt"), tmp_path / "out" / "below"))
    assert (tmp_path / "out").read_text() == "mine"
