"""The command line's words. Only the standard library: ``--help`` must be there at once."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from mailsetup import __version__
from mailsetup.i18n import N_, _

_OF_ARGPARSE = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
)
"""The library's own phrases, which belong to our catalogue as much as ours."""


class UsageError(Exception):
    """The command line cannot be understood; the text says why, for a person."""


class Parser(argparse.ArgumentParser):
    """Reports mistakes to the caller, who knows whether JSON is wanted."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` instead of writing and leaving."""
        raise UsageError(message)


SYMPTOMS = (
    "no-llega", "no-envio", "adjuntos", "spam", "no-les-llega", "migracion", "no-se",
    "not-receiving", "not-sending", "attachments", "not-delivered", "migration", "unsure",
)  # fmt: skip
"""Words for complaints. Written here too, because the command line's help loads nothing else."""

SHELLS = ("bash", "zsh", "fish", "powershell")

KITS = ("thunderbird", "outlook", "apple", "ansible")
"""Kits, for the same reason."""


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
            "5 a link of the chain is broken, 130 cancelled, 1 a defect of this program."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"mailsetup {__version__}")
    root.add_argument(
        "--demo",
        action="store_true",
        help=_("open the program on its built-in mail world; nothing leaves this computer"),
    )
    root.add_argument("--lang", choices=("es", "en"), help=_("language; otherwise the system's"))
    root.add_argument("--screenshot", metavar="FILE", help=argparse.SUPPRESS)
    verbs = root.add_subparsers(dest="verb", metavar=_("COMMAND"))

    discover = _verb(
        verbs,
        "discover",
        _("find the mail servers of an address"),
        examples=(
            "mailsetup discover ana@company.com",
            "mailsetup discover ana@company.com --json > company.json",
            "mailsetup discover ana@company.com --trust hoster.com",
        ),
    )
    _address(discover)

    check = _verb(
        verbs,
        "check",
        _("find, log in, send and receive, and say what is broken if anything is"),
        examples=(
            "mailsetup check ana@company.com",
            "mailsetup check ana@company.com --symptom no-llega --report ana.pdf",
            "mailsetup check --domain company.com",
            "mailsetup check --domain company.com --since company.json",
        ),
    )
    check.add_argument("address", nargs="?", metavar=_("ADDRESS"), help=_("the e-mail address"))
    check.add_argument(
        "--domain",
        metavar=_("DOMAIN"),
        help=_("instead of an address: all of a domain that needs no account"),
    )
    check.add_argument(
        "--since",
        metavar=_("FILE"),
        help=_("with --domain: tell only what changed since the last time; FILE remembers it"),
    )
    _password(check)
    check.add_argument(
        "--sign-in",
        choices=("browser", "device"),
        metavar="browser|device",
        help=_("sign in in the browser instead of giving a password, or by a code elsewhere"),
    )
    check.add_argument(
        "--oauth-client-id",
        metavar="ID",
        help=_("the id under which the provider knows this program; implies a sign-in"),
    )
    check.add_argument(
        "--keep-sign-in",
        action="store_true",
        help=_("keep the sign-in in this computer's keyring; otherwise it is given back"),
    )
    _test_message(
        check,
        no_send=_("do everything but send the test message"),
        mib=1,
        size=_("size of the test attachment in MiB (default: 1)"),
    )
    check.add_argument(
        "--blocklists",
        action="store_true",
        help=_("with --second: also ask public blocklists about the address that sends your mail"),
    )
    check.add_argument(
        "--second",
        metavar=_("ADDRESS"),
        help=_(
            "a mailbox of yours at another company, to send to and from; its password is in the "
            "keyring or on the second line of --password-stdin"
        ),
    )
    check.add_argument(
        "--symptom",
        choices=SYMPTOMS,
        metavar=_("COMPLAINT"),
        help=_("what is wrong, to be answered: {words}").format(words=", ".join(SYMPTOMS)),
    )
    check.add_argument(
        "--report",
        metavar=_("FILE"),
        help=_("also write what was found to a page: FILE.html, FILE.pdf or FILE.txt"),
    )
    check.add_argument(
        "--force", action="store_true", help=_("replace a report that is there already")
    )
    check.add_argument(
        "--try-usernames",
        action="store_true",
        help=_("where the address is refused as user name, also try its usual other form once"),
    )

    export = _verb(
        verbs,
        "export",
        _("write the files for a mail program"),
        examples=(
            "mailsetup export ana@company.com --for outlook --out ana",
            "mailsetup export ana@company.com --for apple-mail --name 'Ana Gil' --out ana",
        ),
    )
    _address(export)
    export.add_argument(
        "--for", dest="program", required=True, metavar=_("PROGRAM"), help=_("see “programs”")
    )
    export.add_argument("--out", default=".", metavar=_("DIR"), help=_("folder for the files"))
    export.add_argument("--force", action="store_true", help=_("replace files that are there"))
    export.add_argument("--name", default="", help=_("the person's name"))
    export.add_argument(
        "--sign-cert", metavar=_("FILE"), help=_("sign an Apple profile with this certificate")
    )
    export.add_argument(
        "--sign-key", metavar=_("FILE"), help=_("its private key, where it is in another file")
    )

    apply = _verb(
        verbs,
        "apply",
        _("put the settings into a program installed here"),
        examples=(
            "mailsetup apply ana@company.com --to thunderbird",
            "mailsetup apply ana@company.com --to thunderbird --profile new",
            "mailsetup apply ana@company.com --to thunderbird --undo",
        ),
    )
    _address(apply)
    apply.add_argument(
        "--to", dest="program", required=True, metavar=_("PROGRAM"), help=_("see “programs”")
    )
    apply.add_argument("--name", default="", help=_("the person's name"))
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
    _password(apply)
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

    _publish(verbs)
    _batch(verbs)
    _kit(verbs)

    _verb(
        verbs,
        "programs",
        _("the programs for export and apply, and which are installed"),
        examples=("mailsetup programs", "mailsetup programs --json"),
    )
    _about_itself(verbs)
    return root


