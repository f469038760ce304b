"""The chapters of the guide for Outlook, one for each edition."""

from mailsetup.export.exporter import CopyValue, InstructionStep, instructions
from mailsetup.export.guide.page import (
    GuideChapter,
    GuideDialog,
    GuideRow,
    GuideStyle,
    address_value,
    credential_rows,
    identity_values,
    server_rows,
    server_values,
)
from mailsetup.export.programs.outlook_files import FOLDER
from mailsetup.i18n import _
from mailsetup.model.hostname import is_within
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings

_SIGN_IN_WINDOW = ("gmail.com", "googlemail.com", "office365.com", "outlook.com", "yahoo.com")


def takes_window(server: ServerSettings) -> bool:
    """Whether Outlook opens the provider's own sign-in page for this server."""
    return Authentication.OAUTH2 in server.authentication and any(
        is_within(server.host, known) for known in _SIGN_IN_WINDOW
    )


def needs_window(account: Account) -> bool:
    """Whether it does so for one of the account's servers."""
    return takes_window(account.incoming) or takes_window(account.outgoing)


def chapters(account: Account, files: tuple[str, ...]) -> tuple[GuideChapter, ...]:
    """The chapters that fit the account; ``files`` are the names of the files for classic
    Outlook."""
    if needs_window(account):
        return (_window_chapter(account),)
    same_name = {account.incoming.username, account.outgoing.username or account.address.ascii}
    plain = same_name == {account.address.ascii}
    found = [
        _classic_simple(account) if plain else _classic_full(account),
        _new_outlook(account),
        _mac(account),
        _phone(account),
    ]
    if files:
        found.append(_files_chapter(account, files))
    return tuple(found)


def _kind(account: Account) -> str:
    return "IMAP" if account.incoming.protocol is Protocol.IMAP else "POP"


def _server_rows(account: Account) -> tuple[GuideRow, ...]:
    rows: list[GuideRow] = []
    for title, server in (
        (_("Incoming mail"), account.incoming),
        (_("Outgoing mail"), account.outgoing),
    ):
        rows += [
            GuideRow(title, style=GuideStyle.HEADING),
            *server_rows(server, _("Encryption method")),
        ]
    return tuple(rows)


def _without_user(server: ServerSettings) -> tuple[CopyValue, ...]:
    return server_values(server)[:3]


def _classic_simple(account: Account) -> GuideChapter:
    kind = _kind(account)
    return GuideChapter(
        title=_("Outlook for Windows (classic)"),
        lead=_("Outlook 2016, 2019, 2021, 2024 and Microsoft 365 with “File” in the menu."),
        steps=instructions(
            _("Open Outlook. Choose File, then Add Account."),
            InstructionStep(
                _(
                    "Type the address. Open “Advanced options”, tick “Let me set up my account"
                    " manually” and press Connect."
                ),
                (address_value(account),),
            ),
            _("Choose {kind}.").format(kind=kind),
            InstructionStep(_("Under “Incoming mail” enter:"), _without_user(account.incoming)),
            InstructionStep(_("Under “Outgoing mail” enter:"), _without_user(account.outgoing)),
            _("Leave “Secure Password Authentication (SPA)” off. Press Next."),
            _("Type your password and press Connect. Then press Done."),
        ),
        dialog=GuideDialog(
            _("{kind} Account Settings").format(kind=kind), _server_rows(account), _("Next")
        ),
    )


def _classic_full(account: Account) -> GuideChapter:
    return GuideChapter(
        title=_("Outlook for Windows (classic)"),
        lead=_(
            "Your user name is not your address. Outlook's short way does not ask for it, so take"
            " the long one."
        ),
        steps=instructions(
            *_classic_form_steps(account),
            *_classic_sending_steps(account),
            _("Press OK, type your password and press Next."),
        ),
        dialog=GuideDialog(
            _("POP and IMAP Account Settings"),
            (
                GuideRow(_("Your name"), account.display_name),
                GuideRow(_("E-mail address"), account.address.ascii),
                GuideRow(_("Account type"), _kind(account), GuideStyle.CHOICE),
                GuideRow(_("Incoming mail server"), account.incoming.host),
                GuideRow(_("Outgoing mail server (SMTP)"), account.outgoing.host),
                *credential_rows(account.incoming),
            ),
            _("Next"),
        ),
    )


