"""Writing the report beside the window: Qt lays pages out only in threads of its own."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread

from mailsetup.i18n import _
from mailsetup.model.secret import Secret

if TYPE_CHECKING:
    from mailsetup.assistant.check.report import CheckReport
    from mailsetup.model.discovery import Discovery


class ReportSaver(QThread):
    """One report on its way to a file."""

    def __init__(
        self,
        parent: QObject,
        report: "CheckReport",
        discovery: "Discovery | None",
        secrets: Sequence[Secret],
        path: Path,
    ) -> None:
        super().__init__(parent)
        self._report, self._discovery = report, discovery
        self._secrets, self._path = secrets, path
        self.sentence = ""

    def run(self) -> None:
        """In the thread: lay out, write, and keep the sentence about it."""
        from mailsetup.gui.pdf import pdf
        from mailsetup.reporting.build import report_content
        from mailsetup.reporting.report_file import ReportFileFailure, ReportWritten, write_report

        now = datetime.now().astimezone()
        content = report_content(self._report, self._discovery, now, secrets=self._secrets)
        # The dialog has asked already whether a file of this name may be replaced.
        match write_report(content, self._path, pdf=pdf, force=True):
            case ReportWritten(path=path):
                self.sentence = _("Saved: {path}").format(path=path)
            case ReportFileFailure(reason=reason):
                self.sentence = reason
