"""The computer of the demo: the programs of the real one, with a temporary home folder."""

import os
from pathlib import Path

from mailsetup.apply.installation import Computer


def demo_computer(folder: Path) -> Computer:
    """A computer whose home is a new folder in ``folder``. Raises OSError."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    places = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CONFIG_HOME": home / ".config",
    }
    environ = {**os.environ, **{name: str(place) for name, place in places.items()}}
    return Computer(home=home, environ=environ, temporary=True)
