"""Gmail: nothing can be imported into it, so these are guides.

For another hosting's mailbox there are three guides: the Gmail app on a phone reads it by IMAP, the
hosting forwards to Gmail, and Gmail on the web sends in its name ("Send mail as"). Fetching by POP
on the web ("Check mail from other accounts") and Gmailify were closed to new users in 2026 and are
to end for all; the texts are true before and after that day. Where Gmail itself is the mailbox,
other programs need an app password.
"""

from mailsetup.export.exporter import (
    Artifact,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
)
from mailsetup.export.filename import stem
from mailsetup.export.guide.page import (
    Guide,
    GuideChapter,
    GuideDialog,
    GuideRow,
    GuideStyle,
    address_value,
    credential_rows,
    open_guide_step,
    page,
    security_name,
    server_values,
)
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.hostname import is_within
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType

_GMAIL = ("gmail.com", "googlemail.com")
_SEND_AS_PORTS = (25, 465, 587)
_SETTINGS = "https://mail.google.com/mail/u/0/#settings/accounts"
_TWO_STEP = "https://myaccount.google.com/signinoptions/two-step-verification"
_APP_PASSWORDS = "https://myaccount.google.com/apppasswords"


class Gmail:
    """Gmail on the web and as an app."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A guide with a chapter for each use of Gmail that this account allows."""
        failure = validate(account)
        if failure is not None:
            return failure
        if any(is_within(account.incoming.host, host) for host in _GMAIL):
            return _artifact(account, (_app_password(account),), ())
        if not account.incoming.takes_password and not account.outgoing.takes_password:
            return ExportFailure(
                _(
                    "Gmail signs in with a password only, and {host} takes none. Look in the Gmail"
                    " app under “Add account” whether it lists your provider."
                ).format(host=account.incoming.host)
            )
        chapters = []
        if account.incoming.takes_password:
            chapters.append(_app(account))
        chapters += [_forwarding(account), _send_as(account)]
        return _artifact(account, tuple(chapters), _notes(account))


def _artifact(
    account: Account, chapters: tuple[GuideChapter, ...], notes: tuple[str, ...]
) -> Artifact:
    guide = Guide(
        title=_("Set up {address} in Gmail").format(address=account.address),
        lead=_("Follow the steps and copy each value into its field."),
        chapters=chapters,
        notes=notes,
    )
    file = page(guide, account, f"gmail-{stem(account.address)}.html")
    steps = (open_guide_step(file), *chapters[0].steps)
    return Artifact(files=(file,), steps=steps, notes=notes)


def _notes(account: Account) -> tuple[str, ...]:
    notes = [
        _(
            "Since 2026 Gmail on the web no longer fetches mail from other mailboxes for new users,"
            " and Google has announced its end for all (“Check mail from other accounts” and"
            " Gmailify). To read in Gmail, use the Gmail app, or let your hosting forward the mail."
        )
    ]
    if account.outgoing.port not in _SEND_AS_PORTS:
        notes.append(
            _(
                "Gmail on the web sends through port 465 or 587 only, and your server uses {port}."
                " Ask the hosting for one of those."
            ).format(port=account.outgoing.port)
        )
    return tuple(notes)


def _app(account: Account) -> GuideChapter:
    kind = account.incoming.protocol.upper()
    note = (
        _("On an iPhone the Gmail app takes IMAP only. Yours is set up with POP.")
        if account.incoming.protocol is Protocol.POP3
        else ""
    )
    return GuideChapter(
        title=_("Gmail app on a phone"),
        lead=_("The app reads and sends your mail beside your Gmail mail."),
        note=note,
        steps=instructions(
            _("Open the Gmail app. Tap your picture, “Add another account”, “Other”."),
            InstructionStep(
                _("Type the address and tap Next. If there is a choice, tap “Manual setup”."),
                (address_value(account),),
            ),
            _("Choose “Personal ({kind})”.").format(kind=kind),
            _("Type your password and tap Next."),
            InstructionStep(_("Incoming server settings:"), server_values(account.incoming)),
            InstructionStep(_("Outgoing server settings:"), server_values(account.outgoing)),
            InstructionStep(
                _("Tap Next, then type the name that people see."),
                (CopyValue(_("Your name"), account.display_name),),
            ),
        ),
        dialog=GuideDialog(
            _("Incoming server settings"),
            (
                *credential_rows(account.incoming),
                GuideRow(_("Server"), account.incoming.host),
                GuideRow(_("Port"), str(account.incoming.port)),
                GuideRow(
                    _("Security type"),
                    security_name(account.incoming.security),
                    GuideStyle.CHOICE,
                ),
            ),
            _("Next"),
        ),
    )


