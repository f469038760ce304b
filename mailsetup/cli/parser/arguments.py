"""The command line's words. Only the standard library: ``--help`` must be there at once."""

import argparse
from collections.abc import Sequence
from typing import Any

from mailsetup import __version__
from mailsetup.cli.parser.account_arguments import add_account_verbs
from mailsetup.cli.parser.combinations import refusal
from mailsetup.cli.parser.parsing import (
    Parser,
    UsageError,
    Verbs,
    add_settings,
    add_test_message,
    add_verb,
    whole_number,
)
from mailsetup.cli.parser.words import check_words
from mailsetup.i18n import _
from mailsetup.i18n.languages import LANGUAGES

SHELLS = ("bash", "zsh", "fish", "powershell")

KITS = ("thunderbird", "outlook", "apple", "ansible")
"""Words for kits. Written here too, because the command line's help loads nothing else."""


def parser() -> Parser:
    """The whole command line, with its texts in the current language."""
    # argparse asks the process-wide gettext domain, which knows neither our catalogue nor --lang.
    vars(argparse)["_"] = _
    root = Parser(
        prog="mailsetup",
        description=_(
            "From an e-mail address and a password to mail that works. "
            "Without a command it opens the window."
        ),
        epilog=_(
            "Examples:\n"
            "  mailsetup discover ana@company.com\n"
            "  mailsetup check ana@company.com\n"
            "  mailsetup apply ana@company.com --to thunderbird\n"
            "  mailsetup batch people.csv --out people\n"
            "  mailsetup --demo\n"
            "\n"
            "“mailsetup COMMAND --help” shows examples of each.\n"
            "Exit status: 0 done, 2 wrong input, 3 no settings found, 4 a confirmation is needed,\n"
            "5 a link of the chain is broken, 130 cancelled,\n"
            "1 the computer, or this program, failed."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
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

    add_account_verbs(verbs)
    _publish(verbs)
    _batch(verbs)
    _kit(verbs)

    add_verb(
        verbs,
        "programs",
        _("the programs for export and apply, and which are installed"),
        examples=("mailsetup programs", "mailsetup programs --json"),
        looks=False,
    )
    _about_itself(verbs)
    return root


def _about_itself(verbs: "Verbs[Parser]") -> None:
    text = _("the JSON Schema of what --json prints")
    schema = verbs.add_parser("schema", help=text, description=text)
    text = _("a script that completes commands and options in your shell")
    completion = verbs.add_parser(
        "completion",
        help=text,
        description=text,
        epilog="\n".join(
            (
                _("Examples:"),
                "  mailsetup completion bash >> ~/.bashrc",
                "  mailsetup completion zsh > ~/.zfunc/_mailsetup",
                "  mailsetup completion fish > ~/.config/fish/completions/mailsetup.fish",
                "  mailsetup completion powershell >> $PROFILE",
            )
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    text = _("the manual page")
    manual = verbs.add_parser(
        "manual",
        help=text,
        description=text,
        epilog="\n".join(
            (_("Examples:"), "  mailsetup manual > mailsetup.1", "  man -l mailsetup.1")
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for verb in (schema, completion, manual):
        verb.add_argument(
            "--lang", choices=tuple(LANGUAGES), default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def _publish(verbs: "Verbs[Parser]") -> None:
    publish = add_verb(
        verbs,
        "publish",
        _("what a hosting should serve, so that every program finds the settings"),
        examples=(
            "mailsetup publish company.com --address ana@company.com --out web",
            "mailsetup publish company.com --address ana@company.com --verify",
        ),
    )
    publish.add_argument("domain", metavar=_("DOMAIN"), help=_("the domain behind the @"))
    publish.add_argument(
        "--address",
        metavar=_("ADDRESS"),
        help=_("look for the settings of this mailbox of the domain and make them everybody's"),
    )
    publish.add_argument("--out", metavar=_("DIR"), help=_("write the files for the hosting"))
    publish.add_argument(
        "--verify",
        action="store_true",
        help=_("fetch what is really served and compare; writes nothing without --out"),
    )
    publish.add_argument(
        "--web",
        action="append",
        default=[],
        metavar="HOST|IP",
        help=_("the web server that is to serve the files; repeatable for IP addresses"),
    )
    publish.add_argument(
        "--folder", default="", metavar=_("DIR"), help=_("where the files lie on the web server")
    )
    publish.add_argument(
        "--mta-sts",
        choices=("testing", "enforce"),
        default="testing",
        help=_("how strictly others are to use TLS towards the domain (default: testing)"),
    )
    publish.add_argument(
        "--relative", action="store_true", help=_("write names in the zone below $ORIGIN")
    )
    publish.add_argument("--force", action="store_true", help=_("replace files that are there"))


def _batch(verbs: "Verbs[Parser]") -> None:
    batch = add_verb(
        verbs,
        "batch",
        _("set up a whole table of people: files and a welcome sheet for each"),
        details=_(
            "TABLE is a CSV or Excel file whose first row names the columns: name, address, and if"
            " you like password, password command, settings, program, language (or nombre, correo,"
            " contraseña, comando, ajustes, programa, idioma). It is checked as a whole before"
            " anything begins. A run that was interrupted goes on where it was when you start it"
            " again."
        ),
        examples=(
            "mailsetup batch people.csv --out people --for thunderbird --for outlook",
            "mailsetup batch personal.xlsx --out personal --check --lang es",
            "mailsetup batch people.csv --out people --check --password-command 'pass {address}'",
            "mailsetup batch people.csv --dry-run",
        ),
    )
    batch.add_argument("table", metavar=_("TABLE"), help=_("the table of people: CSV or Excel"))
    batch.add_argument("--out", metavar=_("DIR"), help=_("folder for everything that is made"))
    batch.add_argument(
        "--for",
        dest="programs",
        action="append",
        default=[],
        metavar=_("PROGRAM"),
        help=_("write the files for this program, where the row names none; repeatable"),
    )
    batch.add_argument(
        "--dry-run", action="store_true", help=_("check the table and do nothing else")
    )
    batch.add_argument(
        "--skip-bad", action="store_true", help=_("leave out the rows that are wrong")
    )
    batch.add_argument(
        "--check", action="store_true", help=_("log in to each mailbox and send it a test message")
    )
    add_test_message(
        batch,
        no_send=_("with --check: log in, but send no message"),
        mib=0,
        size=_("with --check: size of the test attachment in MiB (default: 0)"),
    )
    batch.add_argument(
        "--password-command",
        default="",
        metavar=_("COMMAND"),
        help=_("a command that prints a person's password; {address} stands for the address"),
    )
    batch.add_argument(
        "--allow-commands",
        action="store_true",
        help=_("run the commands that the table itself names for passwords, without asking"),
    )
    batch.add_argument(
        "--retry-failed", action="store_true", help=_("test again what was broken last time")
    )
    batch.add_argument("--pdf", action="store_true", help=_("make the welcome sheets as PDF, too"))
    batch.add_argument(
        "--contact",
        default="",
        metavar=_("TEXT"),
        help=_("whom to ask, as a line on the welcome sheet"),
    )
    batch.add_argument("--sheet", default="", metavar=_("NAME"), help=_("sheet of the workbook"))
    batch.add_argument(
        "--encoding", default="", metavar=_("NAME"), help=_("encoding of the CSV file")
    )
    batch.add_argument(
        "--parallel",
        type=whole_number(1, 64),
        default=8,
        metavar="N",
        help=_("domains to search for at the same time (default: 8)"),
    )
    batch.add_argument(
        "--per-host",
        type=whole_number(1, 4),
        default=2,
        metavar="N",
        help=_("mailboxes to test at the same time at one hosting (default: 2)"),
    )


def _kit(verbs: "Verbs[Parser]") -> None:
    kit = add_verb(
        verbs,
        "kit",
        _("roll a domain's settings out: files for Intune, group policy, MDM, Ansible"),
        details=_(
            "Makes everybody's files out of one mailbox's settings, for the tools that fleets run"
            " already. Each kit has a README. Kits: {kits}."
        ).format(kits=", ".join(KITS)),
        examples=(
            "mailsetup discover ana@company.com --json > company.json",
            "mailsetup kit --settings company.json --out kit",
            "mailsetup kit --settings company.json --for ansible --for apple --out kit",
        ),
        looks=False,
    )
    add_settings(kit)
    kit.add_argument(
        "--address",
        metavar=_("ADDRESS"),
        help=_("the mailbox that the settings belong to, where the file does not say so"),
    )
    kit.add_argument("--out", required=True, metavar=_("DIR"), help=_("folder for the kits"))
    kit.add_argument(
        "--for",
        dest="kits",
        action="append",
        choices=KITS,
        metavar="KIT",
        help=_("only this kit; repeatable"),
    )
    kit.add_argument("--name", default="", help=_("the person's name"))
    kit.add_argument("--force", action="store_true", help=_("replace files that are there"))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; options that were not given have their defaults.

    Raises `UsageError` for what cannot be understood, and for options that would be ignored.
    Leaves by itself (SystemExit) for ``--help`` and ``--version``.
    """
    root = parser()
    check_words(root, arguments)
    defaults = _without_defaults(root)
    options, surplus = root.parse_known_args(arguments)
    verb = getattr(options, "verb", "") or ""
    if surplus:
        # The words themselves are not repeated: one of them may be a password.
        raise UsageError(_("There are more words here than the command takes."), verb)
    chosen = root.verbs.get(verb, root)
    reason = refusal(verb, vars(options), _names(chosen))
    if reason:
        raise UsageError(reason, verb)
    for name, value in (defaults[""] | defaults[verb]).items():
        if not hasattr(options, name):
            setattr(options, name, value)
    return options


def _without_defaults(root: Parser) -> dict[str, dict[str, Any]]:
    """Take the defaults out of the parsers and return them by verb.

    What is then parsed holds only what was given, which is how an option that was typed with its
    default value is told from one that was not typed.
    """
    found: dict[str, dict[str, Any]] = {}
    for verb, each in (("", root), *root.verbs.items()):
        found[verb] = {}
        for action in each._actions:
            if action.default is not argparse.SUPPRESS:
                found[verb][action.dest] = action.default
                action.default = argparse.SUPPRESS
    return found


def _names(parser: Parser) -> dict[str, str]:
    """How each option is written on the command line, by its name in the namespace."""
    return {
        action.dest: (*action.option_strings, str(action.metavar or action.dest))[0]
        for action in parser._actions
    }
