"""The program with Python, Qt and everything else in one folder, by PyInstaller.

Built with the system's Python and not with that of the checkout's environment: a Python that a user
has compiled may need a newer C library than the system's.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bootstrap.layout import LOCKS, ROOT
from frozen import COLLECTED, ENTRY
from linux.prune import prune

NAME: Final = "mailsetup"
INTERPRETER: Final = Path("/usr/bin/python3")
INTERNAL: Final = "_internal"
"""PyInstaller's folder for everything but the executable."""
_HERE: Final = Path(__file__).resolve().parent
_LISTS: Final = ("run.txt", "demo.txt", "build.txt")
_EXCLUDED: Final = (
    "tkinter", "sqlite3", "lib2to3", "setuptools", "pip", "hatchling", "PySide6.QtNetwork",
    "PySide6.QtDBus",
)  # fmt: skip


def build(work: Path, epoch: int) -> Path:
    """Build the folder of the program below ``work``, an empty folder, and return it.

    Raises CalledProcessError where a step fails, after its messages.
    """
    python = make_environment(work / "venv")
    install_wheel(python, work / "wheel", epoch)
    folder = freeze(python, work, epoch)
    prune(folder / INTERNAL)
    return folder


def make_environment(folder: Path) -> Path:
    """Make a virtual environment with the locked packages; returns its interpreter."""
    _run([str(INTERPRETER), "-m", "venv", str(folder)], folder.parent, 0)
    python = folder / "bin" / "python"
    lists = [f"--requirement={LOCKS / name}" for name in _LISTS]
    _run([str(python), "-m", "pip", "install", "-qqq", "--require-hashes", "--no-deps",
          "--only-binary=:all:", *lists], folder.parent, 0)  # fmt: skip
    return python


def install_wheel(python: Path, folder: Path, epoch: int) -> None:
    """Build this checkout's wheel into ``folder`` and install it."""
    _run([str(python), "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT, epoch)
    wheels = [str(path) for path in folder.glob("*.whl")]
    _run(
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", *wheels],
        folder,
        0,
    )


def freeze(python: Path, work: Path, epoch: int) -> Path:
    """Run PyInstaller; returns the folder that it made."""
    _run(
        [
            str(python), "-m", "PyInstaller", "--noconfirm", "--log-level=ERROR", "--onedir",
            f"--name={NAME}", f"--distpath={work / 'frozen'}", f"--workpath={work / 'pyinstaller'}",
            f"--specpath={work}", f"--runtime-hook={_HERE / 'library_path_hook.py'}", *COLLECTED,
            "--hidden-import=keyring.backends.SecretService",
            *(f"--exclude-module={name}" for name in _EXCLUDED), str(ENTRY),
        ],
        work,
        epoch,
    )  # fmt: skip
    return work / "frozen" / NAME


def _run(command: Sequence[str], folder: Path, epoch: int) -> None:
    # PyInstaller finds modules in the current folder and by Python's variables. In the checkout it
    # would find the program without its resources, which only the wheel has. The hash seed decides
    # the order of sets, and so of what is written.
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
        "PYTHONHASHSEED": "0",
        "PYI_LOG_LEVEL": "ERROR",
        "SOURCE_DATE_EPOCH": str(epoch),
    }
    subprocess.run(command, cwd=folder, env=variables, check=True)
