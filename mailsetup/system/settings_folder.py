"""Where the user's settings are: in the system's place, or next to a portable program."""

import sys
from pathlib import Path
from typing import Final

MARKER: Final = "portable.txt"
"""A file of this name next to the program makes it portable; the portable archive contains it."""


def portable_folder(program: Path | None = None) -> Path | None:
    """The folder for settings next to a portable program; None for an installed one.

    ``program`` is the running program, without it the one of this process.
    """
    folder = (program or Path(sys.executable)).parent
    return folder / "settings" if (folder / MARKER).is_file() else None


def settings_folder() -> Path:
    """The folder for settings that the user may edit; it need not exist."""
    portable = portable_folder()
    if portable is not None:
        return portable
    import platformdirs

    return platformdirs.user_config_path("mailsetup", appauthor=False)
