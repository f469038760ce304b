"""The autoconfig document (draft-ietf-mailmaint-autoconfig; version 1.1, which everybody reads)."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    OAuth2Endpoints,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)

_SOCKET_TYPES = {SocketType.TLS: "SSL", SocketType.STARTTLS: "STARTTLS"}
# In their own elements beside the provider; all others are incoming servers inside it.
_BESIDE = {
    ServiceKind.CALDAV: "calendar",
    ServiceKind.CARDDAV: "addressbook",
    ServiceKind.WEBDAV: "fileShare",
    ServiceKind.MANAGESIEVE: "setupServer",
}
_HTTP_WAYS = {
    Authentication.PASSWORD_CLEARTEXT: ("http", "Basic"),
    Authentication.PASSWORD_ENCRYPTED: ("http", "Digest"),
    Authentication.OAUTH2: ("", "OAuth2"),
}
_MAX_SHORT_NAME = 20


def clientconfig(domain: str, name: str, settings: AccountSettings) -> bytes:
    """``config-v1.1.xml``. The settings' user names are templates and passed the gate."""
    root = Element("clientConfig", {"version": "1.1"})
    provider = SubElement(root, "emailProvider", {"id": domain})
    _text(provider, "domain", domain)
    _text(provider, "displayName", name)
    _text(provider, "displayShortName", name if len(name) <= _MAX_SHORT_NAME else domain[:20])
    for server in settings.incoming:
        _server(SubElement(provider, "incomingServer", {"type": str(server.protocol)}), server)
    for service in settings.services:
        if service.kind not in _BESIDE:
            _service(provider, "incomingServer", service)
    for server in settings.outgoing:
        _server(SubElement(provider, "outgoingServer", {"type": str(server.protocol)}), server)
    _hints(provider, settings)
    for service in settings.services:
        if service.kind in _BESIDE:
            _service(root, _BESIDE[service.kind], service)
    if settings.oauth2 is not None:
        _oauth2(root, settings.oauth2)
    ElementTree.indent(root)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root) + b"\n"


def _text(parent: Element, name: str, value: str) -> None:
    if value:
        SubElement(parent, name).text = value


def _server(element: Element, server: ServerSettings) -> None:
    _text(element, "hostname", server.host)
    _text(element, "port", str(server.port))
    _text(element, "socketType", _SOCKET_TYPES[server.security])
    for way in server.authentication:
        _text(element, "authentication", str(way))
    _text(element, "username", server.username)


def _service(parent: Element, name: str, service: Service) -> None:
    element = SubElement(parent, name, {"type": str(service.kind)})
    if service.url:
        _text(element, "url", service.url)
        for way in service.authentication:
            system, word = _HTTP_WAYS.get(way, ("", ""))
            if word:
                attributes = {"system": system} if system else {}
                SubElement(element, "authentication", attributes).text = word
    else:
        _text(element, "hostname", service.host)
        _text(element, "port", str(service.port))
        _text(element, "socketType", _SOCKET_TYPES[service.security])
        for way in service.authentication:
            _text(element, "authentication", str(way))
    _text(element, "username", service.username)


def _hints(provider: Element, settings: AccountSettings) -> None:
    """The pages that the provider gives its customers, with its own words."""
    for hint in settings.hints:
        if not hint.url:
            continue
        if hint.kind == "help":
            element, words = SubElement(provider, "documentation", {"url": hint.url}), "descr"
        elif hint.kind == "enable-imap":
            element, words = SubElement(provider, "enable", {"visiturl": hint.url}), "instruction"
        else:
            continue
        for language, text in hint.texts:
            SubElement(element, words, {"lang": language} if language else {}).text = text


def _oauth2(root: Element, endpoints: OAuth2Endpoints) -> None:
    element = SubElement(root, "oAuth2")
    _text(element, "authURL", endpoints.auth_url)
    _text(element, "tokenURL", endpoints.token_url)
    _text(element, "issuer", endpoints.issuer)
    _text(element, "scope", " ".join(endpoints.scope))
    _text(element, "clientID", endpoints.client_id)
