"""Outlook: a guide for every edition, and for classic Outlook files that are experimental.

No edition of Outlook documents a way to be given an IMAP account. Classic Outlook for Windows still
reads ``.prf`` files, for which Microsoft gives no promise, and looks for Autodiscover in a local
file when the registry says so. New Outlook, Outlook for Mac and the apps have no import at all.

None of these files could be tried where this was written, which was no Windows. What they hold is
what several other generators of such files agree on; golden files in the tests keep it. So the
guide always stands beside them, and nothing here promises that they work.
"""

from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    Automation,
    CopyValue,
    ExportFailure,
    InstructionStep,
)
from mailsetup.export.filename import stem
from mailsetup.export.guide.page import (
    Guide,
    GuideChapter,
    GuideDialog,
    GuideRow,
    GuideStyle,
    page,
    security_name,
    server_values,
)
from mailsetup.export.validation import examine
from mailsetup.formats.autodiscover import write_for_mailbox
from mailsetup.i18n import _
from mailsetup.model.hostname import is_within
from mailsetup.model.settings import (
    Account,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)

FOLDER = "C:\\mailsetup"
"""Where the steps tell the person to put the files: a value of type REG_SZ cannot say "in my own
folder", so the place must be the same on every computer."""

_OFFICE = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook"
AUTODISCOVER_KEY = f"{_OFFICE}\\AutoDiscover"
"""Where classic Outlook reads that a local file answers for a domain."""
SETUP_KEY = f"{_OFFICE}\\Setup"
"""Where the simplified way of adding accounts, which asks Microsoft alone, is switched off."""
_SIGN_IN_WINDOW = ("gmail.com", "googlemail.com", "office365.com", "outlook.com", "yahoo.com")

# Property tags of the Office Customization Tool; a property without one is dropped silently.
_COMMON_TAGS: Final[Mapping[str, str]] = {
    "AccountName": "PT_UNICODE,0x0002",
    "DisplayName": "PT_UNICODE,0x000B",
    "EmailAddress": "PT_UNICODE,0x000C",
    "SMTPServer": "PT_UNICODE,0x0200",
    "SMTPPort": "PT_LONG,0x0201",
    "SMTPUseSSL": "PT_LONG,0x0202",
    "SMTPUseAuth": "PT_LONG,0x0203",
    "SMTPSecureConnection": "PT_LONG,0x020A",
    "ConnectionType": "PT_LONG,0x000F",
}
_INCOMING_TAGS: Final[Mapping[str, str]] = {
    "Server": "PT_UNICODE,0x0100",
    "UserName": "PT_UNICODE,0x0101",
    "Port": "PT_LONG,0x0104",
    "UseSSL": "PT_LONG,0x0105",
}


class Outlook:
    """Outlook in all its editions."""

    id = "outlook"
    title = "Outlook"
    automation = Automation.GUIDE

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The guide, and where they can express the account, files for classic Outlook."""
        refused = examine(account) or _sign_in_fault(account)
        if refused is not None:
            return refused
        name = stem(account.address)
        window = _needs_window(account)
        files, notes = ([], [_sign_in_note()]) if window else _files_and_notes(account)
        chapters = _chapters(account, tuple(file.name for file in files))
        guide = Guide(
            title=_("Set up {address} in Outlook").format(address=account.address),
            lead=_("Choose your Outlook below and copy each value into its field."),
            chapters=chapters,
            notes=tuple(notes) if window else (),
        )
        guide_file = page(guide, account, f"outlook-{name}.html")
        first = InstructionStep(
            _("Open {name} in your browser: it shows every step with pictures.").format(
                name=guide_file.name
            )
        )
        return Artifact(
            files=(guide_file, *files),
            steps=(first, *chapters[0].steps),
            notes=tuple(notes),
        )


def _sign_in_fault(account: Account) -> ExportFailure | None:
    for server in (account.incoming, account.outgoing):
        if _takes_window(server) or any(
            kind.takes_password or kind is Authentication.NTLM for kind in server.authentication
        ):
            continue
        if server is account.outgoing and Authentication.NONE in server.authentication:
            continue
        return ExportFailure(
            _("Outlook does not know the way to sign in that {host} asks for.").format(
                host=server.host
            )
        )
    return None


def _takes_window(server: ServerSettings) -> bool:
    """Whether Outlook opens the provider's own sign-in for this server."""
    return Authentication.OAUTH2 in server.authentication and any(
        is_within(server.host, known) for known in _SIGN_IN_WINDOW
    )


