"""Where things are in a checkout, and what a start is for."""

import enum
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "packaging" / "start.py"
VENV = ROOT / ".venv"
WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
LOCKS = ROOT / "packaging" / "requirements"


class Purpose(enum.Enum):
    """What is about to be run."""

    TERMINAL = "terminal"
    WINDOW = "window"
    UNIT_TESTS = "unit-tests"
    TESTS = "tests"

    @property
    def is_testing(self) -> bool:
        """Whether pytest runs, with the libraries that only the tests use."""
        return self in (Purpose.UNIT_TESTS, Purpose.TESTS)

    @property
    def covered_by(self) -> "tuple[Purpose, ...]":
        """The purposes whose preparation holds everything that this one needs; itself first."""
        match self:
            case Purpose.TERMINAL:
                return (self, Purpose.WINDOW, Purpose.TESTS, Purpose.UNIT_TESTS)
            case Purpose.WINDOW | Purpose.UNIT_TESTS:
                return (self, Purpose.TESTS)
            case Purpose.TESTS:
                return (self,)

    @property
    def lock_file(self) -> Path:
        """The locked list of Python packages to install."""
        return LOCKS / ("test.txt" if self.is_testing else "run.txt")

    @property
    def stamp(self) -> Path:
        """Holds the fingerprint of the last complete preparation for this purpose."""
        return VENV / f"stamp-{self.value}"


class SetupError(Exception):
    """Preparing failed. The text is one sentence for the person, with what to do."""
