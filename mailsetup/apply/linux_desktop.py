"""Mail programs of Linux desktops: whether they are here, and where their settings are."""

from dataclasses import dataclass
from pathlib import Path

from mailsetup.apply.installation import Computer
from mailsetup.files import presence


@dataclass(frozen=True, slots=True)
class DesktopProgram:
    """An installed program: how it is started, and its XDG configuration folder."""

    command: tuple[str, ...]
    config_home: Path
    sandboxed: bool = False
    """Whether it runs in Flatpak, with services of its own."""


_KNOWN = {
    "evolution": "org.gnome.Evolution",
    "kmail": "org.kde.kmail2",
    "claws-mail": "org.claws_mail.Claws-Mail",
}
"""The program's command, and what it is called at Flathub."""


def find_program(name: str, computer: Computer | None = None) -> DesktopProgram | None:
    """The program of this command; the distribution's own before the one of Flathub."""
    computer = computer or Computer()
    if computer.platform != "linux":
        return None
    program = computer.which(name)
    if program is not None:
        configured = computer.environ.get("XDG_CONFIG_HOME", "")
        # The specification has relative paths ignored.
        home = Path(configured) if configured.startswith("/") else computer.home / ".config"
        return DesktopProgram((str(program),), home)
    app = _KNOWN.get(name)
    if app is None:
        return None
    places = (
        computer.base / "var/lib/flatpak/app" / app,
        computer.home / ".local/share/flatpak/app" / app,
    )
    if any(presence.is_folder(place) for place in places):
        config = computer.home / ".var/app" / app / "config"
        return DesktopProgram(("flatpak", "run", app), config, sandboxed=True)
    return None