def _classic_form_steps(account: Account) -> tuple[InstructionStep, ...]:
    incoming, outgoing = account.incoming, account.outgoing
    return instructions(
        _("Close Outlook. Open the Control Panel, search for “Mail” and open it."),
        _(
            "Choose Email Accounts, New, “Manual setup or additional server types”, then"
            " “POP or IMAP”."
        ),
        InstructionStep(
            _("Fill in the form. Account type: {kind}.").format(kind=_kind(account)),
            (
                *identity_values(account),
                CopyValue(_("Incoming mail server"), incoming.host),
                CopyValue(_("Outgoing mail server (SMTP)"), outgoing.host),
                CopyValue(_("User name"), incoming.username),
            ),
        ),
        InstructionStep(
            _("Press “More Settings”. Under “Advanced” enter ports and encryption:"),
            (
                *server_values(incoming)[1:3],
                *(
                    CopyValue(_("Outgoing: {label}").format(label=value.label), value.value)
                    for value in server_values(outgoing)[1:3]
                ),
            ),
        ),
    )


def _classic_sending_steps(account: Account) -> tuple[InstructionStep, ...]:
    username = account.outgoing.username
    if not username:
        return ()
    if username != account.incoming.username:
        return (
            InstructionStep(
                _(
                    "Under “Outgoing Server” tick “My outgoing server requires authentication”,"
                    " choose “Log on using” and enter:"
                ),
                (CopyValue(_("User name for sending"), username),),
            ),
        )
    return instructions(
        _(
            "Under “Outgoing Server” tick “My outgoing server requires authentication” and"
            " leave “Use same settings as my incoming mail server”."
        ),
    )


def _new_outlook(account: Account) -> GuideChapter:
    kind = _kind(account)
    return GuideChapter(
        title=_("New Outlook for Windows"),
        lead=_("New Outlook cannot take settings from a file. You type them once."),
        note=_(
            "New Outlook fetches your mail through Microsoft's servers, and your password is kept"
            " there. If you do not want that, use classic Outlook or Thunderbird."
        ),
        steps=instructions(
            _("Choose Settings (the gear), Accounts, Email accounts, Add account."),
            InstructionStep(_("Type the address and press Continue."), (address_value(account),)),
            _("If it asks for the provider, choose {kind}.").format(kind=kind),
            _("Type your password and press “Show more”."),
            InstructionStep(_("For receiving enter:"), server_values(account.incoming)),
            InstructionStep(_("For sending enter:"), server_values(account.outgoing)),
            _("The password for sending is the same. Press Continue."),
        ),
        dialog=GuideDialog(
            _("Add account"),
            (
                GuideRow(_("{kind} user name").format(kind=kind), account.incoming.username),
                GuideRow(_("Password"), _("yours"), GuideStyle.HINT),
                *_server_rows(account),
            ),
            _("Continue"),
        ),
    )


def _mac(account: Account) -> GuideChapter:
    return GuideChapter(
        title=_("Outlook for Mac"),
        lead=_("Outlook for Mac cannot take settings from a file. You type them once."),
        steps=instructions(
            _("Choose Outlook, Settings, Accounts. Press + and “Add an account”."),
            InstructionStep(_("Type the address and press Continue."), (address_value(account),)),
            _("If it asks for the provider, choose {kind}.").format(kind=f"IMAP/{'POP'}"),
            InstructionStep(
                _("Type your password. For receiving enter:"), server_values(account.incoming)
            ),
            InstructionStep(_("For sending enter:"), server_values(account.outgoing)),
            _("Press “Add account”."),
        ),
    )


