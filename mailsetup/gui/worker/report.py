"""Writing the report of a check, in a thread of Qt."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mailsetup.assistant.check.report import CheckReport
from mailsetup.gui.pdf import pdf
from mailsetup.i18n import _
from mailsetup.model.discovery import Discovery
from mailsetup.model.secret import Secret
from mailsetup.reporting.build import report_content
from mailsetup.reporting.report_file import ReportFileFailure, ReportWritten, write_report


def save_report(
    report: CheckReport, discovery: Discovery | None, secrets: Sequence[Secret], path: Path
) -> str:
    """Lay out and write; a sentence about where the report is, or why it is not."""
    content = report_content(report, discovery, datetime.now().astimezone(), secrets=secrets)
    # The dialog has asked already whether a file of this name may be replaced.
    match write_report(content, path, pdf=pdf, force=True):
        case ReportWritten(path=written):
            return _("Saved: {path}").format(path=written)
        case ReportFileFailure(reason=reason):
            return reason
