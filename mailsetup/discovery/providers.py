"""The providers that we know by heart: ``resources/providers.toml``.

One row a provider, matched by the address's domain or by the domain's mail exchanger.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar, cast

from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import is_within, parse_host, parse_port
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


@dataclass(frozen=True, slots=True)
class ServerTemplate:
    """A server whose user name still holds autoconfig's placeholders."""

    protocol: Protocol
    host: str
    port: int
    security: SocketType
    username: str
    authentication: tuple[Authentication, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """One row. ``owns`` are the domains that hold its hosts; ``checked`` is the row's date."""

    name: str
    domains: tuple[str, ...]
    mx: tuple[str, ...]
    owns: tuple[str, ...]
    spf: tuple[str, ...]
    cname: tuple[str, ...]
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


def by_domain(domain: str) -> Provider | None:
    """The provider that gives out addresses under exactly this domain."""
    return _index()[0].get(domain)


def by_mx(host: str) -> Provider | None:
    """The provider that runs this mail exchanger; the longest suffix decides."""
    best = max((suffix for suffix in _index()[1] if is_within(host, suffix)), key=len, default=None)
    return None if best is None else _index()[1][best]


def by_spf(include: str) -> Provider | None:
    """The provider whose customers put this name behind ``include:`` in their SPF record."""
    return next((row for row in load() if include in row.spf), None)


def by_cname(host: str) -> Provider | None:
    """The provider that a customer's alias leads to; the longest suffix decides."""
    named = {suffix: row for row in reversed(load()) if row.mx or row.cname for suffix in row.owns}
    named |= {suffix: row for row in load() for suffix in row.cname}
    best = max((suffix for suffix in named if is_within(host, suffix)), key=len, default=None)
    return None if best is None else named[best]


def by_host(host: str) -> Provider | None:
    """The provider whose server this is, or who owns its domain."""
    for row in load():
        if any(server.host == host for server in (*row.incoming, *row.outgoing)):
            return row
    return next((row for row in load() if any(is_within(host, d) for d in row.owns)), None)


def filter_of(host: str) -> str | None:
    """The service that filters mail at this exchanger and keeps no mailboxes."""
    return next((name for suffix, name in _filters().items() if is_within(host, suffix)), None)


@cache
def _filters() -> Mapping[str, str]:
    rows = tomllib.loads(read_text("providers.toml")).get("filter", [])
    return {suffix: str(row["name"]) for row in rows for suffix in _texts(row, "mx")}


@cache
def load() -> tuple[Provider, ...]:
    """All rows. Raises ValueError for a row that cannot be understood: a defect of ours."""
    rows = tomllib.loads(read_text("providers.toml"))["provider"]
    return tuple(_provider(row) for row in rows)


@cache
def _index() -> tuple[Mapping[str, Provider], Mapping[str, Provider]]:
    domains = {domain: provider for provider in load() for domain in provider.domains}
    suffixes = {suffix: provider for provider in load() for suffix in provider.mx}
    return domains, suffixes


def _filled(
    templates: Iterable[ServerTemplate], address: EmailAddress
) -> tuple[ServerSettings, ...]:
    return tuple(
        ServerSettings(
            template.protocol,
            template.host,
            template.port,
            template.security,
            username,
            template.authentication,
        )
        for template in templates
        if (username := address.fill(template.username)) is not None
    )


def _provider(row: Mapping[str, object]) -> Provider:
    return Provider(
        name=_get(row, "name", str),
        domains=_texts(row, "domains"),
        mx=_texts(row, "mx"),
        owns=_texts(row, "owns"),
        spf=_texts(row, "spf"),
        cname=_texts(row, "cname"),
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
    host = parse_host(_get(entry, "host", str))
    port = parse_port(entry.get("port"))
    if host is None or port is None:
        raise ValueError(f"{row['name']}: host or port")
    kinds = _texts(entry, "authentication") or _texts(row, "authentication")
    return ServerTemplate(
        protocol=Protocol(_get(entry, "protocol", str)),
        host=host,
        port=port,
        security=SocketType(_get(entry, "security", str)),
        username=_get(entry, "username", str, "%EMAILADDRESS%"),
        authentication=tuple(Authentication(kind) for kind in kinds),
    )


def _get(table: Mapping[str, object], key: str, kind: type[_T], default: _T | None = None) -> _T:
    value = table.get(key, default)
    if not isinstance(value, kind):
        raise ValueError(f"{key} must be {kind.__name__}")  # noqa: TRY004 - it is the data's fault
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
