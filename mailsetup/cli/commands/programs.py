"""The command ``programs``: the targets of export and apply, and which are installed here."""

from collections.abc import Sequence
from typing import TextIO

from mailsetup.apply.installation import Computer
from mailsetup.apply.targets import TARGETS, Automation, Target
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.settings_json import SCHEMA, Document


def run(streams: Streams) -> ExitStatus:
    """Print the table of programs."""
    computer = Computer()
    rows = [(target, target.is_installed(computer)) for target in TARGETS]
    if streams.wants_json:
        document: Document = {
            "schema": SCHEMA,
            "outcome": "ok",
            "programs": [
                {
                    "id": program.id,
                    "title": _(program.title),
                    "automation": str(program.automation),
                    "installed": here,
                }
                for program, here in rows
            ],
        }
        print_document(document, streams.stdout)
    else:
        _write(rows, streams.stdout)
    return ExitStatus.DONE


def _write(rows: Sequence[tuple[Target, bool | None]], out: TextIO) -> None:
    here = {True: _("installed"), False: _("not installed"), None: ""}
    how = {
        Automation.APPLY: _("set up by itself"),
        Automation.IMPORT: _("by a file"),
        Automation.GUIDE: _("by a guide"),
    }
    table = [
        (program.id, _(program.title), how[program.automation], here[found])
        for program, found in rows
    ]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")
