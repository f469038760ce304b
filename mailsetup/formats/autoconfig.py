"""The autoconfig XML document <-> settings (draft-ietf-mailmaint-autoconfig, and 1.1 before it).

Documents come from strangers and are read server by server: none of them spoils another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from xml.etree.ElementTree import Element

from mailsetup.formats import xmltree
from mailsetup.formats.xmltree import XmlFault, children, name_of, text_of
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import https_url, parse_host, parse_port
from mailsetup.model.settings import (
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
_MAX_USERNAME = 320
_MAX_NAME = 60
_MAX_TEXT = 200
_MAX_SCOPES = 20

_SOCKET_TYPES = {
    "ssl": SocketType.TLS,
    "tls": SocketType.TLS,
    "starttls": SocketType.STARTTLS,
    "plain": SocketType.NONE,
}

# The draft's words, and those of older versions and of real files beside them.
_AUTHENTICATION = {
    "password-cleartext": Authentication.PASSWORD_CLEARTEXT,
    "plain": Authentication.PASSWORD_CLEARTEXT,
    "login": Authentication.PASSWORD_CLEARTEXT,
    "password-encrypted": Authentication.PASSWORD_ENCRYPTED,
    "secure": Authentication.PASSWORD_ENCRYPTED,
    "cram-md5": Authentication.PASSWORD_ENCRYPTED,
    "digest-md5": Authentication.PASSWORD_ENCRYPTED,
    "ntlm": Authentication.NTLM,
    "gssapi": Authentication.GSSAPI,
    "tls-client-cert": Authentication.TLS_CLIENT_CERT,
    "external": Authentication.TLS_CLIENT_CERT,
    "oauth2": Authentication.OAUTH2,
    "oauth": Authentication.OAUTH2,
    "oauthbearer": Authentication.OAUTH2,
    "xoauth2": Authentication.OAUTH2,
    "none": Authentication.NONE,
    "client-ip-address": Authentication.NONE,
    # With system="http", for servers that are named by a URL.
    "basic": Authentication.PASSWORD_CLEARTEXT,
    "http-basic": Authentication.PASSWORD_CLEARTEXT,
    "digest": Authentication.PASSWORD_ENCRYPTED,
}

# The elements that name something else than IMAP, POP3 and SMTP, each with its types.
_SERVICES = {
    "incomingserver": (
        ServiceKind.JMAP,
        ServiceKind.EWS,
        ServiceKind.ACTIVE_SYNC,
        ServiceKind.GRAPH,
    ),
    "calendar": (ServiceKind.CALDAV,),
    "addressbook": (ServiceKind.CARDDAV,),
    "fileshare": (ServiceKind.WEBDAV,),
    "setupserver": (ServiceKind.MANAGESIEVE,),
}
_URL_ELEMENTS = ("url", "serverurl", "ewsurl", "easurl")
"""The draft's element, and those of older drafts and of Thunderbird's Exchange entries."""


class AutoconfigFault(StrEnum):
    """Why a document gives no settings."""

    TOO_LARGE = "too-large"
    NOT_XML = "not-xml"
    FORBIDDEN = "forbidden-xml"
    """A document type, entities, or more depth or elements than any honest file has."""
    HTML = "html"
    """The web site's own page, which many servers give for every address they do not know."""
    OTHER_DOCUMENT = "other-document"
    NO_SERVER = "no-usable-server"
    UNPROTECTED = "no-protected-server"
    """As `NO_SERVER`, where a server is named whose only fault is that it has no encryption."""


@dataclass(frozen=True, slots=True)
class AutoconfigFailure:
    """A document without settings for us."""

    fault: AutoconfigFault


def parse(document: bytes, address: EmailAddress) -> AccountSettings | AutoconfigFailure:
    """The settings that an autoconfig document holds for an address; never raises.

    Servers without TLS are left out: nothing that follows may choose them on its own. Within a
    protocol the provider's order stays; IMAP comes before POP3.
    """
    root = xmltree.read(document)
    if isinstance(root, XmlFault):
        return AutoconfigFailure(AutoconfigFault(root.value))
    if name_of(root) != "clientconfig":
        return AutoconfigFailure(AutoconfigFault.OTHER_DOCUMENT)
    unprotected = False
    for provider in children(root, "emailprovider"):
        settings = _provider(root, provider, address)
        if settings.servers:
            return settings
        unprotected = unprotected or _names_unprotected(provider)
    return AutoconfigFailure(
        AutoconfigFault.UNPROTECTED if unprotected else AutoconfigFault.NO_SERVER
    )


def _names_unprotected(provider: Element) -> bool:
    servers = (*children(provider, "incomingserver"), *children(provider, "outgoingserver"))
    kinds = (next(_known(_SOCKET_TYPES, element, "sockettype"), None) for element in servers)
    return SocketType.NONE in kinds


