"""Autoconfig documents: reader and writer.

draft-ietf-mailmaint-autoconfig, and version 1.1 before it, which all mail programs read. Servers
are read one by one, so that an unusable one does not affect the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar
from xml.etree.ElementTree import Element, SubElement

from mailsetup.formats import xmltree
from mailsetup.formats.xmltree import XmlFault, children, name_of, text_of
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import (
    MAX_PROVIDER_NAME,
    MAX_USERNAME,
    AccountSettings,
    Authentication,
    Hint,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)
from mailsetup.model.text import has_control, plain

_Word = TypeVar("_Word", bound=StrEnum)

_MAX_SERVERS = 32
_MAX_SHORT_NAME = 20
_MAX_TEXT = 200
_MAX_SCOPES = 20

# In these two tables the first word of a value is written; all are read, in any case. Further words
# are those of older versions and of documents in use.
_SOCKET_TYPES: Final[Mapping[SocketType, tuple[str, ...]]] = {
    SocketType.TLS: ("SSL", "TLS"),
    SocketType.STARTTLS: ("STARTTLS",),
    SocketType.NONE: ("plain",),
}
_AUTHENTICATION: Final[Mapping[Authentication, tuple[str, ...]]] = {
    Authentication.PASSWORD_CLEARTEXT: (
        "password-cleartext",
        "plain",
        "login",
        "basic",
        "http-basic",
    ),
    Authentication.PASSWORD_ENCRYPTED: (
        "password-encrypted",
        "secure",
        "cram-md5",
        "digest-md5",
        "digest",
    ),
    Authentication.NTLM: ("NTLM",),
    Authentication.GSSAPI: ("GSSAPI",),
    Authentication.TLS_CLIENT_CERT: ("TLS-client-cert", "external"),
    Authentication.OAUTH2: ("OAuth2", "oauth", "oauthbearer", "xoauth2"),
    Authentication.NONE: ("none", "client-ip-address"),
}
_HTTP_AUTHENTICATION: Final[Mapping[Authentication, tuple[str, str]]] = {
    Authentication.PASSWORD_CLEARTEXT: ("http", "Basic"),
    Authentication.PASSWORD_ENCRYPTED: ("http", "Digest"),
    Authentication.OAUTH2: ("", "OAuth2"),
}
"""The attribute ``system`` and the word for services that are named by a URL."""

_SERVICE_ELEMENTS: Final[Mapping[ServiceKind, str]] = {
    ServiceKind.JMAP: "incomingServer",
    ServiceKind.EWS: "incomingServer",
    ServiceKind.ACTIVE_SYNC: "incomingServer",
    ServiceKind.GRAPH: "incomingServer",
    ServiceKind.CALDAV: "calendar",
    ServiceKind.CARDDAV: "addressbook",
    ServiceKind.WEBDAV: "fileShare",
    ServiceKind.MANAGESIEVE: "setupServer",
}
"""Incoming servers are written inside the provider, the other elements next to it."""
_URL_ELEMENTS: Final = ("url", "serverurl", "ewsurl", "easurl")
"""The draft's element, and those of older drafts and of Thunderbird's Exchange entries."""
_MANAGESIEVE_PORT = "4190"
"""RFC 5804 section 1.8."""


class AutoconfigFault(StrEnum):
    """Why a document that is XML gives no settings."""

    OTHER_DOCUMENT = "other-document"
    NO_SERVER = "no-usable-server"
    UNPROTECTED = "no-protected-server"
    """As `NO_SERVER`, where a server is unusable only because it has no encryption."""


@dataclass(frozen=True, slots=True)
class AutoconfigFailure:
    """A document without usable settings."""

    fault: AutoconfigFault | XmlFault


def read(document: bytes, address: EmailAddress) -> AccountSettings | AutoconfigFailure:
    """The settings in an autoconfig document for an address; never raises.

    Servers without TLS are left out, so that none is ever chosen automatically. Within a protocol
    the document's order is preserved; IMAP comes before POP3.
    """
    root = xmltree.read(document)
    if isinstance(root, XmlFault):
        return AutoconfigFailure(root)
    if name_of(root) != "clientconfig":
        return AutoconfigFailure(AutoconfigFault.OTHER_DOCUMENT)
    unprotected = False
    for provider in children(root, "emailProvider"):
        settings = _provider(root, provider, address)
        if settings.servers:
            return settings
        unprotected = unprotected or _names_unprotected(provider)
    return AutoconfigFailure(
        AutoconfigFault.UNPROTECTED if unprotected else AutoconfigFault.NO_SERVER
    )


def _names_unprotected(provider: Element) -> bool:
    servers = (*children(provider, "incomingServer"), *children(provider, "outgoingServer"))
    return any(next(_socket_types(element), None) is SocketType.NONE for element in servers)


def _provider(root: Element, provider: Element, address: EmailAddress) -> AccountSettings:
    incoming = [
        server
        for element in children(provider, "incomingServer")
        if (server := _server(element, (Protocol.IMAP, Protocol.POP3), address)) is not None
    ]
    outgoing = [
        server
        for element in children(provider, "outgoingServer")
        if (server := _server(element, (Protocol.SMTP,), address)) is not None
    ]
    incoming.sort(key=lambda server: server.protocol is not Protocol.IMAP)
    name = address.fill(text_of(provider, "displayName"))
    # Next to the provider in the draft, inside it in older documents.
    places = (root, provider)
    services = [
        service
        for place in places
        for element in place
        if (service := _service(element, address)) is not None
    ]
    endpoints = (
        _oauth2(element, address) for place in places for element in children(place, "oAuth2")
    )
    return AccountSettings(
        incoming=tuple(dict.fromkeys(incoming))[:_MAX_SERVERS],
        outgoing=tuple(dict.fromkeys(outgoing))[:_MAX_SERVERS],
        provider=plain(name or "", MAX_PROVIDER_NAME),
        hints=tuple(dict.fromkeys(_hints(provider))),
        services=tuple(dict.fromkeys(services))[:_MAX_SERVERS],
        oauth2=next((found for found in endpoints if found is not None), None),
    )


def _service(element: Element, address: EmailAddress) -> Service | None:
    """A service such as a calendar or an address book; None for any other element."""
    name, word = name_of(element), element.get("type", "").strip().lower()
    word = "ews" if word == "exchange" else word
    kind = next((kind for kind in ServiceKind if kind.lower() == word), None)
    if kind is not None and _SERVICE_ELEMENTS[kind].lower() != name:
        return None
    username = _username(element, address)
    authentication = _authentication(element)
    if kind is None or username is None or not authentication:
        return None
    if kind is ServiceKind.MANAGESIEVE:
        host = parse_host(address.fill(text_of(element, "hostname")) or "")
        port = parse_port(text_of(element, "port") or _MANAGESIEVE_PORT)
        security = next(_socket_types(element), SocketType.NONE)
        if host is None or port is None or security is SocketType.NONE:
            return None
        return Service(
            kind,
            username,
            host=host,
            port=port,
            security=security,
            authentication=authentication,
        )
    urls = (text_of(element, one) for one in _URL_ELEMENTS)
    url = https_url(address.fill(next((text for text in urls if text), "")))
    return Service(kind, username, url=url, authentication=authentication) if url else None


def _oauth2(element: Element, address: EmailAddress) -> OAuth2Endpoints | None:
    def url(name: str) -> str:
        text = address.fill(text_of(element, name)) or ""
        # In the draft's own examples the issuer is a bare host name.
        return https_url(f"https://{text}" if text and "://" not in text else text)

    words = text_of(element, "scope").split()[:_MAX_SCOPES]
    endpoints = OAuth2Endpoints(
        issuer=url("issuer"),
        auth_url=url("authURL"),
        token_url=url("tokenURL"),
        scope=tuple(word for word in words if not has_control(word)),
        client_id=plain(text_of(element, "clientID"), _MAX_TEXT),
    )
    return endpoints if endpoints.issuer or endpoints.token_url else None


def _server(
    element: Element, protocols: tuple[Protocol, ...], address: EmailAddress
) -> ServerSettings | None:
    kind = element.get("type", "").strip().lower()
    protocol = next((word for word in protocols if word == kind), None)
    host = parse_host(address.fill(text_of(element, "hostname")) or "")
    port = parse_port(text_of(element, "port"))
    security = next(_socket_types(element), SocketType.NONE)
    username = _username(element, address)
    authentication = _authentication(element)
    if (
        protocol is None
        or host is None
        or port is None
        or username is None
        or not authentication
        or security is SocketType.NONE
    ):
        return None
    return ServerSettings(protocol, host, port, security, username, authentication)


def _username(element: Element, address: EmailAddress) -> str | None:
    """The user name for the address: the address itself where the document names none.

    None where the user name cannot be used.
    """
    template = text_of(element, "username")
    if not template:
        return address.ascii
    username = address.fill(template)
    if not username or len(username) > MAX_USERNAME or has_control(username):
        return None
    return username


def _authentication(element: Element) -> tuple[Authentication, ...]:
    """Best first; empty where the document names only unknown mechanisms."""
    if next(children(element, "authentication"), None) is None:
        return (Authentication.PASSWORD_CLEARTEXT,)
    words = (
        _AUTHENTICATION[Authentication.PASSWORD_ENCRYPTED][0] if word.startswith("scram-") else word
        for word in _words(element, "authentication")
    )
    kinds = (_AUTHENTICATION_BY_WORD.get(word) for word in words)
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))


def _socket_types(element: Element) -> Iterator[SocketType]:
    kinds = (_SOCKET_TYPE_BY_WORD.get(word) for word in _words(element, "socketType"))
    return (kind for kind in kinds if kind is not None)


def _words(element: Element, name: str) -> Iterator[str]:
    """The texts of the children with this name, in lower case."""
    return ((child.text or "").strip().lower() for child in children(element, name))


def _by_word(table: Mapping[_Word, tuple[str, ...]]) -> Mapping[str, _Word]:
    return {word.lower(): value for value, words in table.items() for word in words}


_SOCKET_TYPE_BY_WORD: Final = _by_word(_SOCKET_TYPES)
_AUTHENTICATION_BY_WORD: Final = _by_word(_AUTHENTICATION)


def _hints(provider: Element) -> Iterator[Hint]:
    for element in children(provider, "enable"):
        url = https_url(element.get("visiturl", ""), also_http=True)
        yield Hint("enable-imap", url, _texts(element, "instruction"))
    for name, texts in (("instruction", ""), ("documentation", "descr")):
        for element in children(provider, name):
            url = https_url(element.get("url", ""), also_http=True)
            if url:
                yield Hint("help", url, _texts(element, texts))
                return


def _texts(element: Element, name: str) -> tuple[tuple[str, str], ...]:
    """The provider's texts as pairs of language and text, one for each language."""
    texts = [
        (child.get("lang", "").strip().lower()[:2], plain(child.text or "", _MAX_TEXT))
        for child in children(element, name)
    ]
    return tuple({language: text for language, text in texts if text}.items())


