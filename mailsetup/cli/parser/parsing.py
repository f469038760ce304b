"""The parser of the command line and the parts that its verbs are declared with.

Only the standard library: ``--help`` must be there at once.
"""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from mailsetup.i18n import N_, _
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.text import plain

_OF_ARGPARSE = (
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
"""The library's own phrases, which belong to our catalogue as much as ours."""

_MAX_MESSAGE = 1000
_MAX_DIGITS = 10

Verbs = argparse._SubParsersAction
"""What ``add_subparsers`` returns."""


class UsageError(Exception):
    """The command line cannot be understood; the text says why, for a person.

    ``verb`` is the command whose ``--help`` tells more; "" for the program's own.
    """

    def __init__(self, message: str, verb: str = "") -> None:
        super().__init__(message)
        self.verb = verb


class Parser(argparse.ArgumentParser):
    """Takes options by their full names only, and reports mistakes to the caller.

    The caller knows whether JSON is wanted. An abbreviation that works today means something
    else, or nothing, as soon as another option is added.
    """

    def __init__(self, **words: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **words})

    @property
    def options(self) -> dict[str, argparse.Action]:
        """The options by each of their names, such as ``--json``."""
        return self._option_string_actions

    @property
    def verbs(self) -> "dict[str, Parser]":
        """The parsers of the commands by name; empty for one of these."""
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                return dict(action.choices)
        return {}

    @property
    def verb(self) -> str:
        """The command that this parser is for; "" for the program's own."""
        return self.prog.partition(" ")[2]

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` instead of writing and leaving."""
        raise UsageError(plain(message, _MAX_MESSAGE), self.verb)


# Parts of verbs ---------------------------------------------------------------------------------


def add_verb(
    verbs: "Verbs[Parser]",
    name: str,
    description: str,
    *,
    details: str = "",
    examples: Sequence[str] = (),
    looks: bool = True,
) -> argparse.ArgumentParser:
    """A verb with the options that all have in common. ``looks``: it may look for settings."""
    shown = "\n".join((_("Examples:"), *(f"  {example}" for example in examples)))
    verb = verbs.add_parser(
        name,
        help=description,
        description="\n\n".join(filter(None, (description, *_lines(details)))),
        epilog=shown if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = verb.add_argument_group(_("common options"))
    common.add_argument("--json", action="store_true", help=_("one JSON document on output"))
    common.add_argument(
        "--lang", choices=tuple(LANGUAGES), default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    if looks:
        add_settings(common)
        _add_search(common)
    return verb


def add_settings(group: argparse._ActionsContainer) -> None:
    """The option for settings that are known already."""
    group.add_argument(
        "--settings",
        metavar=_("FILE"),
        help=_("use these settings (JSON as “discover” prints) instead of looking for them"),
    )


def _add_search(group: argparse._ActionsContainer) -> None:
    """The options for how settings are looked for."""
    group.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar=_("DOMAIN"),
        help=_("agree beforehand to servers of this domain; repeatable"),
    )
    group.add_argument(
        "--resolver", metavar="HOST[:PORT]", help=_("name server to ask instead of the system's")
    )
    group.add_argument(
        "--ca-file", metavar=_("FILE"), help=_("also trust the authorities in this PEM file")
    )
    group.add_argument(
        "--timeout",
        type=seconds,
        default=20.0,
        metavar=_("SECONDS"),
        help=_("time for finding the settings (default: 20)"),
    )
    group.add_argument(
        "--allow-http",
        action="store_true",
        help=_("also read settings that come unprotected; you are asked about their servers"),
    )
    group.add_argument(
        "--offline", action="store_true", help=_("use only what this program knows by itself")
    )


def _lines(text: str) -> list[str]:
    """A paragraph as it fits on a terminal; the help's own way keeps no line apart."""
    import textwrap

    return ["\n".join(textwrap.wrap(text, 88))] if text else []


def add_address(verb: argparse.ArgumentParser) -> None:
    """The address that a verb is about."""
    verb.add_argument("address", metavar=_("ADDRESS"), help=_("the e-mail address"))


def add_password(verb: argparse.ArgumentParser) -> None:
    """The one way to hand a password over on the command line."""
    verb.add_argument(
        "--password-stdin",
        action="store_true",
        help=_("read the password from the first line of standard input"),
    )


def add_test_message(verb: argparse.ArgumentParser, *, no_send: str, mib: int, size: str) -> None:
    """What becomes of the message that an account is tested with."""
    verb.add_argument("--no-send", action="store_true", help=no_send)
    verb.add_argument(
        "--attachment-mib", type=whole_number(0, 100), default=mib, metavar="N", help=size
    )
    verb.add_argument(
        "--wait",
        type=seconds,
        default=120.0,
        metavar=_("SECONDS"),
        help=_("how long to wait for the test message (default: 120)"),
    )


def seconds(text: str) -> float:
    """A time as it is typed. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(_("must be a number of seconds from 0.1 to 3600"))
    return value


class whole_number:  # noqa: N801 - reads as a function where it is used
    """A number as it is typed, from ``low`` to ``high``."""

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high

    def __call__(self, text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) < _MAX_DIGITS
        if is_number and self._low <= int(text) <= self._high:
            return int(text)
        raise argparse.ArgumentTypeError(
            _("must be a whole number from {low} to {high}").format(low=self._low, high=self._high)
        )
