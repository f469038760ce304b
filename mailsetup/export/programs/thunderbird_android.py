"""Thunderbird for Android and K-9 Mail: a QR code to scan, and a settings file (``.k9s``).

The code's payload is format version 1 of Thunderbird's "Export for Mobile"
(thunderbird-android, ``feature/migration/qrcode/qr-code-format.md``). The app is stricter than
that text: it knows no ``null``, and one value that it does not like spoils the whole code. So what
it would refuse is refused here, with a sentence. The settings file has the shape that the app
itself makes of a scanned code (``XmlSettingWriter``, version 99); newer apps upgrade it.

Neither the app nor a telephone's camera could be run where this was written. What stands for them
are the app's own published rules, a decoder of the family that it uses, and golden files.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

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
from mailsetup.export.guide.qr import QrCode, QrMatrix, encode
from mailsetup.export.stable_id import stable_uuid
from mailsetup.export.validation import examine
from mailsetup.i18n import N_, _
from mailsetup.model.hostname import is_ip_literal
from mailsetup.model.settings import (
    Account,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)

OAUTH2_HOSTS = frozenset(
    {
        "imap.aol.com",
        "smtp.aol.com",
        "imap.fastmail.com",
        "smtp.fastmail.com",
        "imap.gmail.com",
        "imap.googlemail.com",
        "smtp.gmail.com",
        "smtp.googlemail.com",
        "outlook.office365.com",
        "smtp.office365.com",
        "smtp-mail.outlook.com",
        "imap.mail.yahoo.com",
        "smtp.mail.yahoo.com",
        "mail.thundermail.com",
    }
)
"""Hosts for which both apps carry a registration (their ``OAuthConfigurationFactory``). They are
compared whole. At any other host an account that signs in by OAuth2 could never be opened."""

EASY_TO_SCAN = 800
"""Characters above which Thunderbird itself warns that a code is hard to scan."""

_FORMAT = 1
_FILE_VERSION = "99"
_MIME = "application/x-k9settings"


@dataclass(frozen=True, slots=True)
class _Words:
    """One value in the code and in the settings file."""

    number: int
    word: str


_PROTOCOL: Final[Mapping[Protocol, _Words]] = {
    Protocol.IMAP: _Words(0, "IMAP"),
    Protocol.POP3: _Words(1, "POP3"),
    Protocol.SMTP: _Words(0, "SMTP"),
}
_SECURITY: Final[Mapping[SocketType, _Words]] = {
    SocketType.STARTTLS: _Words(2, "STARTTLS_REQUIRED"),
    SocketType.TLS: _Words(3, "SSL_TLS_REQUIRED"),
}
# The app rejects a code with GSSAPI or NTLM; a client certificate cannot be handed over in one.
_AUTHENTICATION: Final[Mapping[Authentication, _Words]] = {
    Authentication.NONE: _Words(0, "NONE"),
    Authentication.PASSWORD_CLEARTEXT: _Words(1, "PLAIN"),
    Authentication.PASSWORD_ENCRYPTED: _Words(2, "CRAM_MD5"),
    Authentication.OAUTH2: _Words(6, "XOAUTH2"),
}
# What becomes of a message on the server when it is deleted in the app: its own defaults.
_DELETE_POLICY: Final[Mapping[Protocol, str]] = {Protocol.IMAP: "DELETE", Protocol.POP3: "NEVER"}

# The app's parser of addresses: a dot-string of RFC 5321 in ASCII, no quotes.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


@dataclass(frozen=True, slots=True)
class _Server:
    """A server as the app takes it."""

    protocol: _Words
    host: str
    port: int
    security: _Words
    authentication: _Words
    username: str


@dataclass(frozen=True, slots=True)
class _Mailbox:
    """An account as the app takes it."""

    address: str
    name: str
    person: str
    incoming: _Server
    outgoing: _Server


def qr_payload(account: Account) -> str | ExportFailure:
    """The text of the QR code, without a password: the app asks for it."""
    mailbox = _mailbox(account)
    return mailbox if isinstance(mailbox, ExportFailure) else _payload(mailbox)


def qr_matrix(account: Account) -> QrMatrix | ExportFailure:
    """The QR code to be drawn in a window; keep `qr.QUIET_ZONE` light modules around it."""
    payload = qr_payload(account)
    if isinstance(payload, ExportFailure):
        return payload
    code = encode(payload)
    return code.matrix if code else ExportFailure(_too_long())


def settings_file(account: Account) -> bytes | ExportFailure:
    """The ``.k9s`` file, without a password: the app asks for it."""
    mailbox = _mailbox(account)
    return mailbox if isinstance(mailbox, ExportFailure) else _settings(account, mailbox)


class ThunderbirdAndroid:
    """Thunderbird for Android and K-9 Mail, which are one app under two names."""

    id = "thunderbird-android"
    title = N_("Thunderbird for Android, K-9 Mail")
    automation = Automation.IMPORT

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The QR code as pictures, the settings file, and a guide for both and for neither."""
        mailbox = _mailbox(account)
        if isinstance(mailbox, ExportFailure):
            return mailbox
        name = f"thunderbird-android-{stem(account.address)}"
        payload = _payload(mailbox)
        code = encode(payload)
        settings = ArtifactFile(f"{name}.k9s", _settings(account, mailbox), _MIME, private=True)
        pictures = _pictures(name, code) if code else ()
        notes = _notes(account, payload, code, settings.name)
        chapters = _chapters(account, code, pictures, settings)
        guide = page(
            Guide(
                title=_("Set up {address} on an Android phone").format(address=account.address),
                lead=_("For Thunderbird and for K-9 Mail: they work the same."),
                chapters=chapters,
                notes=notes,
            ),
            account,
            f"{name}.html",
        )
        return Artifact(files=(*pictures, settings, guide), steps=chapters[0].steps, notes=notes)


