"""What the engine does with a table of many people."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mailsetup.assistant.events import Event
from mailsetup.assistant.flow import Move
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.gc_pause import unhindered
from mailsetup.gui.session import Session
from mailsetup.i18n import _, language

if TYPE_CHECKING:
    from mailsetup.batch.events import BatchEvent as FleetEvent
    from mailsetup.batch.journal import JournalFailure, RunJournal
    from mailsetup.gui.jobs.search_and_check import Jobs

_PATIENCE = 10.0
"""Seconds for a run that was just cancelled to write down what it has."""


class BatchJobs:
    """Results go into the session's state."""

    def __init__(self, bridge: Bridge, session: Session, jobs: "Jobs") -> None:
        self._bridge = bridge
        self._session = session
        self._jobs = jobs
        self._running: int | None = None
        self._reading: int | None = None

    def end(self) -> None:
        """Cancel the run; what is done is kept."""
        if self._running is not None:
            self._bridge.cancel(self._running)
            self._running = None

    def check(self, done: Callable[[], None]) -> None:
        """Read the session's table and look at every row."""
        state = self._session.fleet
        path = state.table
        if path is None:
            return
        state.reading, state.plan, state.problem, state.commands = True, None, "", ()
        spoken, settings = language(), self._session.settings_file
        over = threading.Event()

        def read() -> object:
            from mailsetup.batch.table import TableFailure, read_table
            from mailsetup.batch.table_check import Defaults, check_table

            with unhindered():
                table = read_table(path, is_cancelled=over.is_set)
                if isinstance(table, TableFailure):
                    return table.reason
                # Programs are chosen later; where a row names none, nothing is fixed yet.
                defaults = Defaults(spoken, (), settings=settings, folder=path.parent)
                plan = check_table(table, defaults)
                return table.form, table.ignored, plan, plan.commands, plan.settings_files

        async def work(_emit: Callable[[Event], None]) -> object:
            import asyncio

            try:
                return await asyncio.to_thread(read)
            finally:
                # A thread cannot be cancelled; this one looks whether it is still wanted.
                over.set()

        def read_it(end: JobEnd) -> None:
            if state.table != path:
                return
            state.reading = False
            if isinstance(end.value, tuple):
                state.form, state.ignored, state.plan, state.commands, state.settings = end.value
            else:
                state.problem = (
                    end.value
                    if isinstance(end.value, str)
                    else _("This program made a mistake ({kind}).").format(kind=end.defect)
                )
            done()

        if self._reading is not None:
            self._bridge.cancel(self._reading)
        self._reading = self._bridge.start(work, read_it)

    def run(self, take: "Callable[[FleetEvent], None]", done: Callable[[Move], None]) -> None:
        """Work through the table, going on where an earlier run was."""
        state = self._session.fleet
        plan, out = state.plan, state.out
        if plan is None or out is None:
            return
        state.problem, state.overview = "", None
        programs, agreed = state.programs, state.agreed
        wanted = (state.check, state.pdf)
        # Nothing but what the person has seen and agreed to, whatever the table has become.
        commands = frozenset(state.agreed_commands) if state.check else frozenset()

        async def work(emit: Callable[[Event], None]) -> object:
            from dataclasses import replace

            from mailsetup.assistant.technician_options import TechnicianOptionFailure
            from mailsetup.batch.journal import JournalFailure
            from mailsetup.batch.overview import write_overview
            from mailsetup.batch.run import BatchRunner
            from mailsetup.batch.work import Work
            from mailsetup.gui.pdf import html_to_pdf

            options = self._jobs.apply_expert() or self._jobs.engine().options
            if isinstance(options, TechnicianOptionFailure):
                return options.sentence
            options = replace(options, agreed=(*options.agreed, *agreed))
            people = tuple(
                one if one.programs else replace(one, programs=programs or ("other",))
                for one in plan.people
            )
            chosen = replace(plan, people=people)
            journal = await _opened(out)
            if isinstance(journal, JournalFailure):
                return journal.reason
            check, pdf = wanted
            with journal:
                fleet = BatchRunner(
                    chosen,
                    out,
                    journal,
                    Work(check=check, pdf=pdf, agreed_commands=commands),
                    options,
                    vault=self._jobs.engine().vault,
                    make_page=lambda page: html_to_pdf(
                        page.html, page.title, pictures=page.pictures
                    ),
                    # The bridge carries frozen values of whatever kind.
                    emit=cast("Callable[[FleetEvent], None]", emit),
                )
                stopped = ""
                try:
                    stopped = (await fleet.run()).stopped
                finally:
                    now = datetime.now().astimezone()
                    overview = write_overview(chosen, out, journal, fleet.fingerprint, now)
            return stopped or overview

        def ended(end: JobEnd) -> None:
            from mailsetup.batch.overview import Overview, OverviewFailure

            self._running = None
            match end.value:
                case Overview():
                    state.overview = end.value
                    done(Move.ENDED)
                case OverviewFailure(reason=reason):
                    state.problem = reason
                    done(Move.FAILED)
                case str(sentence):
                    state.problem = sentence
                    done(Move.FAILED)
                case _:
                    state.problem = _("This program made a mistake ({kind}).").format(
                        kind=end.defect
                    )
                    done(Move.FAILED)

        told = cast("Callable[[Event], None]", take)
        self._running = self._bridge.start(work, ended, told)


async def _opened(folder: Path) -> "RunJournal | JournalFailure":
    """The folder's journal; one that was just let go of is waited for."""
    import asyncio

    from mailsetup.batch.journal import JournalFailure, RunJournal

    waited = 0.0
    while isinstance(journal := RunJournal.open(folder), JournalFailure) and waited < _PATIENCE:
        if not journal.is_busy:
            break
        await asyncio.sleep(0.1)
        waited += 0.1
    return journal
