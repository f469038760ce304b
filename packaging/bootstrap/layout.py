"""Paths in a checkout, and the purposes of a start."""

import enum
import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "packaging" / "start.py"
VENV = ROOT / ".venv"
WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
X11, WAYLAND = "DISPLAY", "WAYLAND_DISPLAY"
LOCKS = ROOT / "packaging" / "requirements"


class Purpose(enum.Enum):
    """What is started. Without a command that is the window, which offers the demo."""

    TERMINAL = "terminal"
    WINDOW = "window"
    DEMO_IN_TERMINAL = "demo-in-terminal"
    DEMO_IN_WINDOW = "demo-in-window"
    UNIT_TESTS = "unit-tests"
    TESTS = "tests"
    WINDOWS_TESTS = "windows-tests"

    @property
    def is_testing(self) -> bool:
        """Whether pytest runs, with the libraries that only the tests use."""
        return self in (Purpose.UNIT_TESTS, Purpose.TESTS, Purpose.WINDOWS_TESTS)

    @property
    def opens_window(self) -> bool:
        """Whether Qt's window needs libraries of the systems that show it."""
        return self in (Purpose.WINDOW, Purpose.DEMO_IN_WINDOW)

    @property
    def covered_by(self) -> "tuple[Purpose, ...]":
        """The purposes whose preparation includes everything that this one needs; itself first."""
        match self:
            case Purpose.TERMINAL:
                return (self, *(purpose for purpose in Purpose if purpose is not self))
            case Purpose.WINDOW:
                return (self, Purpose.DEMO_IN_WINDOW, Purpose.TESTS)
            case Purpose.DEMO_IN_TERMINAL:
                return (self, Purpose.DEMO_IN_WINDOW, Purpose.UNIT_TESTS, Purpose.TESTS)
            case Purpose.DEMO_IN_WINDOW | Purpose.UNIT_TESTS:
                return (self, Purpose.TESTS)
            case Purpose.TESTS | Purpose.WINDOWS_TESTS:
                return (self,)

    @property
    def lock_files(self) -> tuple[Path, ...]:
        """The locked lists of Python packages to install; `packaging/lock.py` writes them."""
        match self:
            case Purpose.TERMINAL | Purpose.WINDOW:
                names: tuple[str, ...] = ("run",)
            case Purpose.DEMO_IN_TERMINAL | Purpose.DEMO_IN_WINDOW:
                names = ("run", "demo")
            case Purpose.UNIT_TESTS | Purpose.TESTS | Purpose.WINDOWS_TESTS:
                names = ("run", "demo", "test")
        return tuple(LOCKS / f"{name}.txt" for name in names)

    @property
    def packages(self) -> str:
        """The word for its system packages behind ``start.py packages``; "" for none."""
        match self:
            case Purpose.DEMO_IN_WINDOW:
                return "demo"
            case Purpose.TESTS:
                return "test"
            case Purpose.WINDOWS_TESTS:
                return "windows"
            case _:
                return ""

    @property
    def stamp(self) -> Path:
        """Contains the fingerprint of the last complete preparation for this purpose."""
        return VENV / f"stamp-{self.value}"


def screens(variables: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The variables of the window systems that are running."""
    return frozenset(name for name in (X11, WAYLAND) if variables.get(name))


class SetupError(Exception):
    """The preparation failed. The text is a sentence for the user with what to do."""
