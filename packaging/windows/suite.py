"""``start.py test windows``: the tests that need no servers, run by a Windows Python under Wine."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from filelock import FileLock

from bootstrap.layout import ROOT, Purpose
from windows import python
from windows.wine import SHIMS, Wine, make_prefix, windows_path

FOLDERS: Final = (
    "model", "i18n", "files", "formats", "net", "discovery", "verify", "oauth", "diagnosis",
    "export", "apply", "reporting", "batch", "assistant", "cli", "contract", "demo", "system",
)  # fmt: skip
"""Folders of tests that run on Windows; those of the window need fonts that Wine does not have."""

QUICK: Final = "--quick"
QUICK_FOLDERS: Final = ("model", "i18n", "files", "formats", "net", "verify", "oauth", "system")
"""Folders of ``--quick``: what depends most on the system."""

MARKERS: Final = "not servers and not thunderbird and not programs and not slow"


def cache() -> Path:
    """Where prepared systems are stored; the folder may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "mailsetup-windows"


def fingerprint() -> str:
    """Changes when the prepared system has to be made again."""
    digest = hashlib.sha256()
    sources = [Path(python.__file__), *SHIMS.glob("*.c"), *Purpose.TESTS.lock_files]
    for path in sorted([*sources, Path(__file__).with_name("wine.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def prepare() -> tuple[Wine, Path]:
    """The prefix and the folder of the Python, made where they are missing.

    :raises WineError: Wine does not work here.
    :raises DownloadError: a package could not be had.
    """
    base = cache()
    base.mkdir(parents=True, exist_ok=True)
    folder = base / fingerprint()
    with FileLock(base / "lock"):
        if not folder.exists():
            for outdated in base.iterdir():
                if outdated.is_dir():
                    shutil.rmtree(outdated)
            with tempfile.TemporaryDirectory(dir=base) as name:
                work = Path(name)
                python.make_test_python(work / "python", Purpose.TESTS.lock_files, work)
                wine = make_prefix(work / "prefix")
                wine.stop()
                made = work / "made"
                made.mkdir()
                (work / "python").rename(made / "python")
                (work / "prefix").rename(made / "prefix")
                made.rename(folder)
    return Wine(folder / "prefix"), folder / "python"


def chosen(words: list[str]) -> list[str]:
    """pytest's arguments: ``words``, with all folders of tests where they name none."""
    rest = [word for word in words if word != QUICK]
    if any(not word.startswith("-") for word in rest):
        return rest
    folders = QUICK_FOLDERS if QUICK in words else FOLDERS
    return [*rest, *(f"tests/{name}" for name in folders)]


def main(words: list[str]) -> int:
    """Prepare, and run pytest. Returns its exit status."""
    wine, folder = prepare()
    variables = {"QT_QPA_PLATFORM": "offscreen", "MAILSETUP_CHECKOUT": windows_path(ROOT)}
    command = wine.command([
        folder / "python.exe", "-m", "pytest", "-p", "tests.support.progress",
        "-p", "no:cacheprovider", "-m", MARKERS, *chosen(words),
    ])  # fmt: skip
    try:
        return subprocess.call(command, env=wine.environment(variables), cwd=ROOT)
    finally:
        wine.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
