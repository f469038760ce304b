"""The verb ``batch``: a table of people in, a folder of results out."""

import argparse
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
from mailsetup.batch.work import Work
from mailsetup.cli.batch_progress import batch_progress
from mailsetup.cli.common import run_options
from mailsetup.cli.document import Document
from mailsetup.cli.engine import Engine
from mailsetup.cli.main import (
    BAD_INPUT,
    BROKEN,
    DEFECT,
    DONE,
    NEEDS_CONFIRMATION,
    NOT_FOUND,
    print_document,
)
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.files import atomic
from mailsetup.files.user_file import PIPE_SECONDS
from mailsetup.i18n import _, ngettext
from mailsetup.i18n.languages import is_yes
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import to_u_label
from mailsetup.model.settings_json import SCHEMA, Json
from mailsetup.model.text import has_control, plain

_SHOWN = 20
"""Wrong rows that are listed on a terminal; the rest is counted."""
_READABLE = 100
"""Different commands that a person can be expected to read before agreeing."""


def batch(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb."""
    run = run_options(options)
    defaults = _defaults(options)
    table = read_table(Path(options.table), sheet=options.sheet, encoding=options.encoding)
    if isinstance(table, TableFailure):
        raise CommandError("table.unusable", table.reason)
    plan = check_table(table, defaults)
    if plan.problems and not options.skip_bad:
        return _wrong(plan, options, streams)
    if not plan.people:
        raise CommandError("table.unusable", _("No row of the table can be used."))
    if options.dry_run:
        return _told(table, plan, options, streams)
    if options.out is None:
        raise CommandError("usage", _("Say where everything is to go: --out."))
    _warn(table, plan, Path(options.table), options, streams)
    commands = plan.commands if options.check else ()
    if commands and not _agreed_to(commands, options, streams):
        return _not_agreed(commands, options, streams)
    agreed = frozenset(command.line for command in commands)
    return _carried_out(plan, Engine(run), _work(options, agreed), options, streams)


def _defaults(options: argparse.Namespace) -> Defaults:
    programs = checked_programs(options.programs)
    if isinstance(programs, str):
        from mailsetup.cli.common import unknown_program

        raise unknown_program(programs)
    if has_control(options.contact) or len(options.contact) > 300:
        raise CommandError("usage", _("--contact is too long or holds control characters."))
    command = options.password_command
    if command:
        words = command_words(command, EmailAddress("a", "b.example"))
        if isinstance(words, CommandFault):
            raise CommandError("usage", fault_sentence(words))
    return Defaults(
        language=i18n.language(),
        programs=programs,
        settings=Path(options.settings) if options.settings is not None else None,
        password_command=command,
        folder=Path(options.table).parent,
        pipe_seconds=PIPE_SECONDS,
    )


def _wrong(plan: BatchPlan, options: argparse.Namespace, streams: Streams) -> int:
    count = len(plan.problems)
    message = ngettext(
        "{count} row of the table is wrong, so nothing was begun.",
        "{count} rows of the table are wrong, so nothing was begun.",
        count,
    ).format(count=count)
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "error",
            "error": {
                "id": "table.rows",
                "message": message,
                "rows": [{"row": one.row, "reason": one.reason} for one in plan.problems],
            },
        }
        print_document(document, streams.stdout)
        return BAD_INPUT
    for one in plan.problems[:_SHOWN]:
        line = _("Row {row}: {reason}").format(row=one.row, reason=one.reason)
        streams.stderr.write(f"{line}\n")
    if count > _SHOWN:
        streams.stderr.write(_("… and {count} more.").format(count=count - _SHOWN) + "\n")
    hint = _("Put them right, or leave them out with --skip-bad.")
    streams.stderr.write(f"{message} {hint}\n")
    return BAD_INPUT


def _told(
    table: PeopleTable, plan: BatchPlan, options: argparse.Namespace, streams: Streams
) -> int:
    """What a run would do."""
    domains = len({person.address.domain for person in plan.people})
    if options.json:
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
        return DONE
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
    return DONE


# Commands of the table -----------------------------------------------------------------------


def _agreed_to(
    commands: tuple[TableCommand, ...], options: argparse.Namespace, streams: Streams
) -> bool:
    """Whether the table's commands may be run: by the option, or by a person who saw them all."""
    if options.allow_commands:
        return True
    asks = not options.json and streams.stdin.isatty() and streams.stderr.isatty()
    if not asks or len(commands) > _READABLE:
        return False
    streams.stderr.write(_commands_heading() + "\n")
    _list_commands(commands, streams.stderr)
    streams.stderr.write(
        ngettext("Run this command? [y/N] ", "Run these commands? [y/N] ", len(commands))
    )
    streams.stderr.flush()
    return is_yes(streams.stdin.readline())


def _not_agreed(
    commands: tuple[TableCommand, ...], options: argparse.Namespace, streams: Streams
) -> int:
    message = ngettext(
        "The table names {count} command that would be run on this computer. Look at it with"
        " --dry-run, then allow it with --allow-commands.",
        "The table names {count} commands that would be run on this computer. Look at them with"
        " --dry-run, then allow them with --allow-commands.",
        len(commands),
    ).format(count=len(commands))
    if options.json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "error",
            "error": {
                "id": "table.commands",
                "message": message,
                "commands": _commands_json(commands),
            },
        }
        print_document(document, streams.stdout)
    else:
        streams.stderr.write(f"{message}\n")
    return NEEDS_CONFIRMATION


