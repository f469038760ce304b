"""Putting an account into a mail program, taking it back, writing files: beside the window."""

from collections.abc import Callable
from pathlib import Path

from mailsetup.assistant.events import Event
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.session import Session
from mailsetup.i18n import _
from mailsetup.model.secret import Secret


class ProgramJobs:
    """Knows the session and the bridge, never the window: results go into the session."""

    def __init__(self, bridge: Bridge, session: Session) -> None:
        self._bridge = bridge
        self._session = session
        self.busy = False
        """Whether a program is being set up right now."""

    def ask_installed(self, done: Callable[[], None]) -> None:
        """Which mail programs are on this computer."""

        async def ask(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export.table import EXPORTERS, installed
            from mailsetup.export.thunderbird_places import places

            return {program.id: installed(program.id) for program in EXPORTERS}, places()

        def asked(end: JobEnd) -> None:
            if isinstance(end.value, tuple):
                self._session.installed, self._session.places = end.value
                done()

        self._bridge.start(ask, asked)

    def set_up(self, *, applies: bool, done: Callable[[bool], None]) -> None:
        """Put the account into the chosen program where we can, otherwise make its files.

        ``done`` is told whether it worked; what kept it from working stands in the session.
        """
        session = self._session
        account, program = session.account, session.program
        if account is None or self.busy:
            return
        session.forget_program()
        place = session.place or "new"
        secret = Secret(session.password) if session.store_in_program else None

        async def set_up(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export import thunderbird_existing
            from mailsetup.export.evolution_apply import apply_evolution
            from mailsetup.export.table import exporter

            if applies and program == "evolution":
                return apply_evolution(account)
            if applies:
                return thunderbird_existing.apply(account, profile=place, password=secret)
            chosen = exporter(program)
            return chosen.export(account) if chosen else None

        def ended(end: JobEnd) -> None:
            self.busy = False
            session.problem = self._set_up(end)
            done(not session.problem)

        self.busy = True
        self._bridge.start(set_up, ended)

    def _set_up(self, end: JobEnd) -> str:
        """Take the result into the session; what went wrong, as a sentence."""
        from mailsetup.export import evolution_apply
        from mailsetup.export.exporter import Artifact, CannotExport
        from mailsetup.export.thunderbird_existing import AlreadyThere
        from mailsetup.export.thunderbird_profile import Applied, ApplyRefused

        session = self._session
        match end.value:
            case Applied() | AlreadyThere() as applied:
                changed = applied if isinstance(applied, Applied) else None
                session.applied = str(changed.outcome) if changed else "already-there"
                session.profile = applied.profile
                session.command = tuple(applied.command)
                corrected = changed.corrected if changed else ()
                session.notes = (*corrected, *applied.notes)
            case Artifact() as artifact:
                session.artifact = artifact
            case evolution_apply.Applied() as made:
                session.artifact = Artifact((), made.steps, made.notes)
            case evolution_apply.ApplyRefused(reason=reason):
                return reason
            case ApplyRefused(reason=reason) | CannotExport(reason=reason):
                return reason
            case _:
                return _mistake(end)
        return ""

    def undo(self, done: Callable[[], None]) -> None:
        """Take back what was done in Thunderbird."""
        session = self._session
        profile = session.profile
        if profile is None:
            return

        async def take_back(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export.thunderbird_undo import undo

            return undo(profile)

        def taken_back(end: JobEnd) -> None:
            from mailsetup.export.thunderbird_undo import Undone, UndoRefused

            match end.value:
                case Undone(notes=notes):
                    session.applied, session.command = "undone", ()
                    session.notes, session.problem = tuple(notes), ""
                case UndoRefused(reason=reason):
                    session.problem = reason
                case _:
                    session.problem = _mistake(end)
            done()

        self._bridge.start(take_back, taken_back)

    def save_files(self, folder: Path, done: Callable[[], None]) -> None:
        """Write what the program imports, and the guide, into a folder."""
        session = self._session
        artifact = session.artifact
        if artifact is None:
            return

        async def save(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export.write import write_artifact

            return write_artifact(artifact, folder)

        def saved(end: JobEnd) -> None:
            from mailsetup.export.write import WriteRefused, Written

            match end.value:
                case Written(paths=paths):
                    session.saved, session.problem = tuple(paths), ""
                case WriteRefused(reason=reason):
                    session.problem = reason
                case _:
                    session.problem = _mistake(end)
            done()

        self._bridge.start(save, saved)


def _mistake(end: JobEnd) -> str:
    return _("This program made a mistake ({kind}).").format(kind=end.defect)
