"""Find the mail programs of this computer."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailsetup.files import presence

if sys.platform == "win32":
    import winreg

_FLATPAK_IDS = ("org.mozilla.Thunderbird", "net.thunderbird.Thunderbird")
_APP_PATHS = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\App Paths\\"
_WRAPPER_SIZE = 4096


def _app_path(program: str) -> str:
    """The program that Windows starts under this name (registry, ``App Paths``), else empty."""
    if sys.platform == "win32":
        for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            with contextlib.suppress(OSError):
                return winreg.QueryValue(hive, _APP_PATHS + program).strip('"')
    return ""


@dataclass(frozen=True, slots=True)
class Computer:
    """The properties of a computer on which finding programs depends."""

    platform: str = sys.platform
    home: Path = field(default_factory=Path.home)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    base: Path = field(default_factory=lambda: Path("/"))
    """The root of the system's folders."""
    app_path: Callable[[str], str] = _app_path
    temporary: bool = False
    """Whether the home is a temporary one (the demo): nothing outside of it may be changed, so no
    program is started and no running program is asked."""

    def which(self, program: str) -> Path | None:
        """The program as a shell finds it."""
        found = shutil.which(program, path=self.environ.get("PATH", ""))
        return Path(found) if found else None

    def has_flatpak(self, app: str) -> bool:
        """Whether the Flatpak is installed, for all users or for this one."""
        folders = (self.base / "var/lib/flatpak/app", self.home / ".local/share/flatpak/app")
        return any(presence.is_folder(folder / app) for folder in folders)


@dataclass(frozen=True, slots=True)
class Installation:
    """An installed Thunderbird: its command, and the folder of ``profiles.ini``.

    ``root`` need not exist: Thunderbird makes it at its first start.
    """

    command: tuple[str, ...]
    root: Path

    @property
    def is_snap(self) -> bool:
        """Whether it is a Snap, which has other rules for the profile and does not share its
        libraries."""
        return "/snap/" in self.command[0]


def find_installation(computer: Computer | None = None) -> Installation | None:
    """The Thunderbird that is used: of several, the first that has profiles."""
    found = installations(computer)
    for installation in found:
        if presence.is_file(installation.root / "profiles.ini"):
            return installation
    return found[0] if found else None


def installations(computer: Computer | None = None) -> tuple[Installation, ...]:
    """Every Thunderbird on this computer."""
    computer = computer or Computer()
    if computer.platform == "win32":
        return _on_windows(computer)
    if computer.platform == "darwin":
        return _on_mac(computer)
    return _on_linux(computer)


def _on_linux(computer: Computer) -> tuple[Installation, ...]:
    found = []
    program = computer.which("thunderbird")
    snap = computer.base / "snap/bin/thunderbird"
    if program is not None and not _starts_snap(program, snap):
        found.append(Installation((str(program),), computer.home / ".thunderbird"))
    if presence.exists(snap):
        root = computer.home / "snap/thunderbird/common/.thunderbird"
        found.append(Installation((str(snap),), root))
    for app in _FLATPAK_IDS:
        if computer.has_flatpak(app):
            root = computer.home / ".var/app" / app / ".thunderbird"
            found.append(Installation(("flatpak", "run", app), root))
    return tuple(found)


def _starts_snap(program: Path, snap: Path) -> bool:
    """Whether the program is the Snap, or Ubuntu's script that only starts the Snap."""
    if not presence.exists(snap):
        return False
    if program == snap:
        return True
    try:
        if program.stat().st_size > _WRAPPER_SIZE:
            return False
        return b"/snap/bin/thunderbird" in program.read_bytes()
    except OSError:
        return False


def _on_mac(computer: Computer) -> tuple[Installation, ...]:
    root = computer.home / "Library/Thunderbird"
    for folder in (computer.base / "Applications", computer.home / "Applications"):
        program = folder / "Thunderbird.app/Contents/MacOS/thunderbird"
        if presence.is_file(program):
            return (Installation((str(program),), root),)
    return ()


def _on_windows(computer: Computer) -> tuple[Installation, ...]:
    appdata = computer.environ.get("APPDATA")
    if not appdata:
        return ()
    candidates = [computer.app_path("thunderbird.exe")]
    for variable in ("ProgramFiles", "ProgramFiles(x86)"):
        folder = computer.environ.get(variable)
        if folder:
            candidates.append(str(Path(folder) / "Mozilla Thunderbird" / "thunderbird.exe"))
    for candidate in candidates:
        if candidate and presence.is_file(Path(candidate)):
            return (Installation((candidate,), Path(appdata) / "Thunderbird"),)
    return ()


def has_classic_outlook(computer: Computer | None = None) -> bool | None:
    """Whether classic Outlook is installed (it registers itself on Windows); None elsewhere."""
    computer = computer or Computer()
    if computer.platform != "win32":
        return None
    return bool(computer.app_path("outlook.exe"))
