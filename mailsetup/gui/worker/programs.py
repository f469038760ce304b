"""Finding mail programs and setting them up, in the worker thread."""

import asyncio
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QProcess

from mailsetup.apply.applier import NEW_PLACE, ApplyRequest
from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.apply.installation import Computer
from mailsetup.apply.outlook import Command, outlook_program
from mailsetup.apply.result import (
    AlreadyThere,
    Applied,
    ApplyFailure,
    FilesApplied,
    ProfileApplied,
    UndoFailure,
)
from mailsetup.apply.targets import TARGETS, Target, find_target
from mailsetup.assistant.wizard_state import ComputerFacts, ProgramSetup, WizardState
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.guide.paper import with_pdf
from mailsetup.export.guide.qr import QrMatrix
from mailsetup.gui.pdf import html_to_pdf
from mailsetup.gui.print_thread import PrintThread, in_side_thread
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account

_COMMAND_TIMEOUT = 30.0
"""Seconds for one command of the registry."""


def find_installed(facts: ComputerFacts) -> ComputerFacts:
    """Which programs are installed, and the places in the program that has profiles."""
    computer = facts.target or Computer()
    loaders = [target.load_profile_applier for target in TARGETS]
    places = [place for load in loaders if load for place in load().places(computer)]
    return replace(
        facts,
        installed={target.id: target.is_installed(computer) for target in TARGETS},
        places=tuple(places),
        outlook=outlook_program(facts.target),
    )


async def set_up(state: WizardState, *, applies: bool) -> ProgramSetup:
    """Put the account into the chosen program (``applies``), or make its files."""
    account, target = state.servers.account, find_target(state.program.program)
    if account is None or target is None:
        return ProgramSetup()
    if applies and target.load_applier is not None:
        request = _apply_request(state, account)
        done = target.load_applier().apply(request, state.computer.target or Computer())
        if isinstance(done, ApplyFailure):
            return ProgramSetup(problem=done.reason)
        return _applied(done, state.computer)
    return await _exported(target, account)


def _apply_request(state: WizardState, account: Account) -> ApplyRequest:
    password, report = None, state.check.report
    if state.program.store_password and not state.sign_in.in_use:
        password = Secret(state.credentials.password)
    folders = report.folders if report is not None and report.account == account else None
    return ApplyRequest(account, state.program.place or NEW_PLACE, folders, password)


def _applied(done: Applied, computer: ComputerFacts) -> ProgramSetup:
    match done:
        case ProfileApplied() | AlreadyThere():
            corrected = done.corrected if isinstance(done, ProfileApplied) else ()
            return ProgramSetup(
                applied=done,
                profile=done.profile,
                # The program itself would use the profiles in the user's own home folder.
                command=() if computer.temporary_home else done.command,
                notes=(*corrected, *done.notes),
            )
        case FilesApplied():
            return ProgramSetup(applied=done, artifact=Artifact((), done.steps, done.notes))


async def _exported(target: Target, account: Account) -> ProgramSetup:
    made = target.load_exporter().export(account)
    if isinstance(made, ExportFailure):
        return ProgramSetup(problem=made.reason)
    code = target.qr_code(account) if target.qr_code is not None else None
    artifact = made
    if target.has_printed_guide:
        artifact = await in_side_thread(lambda: with_pdf(made, account, _pdf))
    return ProgramSetup(artifact=artifact, matrix=code if isinstance(code, QrMatrix) else None)


def _pdf(html: str, title: str) -> bytes:
    return PrintThread(lambda: html_to_pdf(html, title)).result()


def undo(state: WizardState) -> ProgramSetup:
    """Undo the last change of the program's profile."""
    setup, target = state.setup, find_target(state.program.program)
    if setup.profile is None or target is None or target.load_profile_applier is None:
        return setup
    computer = state.computer.target or Computer()
    applier = target.load_profile_applier()
    undone = applier.undo(setup.profile, only_ours=setup.only_ours, computer=computer)
    if isinstance(undone, UndoFailure):
        return replace(setup, problem=undone.reason, only_ours=undone.only_ours_possible)
    return replace(
        setup, applied=undone, command=(), notes=undone.notes, problem="", only_ours=False
    )


def save_files(setup: ProgramSetup, artifact: Artifact, folder: Path) -> ProgramSetup:
    """Write the files of the program, and the guide."""
    written = write_artifact(artifact, folder)
    if isinstance(written, WriteFailure):
        return replace(setup, problem=written.reason)
    return replace(setup, saved=tuple(written.paths), problem="")


async def run_commands(commands: Iterable[Command]) -> bool:
    """Run the commands of a step until one fails; False in that case."""
    return await asyncio.to_thread(lambda: all(map(_run, commands)))


def _run(command: Command) -> bool:
    """Run a command without a shell and wait for it, except for Outlook, which stays open."""
    if command[1:2] == ("/importprf",):
        started, _process = QProcess.startDetached(command[0], list(command[1:]))
        return started
    try:
        done = subprocess.run(  # noqa: S603 - a command of the step that the user agreed to
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_COMMAND_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
