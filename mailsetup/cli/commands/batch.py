"""The command ``batch``: sets up a table of people and writes the results to a folder."""

import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO, assert_never

from mailsetup import i18n
from mailsetup.batch.journal import JournalFailure, RunJournal
from mailsetup.batch.overview import Overview, OverviewFailure, write_overview
from mailsetup.batch.password_commands import (
    MAX_COMMAND,
    CommandFault,
    TableCommand,
    command_words,
    fault_sentence,
)
from mailsetup.batch.result import PersonState, state_word
from mailsetup.batch.run import BatchRunner
from mailsetup.batch.table import PeopleTable, TableFailure, read_table
from mailsetup.batch.table_check import BatchPlan, Defaults, check_table, checked_programs
from mailsetup.batch.welcome_sheet import Printed
from mailsetup.batch.work import Work
from mailsetup.cli.batch_progress import batch_progress
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.engine import Engine, run_options
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import error_document, print_document
from mailsetup.cli.parser.batch import BatchCommand
from mailsetup.cli.programs import unknown_program
from mailsetup.cli.services import CommandServices, MakePagePdf
from mailsetup.cli.streams import Streams
from mailsetup.files import atomic
from mailsetup.files.user_file import PIPE_SECONDS
from mailsetup.i18n import _, ngettext
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import to_u_label
from mailsetup.model.settings_json import SCHEMA, Document, Json
from mailsetup.model.text import has_control, plain

_SHOWN = 20
"""Wrong rows that are listed on a terminal; the rest is counted."""
_READABLE = 100
"""Different commands that a user can be expected to read before agreeing."""


def run(command: BatchCommand, streams: Streams, services: CommandServices) -> ExitStatus:
    """Check the table, then carry it out."""
    options = run_options(command.search)
    defaults = _defaults(command)
    table = read_table(command.table, sheet=command.sheet, encoding=command.encoding)
    if isinstance(table, TableFailure):
        raise CommandError("table.unusable", table.reason)
    plan = check_table(table, defaults)
    if plan.problems and not command.skip_bad:
        return _report_wrong_rows(plan, streams)
    if not plan.people:
        raise CommandError("table.unusable", _("No row of the table can be used."))
    if command.dry_run:
        return _print_plan(table, plan, streams)
    if command.out is None:
        raise CommandError("usage", _("Say where everything is to go: --out."))
    _warn(table, plan, command.table, streams)
    commands = plan.commands if command.check else ()
    if commands and not (command.allow_commands or _agrees_to(commands, streams)):
        return _report_commands(commands, streams)
    work = _work(command, frozenset(one.line for one in commands))
    return _carry_out(plan, Engine(options), work, command.out, streams, services)


def _defaults(command: BatchCommand) -> Defaults:
    programs = checked_programs(command.programs)
    if isinstance(programs, str):
        raise unknown_program(programs)
    if has_control(command.contact) or len(command.contact) > 300:
        raise CommandError("usage", _("--contact is too long or holds control characters."))
    if command.password_command:
        words = command_words(command.password_command, EmailAddress("a", "b.example"))
        if isinstance(words, CommandFault):
            raise CommandError("usage", fault_sentence(words))
    return Defaults(
        language=i18n.language(),
        programs=programs,
        settings=command.search.settings,
        password_command=command.password_command,
        folder=command.table.parent,
        pipe_seconds=PIPE_SECONDS,
    )


def _report_wrong_rows(plan: BatchPlan, streams: Streams) -> ExitStatus:
    count = len(plan.problems)
    message = ngettext(
        "{count} row of the table is wrong, so nothing was begun.",
        "{count} rows of the table are wrong, so nothing was begun.",
        count,
    ).format(count=count)
    if streams.wants_json:
        rows = [{"row": one.row, "reason": one.reason} for one in plan.problems]
        print_document(error_document("table.rows", message, rows=rows), streams.stdout)
        return ExitStatus.BAD_INPUT
    for one in plan.problems[:_SHOWN]:
        line = _("Row {row}: {reason}").format(row=one.row, reason=one.reason)
        streams.stderr.write(f"{line}\n")
    if count > _SHOWN:
        streams.stderr.write(_("… and {count} more.").format(count=count - _SHOWN) + "\n")
    hint = _("Put them right, or leave them out with --skip-bad.")
    streams.stderr.write(f"{message} {hint}\n")
    return ExitStatus.BAD_INPUT