def _about_itself(verbs: "argparse._SubParsersAction[Parser]") -> None:
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
            "--lang", choices=("es", "en"), default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def _publish(verbs: "argparse._SubParsersAction[Parser]") -> None:
    publish = _verb(
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


def _batch(verbs: "argparse._SubParsersAction[Parser]") -> None:
    batch = _verb(
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
    _test_message(
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
        type=_whole_number(1, 64),
        default=8,
        metavar="N",
        help=_("domains to search for at the same time (default: 8)"),
    )
    batch.add_argument(
        "--per-host",
        type=_whole_number(1, 4),
        default=2,
        metavar="N",
        help=_("mailboxes to test at the same time at one hosting (default: 2)"),
    )


def _kit(verbs: "argparse._SubParsersAction[Parser]") -> None:
    kit = _verb(
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
    )
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
    """Read the command line. Raises `UsageError`; leaves by itself for ``--help``."""
    return parser().parse_args(arguments)


def _verb(
    verbs: "argparse._SubParsersAction[Parser]",
    name: str,
    description: str,
    *,
    details: str = "",
    examples: Sequence[str] = (),
) -> argparse.ArgumentParser:
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
        "--lang", choices=("es", "en"), default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
    if name == "programs":
        return verb
    common.add_argument(
        "--settings",
        metavar=_("FILE"),
        help=_("use these settings (JSON as “discover” prints) instead of looking for them"),
    )
    common.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar=_("DOMAIN"),
        help=_("agree beforehand to servers of this domain; repeatable"),
    )
    common.add_argument(
        "--resolver", metavar="HOST[:PORT]", help=_("name server to ask instead of the system's")
    )
    common.add_argument(
        "--ca-file", metavar=_("FILE"), help=_("also trust the authorities in this PEM file")
    )
    common.add_argument(
        "--timeout",
        type=_seconds,
        default=20.0,
        metavar=_("SECONDS"),
        help=_("time for finding the settings (default: 20)"),
    )
    common.add_argument(
        "--allow-http",
        action="store_true",
        help=_("also read settings that come unprotected; you are asked about their servers"),
    )
    common.add_argument(
        "--offline", action="store_true", help=_("use only what this program knows by itself")
    )
    return verb


def _lines(text: str) -> list[str]:
    """A paragraph as it fits on a terminal; the help's own way keeps no line apart."""
    import textwrap

    return ["\n".join(textwrap.wrap(text, 88))] if text else []


def _address(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("address", metavar=_("ADDRESS"), help=_("the e-mail address"))


def _password(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--password-stdin",
        action="store_true",
        help=_("read the password from the first line of standard input"),
    )


def _test_message(verb: argparse.ArgumentParser, *, no_send: str, mib: int, size: str) -> None:
    """What becomes of the message that an account is tested with."""
    verb.add_argument("--no-send", action="store_true", help=no_send)
    verb.add_argument(
        "--attachment-mib", type=_whole_number(0, 100), default=mib, metavar="N", help=size
    )
    verb.add_argument(
        "--wait",
        type=_seconds,
        default=120.0,
        metavar=_("SECONDS"),
        help=_("how long to wait for the test message (default: 120)"),
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 3600:
        raise argparse.ArgumentTypeError(_("must be a number of seconds from 0.1 to 3600"))
    return value


class _whole_number:  # noqa: N801 - reads as a function where it is used
    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high

    def __call__(self, text: str) -> int:
        if text.isascii() and text.isdigit() and self._low <= int(text) <= self._high:
            return int(text)
        raise argparse.ArgumentTypeError(
            _("must be a whole number from {low} to {high}").format(low=self._low, high=self._high)
        )