def _needs_window(account: Account) -> bool:
    return _takes_window(account.incoming) or _takes_window(account.outgoing)


def _sign_in_note() -> str:
    return _(
        "This provider signs you in in a window of its own. Outlook opens it when you type the"
        " address; server names are not needed then."
    )


def _files_and_notes(account: Account) -> tuple[list[ArtifactFile], list[str]]:
    files: list[ArtifactFile] = []
    notes = [
        _(
            "New Outlook, Outlook for Mac and Outlook on a phone have no import. There you copy the"
            " values from the guide."
        )
    ]
    profile = prf(account)
    if isinstance(profile, ExportFailure):
        notes.append(profile.reason)
    else:
        files.append(profile)
        notes.append(
            _(
                "The .prf file is experimental: Microsoft gives no promise that Outlook still"
                " reads it. The steps of the guide do without it."
            )
        )
    files += autodiscover(account)
    return files, notes


def prf(account: Account) -> ArtifactFile | ExportFailure:
    """A profile file for classic Outlook (experimental), or why there is none.

    The format has no escapes, one code page, and no word for STARTTLS on the incoming server.
    It has no key for a password either; Outlook asks.
    """
    incoming, outgoing = account.incoming, account.outgoing
    if incoming.security is not SocketType.TLS:
        return ExportFailure(
            _("There is no .prf file: the format cannot say STARTTLS for {host}.").format(
                host=incoming.host
            )
        )
    smtp_signs_in = outgoing.authentication != (Authentication.NONE,)
    if smtp_signs_in and outgoing.username != incoming.username:
        return ExportFailure(
            _("There is no .prf file: the format cannot carry two different user names.")
        )
    prefix = "IMAP" if incoming.protocol is Protocol.IMAP else "POP3"
    kind = "IMAP_I_Mail" if incoming.protocol is Protocol.IMAP else "I_Mail"
    address = account.address.ascii
    properties: dict[str, str] = {
        "AccountName": address,
        "DisplayName": account.person or address,
        "EmailAddress": address,
        f"{prefix}Server": incoming.host,
        f"{prefix}UserName": incoming.username,
        f"{prefix}Port": str(incoming.port),
        f"{prefix}UseSSL": "1",
        "SMTPServer": outgoing.host,
        "SMTPPort": str(outgoing.port),
        # An Outlook that drops the property for STARTTLS must fail here, not go on in the clear.
        "SMTPUseSSL": "1",
        "SMTPUseAuth": "1" if smtp_signs_in else "0",
        "SMTPSecureConnection": "1" if outgoing.security is SocketType.TLS else "2",
        "ConnectionType": "0",
    }
    tags = {
        **_COMMON_TAGS,
        **{f"{prefix}{key}": tag for key, tag in _INCOMING_TAGS.items()},
    }
    if incoming.protocol is Protocol.POP3:
        properties["LeaveOnServer"] = "1"
        tags["LeaveOnServer"] = "PT_LONG,0x1000"
    sections: tuple[tuple[str, dict[str, str]], ...] = (
        (
            "General",
            {
                "Custom": "1",
                "ProfileName": f"mailsetup {address}",
                # What the person has stays, and stays the one that opens by itself.
                "DefaultProfile": "No",
                "OverwriteProfile": "Append",
                "ModifyDefaultProfileIfPresent": "FALSE",
                "BackupProfile": "No",
            },
        ),
        ("Service List", {"Service1": "Outlook Address Book"}),
        ("Internet Account List", {"Account1": kind}),
        ("Service1", {"UniqueService": "Yes"}),
        ("Account1", properties),
        ("Outlook Address Book", {"ServiceName": "CONTAB"}),
        (kind, {"AccountType": str(incoming.protocol).upper(), **tags}),
    )
    if any(not _fits_prf(value) for _title, keys in sections for value in keys.values()):
        return ExportFailure(
            _("There is no .prf file: the format cannot carry some letters of the name or address.")
        )
    text = "\r\n".join(
        "\r\n".join((f"[{title}]", *(f"{key}={value}" for key, value in keys.items()), ""))
        for title, keys in sections
    )
    return ArtifactFile(
        name=f"outlook-{stem(account.address)}.prf",
        content=text.encode("cp1252"),
        media_type="application/octet-stream",
        private=True,
    )


