"""Opening and leaving the demo."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.wizard_state import DemoState, WizardState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.gui.jobs.batch import BatchJobs
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.i18n import _

if TYPE_CHECKING:
    from mailsetup.demo.mail_system import DemoMailSystem
    from mailsetup.gui.worker.demo import MissingParts


class DemoJobs(QObject):
    """The demo's mail system runs in this process; the state moves to its temporary computer."""

    opened = Signal()
    """The demo runs, or the state's `DemoState.problem` says why not."""

    def __init__(
        self, bridge: Bridge, state: WizardState, holder: AssistantHolder, batch: BatchJobs
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self._holder = holder
        self._batch = batch

    def open(self) -> None:
        """Start the demo's servers and work there; `opened` follows."""
        self._state.demo = replace(self._state.demo, problem="")

        async def job() -> "DemoMailSystem | MissingParts":
            from mailsetup.gui.worker.demo import start_demo

            return await start_demo()

        self._bridge.start(job, self._started)

    def _started(self, end: "JobEnd[DemoMailSystem | MissingParts]") -> None:
        from mailsetup.gui.worker.demo import MissingParts

        if isinstance(end, Defect):
            self._state.demo = replace(self._state.demo, problem=end.sentence)
        elif isinstance(end, MissingParts):
            problem = _("The demo needs further parts: {names}. Install “mailsetup[demo]”.")
            problem = problem.format(names=", ".join(end.names))
            self._state.demo = replace(self._state.demo, problem=problem)
        else:
            self._holder.use_demo(end)
            self._state.move_to(end.computer)
            self._batch.reset()
            self._state.demo = DemoState(end.accounts, can_be_left=True)
        self.opened.emit()

    def leave(self) -> None:
        """Back to this computer; everything about the demo is forgotten."""
        self._state.demo = DemoState()
        self._state.move_to(None)
        self._batch.reset()
        self._holder.leave_demo()
