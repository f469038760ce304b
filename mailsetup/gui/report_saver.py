"""The thread that writes a report: Qt lays pages out in threads of its own only."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread

from mailsetup.model.secret import Secret

if TYPE_CHECKING:
    from mailsetup.assistant.check.report import CheckReport
    from mailsetup.model.discovery import Discovery


class ReportSaver(QThread):
    """Writes one report; ``sentence`` is the result, empty after an exception."""

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
        """In the thread."""
        from mailsetup.gui.worker.report import save_report

        self.sentence = save_report(self._report, self._discovery, self._secrets, self._path)
