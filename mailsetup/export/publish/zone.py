"""DNS records as a fragment of a zone file (RFC 1035 section 5)."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from mailsetup.export.publish.options import PublishOptions, served_names
from mailsetup.model.hostname import is_ip_literal, parse_host
from mailsetup.model.settings import (
    AccountSettings,
    Protocol,
    Service,
    ServiceKind,
    SocketType,
)

_LABELS = {
    (Protocol.IMAP, SocketType.TLS): "_imaps",
    (Protocol.IMAP, SocketType.STARTTLS): "_imap",
    (Protocol.POP3, SocketType.TLS): "_pop3s",
    (Protocol.POP3, SocketType.STARTTLS): "_pop3",
    (Protocol.SMTP, SocketType.TLS): "_submissions",
    (Protocol.SMTP, SocketType.STARTTLS): "_submission",
}
_DAV = {ServiceKind.CALDAV: "_caldavs", ServiceKind.CARDDAV: "_carddavs"}
_STRING = 255
"""Octets in one character-string of a TXT record."""


@dataclass(frozen=True, slots=True)
class SrvData:
    """RFC 2782. An empty target says that the service is not offered."""

    owner: str
    priority: int
    weight: int
    port: int
    target: str
    kind = "SRV"

    @property
    def data(self) -> str:
        """The record's data as it stands in a zone file."""
        return f"{self.priority} {self.weight} {self.port} {self.target}."


@dataclass(frozen=True, slots=True)
class TxtData:
    """One text, in as many character-strings as it needs."""

    owner: str
    text: str
    kind = "TXT"

    @property
    def data(self) -> str:
        """Quoted; what is not a plain ASCII character becomes ``\\DDD``."""
        octets = self.text.encode()
        parts = [octets[at : at + _STRING] for at in range(0, len(octets), _STRING)] or [b""]
        return " ".join(f'"{"".join(map(_escaped, part))}"' for part in parts)


@dataclass(frozen=True, slots=True)
class AliasData:
    """A CNAME."""

    owner: str
    target: str
    kind = "CNAME"

    @property
    def data(self) -> str:
        """The target with its final dot."""
        return f"{self.target}."


@dataclass(frozen=True, slots=True)
class AddressData:
    """An A or AAAA record."""

    owner: str
    address: str

    @property
    def kind(self) -> str:
        """By the kind of address."""
        return "A" if ipaddress.ip_address(self.address).version == 4 else "AAAA"

    @property
    def data(self) -> str:
        """The address in its short form."""
        return str(ipaddress.ip_address(self.address))


Record = SrvData | TxtData | AliasData | AddressData


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def mail_records(domain: str, settings: AccountSettings, *, decline: bool) -> tuple[SrvData, ...]:
    """SRV records for receiving and sending (RFC 6186, RFC 8314), the best server first."""
    found = []
    for servers in (settings.incoming, settings.outgoing):
        for number, server in enumerate(servers):
            label = _LABELS[server.protocol, server.security]
            owner = f"{label}._tcp.{domain}"
            found.append(SrvData(owner, 10 * number, 1, server.port, server.host))
    if decline:
        offered = {record.owner for record in found}
        others = (f"{label}._tcp.{domain}" for label in _LABELS.values())
        found += [SrvData(owner, 0, 0, 0, "") for owner in others if owner not in offered]
    return tuple(found)


def service_records(domain: str, services: Iterable[Service]) -> tuple[Record, ...]:
    """SRV (and TXT) records for calendars, address books, JMAP and ManageSieve."""
    found: dict[str, tuple[Record, ...]] = {}
    for service in services:
        records = _service_records(domain, service)
        if records:
            found.setdefault(records[0].owner, records)
    return tuple(record for records in found.values() for record in records)


def _service_records(domain: str, service: Service) -> tuple[Record, ...]:
    if service.kind is ServiceKind.MANAGESIEVE and service.security is SocketType.STARTTLS:
        return (SrvData(f"_sieve._tcp.{domain}", 0, 1, service.port, service.host),)
    place = _place(service.url)
    if place is None:
        return ()
    host, port, path = place
    if service.kind is ServiceKind.JMAP and path == "/.well-known/jmap":
        return (SrvData(f"_jmap._tcp.{domain}", 0, 1, port, host),)
    if service.kind in _DAV:
        owner = f"{_DAV[service.kind]}._tcp.{domain}"
        return (SrvData(owner, 0, 1, port, host), TxtData(owner, f"path={path}"))
    return ()


def _place(url: str) -> tuple[str, int, str] | None:
    """Host, port and path of a web address that a record can say whole."""
    if not url:
        return None
    parts = urlsplit(url)
    host = parse_host(parts.hostname or "")
    if host is None or parts.query or parts.fragment:
        return None
    return host, parts.port or 443, parts.path or "/"


def web_records(domain: str, options: PublishOptions, names: Iterable[str]) -> tuple[Record, ...]:
    """Where the published files are served, and Outlook's own pointer to them.

    A service record must not lead to an alias (RFC 2782), so with a CNAME there is none: Outlook
    asks ``autodiscover.`` before it looks for one.
    """
    wanted = set(names)
    hosts = [name for name in served_names(domain) if name in wanted]
    places = options.web or (domain,)
    found: list[Record] = []
    for host in hosts:
        for place in places:
            by_address = is_ip_literal(place)
            found.append(AddressData(host, place) if by_address else AliasData(host, place))
    outlook = f"autodiscover.{domain}"
    if outlook in wanted and all(is_ip_literal(place) for place in places):
        found.append(SrvData(f"_autodiscover._tcp.{domain}", 0, 1, 443, outlook))
    return tuple(found)


def zone_fragment(domain: str, records: Iterable[Record], *, ttl: int, relative: bool) -> bytes:
    """The records as text, to be included in the zone of the domain or of one above it."""
    lines = [f"; Mail settings of {domain}. README.txt and LEEME.txt say what to do with them."]
    if relative:
        lines.append(f"$ORIGIN {domain}.")
    rows = [
        (_owner(record.owner, domain, relative=relative), record.kind, record.data)
        for record in records
    ]
    width = max((len(owner) for owner, _kind, _data in rows), default=0)
    lines += [f"{owner:<{width}} {ttl} IN {kind:<5} {data}" for owner, kind, data in rows]
    return ("\n".join(lines) + "\n").encode("ascii")


def _owner(owner: str, domain: str, *, relative: bool) -> str:
    return owner.removesuffix(f".{domain}") if relative else f"{owner}."
