"""Opening the window from the command line."""

import os
import sys
from typing import TextIO

from mailsetup.cli.main import BAD_INPUT
from mailsetup.i18n import _


def has_display() -> bool:
    """Whether a window can be shown here. Qt's offscreen platform counts: tests ask for it."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_window(stderr: TextIO, screenshot: str | None = None) -> int:
    """Show the window until the person closes it."""
    if not has_display():
        stderr.write(
            _("There is no screen here. Use a command; “mailsetup --help” shows them.") + "\n"
        )
        return BAD_INPUT
    from mailsetup.gui.app import run

    return run(screenshot=screenshot)
