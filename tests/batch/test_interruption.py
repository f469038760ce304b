"""A run that is interrupted: what is left, and how the next one continues it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.batch.command_line import (
    arguments,
    batch,
    folders,
    people,
    started,
    workers,
    written_down,
)
from tests.support.batch.workbooks import ods

pytestmark = pytest.mark.slow

COUNT = 250


@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_interrupted_run_is_continued_without_repetition(tmp_path: Path, name: str) -> None:
    how = signal.Signals[name]
    people(tmp_path, *(f"Person {n};p{n}@gmail.com;canario;;" for n in range(COUNT)))
    process = started(tmp_path)
    deadline = time.monotonic() + 60
    while not written_down(tmp_path) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    helpers = workers(process)
    said = [arguments(one) for one in (process.pid, *helpers)]
    process.send_signal(how)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == (130 if how is signal.SIGINT else -how)
    # No process continues, and no command line shows a password.
    while any(map(arguments, helpers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(arguments, helpers))
    assert len(helpers) >= (2 if sys.platform == "linux" else 0)
    assert not [words for words in said if b"canario" in words]
    assert "Traceback" not in err
    done = written_down(tmp_path)
    before = folders(tmp_path)
    assert 0 < len(done) < COUNT
    assert done <= before.keys()
    if how is signal.SIGINT:
        assert "Start the same command again" in err
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert report["outcome"] == "unfinished"
        assert report["totals"]["ready"] == len(done)
    again = started(tmp_path)
    again.communicate(timeout=100)
    assert again.returncode == 0
    after = folders(tmp_path)
    assert len(after) == COUNT
    assert {name: after[name] for name in done} == {name: before[name] for name in done}
    assert not [path for path in (tmp_path / "out").rglob(".mailsetup-*") if path.is_dir()][1:]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["totals"]["ready"] == COUNT


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_killed_workers_do_not_end_the_run(tmp_path: Path) -> None:
    people(tmp_path, *(f"Person {n};p{n}@gmail.com;;;" for n in range(COUNT)))
    process = started(tmp_path)
    deadline = time.monotonic() + 60
    base = tmp_path / "out" / "people"
    killed: list[int] = []
    while not killed and process.poll() is None and time.monotonic() < deadline:
        # They are writing now.
        if any(base.glob(".mailsetup-*")):
            makers = [one for one in workers(process) if b"spawn_main" in arguments(one)]
            for maker in makers:
                os.kill(maker, signal.SIGKILL)
                killed.append(maker)
        time.sleep(0.001)
    _out, err = process.communicate(timeout=100)
    assert len(killed) >= 2
    assert (process.returncode, "Traceback" in err) == (0, False)
    assert len(folders(tmp_path)) == COUNT
    assert len(written_down(tmp_path)) == COUNT
    assert not list((tmp_path / "out" / "people").glob(".*"))


@pytest.mark.skipif(sys.platform == "win32", reason="there their age protects them for an hour")
def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    table = people(tmp_path, "Ana;ana@gmail.com;;;")
    batch(tmp_path, table)
    left = [tmp_path / "out" / f".mailsetup-{'0' * 16}", tmp_path / "out" / "people"]
    left[1] = left[1] / f".mailsetup-{'1' * 16}"
    for path in left:
        path.write_text("half")
        os.utime(path, (0, 0))
    folder = tmp_path / "out" / "people" / f".mailsetup-{'2' * 16}"
    folder.mkdir()
    mine = tmp_path / "out" / ".mailsetup-mine"
    mine.write_text("mine")
    batch(tmp_path, table)
    assert not any(path.exists() for path in (*left, folder))
    assert mine.read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_the_reading_of_a_workbook_that_hangs(tmp_path: Path) -> None:
    path = tmp_path / "people.ods"
    path.write_bytes(ods("<table:table table:name='P'>", is_closed=False))
    words = [sys.executable, "-m", "mailsetup", "batch", str(path), "--dry-run", "--lang", "en"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    readers: list[int] = []
    while not readers and time.monotonic() < deadline:
        readers = [one for one in workers(process) if b"spawn_main" in arguments(one)]
        time.sleep(0.01)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _out, err = process.communicate(timeout=30)
    assert time.monotonic() - begun < 8
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert not any(map(arguments, readers))