def write(domain: str, name: str, settings: AccountSettings) -> bytes:
    """``config-v1.1.xml`` for a domain (as A-labels), with a provider's name to be shown.

    The user names in ``settings`` are placeholders or literal. Every server has TLS.
    """
    root = Element("clientConfig", {"version": "1.1"})
    provider = SubElement(root, "emailProvider", {"id": domain})
    short_name = name if len(name) <= _MAX_SHORT_NAME else domain[:_MAX_SHORT_NAME]
    _add_text(provider, "domain", domain)
    _add_text(provider, "displayName", name)
    _add_text(provider, "displayShortName", short_name)
    for server in settings.incoming:
        _add_server(provider, "incomingServer", server)
    for service in settings.services:
        if _SERVICE_ELEMENTS[service.kind] == "incomingServer":
            _add_service(provider, service)
    for server in settings.outgoing:
        _add_server(provider, "outgoingServer", server)
    _add_hints(provider, settings.hints)
    for service in settings.services:
        if _SERVICE_ELEMENTS[service.kind] != "incomingServer":
            _add_service(root, service)
    if settings.oauth2 is not None:
        _add_oauth2(root, settings.oauth2)
    return xmltree.write(root)


def _add_text(parent: Element, name: str, value: str) -> None:
    if value:
        SubElement(parent, name).text = value