def _fits_prf(value: str) -> bool:
    try:
        value.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return value == value.strip() and not value.startswith(("[", ";", '"'))


def autodiscover(account: Account) -> tuple[ArtifactFile, ArtifactFile, ArtifactFile]:
    """The settings as a local Autodiscover file, the registry entries that make classic Outlook
    read it, and the ones that take them out again."""
    name = stem(account.address)
    document = write_for_mailbox(account)
    xml = ArtifactFile(f"outlook-{name}.xml", document, "text/xml", private=True)
    domain = _registry(account.address.domain)
    path = _registry(f"{FOLDER}\\{xml.name}")
    switch_on = _registry_file(
        {
            AUTODISCOVER_KEY: {"PreferLocalXML": "dword:00000001", domain: f'"{path}"'},
            SETUP_KEY: {"DisableOffice365SimplifiedAccountCreation": "dword:00000001"},
        }
    )
    switch_off = _registry_file(
        {
            AUTODISCOVER_KEY: {"PreferLocalXML": "-", domain: "-"},
            SETUP_KEY: {"DisableOffice365SimplifiedAccountCreation": "-"},
        }
    )
    kind = "text/x-ms-regedit"
    return (
        xml,
        ArtifactFile(f"outlook-{name}-on.reg", switch_on, kind),
        ArtifactFile(f"outlook-{name}-off.reg", switch_off, kind),
    )


