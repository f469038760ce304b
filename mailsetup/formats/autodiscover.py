"""Autodiscover documents of the POX ("plain old XML") kind: request, reader and writer.

Microsoft, "Autodiscover for Exchange", request schema 2006, response schema 2006a.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement

from mailsetup.formats import xmltree
from mailsetup.formats.xmltree import XmlFault, children, name_of, text_of
from mailsetup.model.address import ADDRESS_PLACEHOLDER, EmailAddress
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import (
    MAX_PROVIDER_NAME,
    MAX_USERNAME,
    STANDARD_PORTS,
    Account,
    AccountSettings,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import has_control, plain

REQUEST_TYPE = "text/xml; charset=utf-8"
"""At least one large provider refuses any other spelling."""
_SCHEMAS: Final = "http://schemas.microsoft.com/exchange/autodiscover"
_NAMESPACE: Final = f"{_SCHEMAS}/responseschema/2006"
_REQUEST_NAMESPACE: Final = f"{_SCHEMAS}/outlook/requestschema/2006"
_RESPONSE_NAMESPACE: Final = f"{_SCHEMAS}/outlook/responseschema/2006a"

_EXCHANGE: Final = frozenset({"exch", "expr", "exhttp", "web", "mapihttp", "mobilesync"})

_STARTTLS_PORTS: Final = frozenset({143, 110, 25, 587})
"""Ports without implicit TLS: here ``SSL`` "on" can only mean STARTTLS."""


class AutodiscoverFault(StrEnum):
    """Why a document that is XML gives no answer."""

    NO_SERVER = "no-usable-server"
    OTHER_DOCUMENT = "other-document"
    ERROR = "autodiscover-error"


@dataclass(frozen=True, slots=True)
class RedirectAddress:
    """Repeat the request with another address (which may be of another domain)."""

    address: EmailAddress


@dataclass(frozen=True, slots=True)
class RedirectUrl:
    """Repeat the request at another URL (HTTPS)."""

    url: str


@dataclass(frozen=True, slots=True)
class ExchangeOnly:
    """Only Exchange's own protocols are offered; ``hosts`` are the servers in the document."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AutodiscoverFailure:
    """A document without usable settings and without a redirect."""

    fault: AutodiscoverFault | XmlFault


AutodiscoverAnswer = (
    AccountSettings | RedirectAddress | RedirectUrl | ExchangeOnly | AutodiscoverFailure
)