def _mailbox(account: Account) -> _Mailbox | ExportFailure:
    refused = examine(account)
    if refused is not None:
        return refused
    if not _DOT_STRING.fullmatch(account.address.local):
        return ExportFailure(
            _(
                "Thunderbird for Android does not take {address}: in front of the @ it knows plain"
                " letters, digits and single dots only."
            ).format(address=account.address)
        )
    incoming, outgoing = _server(account.incoming), _server(account.outgoing)
    if isinstance(incoming, ExportFailure):
        return incoming
    if isinstance(outgoing, ExportFailure):
        return outgoing
    address = account.address.ascii
    return _Mailbox(address, str(account.address), account.person, incoming, outgoing)


def _server(server: ServerSettings) -> _Server | ExportFailure:
    host = _host(server.host)
    if host is None:
        return ExportFailure(
            _(
                "Thunderbird for Android cannot use the server {host}."
                " Ask the hosting for its name."
            ).format(host=server.host)
        )
    authentication = _authentication(server)
    if authentication is None:
        return ExportFailure(
            _(
                "Thunderbird for Android does not know the way to sign in that {host} asks for."
            ).format(host=server.host)
        )
    signs_in = authentication is not _AUTHENTICATION[Authentication.NONE]
    return _Server(
        _PROTOCOL[server.protocol],
        host,
        server.port,
        _SECURITY[server.security],
        authentication,
        server.username if signs_in else "",
    )


def _host(host: str) -> str | None:
    """The host in a form that the app's own check passes."""
    if not is_ip_literal(host):
        return host
    address = ipaddress.ip_address(host)
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.scope_id is not None or address.is_unspecified:
        return None
    return address.exploded


def _authentication(server: ServerSettings) -> _Words | None:
    for kind in server.authentication:
        if kind is Authentication.OAUTH2 and server.host not in OAUTH2_HOSTS:
            continue
        if kind is Authentication.NONE and server.protocol is not Protocol.SMTP:
            continue
        if kind in _AUTHENTICATION:
            return _AUTHENTICATION[kind]
    return None


def _payload(mailbox: _Mailbox) -> str:
    incoming = _numbers(mailbox.incoming)
    if mailbox.name != mailbox.address:
        incoming.append(mailbox.name)
    outgoing = [[_numbers(mailbox.outgoing), [mailbox.address, mailbox.person]]]
    return json.dumps(
        [_FORMAT, [1, 1], incoming, outgoing], ensure_ascii=False, separators=(",", ":")
    )


def _numbers(server: _Server) -> list[int | str]:
    return [
        server.protocol.number,
        server.host,
        server.port,
        server.security.number,
        server.authentication.number,
        server.username,
    ]


def _settings(account: Account, mailbox: _Mailbox) -> bytes:
    root = ElementTree.Element("k9settings", {"version": _FILE_VERSION, "format": "1"})
    accounts = ElementTree.SubElement(root, "accounts")
    uuid = str(stable_uuid(account.address, "thunderbird-android"))
    element = ElementTree.SubElement(accounts, "account", {"uuid": uuid})
    ElementTree.SubElement(element, "name").text = mailbox.name
    settings = ElementTree.SubElement(element, "settings")
    policy = ElementTree.SubElement(settings, "value", {"key": "deletePolicy"})
    policy.text = _DELETE_POLICY[account.incoming.protocol]
    for side, server in (("incoming", mailbox.incoming), ("outgoing", mailbox.outgoing)):
        parent = ElementTree.SubElement(element, f"{side}-server", {"type": server.protocol.word})
        for key, value in (
            ("host", server.host),
            ("port", str(server.port)),
            ("connection-security", server.security.word),
            ("authentication-type", server.authentication.word),
            ("username", server.username),
        ):
            ElementTree.SubElement(parent, key).text = value
    identities = ElementTree.SubElement(element, "identities")
    identity = ElementTree.SubElement(identities, "identity")
    ElementTree.SubElement(identity, "name").text = mailbox.person
    ElementTree.SubElement(identity, "email").text = mailbox.address
    ElementTree.indent(root)
    declaration = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return declaration + ElementTree.tostring(root, encoding="unicode").encode() + b"\n"


