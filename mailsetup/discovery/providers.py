"""The built-in list of mail providers: ``resources/providers.toml``.

One row a provider, matched by the address's domain or by what the domain's DNS points to: its mail
exchanger, the senders in its SPF record, aliases, or a server's name.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar, cast

from mailsetup.model.address import ADDRESS_PLACEHOLDER, EmailAddress
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    Hint,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.resources import read_text

_T = TypeVar("_T")
_SAMPLE_ADDRESS = EmailAddress("user", "example.com")


@dataclass(frozen=True, slots=True)
class ServerTemplate:
    """A server whose host and user name contain autoconfig's placeholders.

    ``host`` may contain one more, ``%EMAILDOMAINDASHED%``: the domain with hyphens for dots.
    """

    protocol: Protocol
    host: str
    port: int
    security: SocketType
    username: str
    authentication: tuple[Authentication, ...]


@dataclass(frozen=True, slots=True)
class MailProvider:
    """One row; the file's head explains its keys. ``checked`` is when the row was verified."""

    name: str
    domains: tuple[str, ...]
    mx: tuple[str, ...]
    owns: tuple[str, ...]
    spf: tuple[str, ...]
    cname: tuple[str, ...]
    other: tuple[str, ...]
    incoming: tuple[ServerTemplate, ...]
    outgoing: tuple[ServerTemplate, ...]
    hints: tuple[Hint, ...]
    source: str
    confidence: str
    checked: date

    def settings(self, address: EmailAddress) -> AccountSettings:
        """The servers for one address."""
        return AccountSettings(
            incoming=_filled(self.incoming, address),
            outgoing=_filled(self.outgoing, address),
            provider=self.name,
            hints=self.hints,
        )


def by_domain(domain: str) -> MailProvider | None:
    """The provider that assigns addresses in exactly this domain."""
    return _index().domains.get(domain)


def by_mx(host: str) -> MailProvider | None:
    """The provider that operates this mail exchanger; the longest suffix wins."""
    return _nearest(host, _index().mx)


def by_spf(include: str) -> MailProvider | None:
    """The provider whose customers name this domain in ``include:`` of their SPF record."""
    return _index().spf.get(include)


def by_cname(host: str) -> MailProvider | None:
    """The provider that a customer's alias leads to; the longest suffix wins."""
    return _nearest(host, _index().cname)


def by_host(host: str) -> MailProvider | None:
    """The provider that operates this server, or owns its domain."""
    return _index().hosts.get(host) or _nearest(host, _index().owns)


def filter_of(host: str) -> str | None:
    """The filter service, without mailboxes, that operates this exchanger."""
    return _nearest(host, _index().filters)


def load() -> tuple[MailProvider, ...]:
    """All rows. Raises ValueError for an invalid row, a defect of the file."""
    return _index().rows


@dataclass(frozen=True, slots=True)
class _Index:
    """The rows, indexed by every key that is looked up.

    None stands for names below a provider's domains that are not evidence for its row.
    """

    rows: tuple[MailProvider, ...]
    domains: Mapping[str, MailProvider]
    mx: Mapping[str, MailProvider | None]
    spf: Mapping[str, MailProvider]
    cname: Mapping[str, MailProvider | None]
    hosts: Mapping[str, MailProvider]
    owns: Mapping[str, MailProvider | None]
    filters: Mapping[str, str]


@cache
def _index() -> _Index:
    document = tomllib.loads(read_text("providers.toml"))
    rows = tuple(_provider(row) for row in _tables(document, "provider"))
    # Where several rows share a name, the first one wins: it has to be set last.
    backwards = rows[::-1]
    others = dict.fromkeys(name for row in rows for name in row.other)
    pointed_at = {name: row for row in backwards if row.mx or row.cname for name in row.owns}
    return _Index(
        rows=rows,
        domains={name: row for row in backwards for name in row.domains},
        mx={name: row for row in backwards for name in row.mx} | others,
        spf={name: row for row in backwards for name in row.spf},
        cname=pointed_at | {name: row for row in backwards for name in row.cname} | others,
        hosts={server.host: row for row in backwards for server in (*row.incoming, *row.outgoing)},
        owns={name: row for row in backwards for name in row.owns} | others,
        filters={
            name: _get(table, "name", str)
            for table in _tables(document, "filter")
            for name in _texts(table, "mx")
        },
    )


def _nearest(host: str, by_suffix: Mapping[str, _T]) -> _T | None:
    """The value of the longest name that equals the host or is a parent of it."""
    labels = host.split(".")
    suffixes = (".".join(labels[start:]) for start in range(len(labels)))
    return next((by_suffix[suffix] for suffix in suffixes if suffix in by_suffix), None)


def _filled(
    templates: Iterable[ServerTemplate], address: EmailAddress
) -> tuple[ServerSettings, ...]:
    return tuple(
        ServerSettings(
            template.protocol,
            host,
            template.port,
            template.security,
            username,
            template.authentication,
        )
        for template in templates
        if (host := _host(template.host, address)) is not None
        and (username := address.fill(template.username)) is not None
    )


def _host(template: str, address: EmailAddress) -> str | None:
    """The host name for one address, or None where the domain makes it invalid."""
    dashed = address.domain.replace(".", "-")
    return parse_host(address.fill(template.replace("%EMAILDOMAINDASHED%", dashed)) or "")


def _provider(row: Mapping[str, object]) -> MailProvider:
    return MailProvider(
        name=_get(row, "name", str),
        domains=_texts(row, "domains"),
        mx=_texts(row, "mx"),
        owns=_texts(row, "owns"),
        spf=_texts(row, "spf"),
        cname=_texts(row, "cname"),
        other=_texts(row, "other"),
        incoming=tuple(_template(row, entry) for entry in _tables(row, "incoming")),
        outgoing=tuple(_template(row, entry) for entry in _tables(row, "outgoing")),
        hints=tuple(
            Hint(_get(entry, "kind", str), _get(entry, "url", str, ""))
            for entry in _tables(row, "hints")
        ),
        source=_get(row, "source", str),
        confidence=_get(row, "confidence", str),
        checked=_get(row, "checked", date),
    )


def _template(row: Mapping[str, object], entry: Mapping[str, object]) -> ServerTemplate:
    host = _get(entry, "host", str)
    port = parse_port(entry.get("port"))
    if _host(host, _SAMPLE_ADDRESS) is None or port is None:
        raise ValueError(f"{row['name']}: host or port")
    kinds = _texts(entry, "authentication") or _texts(row, "authentication")
    return ServerTemplate(
        protocol=Protocol(_get(entry, "protocol", str)),
        host=host,
        port=port,
        security=SocketType(_get(entry, "security", str)),
        username=_get(entry, "username", str, ADDRESS_PLACEHOLDER),
        authentication=tuple(Authentication(kind) for kind in kinds),
    )


def _get(table: Mapping[str, object], key: str, kind: type[_T], default: _T | None = None) -> _T:
    value = table.get(key, default)
    if not isinstance(value, kind):
        raise ValueError(f"{key} must be {kind.__name__}")  # noqa: TRY004 - the data is invalid
    return value


def _texts(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = cast(list[object], _get(table, key, list, []))
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{key} must hold texts")
    return tuple(str(value) for value in values)


def _tables(table: Mapping[str, object], key: str) -> tuple[Mapping[str, object], ...]:
    values = cast(list[object], _get(table, key, list, []))
    if not all(isinstance(value, dict) for value in values):
        raise ValueError(f"{key} must hold tables")
    return tuple(cast(Mapping[str, object], value) for value in values)
