"""Apple Mail on iPhone, iPad and Mac: a configuration profile (``.mobileconfig``).

The keys are those of the payload ``com.apple.mail.managed`` (Apple's published schema,
apple/device-management, ``mdm/profiles``). It has one switch for encryption, ``UseSSL``, and none
for STARTTLS; the schema does not specify whether a device then starts with TLS or upgrades. The
switch is always on and never left out, because its default is off. The payload does not support
OAuth2. A profile without passwords makes the device ask.

Installing a profile could not be tested; the tests check it with Apple's schema.
"""

import plistlib
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
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
    credential_rows,
    identity_values,
    page,
    server_values,
)
from mailsetup.export.stable_id import stable_uuid
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType

MEDIA_TYPE = "application/x-apple-aspen-config"

_ACCOUNT_TYPE: Final[Mapping[Protocol, str]] = {
    Protocol.IMAP: "EmailTypeIMAP",
    Protocol.POP3: "EmailTypePOP",
}
_AUTHENTICATION: Final[Mapping[Authentication, str]] = {
    Authentication.NONE: "EmailAuthNone",
    Authentication.PASSWORD_CLEARTEXT: "EmailAuthPassword",
    Authentication.PASSWORD_ENCRYPTED: "EmailAuthCRAMMD5",
    Authentication.NTLM: "EmailAuthNTLM",
}
_NO_AUTHENTICATION = _AUTHENTICATION[Authentication.NONE]

_Value = str | int | bool


class AppleMail:
    """Mail on macOS, iOS and iPadOS."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The profile, unsigned (`apple_signing.signed` signs it), and a guide."""
        content = mobileconfig(account)
        if isinstance(content, ExportFailure):
            return content
        name = f"apple-mail-{stem(account.address)}"
        profile = ArtifactFile(f"{name}.mobileconfig", content, MEDIA_TYPE, private=True)
        chapters = (_phone(profile.name), _mac(profile.name), _by_hand(account))
        notes = _notes(account)
        guide = page(
            Guide(
                title=_("Set up {address} in Apple Mail").format(address=account.address),
                lead=_("One file sets up Mail on iPhone, iPad and Mac."),
                chapters=chapters,
                notes=notes,
            ),
            account,
            f"{name}.html",
        )
        return Artifact(
            files=(profile, guide),
            steps=instructions(*chapters[0].steps, _on_a_mac(profile.name)),
            notes=notes,
        )


def mobileconfig(account: Account) -> bytes | ExportFailure:
    """The profile as a property list (XML), without any password."""
    failure = validate(account)
    if failure is not None:
        return failure
    payload = _mail_payload(account)
    if isinstance(payload, ExportFailure):
        return payload
    identifier = _identifier(account.address)
    payload |= {
        "PayloadType": "com.apple.mail.managed",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.mail",
        "PayloadUUID": _uuid(account.address, "mailsetup-apple-mail"),
        "PayloadDisplayName": str(account.address),
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(account.address, "mailsetup-apple-profile"),
        "PayloadDisplayName": _("Mail: {address}").format(address=account.address),
        "PayloadDescription": _(
            "Sets up {address} in Mail. It holds no password: the device asks for it."
        ).format(address=account.address),
        "PayloadContent": [payload],
    }
    return plistlib.dumps(profile, fmt=plistlib.FMT_XML, sort_keys=True)


def _mail_payload(account: Account) -> dict[str, _Value] | ExportFailure:
    payload: dict[str, _Value] = {
        "EmailAccountType": _ACCOUNT_TYPE[account.incoming.protocol],
        "EmailAccountDescription": str(account.address),
        "EmailAddress": account.address.ascii,
    }
    if account.person:
        payload["EmailAccountName"] = account.person
    for side, server in (("Incoming", account.incoming), ("Outgoing", account.outgoing)):
        authentication = _authentication(server)
        if authentication is None:
            return _no_way_to_sign_in(server)
        prefix = f"{side}MailServer"
        payload |= {
            f"{prefix}Authentication": authentication,
            f"{prefix}HostName": server.host,
            f"{prefix}PortNumber": server.port,
            f"{prefix}UseSSL": True,
        }
        if authentication != _NO_AUTHENTICATION:
            payload[f"{prefix}Username"] = server.username
    if payload.get("IncomingMailServerUsername") == payload.get("OutgoingMailServerUsername"):
        # One mailbox, one password: the device asks once.
        payload["OutgoingPasswordSameAsIncomingPassword"] = True
    return payload


def _authentication(server: ServerSettings) -> str | None:
    for kind in server.authentication:
        if kind is Authentication.NONE and server.protocol is not Protocol.SMTP:
            continue
        if kind in _AUTHENTICATION:
            return _AUTHENTICATION[kind]
    return None


