"""Where the program begins: the one place that knows both faces, window and command line."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from mailsetup.cli.main import BAD_INPUT, CANCELLED, DEFECT, Windows, main
from mailsetup.cli.output import open_standard_files
from mailsetup.i18n import _
from mailsetup.system.display import Display, DisplayFailure, find_screen
from mailsetup.system.process import keep_secrets

if TYPE_CHECKING:
    from mailsetup.batch.welcome_sheet import Printed
    from mailsetup.reporting.content import ReportContent


def run() -> None:
    """Entry point of the command ``mailsetup``."""
    if getattr(sys, "frozen", False):
        # A worker (`batch.workers`) is then this same program, started once more.
        import multiprocessing

        multiprocessing.freeze_support()
    open_standard_files()
    keep_secrets(sys.argv[1:])
    try:
        sys.exit(start(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before or after the command's own work, where nothing is left to be told.
        sys.exit(CANCELLED)


def start(arguments: Sequence[str]) -> int:
    """Run one command, or open the window; the exit status is returned."""
    with ExitStack() as ending:
        pages = _Pages(ending)
        return main(arguments, windows=Windows(open_window, open_demo, make_pdf, pages.make))


def open_window(stdout: TextIO, stderr: TextIO, screenshot: str | None) -> int:  # noqa: ARG001
    """Show the window until the person closes it."""
    screen = find_screen()
    if isinstance(screen, DisplayFailure):
        stderr.write(f"{screen.reason}\n")
        stderr.write(
            _("In the terminal, “mailsetup check YOUR-ADDRESS” does the same; see --help.") + "\n"
        )
        return DEFECT if screen.is_installation else BAD_INPUT
    from mailsetup.gui.app import run as run_window

    return run_window(screenshot=screenshot, platform=screen.platform)


def make_pdf(content: "ReportContent") -> bytes:
    """A report as PDF, by Qt's own writer."""
    from mailsetup.gui.pdf import pdf

    return pdf(content)


def make_page(page: "Printed") -> bytes:
    """A welcome sheet as PDF, by Qt's own writer."""
    from mailsetup.gui.pdf import html_to_pdf

    return html_to_pdf(page.html, page.title, pictures=page.pictures)


class _Pages:
    """Pages by the hundred, with what Qt needs for them kept until the end."""

    def __init__(self, ending: ExitStack) -> None:
        self._ending: ExitStack | None = ending

    def make(self, page: "Printed") -> bytes:
        """One of them; b"" where that is not possible here."""
        if self._ending is not None:
            try:
                from mailsetup.gui.pdf import application
            except ImportError:  # a library of the system that Qt needs is missing
                return b""
            self._ending.enter_context(application())
            self._ending = None
        return make_page(page)


def open_demo(stdout: TextIO, stderr: TextIO, screenshot: str | None) -> int:
    """Start the demo world and show it in the window, or walk through it in the terminal."""
    from mailsetup.demo.mail_system import DemoMailSystem, missing_parts

    missing = missing_parts()
    if missing:
        stderr.write(
            _("The demo needs further parts: {names}. Install “mailsetup[demo]”.").format(
                names=", ".join(missing)
            )
            + "\n"
        )
        return DEFECT
    screen = find_screen()
    with DemoMailSystem() as world:
        if isinstance(screen, Display):
            from mailsetup.gui.app import run as run_window

            return run_window(demo=world, screenshot=screenshot, platform=screen.platform)
        from mailsetup.cli.demo import walk

        stderr.write(f"{screen.reason}\n")
        stdout.write(_("The demo walks through the terminal instead.") + "\n\n")
        stdout.flush()
        return walk(world, stdout)