def _commands_heading() -> str:
    return _("The table names commands that print the passwords. They run on this computer:")


def _list_commands(commands: tuple[TableCommand, ...], out: TextIO) -> None:
    """All of them, uncut: agreeing means each."""
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


def _warn(
    table: PeopleTable, plan: BatchPlan, path: Path, options: argparse.Namespace, streams: Streams
) -> None:
    """What the technician should know before it begins."""
    if options.json:
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


def _carried_out(
    plan: BatchPlan, engine: Engine, work: Work, options: argparse.Namespace, streams: Streams
) -> int:
    out = Path(options.out)
    with _journal(out) as journal, engine, batch_progress(streams.stderr, options.json) as emit:
        runner = BatchRunner(
            plan,
            out,
            journal,
            work,
            engine.assistant.options,
            make_page=options.make_page,
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
        raise CommandError("batch.not-written", stopped, DEFECT)
    if isinstance(overview, OverviewFailure):
        raise CommandError("batch.not-written", overview.reason, DEFECT)
    if options.json:
        _copy(overview.paths[0], streams.stdout)
    else:
        _write(overview, streams)
    return _status(overview)


def _copy(report: Path, out: TextIO) -> None:
    """Piece by piece: a hundred thousand people are a long document."""
    try:
        file = report.open(encoding="utf-8")
    except OSError as error:
        raise CommandError("batch.not-written", atomic.reason(error, report), DEFECT) from None
    with file:
        shutil.copyfileobj(file, out)


def _work(options: argparse.Namespace, agreed: frozenset[str]) -> Work:
    return Work(
        agreed_commands=agreed,
        check=options.check,
        send=not options.no_send,
        attachment_mib=options.attachment_mib,
        wait=options.wait,
        pdf=options.pdf,
        contact=options.contact,
        retry_failed=options.retry_failed,
        parallel=options.parallel,
        per_hosting=options.per_host,
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


def _status(overview: Overview) -> int:
    totals = overview.totals
    for state in PersonState:
        if not totals[state]:
            continue
        match state:
            case PersonState.BROKEN | PersonState.NOT_TESTED | PersonState.NOT_WRITTEN:
                return BROKEN
            case PersonState.READY | PersonState.WORKS | PersonState.OPEN:
                continue
            case PersonState.NO_SETTINGS | PersonState.NEEDS_CONFIRMATION:
                continue
            case _:
                assert_never(state)
    if totals[PersonState.NEEDS_CONFIRMATION]:
        return NEEDS_CONFIRMATION
    return NOT_FOUND if totals[PersonState.NO_SETTINGS] else DONE
