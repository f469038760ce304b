"""The options of ``discover``."""

from argparse import Namespace
from dataclasses import dataclass
from typing import ClassVar

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import SearchArguments, add_address, add_search, fill
from mailsetup.i18n import _


@dataclass(frozen=True, slots=True)
class DiscoverCommand:
    """Find the settings of an address."""

    verb: ClassVar[str] = "discover"
    address: str
    search: SearchArguments


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    discover, common = add_verb(
        verbs,
        DiscoverCommand.verb,
        _("find the mail servers of an address"),
        examples=(
            "mailsetup discover ana@company.com",
            "mailsetup discover ana@company.com --json > company.json",
            "mailsetup discover ana@company.com --trust hoster.com",
        ),
    )
    add_search(common)
    add_address(discover)


def read(namespace: Namespace) -> DiscoverCommand:
    """The command of a parsed line."""
    return fill(DiscoverCommand, namespace)
