"""PACC, the automatic configuration that the IETF's mailmaint group works on.

Everything about the draft (draft-ietf-mailmaint-pacc, revisions 02 and 03) stands in this module.
The document is believed only when the DNS holds its digest: whoever wants to forge it needs both
the web server and the DNS.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from mailsetup.discovery.fetch_autoconfig import failed, refused
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, Reply
from mailsetup.model.hostname import https_url, parse_host
from mailsetup.model.outcome import Found, NotFound, Outcome, Unreachable
from mailsetup.model.settings import (
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
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.text import plain
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network

MAX_BYTES = 64 * 1024
_MAX_NAME = 60

# Revision 03 renamed "smtp" to "submit".
_PROTOCOLS = {
    "imap": Protocol.IMAP,
    "pop3": Protocol.POP3,
    "submit": Protocol.SMTP,
    "smtp": Protocol.SMTP,
}
_SERVICES = (ServiceKind.JMAP, ServiceKind.CALDAV, ServiceKind.CARDDAV, ServiceKind.WEBDAV)


class Pacc:
    """``ua-auto-config.<domain>`` with the digest at ``_ua-auto-config.<domain>``."""

    method = Method.PACC

    def location(self, address: EmailAddress) -> str:
        """The document's URL."""
        return f"https://ua-auto-config.{address.domain}/.well-known/user-agent-configuration.json"

    async def discover(self, address: EmailAddress, net: Network) -> Outcome:
        """Fetch both side by side; either one's absence is the end."""
        url = self.location(address)
        document = asyncio.ensure_future(
            net.http.get(url, limit=MAX_BYTES, follow=Follow.SAME_OWNER)
        )
        records = asyncio.ensure_future(net.dns.txt(digest_name(address)))
        try:
            await asyncio.wait([document, records], return_when=asyncio.FIRST_COMPLETED)
            if records.done() and isinstance(records.result(), Absent):
                return NotFound(url, "no-digest")
            reply = await document
            if isinstance(reply, HttpFailure):
                return failed(reply)
            if reply.status != 200:
                return refused(reply)
            return _judge(reply, await records, address)
        finally:
            for task in (document, records):
                task.cancel()
            await asyncio.gather(document, records, return_exceptions=True)


def digest_name(address: EmailAddress) -> str:
    """Where the DNS holds the document's digest."""
    return f"_ua-auto-config.{address.domain}"


def _judge(reply: HttpReply, records: Reply[str], address: EmailAddress) -> Outcome:
    if isinstance(records, DnsFailure):
        return Unreachable(reply.url, str(records.fault))
    digests = [_digest(text) for text in records.records] if isinstance(records, DnsAnswer) else []
    seen = hashlib.sha256(reply.body).digest()
    if not any(hmac.compare_digest(seen, digest) for digest in digests if digest is not None):
        return NotFound(reply.url, "digest-mismatch" if any(digests) else "no-digest")
    settings = parse(reply.body, address)
    if settings is None:
        return NotFound(reply.url, "not-json")
    if not settings.servers:
        return NotFound(reply.url, "no-usable-server")
    return Found(settings, Source(Method.PACC, reply.url, Channel.HTTPS), vouched=True)


def _digest(record: str) -> bytes | None:
    """The SHA-256 that a ``v=UAAC1; a=sha256; d=…`` record holds, or None."""
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


def parse(document: bytes, address: EmailAddress) -> AccountSettings | None:
    """The settings in a document, as many as can be used; None where it is none. Never raises."""
    try:
        root = json.loads(document)
    except (ValueError, RecursionError):
        return None
    if not isinstance(root, Mapping):
        return None
    protocols = _member(root, "protocols")
    login = _login(_member(root, "authentication"))
    servers = [
        server
        for key, protocol in _PROTOCOLS.items()
        if (server := _server(protocol, _member(protocols, key), login, address)) is not None
    ]
    services = [
        Service(kind, address.ascii, url=url, authentication=login.ways)
        for kind in _SERVICES
        if (url := https_url(_member(protocols, kind).get("url")))
    ]
    info = _member(root, "info")
    name = _member(info, "provider").get("name")
    help_url = https_url(_member(info, "help").get("documentation"), also_http=True)
    return AccountSettings(
        incoming=tuple(s for s in servers if s.protocol is not Protocol.SMTP),
        outgoing=tuple(dict.fromkeys(s for s in servers if s.protocol is Protocol.SMTP)),
        provider=plain(name, _MAX_NAME) if isinstance(name, str) else "",
        hints=(Hint("help", help_url),) if help_url else (),
        services=tuple(services),
        oauth2=OAuth2Endpoints(issuer=login.issuer) if login.issuer else None,
    )


@dataclass(frozen=True, slots=True)
class _Login:
    """How one logs in at the provider, for all its servers alike."""

    ways: tuple[Authentication, ...]
    issuer: str


def _login(authentication: Mapping[str, object]) -> _Login:
    issuer = https_url(_member(authentication, "oauth-public").get("issuer"))
    ways = [Authentication.OAUTH2] if issuer else []
    if authentication.get("password", not issuer) is True:
        ways.append(Authentication.PASSWORD_CLEARTEXT)
    return _Login(tuple(ways), issuer)


def _server(
    protocol: Protocol, entry: Mapping[str, object], login: _Login, address: EmailAddress
) -> ServerSettings | None:
    """Implicit TLS on the protocol's own port: PACC knows nothing else."""
    host = entry.get("host")
    name = parse_host(host) if isinstance(host, str) else None
    if name is None or not login.ways:
        return None
    port = STANDARD_PORTS[protocol, SocketType.TLS]
    return ServerSettings(protocol, name, port, SocketType.TLS, address.ascii, login.ways)


def _member(mapping: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = mapping.get(key)
    return value if isinstance(value, Mapping) else {}
