"""The folder of a run: hostile content in it, and failing disks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mailsetup.batch.journal import JournalFailure, RunJournal
from mailsetup.batch.person_folder import PersonFolders
from mailsetup.files.private_folder import ForeignFileError
from tests.support.batch.command_line import batch, people, run

pytestmark = pytest.mark.slow

FOLDER = ".mailsetup-batch"
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX links and owners")


def refused(out: Path) -> str:
    opened = RunJournal.open(out)
    assert isinstance(opened, JournalFailure)
    assert not opened.is_busy
    return opened.reason


def message(tmp_path: Path) -> str:
    """Why a run ends without a result."""
    table = people(tmp_path, "Ana;ana@gmail.com;;;")
    status, _out, err = run("batch", table, "--out", str(tmp_path / "out"), "--offline")
    assert status in (1, 2)
    return err


@posix
@pytest.mark.parametrize("name", [FOLDER, f"{FOLDER}/lock", f"{FOLDER}/journal.jsonl"])
@pytest.mark.parametrize("target", ["there", "missing"])
def test_no_link_in_the_folder_is_followed(tmp_path: Path, name: str, target: str) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    if target == "there":
        if name == FOLDER:
            (elsewhere / "target").mkdir()
        else:
            (elsewhere / "target").write_text("half a line")
    link = out / name
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere / "target")
    before = sorted(elsewhere.rglob("*"))
    assert "is a link" in refused(out)
    assert sorted(elsewhere.rglob("*")) == before
    if target == "there" and name != FOLDER:
        assert (elsewhere / "target").read_text() == "half a line"


@posix
def test_people_as_a_link_is_not_followed_and_nothing_is_removed_there(tmp_path: Path) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    kept = elsewhere / f".mailsetup-{'0' * 16}"
    kept.mkdir(parents=True)
    out.mkdir()
    (out / "people").symlink_to(elsewhere)
    with pytest.raises(ForeignFileError) as raised:
        PersonFolders(out).prepare()
    assert "is a link" in raised.value.reason
    assert kept.is_dir()
    assert "is a link" in message(tmp_path)


@posix
def test_the_folder_that_the_person_names_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"))
    assert (tmp_path / "real" / "report.json").is_file()


@posix
@pytest.mark.parametrize("name", ["lock", "journal.jsonl"])
@pytest.mark.timeout(20)
def test_a_pipe_or_a_folder_in_place_of_a_file_is_reported(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out" / FOLDER
    folder.mkdir(parents=True)
    os.mkfifo(folder / name)
    assert "is not a file" in refused(tmp_path / "out")
    (folder / name).unlink()
    (folder / name).mkdir()
    assert len(refused(tmp_path / "out")) > 20


@posix
@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root gives files away"
)
@pytest.mark.parametrize("name", [FOLDER, "people"])
def test_a_folder_of_another_account_is_not_used(tmp_path: Path, name: str) -> None:
    (tmp_path / "out" / name).mkdir(parents=True)
    os.chown(tmp_path / "out" / name, 12345, 12345)
    assert "another account" in message(tmp_path)
    assert not list((tmp_path / "out" / name).iterdir())


@pytest.mark.parametrize("folder", ["../../elsewhere", "/elsewhere", "..", "a/b", ".hidden", 7])
def test_a_path_in_the_journal_leads_to_no_other_folder(tmp_path: Path, folder: Any) -> None:
    place = tmp_path / "out" / FOLDER
    place.mkdir(parents=True, mode=0o700)
    entry = {"kind": "person", "address": "ana@gmail.com", "fingerprint": "", "folder": folder}
    (place / "journal.jsonl").write_text(json.dumps(entry) + "\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    document = batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"))
    assert document["people"][0]["files"][0] == "people/ana/welcome.html"
    assert (elsewhere / "mine").read_text() == "mine"


@pytest.mark.parametrize("at", ["1" + "0" * 400, "Infinity", "NaN", "-1", "true", "1e300"])
def test_an_invalid_time_is_ignored(tmp_path: Path, at: str) -> None:
    place = tmp_path / "out" / FOLDER
    place.mkdir(parents=True, mode=0o700)
    lines = (
        f'{{"kind": "refused", "hosting": "gmail.com", "at": {at}}}',
        f'{{"kind": "domain", "domain": "gmail.com", "address": "a@gmail.com", "at": {at},'
        ' "agreed": [], "source": ["srv", "x", "dns"], "settings": null}',
    )
    (place / "journal.jsonl").write_text("\n".join(lines) + "\n")
    batch(tmp_path, people(tmp_path, "Ana;ana@gmail.com;;;"))
    journal = RunJournal.open(tmp_path / "out")
    assert isinstance(journal, RunJournal)
    with journal:
        assert [at for _hosting, at in journal.refusals if at not in (0.0, 1.0)] == []


@posix
@pytest.mark.parametrize("kind", ["EIO", "size"])
@pytest.mark.timeout(300)
def test_every_failure_of_the_disk_is_reported_in_a_sentence(tmp_path: Path, kind: str) -> None:
    table = people(tmp_path, "Ana;ana@gmail.com;;;", "Eva;eva@gmail.com;;;")
    program = str(Path(__file__).resolve().parents[1] / "support" / "batch" / "failing_run.py")
    words = [sys.executable, program, table, str(tmp_path / "out"), kind]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=True)
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) > 5
    assert runs[-1]["status"] == 0
    for one in runs:
        assert one["status"] in (0, 1, 2), one
        assert "defect" not in one["error"], one
        assert one["status"] == 0 or len(one["error"]) > 20, one
