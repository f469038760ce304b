"""The options of the commands about the program itself: programs, schema, completion, manual."""

from typing import NamedTuple

from mailsetup.cli.parser.argument_parser import (
    Parser,
    Verbs,
    add_plain_verb,
    add_verb,
    epilog_of,
)
from mailsetup.i18n import _

_SHELLS = ("bash", "zsh", "fish", "powershell")


class ProgramsCommand(NamedTuple):
    """List the mail programs."""


class SchemaCommand(NamedTuple):
    """Print the JSON Schema of the documents."""


class CompletionCommand(NamedTuple):
    """Print the completion script of a shell."""

    shell: str


class ManualCommand(NamedTuple):
    """Print the manual page."""


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the commands."""
    add_verb(
        verbs,
        "programs",
        _("the programs for export and apply, and which are installed"),
        examples=("mailsetup programs", "mailsetup programs --json"),
    )
    add_plain_verb(verbs, "schema", _("the JSON Schema of what --json prints"))
    completion = add_plain_verb(
        verbs,
        "completion",
        _("a script that completes commands and options in your shell"),
        epilog=epilog_of(
            (
                "mailsetup completion bash >> ~/.bashrc",
                "mailsetup completion zsh > ~/.zfunc/_mailsetup",
                "mailsetup completion fish > ~/.config/fish/completions/mailsetup.fish",
                "mailsetup completion powershell >> $PROFILE",
            )
        ),
    )
    completion.add_argument("shell", choices=_SHELLS, metavar="SHELL", help=", ".join(_SHELLS))
    add_plain_verb(
        verbs,
        "manual",
        _("the manual page"),
        epilog=epilog_of(("mailsetup manual > mailsetup.1", "man -l mailsetup.1")),
    )