def _print_plan(table: PeopleTable, plan: BatchPlan, streams: Streams) -> ExitStatus:
    """Print what a run would do."""
    domains = len({person.address.domain for person in plan.people})
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "ok",
            "people": len(plan.people),
            "domains": domains,
            "columns": [str(column) for column in table.columns],
            "ignored": [*table.ignored],
            "commands": _commands_json(plan.commands),
            "settings_files": [str(path) for path in plan.settings_files],
            "skipped": [{"row": one.row, "reason": one.reason} for one in plan.problems],
        }
        print_document(document, streams.stdout)
        return ExitStatus.DONE
    streams.stdout.write(
        _("The table is right ({form}). People: {people}, domains: {domains}.").format(
            people=len(plan.people), domains=domains, form=table.form
        )
        + "\n"
    )
    if plan.settings_files:
        names = ", ".join(plain(str(path)) for path in plan.settings_files[:_SHOWN])
        streams.stdout.write(_("Settings files that are read: {names}").format(names=names) + "\n")
    if plan.commands:
        streams.stdout.write(_commands_heading() + "\n")
        _list_commands(plan.commands, streams.stdout)
        streams.stdout.write(
            _("With --check you are asked about them; --allow-commands agrees beforehand.") + "\n"
        )
    _ignored(table, streams)
    return ExitStatus.DONE


# Commands of the table -----------------------------------------------------------------------


def _agrees_to(commands: tuple[TableCommand, ...], streams: Streams) -> bool:
    """Whether a user who has seen all commands of the table agrees that they are run."""
    if not streams.can_ask or len(commands) > _READABLE:
        return False
    streams.stderr.write(_commands_heading() + "\n")
    _list_commands(commands, streams.stderr)
    return streams.confirms(
        ngettext("Run this command? [y/N] ", "Run these commands? [y/N] ", len(commands))
    )


def _report_commands(commands: tuple[TableCommand, ...], streams: Streams) -> ExitStatus:
    """Nobody agreed to the commands, so they are listed instead of run."""
    message = ngettext(
        "The table names {count} command that would be run on this computer. Look at it with"
        " --dry-run, then allow it with --allow-commands.",
        "The table names {count} commands that would be run on this computer. Look at them with"
        " --dry-run, then allow them with --allow-commands.",
        len(commands),
    ).format(count=len(commands))
    if streams.wants_json:
        listed = _commands_json(commands)
        print_document(error_document("table.commands", message, commands=listed), streams.stdout)
    else:
        streams.stderr.write(f"{message}\n")
    return ExitStatus.NEEDS_CONFIRMATION


def _commands_heading() -> str:
    return _("The table names commands that print the passwords. They run on this computer:")


def _list_commands(commands: tuple[TableCommand, ...], out: TextIO) -> None:
    """List all of them uncut, as the user agrees to each."""
    for command in commands:
        rows = ", ".join(map(str, command.rows[:_SHOWN]))
        rows += " …" if len(command.rows) > _SHOWN else ""
        # A command with control characters is a wrong row, so this changes nothing in it.
        line = _("{command} (rows: {rows})").format(
            command=plain(command.line, MAX_COMMAND), rows=rows
        )
        out.write(f"  {line}\n")


def _commands_json(commands: tuple[TableCommand, ...]) -> Json:
    return [{"command": command.line, "rows": [*command.rows]} for command in commands]


def _ignored(table: PeopleTable, streams: Streams) -> None:
    if table.ignored:
        names = ", ".join(f"“{name}”" for name in table.ignored[:10])
        streams.stderr.write(_("Columns that are not used: {names}.").format(names=names) + "\n")


def _warn(table: PeopleTable, plan: BatchPlan, path: Path, streams: Streams) -> None:
    """What the user should know before the run begins."""
    if streams.wants_json:
        return
    _ignored(table, streams)
    if plan.problems:
        count = len(plan.problems)
        streams.stderr.write(_("Rows left out: {count}").format(count=count) + "\n")
    if plan.has_passwords and sys.platform != "win32" and _others_can_read(path):
        streams.stderr.write(
            _("The table holds passwords, and others on this computer can read it: {path}").format(
                path=plain(str(path))
            )
            + "\n"
        )


def _others_can_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


@contextmanager
def _journal(out: Path) -> Iterator[RunJournal]:
    opened = RunJournal.open(out)
    if isinstance(opened, JournalFailure):
        raise CommandError("batch.not-written", opened.reason)
    with opened:
        yield opened


