"""The verb ``batch``: a table of people in, a folder of results out."""

import argparse
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import assert_never

from mailsetup import i18n
from mailsetup.cli.common import run_options
from mailsetup.cli.document import Document
from mailsetup.cli.engine import Engine
from mailsetup.cli.fleetprogress import fleet_progress
from mailsetup.cli.main import (
    BAD_INPUT,
    BROKEN,
    DEFECT,
    DONE,
    NEEDS_CONFIRMATION,
    NOT_FOUND,
    print_document,
)
from mailsetup.cli.refusal import RefusalError, Streams
from mailsetup.fleet.journal import Journal, JournalRefused
from mailsetup.fleet.overview import Overview, OverviewRefused, write_overview
from mailsetup.fleet.passwords import command_words
from mailsetup.fleet.person import Defaults, Plan, check_table, checked_programs
from mailsetup.fleet.result import State, state_word
from mailsetup.fleet.run import Fleet, Work
from mailsetup.fleet.table import NotATable, Table, read_table
from mailsetup.i18n import _, ngettext
from mailsetup.model.address import EmailAddress
from mailsetup.model.document import SCHEMA
from mailsetup.model.hostname import to_u_label
from mailsetup.model.text import has_control

_SHOWN = 20
"""Wrong rows that are listed on a terminal; the rest is counted."""


def batch(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb."""
    run = run_options(options)
    defaults = _defaults(options)
    table = read_table(Path(options.table), sheet=options.sheet, encoding=options.encoding)
    if isinstance(table, NotATable):
        raise RefusalError("table.unusable", table.reason)
    plan = check_table(table, defaults)
    if plan.problems and not options.skip_bad:
        return _wrong(plan, options, streams)
    if not plan.people:
        raise RefusalError("table.unusable", _("No row of the table can be used."))
    if options.dry_run:
        return _told(table, plan, options, streams)
    if options.out is None:
        raise RefusalError("usage", _("Say where everything is to go: --out."))
    _warn(table, plan, Path(options.table), options, streams)
    return _carried_out(plan, Engine(run), options, streams)


def _defaults(options: argparse.Namespace) -> Defaults:
    programs = checked_programs(options.programs)
    if isinstance(programs, str):
        from mailsetup.cli.common import unknown_program

        raise unknown_program(programs)
    if has_control(options.contact) or len(options.contact) > 300:
        raise RefusalError("usage", _("--contact is too long or holds control characters."))
    command = options.password_command
    if command and command_words(command, EmailAddress("a", "b.example")) is None:
        raise RefusalError("usage", _("The command for the password cannot be read."))
    return Defaults(
        language=i18n.language(),
        programs=programs,
        settings=Path(options.settings) if options.settings is not None else None,
        password_command=command,
        folder=Path(options.table).parent,
    )


def _wrong(plan: Plan, options: argparse.Namespace, streams: Streams) -> int:
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


def _told(table: Table, plan: Plan, options: argparse.Namespace, streams: Streams) -> int:
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
    _ignored(table, streams)
    return DONE


def _ignored(table: Table, streams: Streams) -> None:
    if table.ignored:
        names = ", ".join(f"“{name}”" for name in table.ignored[:10])
        streams.stderr.write(_("Columns that are not used: {names}.").format(names=names) + "\n")


def _warn(
    table: Table, plan: Plan, path: Path, options: argparse.Namespace, streams: Streams
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
                path=path
            )
            + "\n"
        )


def _others_can_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


@contextmanager
def _journal(out: Path) -> Iterator[Journal]:
    opened = Journal.open(out)
    if isinstance(opened, JournalRefused):
        raise RefusalError("batch.not-written", opened.reason)
    with opened:
        yield opened


def _carried_out(plan: Plan, engine: Engine, options: argparse.Namespace, streams: Streams) -> int:
    out = Path(options.out)
    with _journal(out) as journal, engine, fleet_progress(streams.stderr, options.json) as emit:
        fleet = Fleet(
            plan,
            out,
            journal,
            _work(options),
            engine.assistant.options,
            make_page=options.make_page,
            emit=emit,
        )
        stopped = ""
        interrupted = None
        try:
            stopped = engine.run(fleet.run()).stopped
        except KeyboardInterrupt as interrupt:
            interrupted = interrupt
        now = datetime.now().astimezone()
        overview = write_overview(plan, out, journal, fleet.fingerprint, now)
    if interrupted is not None:
        streams.stderr.write(
            _("What is done is kept. Start the same command again to go on.") + "\n"
        )
        raise interrupted
    if stopped:
        raise RefusalError("batch.not-written", stopped, DEFECT)
    if isinstance(overview, OverviewRefused):
        raise RefusalError("batch.not-written", overview.reason, DEFECT)
    if options.json:
        with overview.paths[0].open(encoding="utf-8") as report:
            shutil.copyfileobj(report, streams.stdout)
    else:
        _write(overview, streams)
    return _status(overview)


def _work(options: argparse.Namespace) -> Work:
    return Work(
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
    for state in State:
        if overview.totals[state]:
            streams.stdout.write(f"{overview.totals[state]:>7}  {state_word(state)}\n")
    if overview.confirm:
        words = " ".join(f"--trust {to_u_label(domain)}" for domain in overview.confirm)
        streams.stderr.write(
            _("If these companies keep the mail, start again with {words}").format(words=words)
            + "\n"
        )
    if overview.totals[State.NOT_TESTED] or overview.totals[State.NO_SETTINGS]:
        streams.stderr.write(_("The same command again looks at those that are left.") + "\n")
    streams.stdout.write(_("Overview: {path}").format(path=overview.paths[-1]) + "\n")


def _status(overview: Overview) -> int:
    totals = overview.totals
    for state in State:
        if not totals[state]:
            continue
        match state:
            case State.BROKEN | State.NOT_TESTED | State.NOT_WRITTEN:
                return BROKEN
            case State.READY | State.WORKS | State.OPEN:
                continue
            case State.NO_SETTINGS | State.NEEDS_CONFIRMATION:
                continue
            case _:
                assert_never(state)
    if totals[State.NEEDS_CONFIRMATION]:
        return NEEDS_CONFIRMATION
    return NOT_FOUND if totals[State.NO_SETTINGS] else DONE
