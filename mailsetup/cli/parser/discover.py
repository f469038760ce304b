"""The options of ``discover``."""

from typing import NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import SearchArguments, add_address, add_search
from mailsetup.i18n import _


class DiscoverCommand(NamedTuple):
    """Find the settings of an address."""

    address: str
    search: SearchArguments


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    discover, common = add_verb(
        verbs,
        "discover",
        _("find the mail servers of an address"),
        examples=(
            "mailsetup discover ana@company.com",
            "mailsetup discover ana@company.com --json > company.json",
            "mailsetup discover ana@company.com --trust hoster.com",
        ),
    )
    add_search(common)
    add_address(discover)
