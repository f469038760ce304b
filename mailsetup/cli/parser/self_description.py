"""The options of the commands about the program itself: programs, schema, completion, manual."""

from argparse import Namespace
from dataclasses import dataclass
from typing import ClassVar

from mailsetup.cli.parser.argument_parser import (
    Parser,
    Verbs,
    add_plain_verb,
    add_verb,
    epilog_of,
)
from mailsetup.i18n import _

_SHELLS = ("bash", "zsh", "fish", "powershell")


@dataclass(frozen=True, slots=True)
class ProgramsCommand:
    """List the mail programs."""

    verb: ClassVar[str] = "programs"


@dataclass(frozen=True, slots=True)
class SchemaCommand:
    """Print the JSON Schema of the documents."""

    verb: ClassVar[str] = "schema"


@dataclass(frozen=True, slots=True)
class CompletionCommand:
    """Print the completion script of a shell."""

    verb: ClassVar[str] = "completion"
    shell: str


@dataclass(frozen=True, slots=True)
class ManualCommand:
    """Print the manual page."""

    verb: ClassVar[str] = "manual"


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the commands."""
    add_verb(
        verbs,
        ProgramsCommand.verb,
        _("the programs for export and apply, and which are installed"),
        examples=("mailsetup programs", "mailsetup programs --json"),
    )
    add_plain_verb(verbs, SchemaCommand.verb, _("the JSON Schema of what --json prints"))
    completion = add_plain_verb(
        verbs,
        CompletionCommand.verb,
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
        ManualCommand.verb,
        _("the manual page"),
        epilog=epilog_of(("mailsetup manual > mailsetup.1", "man -l mailsetup.1")),
    )


def read_completion(namespace: Namespace) -> CompletionCommand:
    """The command of a parsed line."""
    return CompletionCommand(namespace.shell)