def _pictures(name: str, code: QrCode) -> tuple[ArtifactFile, ...]:
    return (
        ArtifactFile(f"{name}.png", code.png, "image/png", private=True),
        ArtifactFile(f"{name}.svg", code.svg, "image/svg+xml", private=True),
    )


def _too_long() -> str:
    return _("The account holds too much text for a QR code. Use the settings file.")


def _notes(account: Account, payload: str, code: QrCode | None, settings: str) -> tuple[str, ...]:
    notes = []
    if code is None:
        notes.append(_too_long())
    elif len(payload) > EASY_TO_SCAN:
        notes.append(
            _(
                "This QR code holds much text and may be hard to scan. If the phone does not read"
                " it, use the file {name}."
            ).format(name=settings)
        )
    if account.incoming.protocol is Protocol.POP3:
        notes.append(_("Messages that you delete on the phone stay on the server."))
    return tuple(notes)


def _chapters(
    account: Account,
    code: QrCode | None,
    pictures: tuple[ArtifactFile, ...],
    settings: ArtifactFile,
) -> tuple[GuideChapter, ...]:
    chapters = [_file_chapter(account, settings), _hand_chapter(account)]
    if code is not None:
        chapters.insert(0, _scan_chapter(account, code, pictures[0]))
    return tuple(chapters)


def _open_import() -> InstructionStep:
    return InstructionStep(
        _(
            "On the phone open the app and tap “Import settings”. If you use the app already, you"
            " find it in the app's settings."
        )
    )


def sign_in_step(account: Account) -> InstructionStep:
    """How the person shows the app who they are, at the end."""
    if _authentication(account.incoming) is _AUTHENTICATION[Authentication.OAUTH2]:
        return InstructionStep(_("Tap “Sign in” and sign in at your provider."))
    return InstructionStep(_("Type your password when the app asks for it."))


def _scan_chapter(account: Account, code: QrCode, picture: ArtifactFile) -> GuideChapter:
    return GuideChapter(
        title=_("With the QR code"),
        lead=_("The fastest way: the phone reads everything but the password."),
        steps=(
            InstructionStep(_("Install Thunderbird or K-9 Mail on the phone from its app store.")),
            _open_import(),
            InstructionStep(_("Tap “Scan QR code” and allow the app to use the camera.")),
            InstructionStep(
                _(
                    "Hold the phone in front of the QR code. If you do not see it here, open {name}"
                    " on this computer."
                ).format(name=picture.name)
            ),
            InstructionStep(_("Tap “Done”, then “Import”.")),
            sign_in_step(account),
        ),
        code=code.matrix,
    )


def _file_chapter(account: Account, settings: ArtifactFile) -> GuideChapter:
    return GuideChapter(
        title=_("With the settings file"),
        lead=_("When the camera does not read the code."),
        steps=(
            InstructionStep(
                _("Copy {name} to the phone: by cable, or through your cloud storage.").format(
                    name=settings.name
                ),
                (CopyValue(_("File"), settings.name),),
            ),
            _open_import(),
            InstructionStep(_("Tap “Select file”, choose the file and tap “Import”.")),
            sign_in_step(account),
        ),
    )


def _hand_chapter(account: Account) -> GuideChapter:
    incoming = account.incoming
    return GuideChapter(
        title=_("By hand"),
        lead=_("This works always, also in other mail apps."),
        steps=(
            InstructionStep(
                _("Add an account and type the address."),
                (CopyValue(_("E-mail address"), account.address.ascii),),
            ),
            InstructionStep(
                _("If the app has found other servers, choose to edit the configuration.")
            ),
            InstructionStep(_("Incoming server settings:"), server_values(incoming)),
            InstructionStep(_("Outgoing server settings:"), server_values(account.outgoing)),
            sign_in_step(account),
        ),
        dialog=GuideDialog(
            _("Incoming server settings"),
            (
                GuideRow(_("Server"), incoming.host),
                GuideRow(_("Encryption"), security_name(incoming.security), GuideStyle.CHOICE),
                GuideRow(_("Port"), str(incoming.port)),
                GuideRow(_("User name"), incoming.username),
                GuideRow(_("Password"), _("yours"), GuideStyle.HINT),
            ),
            _("Next"),
        ),
    )
