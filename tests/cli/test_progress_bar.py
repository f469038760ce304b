"""The progress bar of a batch on a pseudo-terminal."""

import os
import re
import select
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals that Python opens", allow_module_level=True)

import fcntl
import pty
import termios

pytestmark = pytest.mark.slow

COUNT = 200
"""Enough for processes of its own."""
_SIZE = ("COLUMNS", "LINES")
_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def table(folder: Path, count: int = COUNT) -> Path:
    path = folder / "people.csv"
    rows = [f"Person {number};p{number}@gmail.com" for number in range(count)]
    path.write_text("\n".join(("name;address", *rows, "Eva;eva@nowhere.invalid")) + "\n")
    return path


def never(_process: int, _folder: Path) -> bool:
    return False


def some_people_are_done(_process: int, folder: Path) -> bool:
    """Whether the journal names people. The bar tells it later, on a busy computer too late."""
    journal = folder / "out" / ".mailsetup-batch" / "journal.jsonl"
    return journal.exists() and b'"person"' in journal.read_bytes()


def a_worker_starts(process: int, _folder: Path) -> bool:
    """Whether the first of those that make the files has come so far that Python would tell it of
    Ctrl-C, with a traceback (Linux)."""
    try:
        listed = Path(f"/proc/{process}/task").glob("*/children")
        children = sorted(int(word) for each in listed for word in each.read_text().split())
        for child in children:
            state = Path(f"/proc/{child}")
            if b"spawn_main" in (state / "cmdline").read_bytes():
                (caught,) = re.findall(r"SigCgt:\s*(\w+)", (state / "status").read_text())
                return bool(int(caught, 16) & 1 << (signal.SIGINT - 1))
    except OSError:
        # It has ended between two looks.
        return False
    return False


def on_terminal(
    folder: Path,
    *,
    columns: int = 80,
    language: str = "en",
    interrupt: Callable[[int, Path], bool] = never,
) -> tuple[list[str], int]:
    """The lines that were ever to be read, in their order, and the exit status.

    ``interrupt`` is given the process and the folder, and says when to press Ctrl-C.
    """
    command = [sys.executable, "-m", "mailsetup", "--lang", language, "batch"]
    command += [str(folder / "people.csv"), "--out", str(folder / "out"), "--offline"]
    process, terminal = pty.fork()
    if process == 0:
        # A clean one: readline puts the size of the tests' own terminal behind Python's back.
        known = {name: value for name, value in os.environ.items() if name not in _SIZE}
        environment = {**known, "TERM": "xterm-256color"}
        os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is wanted
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    seen = b""
    deadline = time.monotonic() + 60
    is_pressed = False
    while time.monotonic() < deadline:
        if not is_pressed and interrupt(process, folder):
            os.write(terminal, b"\x03")
            is_pressed = True
        if not select.select([terminal], [], [], 0.002)[0]:
            continue
        try:
            read = os.read(terminal, 65536)
        except OSError:  # Linux says so that the other end is closed
            break
        if not read:
            break
        seen += read
    os.close(terminal)
    _process, status = os.waitpid(process, 0)
    lines = _CODE.sub("", seen.decode()).replace("\r", "\n").split("\n")
    return [line for line in lines if line.strip()], os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize(
    ("columns", "language", "words", "rate"),
    [
        (80, "es", ("Servidores", "Buzones", "listo"), r" \d+(,\d)?/s "),
        (40, "en", ("Servers", "Mailboxes", "ready"), r" \d+(\.\d)?/s "),
    ],
)
def test_bar_shows_count_rate_and_time_within_the_width(
    tmp_path: Path, columns: int, language: str, words: tuple[str, ...], rate: str
) -> None:
    table(tmp_path)
    lines, status = on_terminal(tmp_path, columns=columns, language=language)
    assert status == 3
    servers, mailboxes, ready = words
    bars = [line for line in lines if line.startswith((servers, mailboxes))]
    assert max(map(len, bars)) <= columns
    assert not [line for line in bars if "…" in line]
    assert ("━" in "".join(bars)) is (columns >= 60)
    people = [line for line in bars if line.startswith(mailboxes)]
    assert len(people) > 1
    counts = [
        int(found.group(1)) for line in people if (found := re.search(rf"(\d+)/{COUNT + 1}", line))
    ]
    assert counts == sorted(counts)
    assert counts[-1] == COUNT + 1
    assert any(re.search(rate, line) and re.search(r"\d:\d\d:\d\d", line) for line in people)
    assert any(line.split() == [str(COUNT), ready] for line in lines)


def interrupted(folder: Path, when: Callable[[int, Path], bool]) -> None:
    table(folder, 600)
    lines, status = on_terminal(folder, interrupt=when)
    shown = "\n".join(lines)
    assert "Traceback" not in shown
    assert "KeyboardInterrupt" not in shown
    assert "Start the same command again to go on." in shown
    assert status == 130


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ctrl_c_while_the_first_worker_starts_does_not_reach_the_worker(tmp_path: Path) -> None:
    interrupted(tmp_path, a_worker_starts)


def test_ctrl_c_prints_a_sentence_and_no_tracebacks_of_workers(tmp_path: Path) -> None:
    interrupted(tmp_path, some_people_are_done)
    again, status = on_terminal(tmp_path)
    assert status == 3
    # What was done counts from the beginning.
    counts = [found.group(1) for line in again if (found := re.search(r"(\d+)/601", line))]
    assert int(counts[0]) > 0
