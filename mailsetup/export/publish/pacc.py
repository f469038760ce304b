"""The PACC document and its digest (draft-ietf-mailmaint-pacc, revision 03).

PACC knows implicit TLS on the standard port only, the address as user name, and one way to sign in
for all servers. Programs rank it first, so it is written only where it says the best servers.
"""

import base64
import hashlib
import json

from mailsetup.export.publish.template import ADDRESS
from mailsetup.model.settings import (
    STANDARD_PORTS,
    AccountSettings,
    Authentication,
    Protocol,
    ServerSettings,
    ServiceKind,
    SocketType,
)

_KEYS = {Protocol.IMAP: "imap", Protocol.POP3: "pop3", Protocol.SMTP: "submit"}
_SERVICES = (ServiceKind.JMAP, ServiceKind.CALDAV, ServiceKind.CARDDAV, ServiceKind.WEBDAV)
_MAX_SHORT_NAME = 20


def pacc(name: str, settings: AccountSettings) -> bytes | None:
    """``user-agent-configuration.json``, or None where PACC cannot say the preferred servers."""
    best = (settings.incoming[0], settings.outgoing[0])
    if not all(map(_is_sayable, best)):
        return None
    said: dict[str, ServerSettings] = {}
    for server in filter(_is_sayable, settings.servers):
        said.setdefault(_KEYS[server.protocol], server)
    authentication = _authentication(tuple(said.values()), settings)
    if authentication is None:
        return None
    protocols: dict[str, object] = {key: {"host": server.host} for key, server in said.items()}
    for service in settings.services:
        if service.kind in _SERVICES and service.url and service.username == ADDRESS:
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


def digest_record(document: bytes) -> str:
    """What the DNS says about the document: its digest, over the very bytes that are served."""
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    return f"v=UAAC1; a=sha256; d={digest}"


def _is_sayable(server: ServerSettings) -> bool:
    return (
        server.security is SocketType.TLS
        and server.port == STANDARD_PORTS[server.protocol, SocketType.TLS]
        and server.username == ADDRESS
    )


def _authentication(
    servers: tuple[ServerSettings, ...], settings: AccountSettings
) -> dict[str, object] | None:
    issuer = settings.oauth2.issuer if settings.oauth2 is not None else ""
    by_window = bool(issuer) and all(Authentication.OAUTH2 in s.authentication for s in servers)
    password = all(server.takes_password for server in servers)
    if not by_window and not password:
        return None
    found: dict[str, object] = {"password": password}
    if by_window:
        found["oauth-public"] = {"issuer": issuer}
    return found
