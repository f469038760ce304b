"""The words of the verbs for one account: discover, check, export, apply."""

from mailsetup.cli.parser.parsing import (
    Parser,
    Verbs,
    add_address,
    add_password,
    add_test_message,
    add_verb,
)
from mailsetup.i18n import _
from mailsetup.i18n.languages import SYMPTOM_WORDS


def add_account_verbs(verbs: "Verbs[Parser]") -> None:
    """Declare them, in the order in which the help lists them."""
    _discover(verbs)
    _check(verbs)
    _export(verbs)
    _apply(verbs)


def _discover(verbs: "Verbs[Parser]") -> None:
    discover = add_verb(
        verbs,
        "discover",
        _("find the mail servers of an address"),
        examples=(
            "mailsetup discover ana@company.com",
            "mailsetup discover ana@company.com --json > company.json",
            "mailsetup discover ana@company.com --trust hoster.com",
        ),
    )
    add_address(discover)


def _check(verbs: "Verbs[Parser]") -> None:
    check = add_verb(
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
    add_test_message(
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
        choices=tuple(SYMPTOM_WORDS),
        metavar=_("COMPLAINT"),
        help=_("what is wrong, to be answered: {words}").format(words=", ".join(SYMPTOM_WORDS)),
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


def _export(verbs: "Verbs[Parser]") -> None:
    export = add_verb(
        verbs,
        "export",
        _("write the files for a mail program"),
        examples=(
            "mailsetup export ana@company.com --for outlook --out ana",
            "mailsetup export ana@company.com --for apple-mail --name 'Ana Gil' --out ana",
        ),
    )
    add_address(export)
    export.add_argument(
        "--for",
        dest="programs",
        action="append",
        required=True,
        metavar=_("PROGRAM"),
        help=_("a program that “programs” lists; repeatable"),
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


def _apply(verbs: "Verbs[Parser]") -> None:
    apply = add_verb(
        verbs,
        "apply",
        _("put the settings into a program installed here"),
        examples=(
            "mailsetup apply ana@company.com --to thunderbird",
            "mailsetup apply ana@company.com --to thunderbird --profile new",
            "mailsetup apply ana@company.com --to thunderbird --undo",
        ),
    )
    add_address(apply)
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
    add_password(apply)
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
