"""Progress of the preparation and of the tests."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.progress import Progress, duration

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent


class Terminal(io.StringIO):
    """A stream whose `isatty` is true."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_file_gets_lines_at_the_start_in_intervals_and_at_the_end() -> None:
    stream, clock = io.StringIO(), Clock()
    with Progress("Installing", stream, clock) as progress:
        for clock.now in (1.0, 5.0, 14.0, 16.0, 20.0):
            progress.update("libegl1", clock.now / 32)
    lines = stream.getvalue().splitlines()
    assert lines == [
        "Installing ...",
        "  Installing: 50%, about 16 s left, libegl1",
        "Installing: 20 s",
    ]


def test_a_terminal_gets_one_line_that_changes_and_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream, clock = Terminal(), Clock()
    with Progress("Installing", stream, clock) as progress:
        for clock.now in (1.0, 2.0, 3.0):
            progress.update("a package with a long name " * 3, 0.5)
    assert stream.getvalue().count("\n") == 1
    assert all(len(part) < 40 for part in stream.getvalue().split("\r"))


def test_no_remaining_time_is_estimated_at_the_start() -> None:
    stream, clock = Terminal(), Clock()
    with Progress("Installing", stream, clock) as progress:
        clock.now = 1.0
        progress.update("x", 0.5)
        clock.now = 60.0
        progress.update("x", 0.01)
    assert "left" not in stream.getvalue()


def test_a_failed_step_shows_no_duration() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="x"), Progress("Installing", stream):
        raise ValueError("x")
    assert stream.getvalue() == "Installing ...\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (192, "3 min 12 s")]
)
def test_a_duration_is_written_in_minutes_and_seconds(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_failing_test_is_named_at_once_and_dots_are_not_printed(
    tmp_path: Path, workers: list[str]
) -> None:
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('number', range(30))\n"
        "def test_passes(number): pass\n"
        "def test_fails(): assert False\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.progress", "-p", "no:cacheprovider",
         "-c", "/dev/null", "--rootdir", str(tmp_path), *workers, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\nFAILED test_some.py::test_fails\n" in done.stdout
    assert "1 failed, 30 passed" in done.stdout
    assert "." * 10 not in done.stdout
