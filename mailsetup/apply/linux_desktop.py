"""Find the mail programs of Linux desktops and their configuration folders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailsetup.apply.installation import Computer


@dataclass(frozen=True, slots=True)
class DesktopProgram:
    """An installed program, by its XDG configuration folder."""

    config_home: Path
    sandboxed: bool = False
    """Whether it runs in Flatpak, with its own instance of the desktop's services."""


@dataclass(frozen=True, slots=True)
class LinuxProgram:
    """A desktop program: its command, and its application id at Flathub."""

    command: str
    flatpak_id: str

    def is_installed(self, computer: Computer) -> bool:
        """Whether the program is on this computer."""
        return self.find(computer) is not None

    def find(self, computer: Computer) -> DesktopProgram | None:
        """The installed program; the distribution's package before the Flatpak."""
        if computer.platform != "linux":
            return None
        if computer.which(self.command) is not None:
            configured = computer.environ.get("XDG_CONFIG_HOME", "")
            # The specification requires programs to ignore relative paths.
            home = Path(configured) if configured.startswith("/") else computer.home / ".config"
            return DesktopProgram(home)
        if computer.has_flatpak(self.flatpak_id):
            config = computer.home / ".var/app" / self.flatpak_id / "config"
            return DesktopProgram(config, sandboxed=True)
        return None


EVOLUTION: Final = LinuxProgram("evolution", "org.gnome.Evolution")