def _phone(account: Account) -> GuideChapter:
    title = _("Outlook on a phone")
    if account.incoming.protocol is Protocol.POP3:
        return GuideChapter(
            title=title,
            lead=_("Outlook on a phone reads IMAP mailboxes only. Yours is set up with POP."),
            steps=(
                InstructionStep(_("Ask the hosting for IMAP settings, or use another mail app.")),
            ),
        )

    def with_port(server: ServerSettings) -> tuple[CopyValue, ...]:
        values = server_values(server)
        return (CopyValue(values[0].label, f"{server.host}:{server.port}"), *values[2:])

    return GuideChapter(
        title=title,
        lead=_("The app cannot take settings from a file. You type them once."),
        steps=instructions(
            _("In the app choose Settings, Add Mail Account."),
            InstructionStep(_("Type the address and tap Add Account."), (address_value(account),)),
            _("If it asks for the provider, choose {kind}.").format(kind="IMAP"),
            _("Type your password and switch on the advanced settings."),
            InstructionStep(_("For receiving enter:"), with_port(account.incoming)),
            InstructionStep(_("For sending enter:"), with_port(account.outgoing)),
            _("Tap the check mark."),
        ),
    )


def _window_chapter(account: Account) -> GuideChapter:
    return GuideChapter(
        title=_("Every Outlook"),
        steps=instructions(
            _("Open Outlook and choose File (or Settings), then Add Account."),
            InstructionStep(
                _("Type the address and press Connect or Continue."), (address_value(account),)
            ),
            _("A window of your provider opens. Sign in there and allow Outlook."),
            _("Close the window when it says that you are done."),
        ),
        dialog=GuideDialog(
            _("Add account"), (GuideRow(_("E-mail address"), account.address.ascii),), _("Continue")
        ),
    )


def _files_chapter(account: Account, files: tuple[str, ...]) -> GuideChapter:
    profile = next((name for name in files if name.endswith(".prf")), None)
    return GuideChapter(
        title=_("With files (classic Outlook, experimental)"),
        lead=_("For technicians who set up several computers with classic Outlook."),
        note=_(
            "Microsoft gives no promise that this works in your version. Nothing is lost if it does"
            " not: the accounts that you have stay as they are."
        ),
        steps=(
            InstructionStep(
                _("Make this folder and copy the files that came with this page into it:"),
                (CopyValue(_("Folder"), FOLDER),),
            ),
            *(_profile_steps(account, profile) if profile else ()),
            *_autodiscover_steps(account, files, instead=profile is not None),
        ),
    )


def _profile_steps(account: Account, profile: str) -> tuple[InstructionStep, ...]:
    return (
        InstructionStep(
            _("Close Outlook. Press Windows + R, paste this and press Enter:"),
            (CopyValue(_("Command"), f'outlook.exe /importprf "{FOLDER}\\{profile}"'),),
        ),
        InstructionStep(
            _(
                "If the account is there, type your password: you are done. If Outlook opens"
                " without it, choose the profile under Control Panel, Mail, Show Profiles."
            ),
            (CopyValue(_("Profile"), f"mailsetup {account.address.ascii}"),),
        ),
    )


def _autodiscover_steps(
    account: Account, files: tuple[str, ...], *, instead: bool
) -> tuple[InstructionStep, ...]:
    """``instead``: whether these steps follow others that may have failed."""
    on = next(name for name in files if name.endswith("-on.reg"))
    off = next(name for name in files if name.endswith("-off.reg"))
    if instead:
        text = _(
            "Otherwise double-click {name} and agree, or run the command. Then add the"
            " account with the address."
        )
    else:
        text = _(
            "Double-click {name} and agree, or run the command. Then add the account with"
            " the address."
        )
    command = CopyValue(_("Command"), f'reg import "{FOLDER}\\{on}"')
    return instructions(
        InstructionStep(text.format(name=on), (command, address_value(account))),
        _("Afterwards double-click {name} and delete the folder.").format(name=off),
    )
