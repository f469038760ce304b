"""A table of many people: reading it, and the run over it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.flow import Move
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.batch_state import BatchState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.i18n import language

if TYPE_CHECKING:
    from mailsetup.batch.events import BatchEvent


class BatchJobs(QObject):
    """Results replace ``state``."""

    table_read = Signal()

    def __init__(self, bridge: Bridge, wizard: WizardState, holder: AssistantHolder) -> None:
        super().__init__()
        self.state = BatchState()
        self._bridge = bridge
        self._wizard = wizard
        self._holder = holder
        self._running: int | None = None
        self._reading: int | None = None

    def reset(self) -> None:
        """Forget the table."""
        self.state = BatchState()

    def choose(self, table: Path) -> None:
        """Another table; a folder next to it is proposed for the results."""
        self.state = replace(
            self.state,
            table=table,
            plan=None,
            overview=None,
            problem="",
            agreed=(),
            commands=(),
            agreed_commands=(),
            out=table.parent / f"{table.stem}-mailsetup",
        )

    def read_table(self) -> None:
        """Read and check the table; `table_read` follows."""
        path, settings_file = self.state.table, self._wizard.technician.settings_file
        if path is None:
            return
        self.state = before = replace(self.state, reading=True, plan=None, problem="", commands=())
        code = language()

        async def job() -> BatchState:
            from mailsetup.gui.worker.batch import read

            return await read(before, path, settings_file, code)

        def ended(end: JobEnd[BatchState]) -> None:
            if self.state.table != path:
                return
            if isinstance(end, Defect):
                self.state = replace(self.state, reading=False, problem=end.sentence)
            else:
                self.state = replace(
                    self.state,
                    reading=False,
                    problem=end.problem,
                    form=end.form,
                    ignored=end.ignored,
                    plan=end.plan,
                    commands=end.commands,
                    settings=end.settings,
                )
            self.table_read.emit()

        if self._reading is not None:
            self._bridge.cancel(self._reading)
        self._reading = self._bridge.start(job, ended)

    def run(self, on_event: "Callable[[BatchEvent], None]", on_end: Callable[[Move], None]) -> None:
        """Set up everybody in the table, continuing an earlier run."""
        if self.state.plan is None or self.state.out is None:
            return
        self.state = state = replace(self.state, problem="", overview=None)
        technician = self._wizard.technician

        async def job(emit: "Callable[[BatchEvent], None]") -> BatchState:
            from mailsetup.gui.worker.batch import run

            return await run(self._holder, technician, state, emit)

        def ended(end: JobEnd[BatchState]) -> None:
            self._running = None
            problem, overview = "", None
            if isinstance(end, Defect):
                problem = end.sentence
            else:
                problem, overview = end.problem, end.overview
            self.state = replace(self.state, problem=problem, overview=overview)
            on_end(Move.FAILED if overview is None else Move.ENDED)

        self._running = self._bridge.start_with_events(job, ended, on_event)

    def cancel(self) -> None:
        """Cancel the run; what is done stays on the disk."""
        if self._running is not None:
            self._bridge.cancel(self._running)
            self._running = None
