"""Locks keep a second process out, and end with the process that holds them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup.files.atomic import OperationError
from mailsetup.files.locking import locked, take_lock

HOLD = """
import sys
from pathlib import Path
from mailsetup.files.locking import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock of the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_kept_out_until_the_first_is_killed(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(OperationError, match="Another mailsetup"), locked(tmp_path):
        pass
    holder.kill()
    holder.wait()
    with locked(tmp_path):
        pass


def test_a_lock_leaves_no_file_in_the_folder(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_another_folder_is_not_locked(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    other = tmp_path / "other"
    other.mkdir()
    with locked(other):
        pass
    assert holder.poll() is None


def test_work_goes_on_where_no_lock_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    with locked(tmp_path), locked(tmp_path):
        pass


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _round in range(2):
        lock = take_lock(tmp_path / "lock")
        assert lock is not None
        lock.release()