def _carry_out(
    plan: BatchPlan,
    engine: Engine,
    work: Work,
    out: Path,
    streams: Streams,
    services: CommandServices,
) -> ExitStatus:
    pages = _Pages(services.make_page_pdf)
    with _journal(out) as journal, engine, batch_progress(streams) as emit:
        runner = BatchRunner(
            plan,
            out,
            journal,
            work,
            engine.assistant.options,
            make_page=pages.make if services.make_page_pdf else None,
            emit=emit,
        )
        stopped = ""
        interrupted = None
        try:
            stopped = engine.run(runner.run()).stopped
        except KeyboardInterrupt as interrupt:
            interrupted = interrupt
        now = datetime.now().astimezone()
        overview = write_overview(plan, out, journal, runner.fingerprint, now)
    if interrupted is not None:
        streams.stderr.write(
            _("What is done is kept. Start the same command again to go on.") + "\n"
        )
        raise interrupted
    if stopped:
        raise CommandError("batch.not-written", stopped, ExitStatus.FAILED)
    if isinstance(overview, OverviewFailure):
        raise CommandError("batch.not-written", overview.reason, ExitStatus.FAILED)
    if streams.wants_json:
        _copy(overview.paths[0], streams.stdout)
    else:
        _write(overview, streams)
    if pages.missing:
        streams.stderr.write(
            _(
                "PDF pages cannot be made here: {count} welcome pages are HTML only. Print them "
                "from a browser, or start again on another computer."
            ).format(count=pages.missing)
            + "\n"
        )
    status = _status(overview)
    return ExitStatus.FAILED if pages.missing and status is ExitStatus.DONE else status


class _Pages:
    """Makes PDF pages, and counts those that could not be made."""

    def __init__(self, make: MakePagePdf | None) -> None:
        self._make = make
        self.missing = 0

    def make(self, page: Printed) -> bytes:
        """One page; b"" where it cannot be made."""
        made = self._make(page) if self._make is not None else b""
        self.missing += not made
        return made


def _copy(report: Path, out: TextIO) -> None:
    """Copy in chunks: the document of 100,000 people is long."""
    try:
        file = report.open(encoding="utf-8")
    except OSError as error:
        reason = atomic.reason(error, report)
        raise CommandError("batch.not-written", reason, ExitStatus.FAILED) from None
    with file:
        shutil.copyfileobj(file, out)


def _work(command: BatchCommand, agreed: frozenset[str]) -> Work:
    return Work(
        agreed_commands=agreed,
        check=command.check,
        send=not command.message.no_send,
        attachment_mib=command.message.attachment_mib,
        wait=command.message.wait,
        pdf=command.pdf,
        contact=command.contact,
        retry_failed=command.retry_failed,
        parallel=command.parallel,
        per_hosting=command.per_host,
    )


def _write(overview: Overview, streams: Streams) -> None:
    for state in PersonState:
        if overview.totals[state]:
            streams.stdout.write(f"{overview.totals[state]:>7}  {state_word(state)}\n")
    if overview.confirm:
        words = " ".join(f"--trust {to_u_label(domain)}" for domain in overview.confirm)
        streams.stderr.write(
            _("If these companies keep the mail, start again with {words}").format(words=words)
            + "\n"
        )
    if overview.totals[PersonState.NOT_TESTED] or overview.totals[PersonState.NO_SETTINGS]:
        streams.stderr.write(_("The same command again looks at those that are left.") + "\n")
    shown = plain(str(overview.paths[-1]), 4096)
    streams.stdout.write(_("Overview: {path}").format(path=shown) + "\n")


def _status(overview: Overview) -> ExitStatus:
    totals = overview.totals
    for state in PersonState:
        if not totals[state]:
            continue
        match state:
            case PersonState.BROKEN | PersonState.NOT_TESTED | PersonState.NOT_WRITTEN:
                return ExitStatus.BROKEN
            case PersonState.READY | PersonState.WORKS | PersonState.OPEN:
                continue
            case PersonState.NO_SETTINGS | PersonState.NEEDS_CONFIRMATION:
                continue
            case _:
                assert_never(state)
    if totals[PersonState.NEEDS_CONFIRMATION]:
        return ExitStatus.NEEDS_CONFIRMATION
    return ExitStatus.NOT_FOUND if totals[PersonState.NO_SETTINGS] else ExitStatus.DONE
