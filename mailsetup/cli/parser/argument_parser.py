"""The argparse parser: unabbreviated options, errors as exceptions, texts of our catalogue.

Only light modules of the standard library: ``--help`` must appear at once.
"""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from mailsetup.i18n import N_, _
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.text import plain

_ARGPARSE_TEXTS = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("the following arguments are required: %s"),
    N_("expected one argument"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("argument %(argument_name)s: %(message)s"),
)
"""Texts of argparse, listed here so that our catalogue translates them."""

_MAX_MESSAGE = 1000
_HELP_COLUMNS = 88

Verbs = argparse._SubParsersAction
"""What ``add_subparsers`` returns."""


def translate_argparse() -> None:
    """Make argparse look up its texts in our catalogue, in the language of ``--lang``.

    It has no hook for that: most are built inside `argparse.ArgumentError` and private methods,
    and the process-wide domain of gettext follows the environment instead of ``--lang``.
    """
    vars(argparse)["_"] = _


class UsageError(Exception):
    """The command line cannot be understood; the message says why, for a user.

    ``verb`` is the command whose ``--help`` describes the options; "" for the program itself.
    """

    def __init__(self, message: str, verb: str = "") -> None:
        super().__init__(message)
        self.verb = verb


class Parser(argparse.ArgumentParser):
    """Accepts options by their full names only, and raises `UsageError`.

    The caller decides whether an error is printed as JSON. An abbreviation that works today
    becomes ambiguous as soon as another option is added.
    """

    def __init__(self, **keywords: Any) -> None:
        shared = {
            "allow_abbrev": False,
            "formatter_class": argparse.RawDescriptionHelpFormatter,
        }
        super().__init__(**{**shared, **keywords})

    @property
    def options(self) -> dict[str, argparse.Action]:
        """The options by each of their names, such as ``--json``."""
        return self._option_string_actions

    @property
    def verbs(self) -> "dict[str, Parser]":
        """The parsers of the commands by name; empty for the parser of a command."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return dict(action.choices)
        return {}

    @property
    def verb(self) -> str:
        """The command of this parser; "" for the program itself."""
        return self.prog.partition(" ")[2]

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` instead of printing and exiting."""
        raise UsageError(plain(message, _MAX_MESSAGE), self.verb)


def add_plain_verb(
    verbs: "Verbs[Parser]", name: str, description: str, *, epilog: str | None = None
) -> Parser:
    """Declare a command whose only option is the hidden ``--lang``."""
    verb = verbs.add_parser(name, help=description, description=description, epilog=epilog)
    _add_language(verb)
    return verb


def add_verb(
    verbs: "Verbs[Parser]",
    name: str,
    description: str,
    *,
    details: str = "",
    examples: Sequence[str],
) -> tuple[Parser, argparse._ArgumentGroup]:
    """Declare a command that prints a result; returned with its group of common options."""
    verb = verbs.add_parser(
        name,
        help=description,
        description="\n\n".join(filter(None, (description, wrapped(details)))),
        epilog=epilog_of(examples),
    )
    common = verb.add_argument_group(_("common options"))
    common.add_argument("--json", action="store_true", help=_("one JSON document on output"))
    _add_language(common)
    return verb, common


def _add_language(group: argparse._ActionsContainer) -> None:
    """``--lang`` may stand behind the command, too; it is read before parsing."""
    group.add_argument(
        "--lang", choices=tuple(LANGUAGES), default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def epilog_of(examples: Sequence[str]) -> str:
    """The examples of a command below its help."""
    return "\n".join((_("Examples:"), *(f"  {example}" for example in examples)))


def wrapped(text: str) -> str:
    """A paragraph wrapped for a terminal; the raw formatter of argparse keeps lines as they are."""
    import textwrap

    return "\n".join(textwrap.wrap(text, _HELP_COLUMNS))
