"""Fixtures of the tests with real mail programs."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs.desktop import Desk, Screen, desk_in, need


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A home with a session bus, which is also the bus of the code under test."""
    need("dbus-daemon")
    # A socket's path is limited to 107 bytes, of which Akonadi's own part needs 30: pytest's
    # folders are too deep.
    with tempfile.TemporaryDirectory(prefix="desk-", ignore_cleanup_errors=True) as folder:
        yield from desk_in(Path(folder), monkeypatch)


@pytest.fixture
def screen(desk: Desk) -> Screen:
    """A virtual X server."""
    need("Xvfb", "xdotool", "claws-mail")
    # A fixed number: Xvfb's choice of a free one fails where another is just ending. Without
    # -noreset it resets, and refuses programs, whenever its only client ends.
    display = f":{100 + os.getpid() % 50_000}"
    options = ("-noreset", "-nolisten", "tcp", "-screen", "0", "1024x768x24")
    server = desk.start("xvfb", "Xvfb", display, *options)
    desk.environment["DISPLAY"] = display
    here = Screen(desk)
    server.wait_until(here.answers)
    return here