def _provider(root: Element, provider: Element, address: EmailAddress) -> AccountSettings:
    incoming = [
        server
        for element in children(provider, "incomingserver")
        if (server := _server(element, (Protocol.IMAP, Protocol.POP3), address)) is not None
    ]
    outgoing = [
        server
        for element in children(provider, "outgoingserver")
        if (server := _server(element, (Protocol.SMTP,), address)) is not None
    ]
    incoming.sort(key=lambda server: server.protocol is not Protocol.IMAP)
    name = address.fill(text_of(provider, "displayname"))
    # The draft puts these beside the provider, older files inside it.
    places = (root, provider)
    services = [
        service
        for place in places
        for element in place
        if (service := _service(element, address)) is not None
    ]
    endpoints = (
        _oauth2(element, address) for place in places for element in children(place, "oauth2")
    )
    return AccountSettings(
        incoming=tuple(dict.fromkeys(incoming))[:_MAX_SERVERS],
        outgoing=tuple(dict.fromkeys(outgoing))[:_MAX_SERVERS],
        provider=plain(name or "", _MAX_NAME),
        hints=tuple(dict.fromkeys(_hints(provider))),
        services=tuple(dict.fromkeys(services))[:_MAX_SERVERS],
        oauth2=next((found for found in endpoints if found is not None), None),
    )


def _service(element: Element, address: EmailAddress) -> Service | None:
    """A calendar, an address book and the like, or None for anything else."""
    kinds = _SERVICES.get(name_of(element), ())
    word = element.get("type", "").strip().lower()
    word = "ews" if word == "exchange" else word
    kind = next((kind for kind in kinds if kind.lower() == word), None)
    username = _username(element, address)
    authentication = _authentication(element)
    if kind is None or username is None or not authentication:
        return None
    if kind is ServiceKind.MANAGESIEVE:
        host = parse_host(address.fill(text_of(element, "hostname")) or "")
        port = parse_port(text_of(element, "port") or "4190")
        security = next(_known(_SOCKET_TYPES, element, "sockettype"), SocketType.NONE)
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
    texts = (text_of(element, name) for name in _URL_ELEMENTS)
    url = https_url(address.fill(next((text for text in texts if text), "")))
    return Service(kind, username, url=url, authentication=authentication) if url else None


def _oauth2(element: Element, address: EmailAddress) -> OAuth2Endpoints | None:
    def url(name: str) -> str:
        text = address.fill(text_of(element, name)) or ""
        # In the draft's own examples the issuer is a bare host name.
        return https_url(f"https://{text}" if text and "://" not in text else text)

    words = text_of(element, "scope").split()[:_MAX_SCOPES]
    endpoints = OAuth2Endpoints(
        issuer=url("issuer"),
        auth_url=url("authurl"),
        token_url=url("tokenurl"),
        scope=tuple(word for word in words if not has_control(word)),
        client_id=plain(text_of(element, "clientid"), _MAX_TEXT),
    )
    return endpoints if endpoints.issuer or endpoints.token_url else None


def _server(
    element: Element, protocols: tuple[Protocol, ...], address: EmailAddress
) -> ServerSettings | None:
    kind = element.get("type", "").strip().lower()
    protocol = next((word for word in protocols if word == kind), None)
    host = parse_host(address.fill(text_of(element, "hostname")) or "")
    port = parse_port(text_of(element, "port"))
    security = next(_known(_SOCKET_TYPES, element, "sockettype"), SocketType.NONE)
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
    """The user name for the address; the address where the document names none."""
    template = text_of(element, "username")
    if not template:
        return address.ascii
    username = address.fill(template)
    if not username or len(username) > _MAX_USERNAME or has_control(username):
        return None
    return username


def _authentication(element: Element) -> tuple[Authentication, ...]:
    """Best first; empty where the document names only ways that nobody here knows."""
    if next(children(element, "authentication"), None) is None:
        return (Authentication.PASSWORD_CLEARTEXT,)
    kinds = dict.fromkeys(_known(_AUTHENTICATION, element, "authentication", scram=True))
    return tuple(kinds)


def _known(
    words: Mapping[str, _Word], element: Element, name: str, *, scram: bool = False
) -> Iterator[_Word]:
    for child in children(element, name):
        word = (child.text or "").strip().lower()
        if scram and word.startswith("scram-"):
            word = "password-encrypted"
        if word in words:
            yield words[word]


def _hints(provider: Element) -> Iterator[Hint]:
    for element in children(provider, "enable"):
        url = https_url(element.get("visiturl", ""), also_http=True)
        yield Hint("enable-imap", url, _words(element, "instruction"))
    for name, words in (("instruction", ""), ("documentation", "descr")):
        for element in children(provider, name):
            url = https_url(element.get("url", ""), also_http=True)
            if url:
                yield Hint("help", url, _words(element, words))
                return


def _words(element: Element, name: str) -> tuple[tuple[str, str], ...]:
    """The provider's own words, by language."""
    said = [
        (child.get("lang", "").strip().lower()[:2], plain(child.text or "", _MAX_TEXT))
        for child in children(element, name)
    ]
    return tuple({language: text for language, text in said if text}.items())
