"""The rules by which Thunderbird for Android and K-9 Mail read a QR code or a settings file.

Written in Python after what the app publishes (thunderbird-android): ``QrCodePayloadAdapter``,
``QrCodePayloadValidator``, ``IntValueMapper``, ``HostNameUtils``, ``EmailAddressParser`` with its
``LIMITED`` configuration, ``SettingsFileParser``, ``ServerSettingsDescriptions`` (settings version
99) and ``AccountSettingsValidator``. The app itself cannot be run in a test; `test_k9_rules` checks
these rules with the cases of the app's own tests.
"""

import ipaddress
import json
import re
from dataclasses import dataclass
from uuid import UUID
from xml.etree import ElementTree


class RejectedError(Exception):
    """The app would reject it."""


@dataclass(frozen=True, slots=True)
class CodeServer:
    """A server in a code."""

    protocol: int
    host: str
    port: int
    security: int
    authentication: int
    username: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class CodeOutgoing:
    """An outgoing server, with the sender's address and name."""

    server: CodeServer
    identities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CodeAccount:
    """One account of a code; ``name`` is None where it is missing."""

    incoming: CodeServer
    name: str | None
    outgoing: tuple[CodeOutgoing, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A complete code."""

    version: int
    sequence: tuple[int, int]
    accounts: tuple[CodeAccount, ...]


# Reading ------------------------------------------------------------------------------------


class _Reader:
    """Reads the elements of an array one by one, like the app's JSON reader."""

    def __init__(self, array: object) -> None:
        if not isinstance(array, list):
            raise RejectedError("an array was expected")
        self._left = list(array)

    def number(self) -> int:
        value = self.any()
        if isinstance(value, bool) or not isinstance(value, int):
            raise RejectedError("a number was expected")
        return value

    def text(self) -> str:
        # Null is no text: the app's nextString() fails on it, although its specification allows it.
        value = self.any()
        if not isinstance(value, str):
            raise RejectedError("a text was expected")
        return value

    def any(self) -> object:
        if not self._left:
            raise RejectedError("an array is too short")
        return self._left.pop(0)

    @property
    def has_more(self) -> bool:
        return bool(self._left)


def read_code(payload: str) -> Code:
    """Parse and validate a payload. Raises RejectedError."""
    try:
        document = json.loads(payload)
    except ValueError as error:
        raise RejectedError("not JSON") from error
    root = _Reader(document)
    version = root.number()
    if version != 1:
        raise RejectedError("unknown version")
    misc = _Reader(root.any())
    sequence = (misc.number(), misc.number())
    accounts = [_account(root)]
    while root.has_more:
        accounts.append(_account(root))
    code = Code(version, sequence, tuple(accounts))
    validate(code)
    return code


def _account(root: _Reader) -> CodeAccount:
    incoming = _Reader(root.any())
    server = _server(incoming)
    name = incoming.text() if incoming.has_more else None
    password = incoming.text() if incoming.has_more else None
    groups = _Reader(root.any())
    outgoing = [_outgoing(groups)]
    while groups.has_more:
        outgoing.append(_outgoing(groups))
    return CodeAccount(_with_password(server, password), name, tuple(outgoing))


def _outgoing(groups: _Reader) -> CodeOutgoing:
    group = _Reader(groups.any())
    reader = _Reader(group.any())
    server = _server(reader)
    password = reader.text() if reader.has_more else None
    identities = [_identity(group)]
    while group.has_more:
        identities.append(_identity(group))
    return CodeOutgoing(_with_password(server, password), tuple(identities))


def _server(reader: _Reader) -> CodeServer:
    return CodeServer(
        reader.number(),
        reader.text(),
        reader.number(),
        reader.number(),
        reader.number(),
        reader.text(),
    )


def _with_password(server: CodeServer, password: str | None) -> CodeServer:
    return CodeServer(
        server.protocol,
        server.host,
        server.port,
        server.security,
        server.authentication,
        server.username,
        password,
    )


def _identity(group: _Reader) -> tuple[str, str]:
    reader = _Reader(group.any())
    return reader.text(), reader.text()


# Validating ------------------------------------------------------------------------------------


def validate(code: Code) -> None:
    """One invalid field makes the code invalid. Raises RejectedError."""
    _require(code.version == 1, "version")
    _require(bool(code.accounts), "no account")
    for account in code.accounts:
        _server_is_valid(account.incoming, protocols=(0, 1))
        _require(account.name is None or _single_line(account.name), "name of the account")
        _require(bool(account.outgoing), "no outgoing server")
        for outgoing in account.outgoing:
            _server_is_valid(outgoing.server, protocols=(0,))
            _require(bool(outgoing.identities), "no identity")
            for address, name in outgoing.identities:
                _require(is_user_address(address), "address")
                _require(_single_line(name), "name of the person")


def _server_is_valid(server: CodeServer, protocols: tuple[int, ...]) -> None:
    _require(server.protocol in protocols, "protocol")
    _require(is_host(server.host), "host")
    _require(1 <= server.port <= 65535, "port")
    _require(server.security in (0, 1, 2, 3), "security")
    # 3 (GSSAPI) and 4 (NTLM) are in the specification, but the app rejects them.
    _require(server.authentication in (0, 1, 2, 5, 6), "authentication")
    _require(_single_line(server.username), "user name")
    _require(server.password is None or _single_line(server.password), "password")


def _require(met: bool, what: str) -> None:
    if not met:
        raise RejectedError(what)


def _single_line(text: str) -> bool:
    return "\r" not in text and "\n" not in text


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?")
_IPV6_GROUP = re.compile(r"[0-9A-Fa-f]{1,4}")


def is_host(text: str) -> bool:
    """An IPv4 or IPv6 address or a host name."""
    if re.fullmatch(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})", text):
        numbers = [int(part) for part in text.split(".")]
        if max(numbers) <= 255 and numbers[0] != 0:
            return True
    if text.count(":") >= 2 and "%" not in text:
        try:
            return int(ipaddress.IPv6Address(text)) != 0
        except ValueError:
            return False
    return len(text) <= 255 and bool(_HOST.fullmatch(text))