def _no_way_to_sign_in(server: ServerSettings) -> ExportFailure:
    return ExportFailure(
        _(
            "Apple's profiles cannot say the way to sign in that {host} asks for. On the iPhone,"
            " iPad or Mac open Settings, Mail, Accounts, “Add Account” and choose your provider."
        ).format(host=server.host)
    )


def _identifier(address: EmailAddress) -> str:
    """A name in reverse DNS style; a profile with the same name is replaced."""
    labels = reversed(address.domain.split("."))
    return ".".join((*labels, "mailsetup", str(stable_uuid(address, "mailsetup-apple-identifier"))))


def _uuid(address: EmailAddress, purpose: str) -> str:
    return str(stable_uuid(address, purpose)).upper()


def _notes(account: Account) -> tuple[str, ...]:
    notes = []
    servers = (account.incoming, account.outgoing)
    if any(Authentication.OAUTH2 in server.authentication for server in servers):
        notes.append(
            _(
                "Your provider also signs you in in a window of its own. If its name is in the"
                " list under “Add Account”, take that: the file needs an app password instead."
            )
        )
    starting = [server for server in servers if server.security is SocketType.STARTTLS]
    if starting:
        notes.append(
            _(
                "Apple's profiles have no word for STARTTLS, which {host} uses on port {port}."
                " The file demands encryption in any case. If Mail does not connect, ask the"
                " hosting for its ports with SSL/TLS (usually 993 and 465)."
            ).format(host=starting[0].host, port=starting[0].port)
        )
    if account.incoming.protocol is Protocol.POP3:
        notes.append(
            _(
                "With POP, Mail may delete messages from the server after some days. Look in the"
                " account's advanced settings."
            )
        )
    return tuple(notes)


def _phone(name: str) -> GuideChapter:
    return GuideChapter(
        title=_("iPhone and iPad"),
        lead=_("The file brings everything but the password."),
        note=_("The profile can be removed in the same place; the account goes with it."),
        steps=instructions(
            InstructionStep(
                _(
                    "Bring {name} to the device: by AirDrop, through iCloud Drive, or attached to a"
                    " message that you can already read there."
                ).format(name=name),
                (CopyValue(_("File"), name),),
            ),
            _("Tap the file there and agree to load the profile."),
            _(
                "Open Settings and tap “Profile Downloaded”. If it is not there, look under"
                " General, “VPN & Device Management”."
            ),
            _(
                "Tap Install. If the device says that the profile is not signed, go on: it is"
                " the file that you have just made."
            ),
            _("Type your password when the device asks for it."),
        ),
    )


def _mac(name: str) -> GuideChapter:
    return GuideChapter(
        title=_("Mac"),
        lead=_("The file brings everything but the password."),
        steps=instructions(
            InstructionStep(
                _("Double-click {name}.").format(name=name), (CopyValue(_("File"), name),)
            ),
            _(
                "Open System Settings, General, “Device Management” (before macOS 15: Privacy &"
                " Security, Profiles)."
            ),
            _("Double-click the profile and press Install."),
            _("Type your password when the Mac asks for it. Then open Mail."),
        ),
    )


def _on_a_mac(name: str) -> str:
    return _(
        "On a Mac double-click {name}, then install it in System Settings, General, “Device"
        " Management”."
    ).format(name=name)


def _by_hand(account: Account) -> GuideChapter:
    kind = "IMAP" if account.incoming.protocol is Protocol.IMAP else "POP"
    incoming = account.incoming
    return GuideChapter(
        title=_("By hand"),
        lead=_("Where no profile may be installed."),
        steps=instructions(
            _(
                "On the iPhone or iPad open Settings, Apps, Mail, “Mail Accounts”, “Add"
                " Account”, Other. On the Mac open Mail, “Add Account”, “Other Mail Account”."
            ),
            InstructionStep(
                _("Enter name, address and password."),
                identity_values(account),
            ),
            _("Choose {kind}.").format(kind=kind),
            InstructionStep(_("Under “Incoming mail” enter:"), server_values(incoming)),
            InstructionStep(
                _("Under “Outgoing mail” enter, even where it says “optional”:"),
                server_values(account.outgoing),
            ),
        ),
        dialog=GuideDialog(
            _("New Account"),
            (
                GuideRow(_("Incoming mail"), style=GuideStyle.HEADING),
                GuideRow(_("Host name"), incoming.host),
                *credential_rows(incoming),
                GuideRow(_("Outgoing mail"), style=GuideStyle.HEADING),
                GuideRow(_("Host name"), account.outgoing.host),
                *credential_rows(account.outgoing),
            ),
            _("Next"),
        ),
    )
