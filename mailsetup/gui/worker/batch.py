"""Reading a table of many people, and the run over it, in the worker thread."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mailsetup.assistant.technician_options import TechnicianOptionFailure
from mailsetup.assistant.wizard_state import TechnicianChoice
from mailsetup.batch.events import BatchEvent
from mailsetup.batch.journal import JournalFailure, RunJournal
from mailsetup.batch.overview import Overview, OverviewFailure, write_overview
from mailsetup.batch.run import BatchRunner
from mailsetup.batch.table import TableFailure, read_table
from mailsetup.batch.table_check import BatchPlan, Defaults, check_table
from mailsetup.batch.work import Work
from mailsetup.gui.batch_state import BatchState
from mailsetup.gui.gc_pause import gc_paused
from mailsetup.gui.pdf import html_to_pdf
from mailsetup.gui.worker.assistant_holder import AssistantHolder

_RELEASE_TIMEOUT = 10.0
"""Seconds that a run that was just cancelled may take to write what it has."""


async def read(
    state: BatchState, path: Path, settings_file: Path | None, language: str
) -> BatchState:
    """The state with the table's plan, or with why it cannot be read."""
    cancelled = threading.Event()

    def read_and_check() -> BatchState:
        with gc_paused():
            table = read_table(path, is_cancelled=cancelled.is_set)
            if isinstance(table, TableFailure):
                return replace(state, problem=table.reason)
            # Programs are chosen later; where a row names none, nothing is fixed yet.
            defaults = Defaults(language, (), settings=settings_file, folder=path.parent)
            plan = check_table(table, defaults)
            return replace(
                state,
                form=table.form,
                ignored=table.ignored,
                plan=plan,
                commands=plan.commands,
                settings=plan.settings_files,
            )

    try:
        return await asyncio.to_thread(read_and_check)
    finally:
        # A thread cannot be cancelled; this one asks whether it should go on.
        cancelled.set()


async def run(
    holder: AssistantHolder,
    technician: TechnicianChoice,
    state: BatchState,
    emit: Callable[[BatchEvent], None],
) -> BatchState:
    """The state with the overview, or with why the run stopped."""
    assistant = holder.configured(technician.options)
    if isinstance(assistant, TechnicianOptionFailure):
        return replace(state, problem=assistant.sentence)
    if state.plan is None or state.out is None:
        return state
    plan = _with_programs(state.plan, state.programs or ("other",))
    journal = await _open_journal(state.out)
    if isinstance(journal, JournalFailure):
        return replace(state, problem=journal.reason)
    # Only commands that the user has seen and agreed to, whatever the table contains by now.
    commands = frozenset(state.agreed_commands) if state.check else frozenset[str]()
    options = assistant.options
    with journal:
        runner = BatchRunner(
            plan,
            state.out,
            journal,
            Work(check=state.check, pdf=state.pdf, agreed_commands=commands),
            replace(options, agreed=(*options.agreed, *state.agreed)),
            vault=assistant.vault,
            make_page=lambda page: html_to_pdf(page.html, page.title, pictures=page.pictures),
            emit=emit,
        )
        stopped, overview = "", None
        try:
            stopped = (await runner.run()).stopped
        finally:
            now = datetime.now().astimezone()
            overview = write_overview(plan, state.out, journal, runner.fingerprint, now)
    return _finished(state, stopped, overview)


def _with_programs(plan: BatchPlan, programs: tuple[str, ...]) -> BatchPlan:
    people = tuple(one if one.programs else replace(one, programs=programs) for one in plan.people)
    return replace(plan, people=people)


def _finished(state: BatchState, stopped: str, overview: Overview | OverviewFailure) -> BatchState:
    if stopped:
        return replace(state, problem=stopped)
    if isinstance(overview, OverviewFailure):
        return replace(state, problem=overview.reason)
    return replace(state, overview=overview)


async def _open_journal(folder: Path) -> RunJournal | JournalFailure:
    """The folder's journal; waits for a run that was just cancelled to release it."""
    waited = 0.0
    while True:
        journal = RunJournal.open(folder)
        if not (isinstance(journal, JournalFailure) and journal.is_busy):
            return journal
        if waited >= _RELEASE_TIMEOUT:
            return journal
        await asyncio.sleep(0.1)
        waited += 0.1
