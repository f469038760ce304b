"""The options of ``batch``."""

from pathlib import Path
from typing import NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import (
    MessageArguments,
    SearchArguments,
    add_message,
    add_search,
    whole_number,
)
from mailsetup.i18n import _


class BatchCommand(NamedTuple):
    """Set up a table of people. ``parallel`` counts domains, ``per_host`` mailboxes."""

    table: Path
    sheet: str
    encoding: str
    out: Path | None
    programs: tuple[str, ...]
    dry_run: bool
    skip_bad: bool
    check: bool
    message: MessageArguments
    password_command: str
    allow_commands: bool
    retry_failed: bool
    pdf: bool
    contact: str
    parallel: int
    per_host: int
    search: SearchArguments


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    batch, common = add_verb(
        verbs,
        "batch",
        _("set up a whole table of people: files and a welcome sheet for each"),
        details=_(
            "TABLE is a CSV or Excel file whose first row names the columns: name, address, and if"
            " you like password, password command, settings, program, language (or nombre, correo,"
            " contraseña, comando, ajustes, programa, idioma). It is checked as a whole before"
            " anything begins. A run that was interrupted goes on where it was when you start it"
            " again."
        ),
        examples=(
            "mailsetup batch people.csv --out people --for thunderbird --for outlook",
            "mailsetup batch personal.xlsx --out personal --check --lang es",
            'mailsetup batch people.csv --out people --check --password-command "pass {address}"',
            "mailsetup batch people.csv --dry-run",
        ),
    )
    add_search(common)
    _add_scope(batch)
    add_message(
        batch,
        no_send=_("with --check: log in, but send no message"),
        mib=0,
        size=_("with --check: size of the test attachment in MiB (default: 0)"),
    )
    _add_passwords(batch)
    _add_sheets(batch)
    batch.add_argument(
        "--parallel",
        type=whole_number(1, 64),
        default=8,
        metavar="N",
        help=_("domains to search for at the same time (default: 8)"),
    )
    batch.add_argument(
        "--per-host",
        type=whole_number(1, 4),
        default=2,
        metavar="N",
        help=_("mailboxes to test at the same time at one hosting (default: 2)"),
    )


def _add_scope(batch: Parser) -> None:
    """The table, the folder and what is done."""
    batch.add_argument(
        "table", type=Path, metavar=_("TABLE"), help=_("the table of people: CSV or Excel")
    )
    batch.add_argument(
        "--out", type=Path, metavar=_("DIR"), help=_("folder for everything that is made")
    )
    batch.add_argument(
        "--for",
        dest="programs",
        action="append",
        default=[],
        metavar=_("PROGRAM"),
        help=_("write the files for this program, where the row names none; repeatable"),
    )
    batch.add_argument(
        "--dry-run", action="store_true", help=_("check the table and do nothing else")
    )
    batch.add_argument(
        "--skip-bad", action="store_true", help=_("leave out the rows that are wrong")
    )
    batch.add_argument(
        "--check", action="store_true", help=_("log in to each mailbox and send it a test message")
    )


def _add_passwords(batch: Parser) -> None:
    batch.add_argument(
        "--password-command",
        default="",
        metavar=_("COMMAND"),
        help=_("a command that prints a person's password; {address} stands for the address"),
    )
    batch.add_argument(
        "--allow-commands",
        action="store_true",
        help=_("run the commands that the table itself names for passwords, without asking"),
    )
    batch.add_argument(
        "--retry-failed", action="store_true", help=_("test again what was broken last time")
    )


def _add_sheets(batch: Parser) -> None:
    """The welcome sheets, and how the table is read."""
    batch.add_argument("--pdf", action="store_true", help=_("make the welcome sheets as PDF, too"))
    batch.add_argument(
        "--contact",
        default="",
        metavar=_("TEXT"),
        help=_("whom to ask, as a line on the welcome sheet"),
    )
    batch.add_argument("--sheet", default="", metavar=_("NAME"), help=_("sheet of the workbook"))
    batch.add_argument(
        "--encoding", default="", metavar=_("NAME"), help=_("encoding of the CSV file")
    )