def _add_server(parent: Element, name: str, server: ServerSettings) -> None:
    element = SubElement(parent, name, {"type": str(server.protocol)})
    _add_endpoint(element, server)
    _add_text(element, "username", server.username)


def _add_endpoint(element: Element, server: ServerSettings | Service) -> None:
    _add_text(element, "hostname", server.host)
    _add_text(element, "port", str(server.port))
    _add_text(element, "socketType", _SOCKET_TYPES[server.security][0])
    for kind in server.authentication:
        _add_text(element, "authentication", _AUTHENTICATION[kind][0])


def _add_service(parent: Element, service: Service) -> None:
    element = SubElement(parent, _SERVICE_ELEMENTS[service.kind], {"type": str(service.kind)})
    if service.url:
        _add_text(element, "url", service.url)
        for kind in service.authentication:
            system, word = _HTTP_AUTHENTICATION.get(kind, ("", ""))
            if word:
                attributes = {"system": system} if system else {}
                SubElement(element, "authentication", attributes).text = word
    else:
        _add_endpoint(element, service)
    _add_text(element, "username", service.username)


def _add_hints(provider: Element, hints: tuple[Hint, ...]) -> None:
    """The provider's pages for its customers, with its texts."""
    for hint in hints:
        if not hint.url:
            continue
        if hint.kind == "help":
            element, texts = SubElement(provider, "documentation", {"url": hint.url}), "descr"
        elif hint.kind == "enable-imap":
            element, texts = SubElement(provider, "enable", {"visiturl": hint.url}), "instruction"
        else:
            continue
        for language, text in hint.texts:
            SubElement(element, texts, {"lang": language} if language else {}).text = text


def _add_oauth2(root: Element, endpoints: OAuth2Endpoints) -> None:
    element = SubElement(root, "oAuth2")
    _add_text(element, "authURL", endpoints.auth_url)
    _add_text(element, "tokenURL", endpoints.token_url)
    _add_text(element, "issuer", endpoints.issuer)
    _add_text(element, "scope", " ".join(endpoints.scope))
    _add_text(element, "clientID", endpoints.client_id)