def _registry(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _registry_file(keys: dict[str, dict[str, str]]) -> bytes:
    lines = ["Windows Registry Editor Version 5.00", ""]
    for key, values in keys.items():
        lines.append(f"[{key}]")
        lines += [f'"{name}"={value}' for name, value in values.items()]
        lines.append("")
    return b"\xff\xfe" + ("\r\n".join(lines) + "\r\n").encode("utf-16-le")


def _chapters(account: Account, files: tuple[str, ...]) -> tuple[GuideChapter, ...]:
    if _needs_window(account):
        return (_window_chapter(account),)
    same_name = {account.incoming.username, account.outgoing.username or account.address.ascii}
    plain = same_name == {account.address.ascii}
    chapters = [
        _classic_simple(account) if plain else _classic_full(account),
        _new_outlook(account),
        _mac(account),
        _phone(account),
    ]
    if files:
        chapters.append(_files_chapter(account, files))
    return tuple(chapters)


def _kind(account: Account) -> str:
    return "IMAP" if account.incoming.protocol is Protocol.IMAP else "POP"


def _address_value(account: Account) -> CopyValue:
    return CopyValue(_("E-mail address"), account.address.ascii)


def _server_rows(account: Account) -> tuple[GuideRow, ...]:
    rows: list[GuideRow] = []
    for title, server in (
        (_("Incoming mail"), account.incoming),
        (_("Outgoing mail"), account.outgoing),
    ):
        rows += [
            GuideRow(title, look=GuideStyle.HEADING),
            GuideRow(_("Server"), server.host),
            GuideRow(_("Port"), str(server.port)),
            GuideRow(_("Encryption method"), security_name(server.security), GuideStyle.CHOICE),
        ]
    return tuple(rows)


def _without_user(server: ServerSettings) -> tuple[CopyValue, ...]:
    return server_values(server)[:3]


def _classic_simple(account: Account) -> GuideChapter:
    kind = _kind(account)
    return GuideChapter(
        title=_("Outlook for Windows (classic)"),
        lead=_("Outlook 2016, 2019, 2021, 2024 and Microsoft 365 with “File” in the menu."),
        steps=(
            InstructionStep(_("Open Outlook. Choose File, then Add Account.")),
            InstructionStep(
                _(
                    "Type the address. Open “Advanced options”, tick “Let me set up my account"
                    " manually” and press Connect."
                ),
                (_address_value(account),),
            ),
            InstructionStep(_("Choose {kind}.").format(kind=kind)),
            InstructionStep(_("Under “Incoming mail” enter:"), _without_user(account.incoming)),
            InstructionStep(_("Under “Outgoing mail” enter:"), _without_user(account.outgoing)),
            InstructionStep(_("Leave “Secure Password Authentication (SPA)” off. Press Next.")),
            InstructionStep(_("Type your password and press Connect. Then press Done.")),
        ),
        dialog=GuideDialog(
            _("{kind} Account Settings").format(kind=kind), _server_rows(account), _("Next")
        ),
    )


def _classic_full(account: Account) -> GuideChapter:
    kind = _kind(account)
    incoming, outgoing = account.incoming, account.outgoing
    steps = [
        InstructionStep(_("Close Outlook. Open the Control Panel, search for “Mail” and open it.")),
        InstructionStep(
            _(
                "Choose Email Accounts, New, “Manual setup or additional server types”, then"
                " “POP or IMAP”."
            )
        ),
        InstructionStep(
            _("Fill in the form. Account type: {kind}.").format(kind=kind),
            (
                CopyValue(_("Your name"), account.display_name),
                _address_value(account),
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
    ]
    if outgoing.username and outgoing.username != incoming.username:
        steps.append(
            InstructionStep(
                _(
                    "Under “Outgoing Server” tick “My outgoing server requires authentication”,"
                    " choose “Log on using” and enter:"
                ),
                (CopyValue(_("User name for sending"), outgoing.username),),
            )
        )
    elif outgoing.username:
        steps.append(
            InstructionStep(
                _(
                    "Under “Outgoing Server” tick “My outgoing server requires authentication” and"
                    " leave “Use same settings as my incoming mail server”."
                )
            )
        )
    steps.append(InstructionStep(_("Press OK, type your password and press Next.")))
    return GuideChapter(
        title=_("Outlook for Windows (classic)"),
        lead=_(
            "Your user name is not your address. Outlook's short way does not ask for it, so take"
            " the long one."
        ),
        steps=tuple(steps),
        dialog=GuideDialog(
            _("POP and IMAP Account Settings"),
            (
                GuideRow(_("Your name"), account.display_name),
                GuideRow(_("E-mail address"), account.address.ascii),
                GuideRow(_("Account type"), kind, GuideStyle.CHOICE),
                GuideRow(_("Incoming mail server"), incoming.host),
                GuideRow(_("Outgoing mail server (SMTP)"), outgoing.host),
                GuideRow(_("User name"), incoming.username),
                GuideRow(_("Password"), _("yours"), GuideStyle.HINT),
            ),
            _("Next"),
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
        steps=(
            InstructionStep(
                _("Choose Settings (the gear), Accounts, Email accounts, Add account.")
            ),
            InstructionStep(_("Type the address and press Continue."), (_address_value(account),)),
            InstructionStep(_("If it asks for the provider, choose {kind}.").format(kind=kind)),
            InstructionStep(_("Type your password and press “Show more”.")),
            InstructionStep(_("For receiving enter:"), server_values(account.incoming)),
            InstructionStep(_("For sending enter:"), server_values(account.outgoing)),
            InstructionStep(_("The password for sending is the same. Press Continue.")),
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
        steps=(
            InstructionStep(_("Choose Outlook, Settings, Accounts. Press + and “Add an account”.")),
            InstructionStep(_("Type the address and press Continue."), (_address_value(account),)),
            InstructionStep(
                _("If it asks for the provider, choose {kind}.").format(kind=f"IMAP/{'POP'}"),
            ),
            InstructionStep(
                _("Type your password. For receiving enter:"), server_values(account.incoming)
            ),
            InstructionStep(_("For sending enter:"), server_values(account.outgoing)),
            InstructionStep(_("Press “Add account”.")),
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
        steps=(
            InstructionStep(_("In the app choose Settings, Add Mail Account.")),
            InstructionStep(_("Type the address and tap Add Account."), (_address_value(account),)),
            InstructionStep(_("If it asks for the provider, choose {kind}.").format(kind="IMAP")),
            InstructionStep(_("Type your password and switch on the advanced settings.")),
            InstructionStep(_("For receiving enter:"), with_port(account.incoming)),
            InstructionStep(_("For sending enter:"), with_port(account.outgoing)),
            InstructionStep(_("Tap the check mark.")),
        ),
    )


def _window_chapter(account: Account) -> GuideChapter:
    return GuideChapter(
        title=_("Every Outlook"),
        steps=(
            InstructionStep(_("Open Outlook and choose File (or Settings), then Add Account.")),
            InstructionStep(
                _("Type the address and press Connect or Continue."), (_address_value(account),)
            ),
            InstructionStep(_("A window of your provider opens. Sign in there and allow Outlook.")),
            InstructionStep(_("Close the window when it says that you are done.")),
        ),
        dialog=GuideDialog(
            _("Add account"), (GuideRow(_("E-mail address"), account.address.ascii),), _("Continue")
        ),
    )


def _files_chapter(account: Account, files: tuple[str, ...]) -> GuideChapter:
    profile = next((name for name in files if name.endswith(".prf")), None)
    steps = [
        InstructionStep(
            _("Make this folder and copy the files that came with this page into it:"),
            (CopyValue(_("Folder"), FOLDER),),
        )
    ]
    if profile:
        steps.append(
            InstructionStep(
                _("Close Outlook. Press Windows + R, paste this and press Enter:"),
                (CopyValue(_("Command"), f'outlook.exe /importprf "{FOLDER}\\{profile}"'),),
            )
        )
        steps.append(
            InstructionStep(
                _(
                    "If the account is there, type your password: you are done. If Outlook opens"
                    " without it, choose the profile under Control Panel, Mail, Show Profiles."
                ),
                (CopyValue(_("Profile"), f"mailsetup {account.address.ascii}"),),
            )
        )
    on = next(name for name in files if name.endswith("-on.reg"))
    off = next(name for name in files if name.endswith("-off.reg"))
    steps += [
        InstructionStep(
            (
                _(
                    "Otherwise double-click {name} and agree, or run the command. Then add the"
                    " account with the address."
                )
                if profile
                else _(
                    "Double-click {name} and agree, or run the command. Then add the account with"
                    " the address."
                )
            ).format(name=on),
            (
                CopyValue(_("Command"), f'reg import "{FOLDER}\\{on}"'),
                _address_value(account),
            ),
        ),
        InstructionStep(
            _("Afterwards double-click {name} and delete the folder.").format(name=off)
        ),
    ]
    return GuideChapter(
        title=_("With files (classic Outlook, experimental)"),
        lead=_("For technicians who set up several computers with classic Outlook."),
        note=_(
            "Microsoft gives no promise that this works in your version. Nothing is lost if it does"
            " not: the accounts that you have stay as they are."
        ),
        steps=tuple(steps),
    )
