"""Install, use, upgrade and remove the program under Wine: ``python -m windows.verify``.

Prints one line for each step, and fails at the first one that does not hold. Builds two versions
of the installer with quick compression.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from project import version
from windows.installer import make_folder, make_setup
from windows.suite import prepare
from windows.wine import Wine, make_prefix, windows_path

FOLDER: Final = "Mis programas"
UNINSTALL_KEY: Final = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\mailsetup"
REFUSED: Final = 2
"""The installer's exit status where nothing was changed."""


class StepError(Exception):
    """A step did not end as it should; the text says which and how."""


@dataclass(frozen=True, slots=True)
class Installed:
    """The installed program in a prefix of its own."""

    wine: Wine
    folder: Path

    def install(self, setup: Path, *words: str) -> int:
        """Run an installer silently. Returns its exit status."""
        # NSIS takes everything behind /D=, without quotation marks; Wine would set some.
        line = " ".join((windows_path(setup), "/S", *words, f"/D={windows_path(self.folder)}"))
        script = setup.with_suffix(".bat")
        script.write_text(f"@{line}\r\n@exit %ERRORLEVEL%\r\n", encoding="ascii")
        return self.status("cmd", "/c", windows_path(script))

    def status(self, *words: str | Path) -> int:
        """Run a program to its end. Returns its exit status."""
        command, environment = self.wine.command(words), self.wine.environment()
        ended = subprocess.run(command, env=environment, capture_output=True, check=False)
        return ended.returncode

    def program(self, *words: str) -> str:
        """The output of the installed program."""
        return self.wine.run(self.folder / "mailsetup.exe", *words)

    def uninstall(self, *words: str) -> None:
        """Remove the program, and wait for the copy of the uninstaller that does it."""
        self.status(self.folder / "uninstall.exe", "/S", *words)
        subprocess.run(["wineserver", "-w"], env=self.wine.environment(), check=True)

    def has_key(self, key: str) -> bool:
        """Whether a key of the registry exists."""
        return self.status("reg", "query", key) == 0


def steps(installed: Installed, old: Path, new: Path) -> list[tuple[str, Callable[[], bool]]]:
    """What is done in turn, each with whether it came out as it should."""
    folder, wine = installed.folder, installed.wine
    picture = folder.parent / "window.png"

    def window() -> bool:
        started = time.monotonic()
        wine.run(folder / "mailsetup-window.exe", "--screenshot", windows_path(picture))
        print(f"    the window was painted after {time.monotonic() - started:.1f} s")
        return picture.stat().st_size > 10_000

    def while_running() -> bool:
        command = wine.command([folder / "python.exe", "-c", "import time; time.sleep(30)"])
        process = subprocess.Popen(command, env=wine.environment())
        time.sleep(3)
        try:
            return installed.install(new) == REFUSED and (folder / "mailsetup.exe").exists()
        finally:
            process.terminate()
            wine.stop()

    def foreign() -> bool:
        other = Installed(wine, folder.parent / "other")
        other.folder.mkdir()
        (other.folder / "mine.txt").write_text("mine", encoding="utf-8")
        refused = other.install(new) == REFUSED
        return refused and [path.name for path in other.folder.iterdir()] == ["mine.txt"]

    def leftovers() -> list[str]:
        return sorted(path.name for path in folder.parent.iterdir() if path.name != "window.png")

    def removed() -> bool:
        installed.uninstall()
        return leftovers() == ["other"] and not installed.has_key(UNINSTALL_KEY)

    def is_in_path() -> bool:
        return FOLDER in wine.run("reg", "query", r"HKCU\Environment")

    return [
        ("an older version installs silently", lambda: installed.install(old, "/PATH=1") == 0),
        ("its entry for removing it is there", lambda: installed.has_key(UNINSTALL_KEY)),
        ("PATH names its folder", is_in_path),
        ("it says its version", lambda: "mailsetup" in installed.program("--version")),
        ("it finds a provider", lambda: "imap.gmail.com" in installed.program(
            "discover", "ana@gmail.com", "--offline", "--json")),
        ("its window paints", window),
        ("a running program is not replaced", while_running),
        ("a folder with other files is not used", foreign),
        ("the new version takes its place", lambda: installed.install(new) == 0),
        ("nothing of the old one is left", lambda: leftovers() == [FOLDER, "other"]),
        ("it works", lambda: "mailsetup" in installed.program("--version")),
        ("it is removed with its entry", removed),
        ("PATH does not name it", lambda: not is_in_path()),
    ]  # fmt: skip


def main() -> int:
    """Run every step in a new prefix. Returns the exit status."""
    prepare()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        made = work / "made"
        make_folder(made, work)
        old = make_setup(made, work, "0.0.9", fast=True)
        new = make_setup(made, work, version(), fast=True)
        wine = make_prefix(work / "prefix")
        target = work / "installed"
        target.mkdir()
        try:
            for text, step in steps(Installed(wine, target / FOLDER), old, new):
                if not step():
                    print(f"✘ {text}")
                    return 1
                print(f"✔ {text}", flush=True)
        finally:
            wine.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
