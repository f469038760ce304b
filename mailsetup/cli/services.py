"""Functions that need the window's libraries, passed in by `mailsetup.launch`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from mailsetup.batch.welcome_sheet import Printed
    from mailsetup.reporting.content import ReportContent

Opener = Callable[[TextIO, TextIO, str | None, Path | None], int]
"""Opens a window and returns the exit status: standard output, messages, path of a screenshot, and
a settings file to open."""
MakeReportPdf = Callable[["ReportContent"], bytes]
MakePagePdf = Callable[["Printed"], bytes]


@dataclass(frozen=True, slots=True)
class CommandServices:
    """None where one is not available, as in a process without the window's libraries."""

    open_window: Opener | None = None
    open_demo: Opener | None = None
    make_report_pdf: MakeReportPdf | None = None
    make_page_pdf: MakePagePdf | None = None
