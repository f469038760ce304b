"""Microsoft's Autodiscover documents, the "plain old XML" kind <-> settings.

Microsoft, "Autodiscover for Exchange" (POX), request schema 2006, response schema 2006a.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from mailsetup.formats import xmltree
from mailsetup.formats.xmltree import XmlFault, children, name_of, text_of
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import (
    STANDARD_PORTS,
    AccountSettings,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import has_control, plain

REQUEST_TYPE = "text/xml; charset=utf-8"
"""Exactly so: at least one large provider refuses any other spelling."""
_MAX_USERNAME = 320
_MAX_NAME = 60

_PROTOCOLS = {"imap": Protocol.IMAP, "pop3": Protocol.POP3, "smtp": Protocol.SMTP}
_EXCHANGE = frozenset({"exch", "expr", "exhttp", "web", "mapihttp", "mobilesync"})

# The ports on which nobody speaks TLS at once, whatever "SSL on" was meant to say.
_UPGRADING_PORTS = frozenset({143, 110, 25, 587})


class AutodiscoverFault(StrEnum):
    """Why a document leads nowhere."""

    NO_SERVER = "no-usable-server"
    OTHER_DOCUMENT = "other-document"
    ERROR = "autodiscover-error"


@dataclass(frozen=True, slots=True)
class RedirectAddress:
    """Ask again with another address (which may be of another domain)."""

    address: EmailAddress


@dataclass(frozen=True, slots=True)
class RedirectUrl:
    """Ask at another URL (HTTPS)."""

    url: str


@dataclass(frozen=True, slots=True)
class ExchangeOnly:
    """The mailbox is Exchange's own; ``hosts`` are the servers that the document names."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AutodiscoverFailure:
    """A document without anything for us."""

    fault: str


Answer = AccountSettings | RedirectAddress | RedirectUrl | ExchangeOnly | AutodiscoverFailure


def request(address: EmailAddress) -> bytes:
    """The question about an address. It holds no secret."""
    schemas = "http://schemas.microsoft.com/exchange/autodiscover/outlook"
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Autodiscover xmlns="{schemas}/requestschema/2006"><Request>'
        f"<EMailAddress>{escape(address.ascii, quote=False)}</EMailAddress>"
        f"<AcceptableResponseSchema>{schemas}/responseschema/2006a</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    ).encode()


def parse(document: bytes, address: EmailAddress) -> Answer:
    """What a document says about an address; never raises."""
    root = xmltree.read(document)
    if isinstance(root, XmlFault):
        return AutodiscoverFailure(str(root))
    if name_of(root) != "autodiscover":
        return AutodiscoverFailure(AutodiscoverFault.OTHER_DOCUMENT)
    for response in children(root, "response"):
        if next(children(response, "error"), None) is not None:
            return AutodiscoverFailure(AutodiscoverFault.ERROR)
        for account in children(response, "account"):
            return _account(response, account, address)
    return AutodiscoverFailure(AutodiscoverFault.ERROR)


def _account(response: Element, account: Element, address: EmailAddress) -> Answer:
    match text_of(account, "action").lower():
        case "redirectaddr":
            other = EmailAddress.parse(text_of(account, "redirectaddr"))
            if isinstance(other, EmailAddress):
                return RedirectAddress(other)
            return AutodiscoverFailure(AutodiscoverFault.ERROR)
        case "redirecturl":
            url = https_url(text_of(account, "redirecturl"))
            return RedirectUrl(url) if url else AutodiscoverFailure(AutodiscoverFault.ERROR)
        case _:
            return _settings(response, account, address)


def _settings(response: Element, account: Element, address: EmailAddress) -> Answer:
    servers = [
        server
        for element in children(account, "protocol")
        if (server := _server(element, address)) is not None
    ]
    if servers:
        user = next(children(response, "user"), account)
        return AccountSettings(
            incoming=tuple(
                sorted(
                    dict.fromkeys(s for s in servers if s.protocol is not Protocol.SMTP),
                    key=lambda server: server.protocol is not Protocol.IMAP,
                )
            ),
            outgoing=tuple(dict.fromkeys(s for s in servers if s.protocol is Protocol.SMTP)),
            provider=plain(text_of(user, "providername"), _MAX_NAME),
        )
    kinds = [_kind(element) for element in children(account, "protocol")]
    if any(kind in _EXCHANGE for kind in kinds):
        return ExchangeOnly(tuple(dict.fromkeys(_hosts(account))))
    return AutodiscoverFailure(AutodiscoverFault.NO_SERVER)


def _kind(element: Element) -> str:
    return (text_of(element, "type") or element.get("Type", "")).strip().lower()


def _server(element: Element, address: EmailAddress) -> ServerSettings | None:
    protocol = _PROTOCOLS.get(_kind(element))
    host = parse_host(text_of(element, "server"))
    if protocol is None or host is None:
        return None
    security, port = _security(element, protocol)
    if security is SocketType.NONE or port is None:
        return None
    username = text_of(element, "loginname") or address.ascii
    if len(username) > _MAX_USERNAME or has_control(username):
        return None
    ways = (
        (Authentication.NTLM, Authentication.PASSWORD_CLEARTEXT)
        if _is_on(element, "spa", default=False)
        else (Authentication.PASSWORD_CLEARTEXT,)
    )
    return ServerSettings(protocol, host, port, security, username, ways)


def _security(element: Element, protocol: Protocol) -> tuple[SocketType, int | None]:
    """``Encryption`` decides over ``SSL``, whose default is on; the port over what "on" means."""
    encryption = text_of(element, "encryption").lower()
    port_text = text_of(element, "port")
    port = parse_port(port_text)
    if encryption == "none" or (not encryption and not _is_on(element, "ssl", default=True)):
        return SocketType.NONE, port
    if port is None and not port_text:
        upgrading = encryption == "tls"
        security = SocketType.STARTTLS if upgrading else SocketType.TLS
        return security, STANDARD_PORTS[protocol, security]
    if port in _UPGRADING_PORTS:
        return SocketType.STARTTLS, port
    if port == STANDARD_PORTS[protocol, SocketType.TLS] or encryption != "tls":
        return SocketType.TLS, port
    return SocketType.STARTTLS, port


def _is_on(element: Element, name: str, *, default: bool) -> bool:
    word = text_of(element, name).lower()
    return default if word not in ("on", "off") else word == "on"


def _hosts(account: Element) -> Iterator[str]:
    """Every host that any server name or URL in the document leads to."""
    for element in account.iter():
        text = (element.text or "").strip()
        if name_of(element) == "server" or text.startswith("https://"):
            try:
                name = urlsplit(text).hostname if "://" in text else text
            except ValueError:
                continue
            host = parse_host(name or "")
            if host is not None:
                yield host
