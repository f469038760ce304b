"""Saving the report of a check, and the report for support."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.gui.report_saver import ReportSaver


class ReportJobs(QObject):
    """Each signal carries a sentence: where the report is, or why it could not be saved."""

    report_saved = Signal(str)
    support_saved = Signal(str)

    def __init__(self, bridge: Bridge, state: WizardState, log: ActivityLog) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self._log = log
        self._saver: ReportSaver | None = None

    @property
    def can_save(self) -> bool:
        """Whether there is a report and none is being saved."""
        return self._state.check.report is not None and self._saver is None

    def save_report(self, path: Path) -> None:
        """Write the report of the last check; `report_saved` follows."""
        state, report = self._state, self._state.check.report
        if report is None or self._saver is not None:
            return
        self._saver = ReportSaver(self, report, state.chosen_discovery, state.secrets, path)
        self._saver.finished.connect(self._report_saved)
        self._saver.start()

    @Slot()
    def _report_saved(self) -> None:
        saver, self._saver = self._saver, None
        if saver is not None:
            saver.deleteLater()
            self.report_saved.emit(saver.sentence or Defect("—").sentence)

    def save_support(self, path: Path, rows: Sequence[tuple[str, str]]) -> None:
        """Write the report for support, with the log; `support_saved` follows."""
        state, log = self._state.snapshot(), self._log

        async def job() -> str:
            from mailsetup.gui.worker.support import save_support

            return save_support(state, log, rows, path)

        def ended(end: JobEnd[str]) -> None:
            self.support_saved.emit(end.sentence if isinstance(end, Defect) else end)

        self._bridge.start(job, ended)

    def wait(self) -> None:
        """Wait for a report that is being saved."""
        if self._saver is not None:
            self._saver.wait()
