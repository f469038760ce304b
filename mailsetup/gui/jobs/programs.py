"""Putting an account into a mail program, taking it back, writing files: beside the window."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess

from mailsetup.assistant.events import Event
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.session import Session
from mailsetup.i18n import _
from mailsetup.model.secret import Secret

if TYPE_CHECKING:
    from mailsetup.apply.outlook import Command
    from mailsetup.export.exporter import Artifact
    from mailsetup.model.settings import Account

_PATIENCE = 30.0
"""Seconds for one command of the registry."""


class ProgramJobs:
    """Knows the session and the bridge, never the window: results go into the session."""

    def __init__(self, bridge: Bridge, session: Session) -> None:
        self._bridge = bridge
        self._session = session
        self.busy = False
        """Whether a program is being set up right now, or a step of it done."""

    def ask_installed(self, done: Callable[[], None]) -> None:
        """Which mail programs are on this computer."""
        computer = self._session.computer

        async def ask(_emit: Callable[[Event], None]) -> object:
            from mailsetup.apply.installation import Computer
            from mailsetup.apply.outlook import outlook_program
            from mailsetup.apply.targets import TARGETS

            asked = computer or Computer()
            here = {target.id: target.is_installed(asked) for target in TARGETS}
            loaders = [target.load_profile_applier for target in TARGETS]
            places = [place for load in loaders if load for place in load().places(asked)]
            return here, tuple(places), outlook_program(computer)

        def asked(end: JobEnd) -> None:
            session = self._session
            if isinstance(end.value, tuple) and session.computer is computer:
                session.installed, session.places, session.outlook = end.value
                done()

        self._bridge.start(ask, asked)

    def set_up(self, program: str, *, applies: bool, done: Callable[[bool], None]) -> bool:
        """Put the account into a program where we can, otherwise make its files.

        False where that cannot begin, because something is being made already. ``done`` is told
        whether it worked; what kept it from working stands in the session.
        """
        session = self._session
        account = session.account
        if account is None or self.busy:
            return False
        session.program = program
        session.forget_program()
        place = session.place
        computer = session.computer
        secret: Secret | None = None
        if session.store_in_program and not session.by_sign_in:
            secret = Secret(session.password)
        report = session.report
        folders = report.folders if report is not None and report.account == account else None

        async def set_up(_emit: Callable[[Event], None]) -> object:
            from mailsetup.apply.applier import NEW_PLACE, ApplyRequest
            from mailsetup.apply.installation import Computer
            from mailsetup.apply.targets import find_target
            from mailsetup.export.exporter import Artifact

            target = find_target(program)
            if target is None:
                return None
            if applies and target.load_applier is not None:
                request = ApplyRequest(account, place or NEW_PLACE, folders, secret)
                return target.load_applier().apply(request, computer or Computer())
            made = target.exporter.export(account)
            if target.qr_code is not None and isinstance(made, Artifact):
                return made, target.qr_code(account)
            if target.has_printed_guide and isinstance(made, Artifact):
                from mailsetup.gui.print_thread import beside

                guide = made
                return await beside(lambda: _on_paper(guide, account))
            return made

        def ended(end: JobEnd) -> None:
            self.busy = False
            # What was made belongs to this program, whatever was chosen meanwhile.
            session.program = program
            session.problem = self._set_up(end)
            done(not session.problem)

        self.busy = True
        self._bridge.start(set_up, ended)
        return True

    def _set_up(self, end: JobEnd) -> str:
        """Take the result into the session; what went wrong, as a sentence."""
        from mailsetup.apply.result import AlreadyThere, ApplyFailure, FilesApplied, ProfileApplied
        from mailsetup.export.exporter import Artifact, ExportFailure
        from mailsetup.export.guide.qr import QrMatrix

        session = self._session
        match end.value:
            case ProfileApplied() | AlreadyThere() as applied:
                session.applied = applied
                session.profile = applied.profile
                # The program itself would look for the profile in the person's own home.
                session.command = () if session.temporary_home else applied.command
                corrected = applied.corrected if isinstance(applied, ProfileApplied) else ()
                session.notes = (*corrected, *applied.notes)
            case Artifact() as artifact:
                session.artifact = artifact
            case (Artifact() as artifact, QrMatrix() as matrix):
                session.artifact, session.matrix = artifact, matrix
            case (Artifact() as artifact, _):
                session.artifact = artifact
            case FilesApplied() as made:
                session.applied = made
                session.artifact = Artifact((), made.steps, made.notes)
            case ApplyFailure(reason=reason) | ExportFailure(reason=reason):
                return reason
            case _:
                return _mistake(end)
        return ""

    def undo(self, done: Callable[[], None]) -> None:
        """Take back what was done in Thunderbird."""
        session = self._session
        profile, only_ours, computer = session.profile, session.only_ours, session.computer
        program = session.program
        if profile is None:
            return

        async def take_back(_emit: Callable[[Event], None]) -> object:
            from mailsetup.apply.installation import Computer
            from mailsetup.apply.targets import find_target

            target = find_target(program)
            if target is None or target.load_profile_applier is None:
                return None
            applier = target.load_profile_applier()
            return applier.undo(profile, only_ours=only_ours, computer=computer or Computer())

        def taken_back(end: JobEnd) -> None:
            from mailsetup.apply.result import UndoFailure, Undone

            match end.value:
                case Undone() as undone:
                    session.applied = undone
                    session.command = ()
                    session.notes, session.problem = undone.notes, ""
                    session.only_ours = False
                case UndoFailure(reason=reason, only_ours_possible=possible):
                    session.problem, session.only_ours = reason, possible
                case _:
                    session.problem = _mistake(end)
            done()

        self._bridge.start(take_back, taken_back)

    def run_step(self, done: Callable[[], None]) -> None:
        """Do the step that the person chose, or take it back where it was done before."""
        session, step = self._session, self._session.step
        if step is None or self.busy:
            return
        back = step.way in session.ran
        commands = step.undo if back else step.commands

        async def run(_emit: Callable[[Event], None]) -> object:
            import asyncio

            return await asyncio.to_thread(_run, commands)

        def ran(end: JobEnd) -> None:
            self.busy = False
            if end.value is True:
                session.problem = ""
                session.ran = session.ran - {step.way} if back else session.ran | {step.way}
            else:
                session.problem = _("That did not work. Follow the steps of the guide instead.")
            done()

        self.busy = True
        self._bridge.start(run, ran)

    def save_files(self, folder: Path, done: Callable[[], None]) -> None:
        """Write what the program imports, and the guide, into a folder."""
        session = self._session
        artifact = session.artifact
        if artifact is None:
            return

        async def save(_emit: Callable[[Event], None]) -> object:
            from mailsetup.apply.artifact_writer import write_artifact

            return write_artifact(artifact, folder)

        def saved(end: JobEnd) -> None:
            from mailsetup.apply.artifact_writer import WriteFailure, Written

            match end.value:
                case Written(paths=paths):
                    session.saved, session.problem = tuple(paths), ""
                case WriteFailure(reason=reason):
                    session.problem = reason
                case _:
                    session.problem = _mistake(end)
            done()

        self._bridge.start(save, saved)


def _run(commands: "tuple[Command, ...]") -> bool:
    """Run each command without a shell and wait for it, but for Outlook, which stays open."""
    import subprocess

    for command in commands:
        try:
            if command[1:2] == ("/importprf",):
                started, _process = QProcess.startDetached(command[0], list(command[1:]))
                if not started:
                    return False
                continue
            done = subprocess.run(  # noqa: S603 - what the step says, agreed to by the person
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode != 0:
            return False
    return True


def _on_paper(artifact: "Artifact", account: "Account") -> "Artifact":
    """The guide for any program also as PDF. Waits until it is laid out."""
    from mailsetup.export.guide.paper import with_pdf
    from mailsetup.gui.pdf import html_to_pdf
    from mailsetup.gui.print_thread import PrintThread

    def pdf(html: str, title: str) -> bytes:
        return PrintThread(lambda: html_to_pdf(html, title)).written()

    return with_pdf(artifact, account, pdf)


def _mistake(end: JobEnd) -> str:
    return _("This program made a mistake ({kind}).").format(kind=end.defect)
