"""PACC, automatic configuration as the IETF's mailmaint group specifies it: reader and writer.

draft-ietf-mailmaint-pacc, revisions 02 and 03 (read) and 03 (written). The document names hosts for
implicit TLS on the standard ports only; the user name is the address; the methods to log in are the
same for all servers. It is valid only together with a TXT record that holds its SHA-256 digest.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsetup.model.address import ADDRESS_PLACEHOLDER, EmailAddress
from mailsetup.model.hostname import https_url, parse_host
from mailsetup.model.json_object import parse_json_object
from mailsetup.model.settings import (
    MAX_PROVIDER_NAME,
    STANDARD_PORTS,
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
from mailsetup.model.text import plain

MAX_BYTES = 64 * 1024
_MAX_SHORT_NAME = 20

_KEYS: Final[Mapping[Protocol, tuple[str, ...]]] = {
    Protocol.IMAP: ("imap",),
    Protocol.POP3: ("pop3",),
    Protocol.SMTP: ("submit", "smtp"),
}
"""Keys below ``protocols``: the first is written, all are read (revision 03 renamed "smtp")."""
_SERVICES: Final = (
    ServiceKind.JMAP,
    ServiceKind.CALDAV,
    ServiceKind.CARDDAV,
    ServiceKind.WEBDAV,
)
"""Services with a URL; their keys are the kinds' own words."""


def read(document: bytes, address: EmailAddress) -> AccountSettings | None:
    """The settings in a document; unusable members are left out.

    None when it is not a JSON object. Never raises.
    """
    root = parse_json_object(document)
    if root is None:
        return None
    protocols = _member(root, "protocols")
    login = _login(_member(root, "authentication"))
    servers = [
        server
        for protocol, keys in _KEYS.items()
        for key in keys
        if (server := _server(protocol, _member(protocols, key), login, address)) is not None
    ]
    services = [
        Service(kind, address.ascii, url=url, authentication=login.methods)
        for kind in _SERVICES
        if (url := https_url(_member(protocols, kind).get("url")))
    ]
    info = _member(root, "info")
    name = _member(info, "provider").get("name")
    help_url = https_url(_member(info, "help").get("documentation"), also_http=True)
    return AccountSettings(
        incoming=tuple(s for s in servers if s.protocol is not Protocol.SMTP),
        outgoing=tuple(dict.fromkeys(s for s in servers if s.protocol is Protocol.SMTP)),
        provider=plain(name, MAX_PROVIDER_NAME) if isinstance(name, str) else "",
        hints=(Hint("help", help_url),) if help_url else (),
        services=tuple(services),
        oauth2=OAuth2Endpoints(issuer=login.issuer) if login.issuer else None,
    )


@dataclass(frozen=True, slots=True)
class _Login:
    """How to log in, for all servers alike."""

    methods: tuple[Authentication, ...]
    issuer: str


def _login(authentication: Mapping[str, object]) -> _Login:
    issuer = https_url(_member(authentication, "oauth-public").get("issuer"))
    methods = [Authentication.OAUTH2] if issuer else []
    if authentication.get("password", not issuer) is True:
        methods.append(Authentication.PASSWORD_CLEARTEXT)
    return _Login(tuple(methods), issuer)


def _server(
    protocol: Protocol, entry: Mapping[str, object], login: _Login, address: EmailAddress
) -> ServerSettings | None:
    host = entry.get("host")
    name = parse_host(host) if isinstance(host, str) else None
    if name is None or not login.methods:
        return None
    port = STANDARD_PORTS[protocol, SocketType.TLS]
    return ServerSettings(protocol, name, port, SocketType.TLS, address.ascii, login.methods)


def _member(mapping: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = mapping.get(key)
    return value if isinstance(value, Mapping) else {}


def write(name: str, settings: AccountSettings) -> bytes | None:
    """``user-agent-configuration.json`` for settings whose user names are placeholders.

    None where PACC cannot express the preferred servers: programs rank it before other sources, so
    a document without them would lead past them.
    """
    best = (settings.incoming[0], settings.outgoing[0])
    if not all(map(_is_expressible, best)):
        return None
    servers: dict[Protocol, ServerSettings] = {}
    for server in filter(_is_expressible, settings.servers):
        servers.setdefault(server.protocol, server)
    authentication = _authentication(tuple(servers.values()), settings.oauth2)
    if authentication is None:
        return None
    protocols: dict[str, object] = {
        _KEYS[protocol][0]: {"host": server.host} for protocol, server in servers.items()
    }
    for service in settings.services:
        if service.kind in _SERVICES and service.url and service.username == ADDRESS_PLACEHOLDER:
            protocols.setdefault(str(service.kind), {"url": service.url})
    provider = {"name": name}
    if len(name) <= _MAX_SHORT_NAME:
        provider["shortName"] = name
    info: dict[str, object] = {"provider": provider}
    pages = [hint.url for hint in settings.hints if hint.kind == "help" and hint.url]
    if pages:
        info["help"] = {"documentation": pages[0]}
    document = {"protocols": protocols, "authentication": authentication, "info": info}
    return json.dumps(document, indent=2).encode() + b"\n"


def _is_expressible(server: ServerSettings) -> bool:
    return (
        server.security is SocketType.TLS
        and server.port == STANDARD_PORTS[server.protocol, SocketType.TLS]
        and server.username == ADDRESS_PLACEHOLDER
    )


def _authentication(
    servers: tuple[ServerSettings, ...], oauth2: OAuth2Endpoints | None
) -> dict[str, object] | None:
    """The member ``authentication``; None where no method is common to all servers."""
    issuer = oauth2.issuer if oauth2 is not None else ""
    sign_in = bool(issuer) and all(Authentication.OAUTH2 in s.authentication for s in servers)
    password = all(server.takes_password for server in servers)
    if not sign_in and not password:
        return None
    member: dict[str, object] = {"password": password}
    if sign_in:
        member["oauth-public"] = {"issuer": issuer}
    return member


def digest_owner(domain: str) -> str:
    """The name whose TXT record holds the document's digest."""
    return f"_ua-auto-config.{domain}"


def write_digest(document: bytes) -> str:
    """The TXT record for a document: the digest of exactly the bytes that are served."""
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    return f"v=UAAC1; a=sha256; d={digest}"


def read_digest(record: str) -> bytes | None:
    """The SHA-256 digest in a TXT record (``v=UAAC1; a=sha256; d=…``); None for any other."""
    tags = {}
    for part in record.split(";"):
        name, _, value = part.partition("=")
        tags[name.strip().lower()] = value.strip()
    if tags.get("v") != "UAAC1" or tags.get("a", "").lower() != "sha256":
        return None
    try:
        return base64.b64decode(tags.get("d", ""), validate=True) or None
    except (binascii.Error, ValueError):
        return None
