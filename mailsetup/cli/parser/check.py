"""The options of ``check``, and of ``check --domain``, which is a command of its own."""

from argparse import Namespace
from pathlib import Path
from typing import Literal, NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, UsageError, Verbs, add_verb
from mailsetup.cli.parser.option_groups import (
    MessageArguments,
    SearchArguments,
    add_message,
    add_password,
    add_search,
    fill,
)
from mailsetup.i18n import _
from mailsetup.i18n.languages import SYMPTOM_WORDS
from mailsetup.model.symptom import Symptom


class SignInArguments(NamedTuple):
    """Whether and how to sign in in the browser. ``oauth_client_id`` implies a sign-in."""

    sign_in: Literal["browser", "device"] | None
    oauth_client_id: str | None
    keep_sign_in: bool

    @property
    def is_wanted(self) -> bool:
        """Whether the user asked for a sign-in instead of a password."""
        return bool(self.sign_in or self.oauth_client_id)


class CheckCommand(NamedTuple):
    """Test an account. ``second`` is the address of another mailbox of the user."""

    address: str
    password_stdin: bool
    sign_in: SignInArguments
    message: MessageArguments
    blocklists: bool
    second: str | None
    symptom: Symptom | None
    report: Path | None
    force: bool
    try_usernames: bool
    search: SearchArguments


class WatchCommand(NamedTuple):
    """Test what needs no account of a domain; ``since`` stores the state of the last run."""

    domain: str
    since: Path | None
    search: SearchArguments


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    check, common = add_verb(
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
    add_search(common)
    check.add_argument("address", nargs="?", metavar=_("ADDRESS"), help=_("the e-mail address"))
    check.add_argument(
        "--domain",
        metavar=_("DOMAIN"),
        help=_("instead of an address: all of a domain that needs no account"),
    )
    check.add_argument(
        "--since",
        type=Path,
        metavar=_("FILE"),
        help=_("with --domain: tell only what changed since the last time; FILE remembers it"),
    )
    _add_credentials(check)
    add_message(
        check,
        no_send=_("do everything but send the test message"),
        mib=1,
        size=_("size of the test attachment in MiB (default: 1)"),
    )
    _add_scope(check)


def _add_credentials(check: Parser) -> None:
    add_password(check)
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


def _add_scope(check: Parser) -> None:
    """What is tested in addition, and the report."""
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
        choices=tuple(SYMPTOM_WORDS),
        metavar=_("COMPLAINT"),
        help=_("what is wrong, to be answered: {words}").format(words=", ".join(SYMPTOM_WORDS)),
    )
    check.add_argument(
        "--report",
        type=Path,
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


def read(namespace: Namespace) -> CheckCommand | WatchCommand:
    """The command of a parsed line. Raises `UsageError` without an address and a domain."""
    given: dict[str, object] = vars(namespace)
    if given["domain"] is not None:
        return fill(WatchCommand, namespace)
    if given["address"] is None:
        raise UsageError(_("An address is needed, or --domain."), "check")
    symptom = SYMPTOM_WORDS.get(str(given["symptom"]))
    return fill(CheckCommand, namespace, symptom=symptom)
