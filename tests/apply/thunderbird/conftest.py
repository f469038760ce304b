"""Fixtures of the tests that write into Thunderbird profiles."""

import subprocess
from collections.abc import Iterator

import pytest


@pytest.fixture
def hold_lock() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Processes that hold locks; they are ended after the test."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.communicate()