def _forwarding(account: Account) -> GuideChapter:
    return GuideChapter(
        title=_("Gmail on the web: read by forwarding"),
        lead=_("Your hosting hands every new message on to your Gmail address."),
        note=_(
            "Forwarded spam counts against your hosting at Google. Switch on its spam filter first,"
            " and look into Gmail's Spam folder for some days."
        ),
        steps=instructions(
            InstructionStep(
                _("Sign in at your hosting's web page and open “Forwarding” for the mailbox:"),
                (address_value(account),),
            ),
            _("Enter your Gmail address as the target, and keep a copy in the mailbox."),
            _("Send a message to your address from another mailbox and wait for it in Gmail."),
        ),
    )


def _send_as(account: Account) -> GuideChapter:
    outgoing = account.outgoing
    title = _("Gmail on the web: send as {address}").format(address=account.address)
    if not outgoing.takes_password:
        return GuideChapter(
            title=title,
            lead=_("This does not work here: {host} takes no password.").format(host=outgoing.host),
            steps=(
                InstructionStep(_("Use the Gmail app, or the program that your provider names.")),
            ),
        )
    secured = (
        _("Secured connection using SSL")
        if outgoing.security is SocketType.TLS
        else _("Secured connection using TLS")
    )
    return GuideChapter(
        title=title,
        lead=_("You write in Gmail, and people see your own address."),
        note=_("Google mails you a code, so receiving must work first (forwarding, or the app)."),
        steps=_send_as_steps(account, secured),
        dialog=GuideDialog(
            _("Add another email address you own"),
            (
                GuideRow(_("SMTP server"), outgoing.host),
                GuideRow(_("Port"), str(outgoing.port), GuideStyle.CHOICE),
                *credential_rows(outgoing),
                GuideRow(secured, style=GuideStyle.CHECKED),
            ),
            _("Add Account"),
        ),
    )


def _send_as_steps(account: Account, secured: str) -> tuple[InstructionStep, ...]:
    outgoing = account.outgoing
    return instructions(
        InstructionStep(
            _("On a computer open Gmail's settings, “Accounts and Import”:"), link=_SETTINGS
        ),
        InstructionStep(
            _("Under “Send mail as” choose “Add another email address” and enter:"),
            (
                CopyValue(_("Name"), account.display_name),
                address_value(account),
            ),
        ),
        _("Untick “Treat as an alias” and press “Next Step”."),
        InstructionStep(
            _("Enter the server. For the password, type your mailbox's."),
            (
                CopyValue(_("SMTP server"), outgoing.host),
                CopyValue(_("Port"), str(outgoing.port)),
                CopyValue(_("User name"), outgoing.username),
            ),
        ),
        _("Choose “{choice}” and press “Add Account”.").format(choice=secured),
        _("Type the code that arrives in your mailbox."),
    )


def _app_password(account: Account) -> GuideChapter:
    by_window = Authentication.OAUTH2 in account.incoming.authentication
    return GuideChapter(
        title=_("An app password for your Gmail mailbox"),
        lead=_(
            "Your mailbox is Gmail itself: on the web and in the Gmail app just sign in. Other mail"
            " programs need an app password when they cannot open Google's sign-in window."
        ),
        note=(
            _("Thunderbird and Outlook can open Google's sign-in window. Try that first.")
            if by_window
            else ""
        ),
        steps=instructions(
            InstructionStep(
                _("Switch on 2-Step Verification, if it is not on yet:"), link=_TWO_STEP
            ),
            InstructionStep(_("Open the page of app passwords:"), link=_APP_PASSWORDS),
            InstructionStep(
                _("Type a name for the program, such as this one, and press Create."),
                (CopyValue(_("App name"), "mailsetup"),),
            ),
            _(
                "Google shows 16 letters, once. Type them into the mail program in place of"
                " your password, without the spaces."
            ),
            InstructionStep(_("To receive, the program needs:"), server_values(account.incoming)),
            InstructionStep(_("To send, the program needs:"), server_values(account.outgoing)),
        ),
        dialog=GuideDialog(
            _("App passwords"),
            (
                GuideRow(_("App name"), "mailsetup"),
                GuideRow(_("Your app password"), "•••• •••• •••• ••••", GuideStyle.HINT),
            ),
            _("Create"),
        ),
    )