_ATEXT = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]"
_ADDRESS = re.compile(
    rf"(?P<local>{_ATEXT}+(?:\.{_ATEXT}+)*)@"
    r"(?P<domain>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*)"
)


def is_user_address(text: str) -> bool:
    """ASCII, no quoted local part, no address literal, within the limits of RFC 5321."""
    match = _ADDRESS.fullmatch(text)
    return (
        match is not None
        and len(text) <= 254
        and len(match["local"]) <= 64
        and len(match["domain"]) <= 253
        and all(len(label) <= 63 for label in match["domain"].split("."))
    )


# The settings file --------------------------------------------------------------------------

_SECURITY = ("NONE", "STARTTLS_REQUIRED", "SSL_TLS_REQUIRED")
_AUTHENTICATION = ("PLAIN", "CRAM_MD5", "EXTERNAL", "XOAUTH2", "NONE")


@dataclass(frozen=True, slots=True)
class FileServer:
    """A server as the app reads it from a settings file."""

    type: str
    host: str
    port: int
    security: str
    authentication: str
    username: str
    password: str | None


@dataclass(frozen=True, slots=True)
class FileAccount:
    """An account as the app reads it from a settings file."""

    uuid: UUID
    name: str
    settings: dict[str, str]
    incoming: FileServer
    outgoing: FileServer
    identities: tuple[tuple[str, str], ...]


def read_settings_file(content: bytes) -> tuple[FileAccount, ...]:
    """Parse and validate a ``.k9s`` file. Raises RejectedError."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - we wrote it
    except ElementTree.ParseError as error:
        raise RejectedError("not XML") from error
    _require(root.tag == "k9settings", "root element")
    _require(root.get("format") == "1", "format")
    _require(root.get("version") == "99", "version: these rules are those of 99")
    accounts = root.find("accounts")
    found = [] if accounts is None else [_file_account(one) for one in accounts.iter("account")]
    _require(len({one.uuid for one in found}) == len(found), "two accounts with one UUID")
    return tuple(found)


def _file_account(element: ElementTree.Element) -> FileAccount:
    try:
        uuid = UUID(element.get("uuid", ""))
    except ValueError as error:
        raise RejectedError("uuid") from error
    identities = tuple(
        (_text(identity, "email"), _text(identity, "name"))
        for identity in element.iterfind("identities/identity")
    )
    _require(bool(identities), "no identity")
    _require(all(is_user_address(address) for address, _name in identities), "address")
    settings = {
        value.get("key", ""): value.text or "" for value in element.iterfind("settings/value")
    }
    _require(settings.get("deletePolicy", "NEVER") in ("NEVER", "DELETE", "MARK_AS_READ"), "policy")
    return FileAccount(
        uuid,
        _text(element, "name"),
        settings,
        _file_server(element.find("incoming-server"), ("IMAP", "POP3")),
        _file_server(element.find("outgoing-server"), ("SMTP",)),
        identities,
    )


def _file_server(element: ElementTree.Element | None, types: tuple[str, ...]) -> FileServer:
    if element is None:
        raise RejectedError("a server is missing")
    port = _text(element, "port")
    server = FileServer(
        element.get("type", ""),
        _text(element, "host"),
        int(port) if port.isascii() and port.isdigit() else -1,
        _text(element, "connection-security"),
        _text(element, "authentication-type"),
        _text(element, "username"),
        None if element.find("password") is None else _text(element, "password"),
    )
    _require(server.type in types, "type")
    # The app reads -1 for an invalid port, and then never connects.
    _require(1 <= server.port <= 65535, "port")
    _require(server.security in _SECURITY, "security")
    _require(server.authentication in _AUTHENTICATION, "authentication")
    return server


def _text(element: ElementTree.Element, tag: str) -> str:
    found = element.findall(tag)
    _require(len(found) == 1, tag)
    _require(len(found[0]) == 0, f"{tag} holds elements; the app reads one piece of text")
    return found[0].text or ""
