"""The options of ``export``."""

from pathlib import Path
from typing import NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import (
    AccountArguments,
    add_address,
    add_name,
    add_search,
)
from mailsetup.i18n import _


class ExportCommand(NamedTuple):
    """Write the files of one or more programs."""

    account: AccountArguments
    programs: tuple[str, ...]
    out: Path
    force: bool
    sign_cert: Path | None
    sign_key: Path | None


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    export, common = add_verb(
        verbs,
        "export",
        _("write the files for a mail program"),
        examples=(
            "mailsetup export ana@company.com --for outlook --out ana",
            'mailsetup export ana@company.com --for apple-mail --name "Ana Gil" --out ana',
        ),
    )
    add_search(common)
    add_address(export)
    export.add_argument(
        "--for",
        dest="programs",
        action="append",
        required=True,
        metavar=_("PROGRAM"),
        help=_("a program that “programs” lists; repeatable"),
    )
    export.add_argument(
        "--out", type=Path, default=Path(), metavar=_("DIR"), help=_("folder for the files")
    )
    export.add_argument("--force", action="store_true", help=_("replace files that are there"))
    add_name(export)
    export.add_argument(
        "--sign-cert",
        type=Path,
        metavar=_("FILE"),
        help=_("sign an Apple profile with this certificate"),
    )
    export.add_argument(
        "--sign-key",
        type=Path,
        metavar=_("FILE"),
        help=_("its private key, where it is in another file"),
    )
