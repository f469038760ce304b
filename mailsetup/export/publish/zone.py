"""DNS records as a fragment of a zone file (RFC 1035 section 5)."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mailsetup.export.publish.options import PublishOptions, served_names
from mailsetup.formats import srv_labels
from mailsetup.model.hostname import is_ip_literal, parse_host
from mailsetup.model.settings import AccountSettings, Service, ServiceKind, SocketType

_DAV: Final = frozenset({ServiceKind.CALDAV, ServiceKind.CARDDAV})
_STRING = 255
"""Octets in one character-string of a TXT record."""


@dataclass(frozen=True, slots=True)
class SrvData:
    """RFC 2782. An empty target declines the service."""

    owner: str
    priority: int
    weight: int
    port: int
    target: str
    kind = "SRV"

    @property
    def data(self) -> str:
        """The record's data in zone file format."""
        return f"{self.priority} {self.weight} {self.port} {self.target}."


@dataclass(frozen=True, slots=True)
class TxtData:
    """A text in as many character-strings as necessary."""

    owner: str
    text: str
    kind = "TXT"

    @property
    def data(self) -> str:
        """Quoted; octets other than printable ASCII become ``\\DDD``."""
        octets = self.text.encode()
        parts = [octets[at : at + _STRING] for at in range(0, len(octets), _STRING)] or [b""]
        return " ".join(f'"{"".join(map(_escaped, part))}"' for part in parts)


@dataclass(frozen=True, slots=True)
class HostData:
    """An A, AAAA or CNAME record."""

    owner: str
    kind: str
    data: str


Record = SrvData | TxtData | HostData


def _escaped(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def mail_records(domain: str, settings: AccountSettings, *, decline: bool) -> tuple[SrvData, ...]:
    """SRV records for receiving and sending (RFC 6186, RFC 8314), the best server first."""
    found = []
    for servers in (settings.incoming, settings.outgoing):
        for number, server in enumerate(servers):
            label = srv_labels.MAIL[server.protocol, server.security]
            owner = f"{label}._tcp.{domain}"
            found.append(SrvData(owner, 10 * number, 1, server.port, server.host))
    if decline:
        offered = {record.owner for record in found}
        others = (f"{label}._tcp.{domain}" for label in srv_labels.MAIL.values())
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
    owner = f"{srv_labels.SERVICES.get(service.kind, '')}._tcp.{domain}"
    if service.kind is ServiceKind.MANAGESIEVE and service.security is SocketType.STARTTLS:
        return (SrvData(owner, 0, 1, service.port, service.host),)
    place = _place(service.url)
    if place is None:
        return ()
    host, port, path = place
    if service.kind is ServiceKind.JMAP and path == "/.well-known/jmap":
        return (SrvData(owner, 0, 1, port, host),)
    if service.kind in _DAV:
        return (SrvData(owner, 0, 1, port, host), TxtData(owner, f"path={path}"))
    return ()


def _place(url: str) -> tuple[str, int, str] | None:
    """Host, port and path of a URL; None for a URL that records cannot express."""
    if not url:
        return None
    parts = urlsplit(url)
    host = parse_host(parts.hostname or "")
    if host is None or parts.query or parts.fragment:
        return None
    return host, parts.port or 443, parts.path or "/"


def web_records(domain: str, options: PublishOptions, names: Iterable[str]) -> tuple[Record, ...]:
    """Address records of the published files' hosts, and Outlook's SRV record.

    A service record must not lead to an alias (RFC 2782), so with a CNAME there is none: Outlook
    queries ``autodiscover.`` before the SRV record.
    """
    wanted = set(names)
    hosts = [name for name in served_names(domain) if name in wanted]
    places = options.web or (domain,)
    found: list[Record] = [_host_record(host, place) for host in hosts for place in places]
    outlook = f"autodiscover.{domain}"
    if outlook in wanted and all(is_ip_literal(place) for place in places):
        found.append(SrvData(f"_autodiscover._tcp.{domain}", 0, 1, 443, outlook))
    return tuple(found)


def _host_record(owner: str, place: str) -> HostData:
    """The record that leads to an address or a host name."""
    if not is_ip_literal(place):
        return HostData(owner, "CNAME", f"{place}.")
    address = ipaddress.ip_address(place)
    return HostData(owner, "A" if address.version == 4 else "AAAA", str(address))


def zone_fragment(domain: str, records: Iterable[Record], *, ttl: int, relative: bool) -> bytes:
    """The records as text, for the zone of the domain or of a parent domain."""
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
