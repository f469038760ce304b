"""A Wine prefix, and programs of Windows run in it."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SHIMS: Final = Path(__file__).resolve().parent / "shims"
_SYSTEM: Final = Path("drive_c/windows/system32")
_FONTS: Final = r"HKCU\Software\Wine\Fonts\Replacements"
PASSED_ON: Final = "MAILSETUP_WINE_"
"""Wine passes on no variable named ``QT_*``, ``HOME`` or ``TMP``; with this prefix it does, and
the ``sitecustomize`` of `windows.python` takes the prefix away."""


class WineError(Exception):
    """A program of Windows, or the preparation of the prefix, failed; the text has its output."""


@dataclass(frozen=True, slots=True)
class Wine:
    """A prefix: the folder that holds the drive ``C:`` and the registry."""

    prefix: Path

    def command(self, words: Sequence[str | Path]) -> list[str]:
        """The command that runs a program of Windows on a screen of its own.

        Its streams are pipes: Wine refuses files and ``/dev/null`` as Python's standard streams.
        """
        script = 'wine "$@" </dev/null 2>&1 | cat; exit "${PIPESTATUS[0]}"'
        return ["xvfb-run", "-a", "bash", "-c", script, "wine", *map(str, words)]

    def environment(self, variables: Mapping[str, str] = {}) -> dict[str, str]:
        """The environment of `command`; ``variables`` are those that the program is to see."""
        passed = {PASSED_ON + name: value for name, value in variables.items()}
        hidden = ("PYTHONPATH", "PYTHONHOME", "DISPLAY")
        own = {name: value for name, value in os.environ.items() if name not in hidden}
        return {**own, **passed, "WINEPREFIX": str(self.prefix), "WINEDEBUG": "-all"}

    def run(
        self, *words: str | Path, variables: Mapping[str, str] = {}, cwd: Path | None = None
    ) -> str:
        """Run a program to its end. Returns its output; raises WineError."""
        result = subprocess.run(
            self.command(words), env=self.environment(variables), cwd=cwd, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise WineError(f"{words[0]} ended with {result.returncode}:\n{result.stdout[-4000:]}")
        return result.stdout

    def stop(self) -> None:
        """End every program that runs in the prefix."""
        subprocess.run(["wineserver", "-k"], env=self.environment(), check=False)


def windows_path(path: Path) -> str:
    """A path of this computer as Wine's programs see it: ``Z:`` is the root folder."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


def make_prefix(folder: Path) -> Wine:
    """Create a prefix that calls itself Windows 10 and has the libraries that Wine 8 lacks.

    Nothing is left behind where that fails. Raises WineError.
    """
    wine = Wine(folder)
    try:
        wine.run("wineboot", "-i")
        wine.run("winecfg", "-v", "win10")
        wine.run("reg", "add", _FONTS, "/v", "Segoe UI", "/d", "DejaVu Sans", "/f")
        for source in sorted(SHIMS.glob("*.c")):
            library = folder / _SYSTEM / f"{source.stem}.dll"
            compiler = "x86_64-w64-mingw32-gcc"
            words = [compiler, "-shared", "-O2", "-o", str(library), str(source), "-ladvapi32"]
            subprocess.run(words, check=True)
    except BaseException:
        wine.stop()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return wine