def request(address: EmailAddress) -> bytes:
    """The request for an address. It contains no secret."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Autodiscover xmlns="{_REQUEST_NAMESPACE}"><Request>'
        f"<EMailAddress>{escape(address.ascii, quote=False)}</EMailAddress>"
        f"<AcceptableResponseSchema>{_RESPONSE_NAMESPACE}</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    ).encode()


def read(document: bytes, address: EmailAddress) -> AutodiscoverAnswer:
    """The answer in a response document for an address; never raises.

    A server without a ``LoginName`` gets the address as its user name.
    """
    root = xmltree.read(document)
    if isinstance(root, XmlFault):
        return AutodiscoverFailure(root)
    if name_of(root) != "autodiscover":
        return AutodiscoverFailure(AutodiscoverFault.OTHER_DOCUMENT)
    for response in children(root, "response"):
        if next(children(response, "error"), None) is not None:
            return AutodiscoverFailure(AutodiscoverFault.ERROR)
        for account in children(response, "account"):
            return _account(response, account, address)
    return AutodiscoverFailure(AutodiscoverFault.ERROR)


def _account(response: Element, account: Element, address: EmailAddress) -> AutodiscoverAnswer:
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


def _settings(response: Element, account: Element, address: EmailAddress) -> AutodiscoverAnswer:
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
            provider=plain(text_of(user, "providername"), MAX_PROVIDER_NAME),
        )
    kinds = [_kind(element) for element in children(account, "protocol")]
    if any(kind in _EXCHANGE for kind in kinds):
        return ExchangeOnly(tuple(dict.fromkeys(_hosts(account))))
    return AutodiscoverFailure(AutodiscoverFault.NO_SERVER)


def _kind(element: Element) -> str:
    return (text_of(element, "type") or element.get("Type", "")).strip().lower()


def _server(element: Element, address: EmailAddress) -> ServerSettings | None:
    kind = _kind(element)
    protocol = next((protocol for protocol in Protocol if protocol == kind), None)
    host = parse_host(text_of(element, "server"))
    if protocol is None or host is None:
        return None
    security, port = _security(element, protocol)
    if security is SocketType.NONE or port is None:
        return None
    username = text_of(element, "loginname") or address.ascii
    if len(username) > MAX_USERNAME or has_control(username):
        return None
    methods = (
        (Authentication.NTLM, Authentication.PASSWORD_CLEARTEXT)
        if _is_on(element, "spa", default=False)
        else (Authentication.PASSWORD_CLEARTEXT,)
    )
    return ServerSettings(protocol, host, port, security, username, methods)


def _security(element: Element, protocol: Protocol) -> tuple[SocketType, int | None]:
    """``Encryption`` overrides ``SSL`` (default: on); a well-known port decides the kind of TLS."""
    encryption = text_of(element, "encryption").lower()
    port_text = text_of(element, "port")
    port = parse_port(port_text)
    if encryption == "none" or (not encryption and not _is_on(element, "ssl", default=True)):
        return SocketType.NONE, port
    if port is None and not port_text:
        security = SocketType.STARTTLS if encryption == "tls" else SocketType.TLS
        return security, STANDARD_PORTS[protocol, security]
    if port in _STARTTLS_PORTS:
        return SocketType.STARTTLS, port
    if port == STANDARD_PORTS[protocol, SocketType.TLS] or encryption != "tls":
        return SocketType.TLS, port
    return SocketType.STARTTLS, port


def _is_on(element: Element, name: str, *, default: bool) -> bool:
    word = text_of(element, name).lower()
    return default if word not in ("on", "off") else word == "on"


def _hosts(account: Element) -> Iterator[str]:
    """The host of each server name and URL in the document."""
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


def is_expressible(settings: AccountSettings) -> bool:
    """Whether one document can hold these settings for all mailboxes of a domain.

    It can name no user name then: without ``LoginName``, Outlook uses the address.
    """
    return all(
        server.username == ADDRESS_PLACEHOLDER or not _logs_in(server)
        for server in settings.servers
    )


def write(settings: AccountSettings) -> bytes:
    """``autodiscover.xml`` for all mailboxes of a domain: every server, best first.

    Where Windows login (NTLM) is preferred, ``SPA`` is on. See `is_expressible`.
    """
    root, _response, account = _skeleton()
    for server in settings.servers:
        ntlm = server.authentication[0] is Authentication.NTLM
        _write_server(account, server, username="", ntlm=ntlm)
    return xmltree.write(root, encoding="utf-8")


def write_for_mailbox(account: Account) -> bytes:
    """The document for one mailbox, with its user names; ``SPA`` is off."""
    root, response, element = _skeleton()
    if account.person:
        user = Element("User")
        SubElement(user, "DisplayName").text = account.person
        response.insert(0, user)
    for server in (account.incoming, account.outgoing):
        _write_server(element, server, username=server.username, ntlm=False)
    return xmltree.write(root, encoding="utf-8")


def _skeleton() -> tuple[Element, Element, Element]:
    """The elements ``Autodiscover``, ``Response`` and ``Account``, each inside the one before."""
    root = Element("Autodiscover", {"xmlns": _NAMESPACE})
    response = SubElement(root, "Response", {"xmlns": _RESPONSE_NAMESPACE})
    account = SubElement(response, "Account")
    SubElement(account, "AccountType").text = "email"
    SubElement(account, "Action").text = "settings"
    return root, response, account


def _write_server(account: Element, server: ServerSettings, *, username: str, ntlm: bool) -> None:
    implicit_tls = server.security is SocketType.TLS
    values = {
        "Type": server.protocol.upper(),
        "Server": server.host,
        "Port": str(server.port),
        "DomainRequired": "off",
        "LoginName": username,
        "SPA": "on" if ntlm else "off",
        "SSL": "on" if implicit_tls else "off",
        "Encryption": "SSL" if implicit_tls else "TLS",
        "AuthRequired": "on" if _logs_in(server) else "off",
    }
    if server.protocol is Protocol.SMTP:
        values |= {"UsePOPAuth": "off", "SMTPLast": "off"}
    element = SubElement(account, "Protocol")
    for key, value in values.items():
        if value:
            SubElement(element, key).text = value


def _logs_in(server: ServerSettings) -> bool:
    return server.authentication != (Authentication.NONE,)
