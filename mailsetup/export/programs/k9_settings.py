"""What Thunderbird for Android and K-9 Mail read: the text of a QR code, and ``.k9s`` files.

The code's payload is format version 1 of Thunderbird's "Export for Mobile" (thunderbird-android,
``feature/migration/qrcode/qr-code-format.md``). The app is stricter than that text: it does not
accept ``null``, and one invalid value makes it reject the whole code. So what it would reject is
refused here, with a sentence. The settings file has the shape that the app itself makes of a
scanned code (``XmlSettingWriter``, version 99); newer apps upgrade it.

The tests check with the app's published rules, a decoder of the family that it uses, and golden
files; the app itself could not be run.
"""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from mailsetup.export.exporter import ExportFailure
from mailsetup.export.stable_id import stable_uuid
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.hostname import is_ip_literal
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType

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
"""Hosts for which both apps have an OAuth2 registration (their ``OAuthConfigurationFactory``),
compared exactly. At any other host an account that signs in by OAuth2 cannot be used."""

_FORMAT = 1
_FILE_VERSION = "99"


@dataclass(frozen=True, slots=True)
class _Words:
    """One value, as in the code and as in the settings file."""

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
# The app rejects a code with GSSAPI or NTLM; a code cannot contain a client certificate.
_AUTHENTICATION: Final[Mapping[Authentication, _Words]] = {
    Authentication.NONE: _Words(0, "NONE"),
    Authentication.PASSWORD_CLEARTEXT: _Words(1, "PLAIN"),
    Authentication.PASSWORD_ENCRYPTED: _Words(2, "CRAM_MD5"),
    Authentication.OAUTH2: _Words(6, "XOAUTH2"),
}
# What the app does on the server when a message is deleted: its own defaults.
_DELETE_POLICY: Final[Mapping[Protocol, str]] = {Protocol.IMAP: "DELETE", Protocol.POP3: "NEVER"}

# The app's address parser: an RFC 5321 Dot-string in ASCII, no quoted strings.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


@dataclass(frozen=True, slots=True)
class _Server:
    """A server in the app's terms."""

    protocol: _Words
    host: str
    port: int
    security: _Words
    authentication: _Words
    username: str


def qr_payload(account: Account) -> str | ExportFailure:
    """The text of the QR code, without a password: the app asks for it."""
    servers = _servers(account)
    return servers if isinstance(servers, ExportFailure) else _payload(account, *servers)


def settings_file(account: Account) -> bytes | ExportFailure:
    """The ``.k9s`` file, without a password: the app asks for it."""
    servers = _servers(account)
    return servers if isinstance(servers, ExportFailure) else _settings(account, *servers)


def signs_in_by_oauth2(account: Account) -> bool:
    """Whether the app opens the provider's sign-in page, instead of asking for a password."""
    return _authentication(account.incoming) is _AUTHENTICATION[Authentication.OAUTH2]


def _servers(account: Account) -> tuple[_Server, _Server] | ExportFailure:
    failure = validate(account)
    if failure is not None:
        return failure
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
    return incoming, outgoing


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
    """The host in a form that passes the app's own check."""
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


def _payload(account: Account, incoming: _Server, outgoing: _Server) -> str:
    address, name = account.address.ascii, str(account.address)
    receiving = _numbers(incoming) + ([name] if name != address else [])
    sending = [[_numbers(outgoing), [address, account.person]]]
    document = [_FORMAT, [1, 1], receiving, sending]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _numbers(server: _Server) -> list[int | str]:
    return [
        server.protocol.number,
        server.host,
        server.port,
        server.security.number,
        server.authentication.number,
        server.username,
    ]


def _settings(account: Account, incoming: _Server, outgoing: _Server) -> bytes:
    root = ElementTree.Element("k9settings", {"version": _FILE_VERSION, "format": "1"})
    accounts = ElementTree.SubElement(root, "accounts")
    uuid = str(stable_uuid(account.address, "mailsetup-thunderbird-android"))
    element = ElementTree.SubElement(accounts, "account", {"uuid": uuid})
    ElementTree.SubElement(element, "name").text = str(account.address)
    settings = ElementTree.SubElement(element, "settings")
    policy = ElementTree.SubElement(settings, "value", {"key": "deletePolicy"})
    policy.text = _DELETE_POLICY[account.incoming.protocol]
    for side, server in (("incoming", incoming), ("outgoing", outgoing)):
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
    ElementTree.SubElement(identity, "name").text = account.person
    ElementTree.SubElement(identity, "email").text = account.address.ascii
    ElementTree.indent(root)
    declaration = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return declaration + ElementTree.tostring(root, encoding="unicode").encode() + b"\n"
