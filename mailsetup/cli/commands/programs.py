"""The verb ``programs``: the targets of export and apply, and which are installed here."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from mailsetup.apply.installation import Computer
from mailsetup.apply.targets import TARGETS
from mailsetup.cli.main import DONE, print_document
from mailsetup.cli.refusal import Streams
from mailsetup.export.exporter import Automation, Exporter
from mailsetup.i18n import _
from mailsetup.model.settings_json import SCHEMA

if TYPE_CHECKING:
    from mailsetup.cli.document import Document


def programs(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out the verb."""
    computer = Computer()
    rows = [(target.exporter, target.is_installed(computer)) for target in TARGETS]
    if options.json:
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
    return DONE


def _write(rows: Sequence[tuple[Exporter, bool | None]], out: TextIO) -> None:
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
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for row in table:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        out.write("  ".join(cells).rstrip() + "\n")
