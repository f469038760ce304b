"""The options of ``apply``."""

from typing import NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import (
    AccountArguments,
    add_address,
    add_name,
    add_password,
    add_search,
)
from mailsetup.i18n import _


class ApplyCommand(NamedTuple):
    """Put an account into an installed program, or undo that. ``profile`` is "" for the default."""

    account: AccountArguments
    program: str
    profile: str
    store_password: bool
    password_stdin: bool
    undo: bool
    only_ours: bool
    force: bool


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    apply, common = add_verb(
        verbs,
        "apply",
        _("put the settings into a program installed here"),
        examples=(
            "mailsetup apply ana@company.com --to thunderbird",
            "mailsetup apply ana@company.com --to thunderbird --profile new",
            "mailsetup apply ana@company.com --to thunderbird --undo",
        ),
    )
    add_search(common)
    add_address(apply)
    apply.add_argument(
        "--to", dest="program", required=True, metavar=_("PROGRAM"), help=_("see “programs”")
    )
    add_name(apply)
    apply.add_argument(
        "--profile",
        metavar=_("PROFILE"),
        default="",
        help=_(
            "profile of Thunderbird: its name or folder, or “new”; otherwise the one that opens by"
            " itself"
        ),
    )
    apply.add_argument(
        "--store-password",
        action="store_true",
        help=_("also store the password in Thunderbird, as it does itself"),
    )
    add_password(apply)
    apply.add_argument(
        "--undo", action="store_true", help=_("take back what the last “apply” changed")
    )
    apply.add_argument(
        "--only-ours",
        action="store_true",
        help=_("with --undo: keep what the program changed since, take out this account alone"),
    )
    apply.add_argument(
        "--force", action="store_true", help=_("correct an account of Evolution that is there")
    )
