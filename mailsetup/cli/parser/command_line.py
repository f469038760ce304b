"""The whole command line: its parser, and the typed command that a line is read into.

Only light modules: ``--help`` must appear at once.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from mailsetup import __version__
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.parser import apply, batch, check, discover, export, kit, publish
from mailsetup.cli.parser import self_description as about
from mailsetup.cli.parser.argument_parser import (
    Parser,
    UsageError,
    translate_argparse,
    wrapped,
)
from mailsetup.cli.parser.combinations import refusal
from mailsetup.cli.parser.option_groups import filler
from mailsetup.cli.parser.unknown_options import check_options
from mailsetup.i18n import _
from mailsetup.i18n.languages import LANGUAGES

SETTINGS_SUFFIX: Final = ".mailsetup"
"""Of a settings file that the window opens; the installers register it."""


class WindowCommand(NamedTuple):
    """Open the window, where the line names no command; ``demo``: in the demo environment.

    ``opened`` is a settings file, as a double click on one passes it.
    """

    demo: bool
    screenshot: str | None
    opened: Path | None


AnyCommand: TypeAlias = """(
    WindowCommand
    | discover.DiscoverCommand
    | check.CheckCommand
    | check.WatchCommand
    | export.ExportCommand
    | apply.ApplyCommand
    | publish.PublishCommand
    | batch.BatchCommand
    | kit.KitCommand
    | about.ProgramsCommand
    | about.SchemaCommand
    | about.CompletionCommand
    | about.ManualCommand
)"""


class ParsedLine(NamedTuple):
    """A command, and the word for it that was typed; "" for the window."""

    verb: str
    command: AnyCommand


_READERS: Final[Mapping[str, Callable[[argparse.Namespace], AnyCommand]]] = {
    "": filler(WindowCommand),
    "discover": filler(discover.DiscoverCommand),
    "check": check.read,
    "export": filler(export.ExportCommand),
    "apply": filler(apply.ApplyCommand),
    "publish": filler(publish.PublishCommand),
    "batch": filler(batch.BatchCommand),
    "kit": filler(kit.KitCommand),
    "programs": filler(about.ProgramsCommand),
    "schema": filler(about.SchemaCommand),
    "completion": filler(about.CompletionCommand),
    "manual": filler(about.ManualCommand),
}


def parser() -> Parser:
    """The parser of the whole command line, with its texts in the current language."""
    translate_argparse()
    root = Parser(
        prog="mailsetup",
        description=_(
            "From an e-mail address and a password to mail that works. "
            "Without a command it opens the window."
        ),
        epilog=_epilog(),
    )
    root.add_argument(
        "--version",
        action="version",
        version=f"mailsetup {__version__}",
        # argparse has this text as a default value, which is never translated.
        help=_("show program's version number and exit"),
    )
    root.add_argument(
        "--demo",
        action="store_true",
        help=_("open the program on its built-in mail world; nothing leaves this computer"),
    )
    root.add_argument(
        "--lang", choices=tuple(LANGUAGES), help=_("language; otherwise the system's")
    )
    root.add_argument("--screenshot", metavar="FILE", help=argparse.SUPPRESS)
    verbs = root.add_subparsers(dest="verb", metavar=_("COMMAND"))
    discover.add_to(verbs)
    check.add_to(verbs)
    export.add_to(verbs)
    apply.add_to(verbs)
    publish.add_to(verbs)
    batch.add_to(verbs)
    kit.add_to(verbs)
    about.add_to(verbs)
    return root


def _epilog() -> str:
    examples = _(
        "Examples:\n"
        "  mailsetup discover ana@company.com\n"
        "  mailsetup check ana@company.com\n"
        "  mailsetup apply ana@company.com --to thunderbird\n"
        "  mailsetup batch people.csv --out people\n"
        "  mailsetup --demo\n"
        "\n"
        "“mailsetup COMMAND --help” shows examples of each."
    )
    statuses = ", ".join(f"{status:d} {status.meaning}" for status in ExitStatus)
    exit_status = wrapped(_("Exit status: {statuses}.").format(statuses=statuses))
    return f"{examples}\n{exit_status}"


def parse(arguments: Sequence[str]) -> ParsedLine:
    """Read the command line; options that were not given have their defaults.

    Raises `UsageError` for what cannot be understood, and for options that would be ignored.
    Exits by itself (SystemExit) for ``--help`` and ``--version``.
    """
    root = parser()
    opened = opened_file(arguments)
    if opened is not None:
        arguments = arguments[:-1]
    check_options(root, arguments)
    defaults = _without_defaults(root)
    namespace, surplus = root.parse_known_args(arguments)
    given: dict[str, object] = vars(namespace)
    verb = str(given.get("verb") or "")
    if surplus:
        # The words themselves are not repeated: one of them may be a password.
        raise UsageError(_("There are more words here than the command takes."), verb)
    reason = refusal(verb, given, _names(root.verbs.get(verb, root)))
    if reason:
        raise UsageError(reason, verb)
    values = defaults[""] | defaults[verb] | given | {"opened": opened}
    return ParsedLine(verb, _READERS[verb](argparse.Namespace(**values)))


def opened_file(arguments: Sequence[str]) -> Path | None:
    """The settings file of a line that names nothing else but options of the window."""
    if not arguments or Path(arguments[-1]).suffix.lower() != SETTINGS_SUFFIX:
        return None
    return None if set(arguments) & _READERS.keys() else Path(arguments[-1])


def _without_defaults(root: Parser) -> dict[str, dict[str, object]]:
    """Remove the defaults from the parsers and return them by command.

    The parsed namespace then holds given options only, which distinguishes an option that was
    typed with its default value from one that was not typed.
    """
    found: dict[str, dict[str, object]] = {}
    for verb, each in (("", root), *root.verbs.items()):
        found[verb] = {}
        for action in each._actions:
            default: object = action.default
            if default is not argparse.SUPPRESS:
                found[verb][action.dest] = default
                action.default = argparse.SUPPRESS
    return found


def _names(parser: Parser) -> dict[str, str]:
    """How each option is written on the command line, by its name in the namespace."""
    return {
        action.dest: (*action.option_strings, str(action.metavar or action.dest))[0]
        for action in parser._actions
    }
