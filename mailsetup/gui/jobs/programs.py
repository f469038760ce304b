"""Setting up a mail program, undoing it, and writing files."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.wizard_state import ComputerFacts, ProgramSetup, WizardState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.i18n import _

if TYPE_CHECKING:
    from mailsetup.apply.outlook import RunStep


class ProgramJobs(QObject):
    """Results replace the state's `ProgramSetup`. A program is set up one at a time."""

    installed_known = Signal()
    busy_changed = Signal()
    set_up_ended = Signal()
    """The program is set up, or the state's `ProgramSetup.problem` says why not."""
    changed = Signal()
    """Another job ended: the state's `ProgramSetup` may be a new one."""

    def __init__(self, bridge: Bridge, state: WizardState) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self._in_progress = ""
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether a program is being set up, or one of its steps runs."""
        return self._busy

    @property
    def in_progress(self) -> str:
        """The id of the program that is being set up; "" where none is."""
        return self._in_progress

    def ask_installed(self) -> None:
        """Ask which mail programs are on the computer; `installed_known` follows."""
        computer = self._state.computer

        async def job() -> ComputerFacts:
            from mailsetup.gui.worker.programs import find_installed

            return find_installed(computer)

        def ended(end: JobEnd[ComputerFacts]) -> None:
            now = self._state.computer
            if not isinstance(end, Defect) and now.target is computer.target:
                self._state.computer = replace(
                    now, installed=end.installed, places=end.places, outlook=end.outlook
                )
                self.installed_known.emit()

        self._bridge.start(job, ended)

    def set_up(self, program: str, *, applies: bool) -> bool:
        """Put the account into the installed program, or make the program's files.

        False where that cannot begin, because a program is being set up. `set_up_ended` follows.
        """
        if self._state.servers.account is None or self._busy:
            return False
        self._state.program = replace(self._state.program, program=program)
        self._state.setup = ProgramSetup()
        state = self._state.snapshot()

        async def job() -> ProgramSetup:
            from mailsetup.gui.worker.programs import set_up

            return await set_up(state, applies=applies)

        def ended(end: JobEnd[ProgramSetup]) -> None:
            # The result belongs to this program, whatever was chosen meanwhile.
            self._state.program = replace(self._state.program, program=program)
            self._state.setup = self._with_problem(end)
            self._set_busy(False)
            self.set_up_ended.emit()

        self._set_busy(True, program)
        self._bridge.start(job, ended)
        return True

    def undo(self) -> None:
        """Undo what was changed in the program; `changed` follows."""
        state = self._state.snapshot()
        if state.setup.profile is None:
            return

        async def job() -> ProgramSetup:
            from mailsetup.gui.worker.programs import undo

            return undo(state)

        self._bridge.start(job, self._ended)

    def run_step(self, step: "RunStep") -> None:
        """Run a step, or undo it where it was run before; `changed` follows."""
        if self._busy:
            return
        back = step.mode in self._state.setup.ran
        commands = step.undo if back else step.commands

        async def job() -> bool:
            from mailsetup.gui.worker.programs import run_commands

            return await run_commands(commands)

        def ended(end: JobEnd[bool]) -> None:
            ran = self._state.setup.ran
            if end is True:
                ran = ran - {step.mode} if back else ran | {step.mode}
                problem = ""
            else:
                problem = _("That did not work. Follow the steps of the guide instead.")
            self._state.setup = replace(self._state.setup, ran=ran, problem=problem)
            self._set_busy(False)
            self.changed.emit()

        self._set_busy(True)
        self._bridge.start(job, ended)

    def save_files(self, folder: Path) -> None:
        """Write the files and the guide into a folder; `changed` follows."""
        setup, artifact = self._state.setup, self._state.setup.artifact
        if artifact is None:
            return

        async def job() -> ProgramSetup:
            from mailsetup.gui.worker.programs import save_files

            return save_files(setup, artifact, folder)

        self._bridge.start(job, self._ended)

    def _ended(self, end: JobEnd[ProgramSetup]) -> None:
        self._state.setup = self._with_problem(end)
        self.changed.emit()

    def _with_problem(self, end: JobEnd[ProgramSetup]) -> ProgramSetup:
        return replace(self._state.setup, problem=end.sentence) if isinstance(end, Defect) else end

    def _set_busy(self, busy: bool, program: str = "") -> None:
        self._busy, self._in_progress = busy, program
        self.busy_changed.emit()
