"""Programs that the tests start can be interrupted, however the tests were started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

IS_DEFAULT = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
"""Python installs its handler only where SIGINT is not ignored when it starts."""


def ignore_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_a_program_under_test_takes_ctrl_c() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IS_DEFAULT], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "True"


def test_it_also_does_so_where_the_tests_ignore_ctrl_c() -> None:
    one = f"{Path(__file__)}::{test_a_program_under_test_takes_ctrl_c.__name__}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", one],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        preexec_fn=ignore_ctrl_c,
    )
    assert done.returncode == 0, done.stdout
