"""The entry point: the one module that imports both the window and the command line."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.main import main
from mailsetup.cli.services import CommandServices
from mailsetup.i18n import _
from mailsetup.system.process import keep_secrets
from mailsetup.system.standard_streams import (
    give_streams_to_a_windowed_program,
    open_standard_files,
    use_utf8_in_pipes,
)

if TYPE_CHECKING:
    from mailsetup.batch.welcome_sheet import Printed
    from mailsetup.reporting.content import ReportContent


def run() -> None:
    """Entry point of the command ``mailsetup``."""
    if getattr(sys, "frozen", False):
        # A worker (`batch.workers`) is then a second process of this program.
        import multiprocessing

        multiprocessing.freeze_support()
    open_standard_files()
    give_streams_to_a_windowed_program()
    use_utf8_in_pipes((sys.stdin, sys.stdout, sys.stderr))
    keep_secrets(sys.argv[1:])
    try:
        sys.exit(start(sys.argv[1:]))
    except KeyboardInterrupt:
        # Before or after the command's own work, where there is nothing to report.
        sys.exit(ExitStatus.CANCELLED)


def start(arguments: Sequence[str]) -> int:
    """Run one command, or open the window; returns the exit status."""
    with ExitStack() as cleanup:
        pages = _PagePrinter(cleanup)
        services = CommandServices(open_window, open_demo, make_report_pdf, pages.make)
        return main(arguments, services=services)


def open_window(
    stdout: TextIO,  # noqa: ARG001
    stderr: TextIO,
    screenshot: str | None,
    opened: Path | None = None,
) -> int:
    """Show the window until the user closes it; ``opened`` is a settings file."""
    from mailsetup.system.display import DisplayFailure, find_screen

    screen = find_screen()
    if isinstance(screen, DisplayFailure):
        stderr.write(f"{screen.reason}\n")
        stderr.write(
            _("In the terminal, “mailsetup check YOUR-ADDRESS” does the same; see --help.") + "\n"
        )
        return ExitStatus.FAILED if screen.is_installation else ExitStatus.BAD_INPUT
    from mailsetup.gui.app import run as run_window

    return run_window(screenshot=screenshot, platform=screen.platform, opened=opened)


def make_report_pdf(content: "ReportContent") -> bytes:
    """A report as PDF, written by Qt."""
    from mailsetup.gui.pdf import pdf

    return pdf(content)


def make_page_pdf(page: "Printed") -> bytes:
    """A page of HTML as PDF, written by Qt."""
    from mailsetup.gui.pdf import html_to_pdf

    return html_to_pdf(page.html, page.title, pictures=page.pictures)


class _PagePrinter:
    """Makes PDF pages by the hundred with one Qt application, which ends with ``cleanup``."""

    def __init__(self, cleanup: ExitStack) -> None:
        self._cleanup: ExitStack | None = cleanup

    def make(self, page: "Printed") -> bytes:
        """One page as PDF; b"" where Qt cannot be loaded."""
        if self._cleanup is not None:
            try:
                from mailsetup.gui.pdf import application
            except ImportError:  # a system library that Qt needs is missing
                return b""
            self._cleanup.enter_context(application())
            self._cleanup = None
        return make_page_pdf(page)


def open_demo(
    stdout: TextIO,
    stderr: TextIO,
    screenshot: str | None,
    _opened: Path | None = None,
) -> int:
    """Start the demo servers, and show them in the window or walk through them in the terminal."""
    from mailsetup.demo.mail_system import DemoMailSystem, missing_parts
    from mailsetup.system.display import Display, find_screen

    missing = missing_parts()
    if missing:
        stderr.write(
            _("The demo needs further parts: {names}. Install “mailsetup[demo]”.").format(
                names=", ".join(missing)
            )
            + "\n"
        )
        return ExitStatus.FAILED
    screen = find_screen()
    with DemoMailSystem() as system:
        if isinstance(screen, Display):
            from mailsetup.gui.app import run as run_window

            return run_window(demo=system, screenshot=screenshot, platform=screen.platform)
        from mailsetup.cli.demo import walk

        stderr.write(f"{screen.reason}\n")
        stdout.write(_("The demo walks through the terminal instead.") + "\n\n")
        stdout.flush()
        return walk(system, stdout)
