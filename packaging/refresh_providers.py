#!/usr/bin/env python3
"""Prints differences between the public list of providers (ISPDB) and ``resources/providers.toml``.

Takes a checkout of thunderbird/autoconfig; changes are made by hand. Exit status: 0 nothing
differs, 1 something does, 2 the folder cannot be used. Needs mailsetup to be installed.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailsetup.discovery.providers import MailProvider, load
from mailsetup.formats import autoconfig, xmltree
from mailsetup.formats.autoconfig import AutoconfigFailure
from mailsetup.formats.xmltree import XmlFault, children, name_of
from mailsetup.model.address import (
    ADDRESS_PLACEHOLDER,
    DOMAIN_PLACEHOLDER,
    LOCAL_PART_PLACEHOLDER,
    EmailAddress,
)
from mailsetup.model.hostname import is_within, to_a_label
from mailsetup.model.settings import AccountSettings, Protocol, ServerSettings

_LOCAL_PART = "somebody"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the public list, with its domains."""

    name: str
    document: bytes
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of one row. ``known``: whether the public list has the provider."""

    known: bool
    differences: tuple[str, ...] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; the exit status."""
    folder: Path = _parser().parse_args(arguments).checkout
    files = _files(folder)
    if not files:
        print(f"{folder}: no folder with the XML files of the public list", file=sys.stderr)
        return 2
    entries = [entry for file in files if (entry := _entry(file)) is not None]
    if not entries:
        print(f"{folder}: none of its XML files can be read", file=sys.stderr)
        return 2
    return _report(load(), entries, skipped=len(files) - len(entries))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Compare resources/providers.toml with the public list of providers. "
        "Nothing is written.",
        epilog="Exit status: 0 nothing differs, 1 something does, 2 the folder cannot be used.",
    )
    parser.add_argument(
        "checkout",
        type=Path,
        help="a checkout of thunderbird/autoconfig, or a folder with its XML files",
    )
    return parser


def _files(folder: Path) -> list[Path]:
    inner = folder / "ispdb"
    found = (inner if inner.is_dir() else folder).glob("*.xml")
    return sorted(file for file in found if file.is_file())


def _entry(file: Path) -> Entry | None:
    document = file.read_bytes()
    root = xmltree.read(document)
    if isinstance(root, XmlFault) or name_of(root) != "clientconfig":
        reason = root.value if isinstance(root, XmlFault) else "not a client configuration"
        print(f"{file.name}: skipped ({reason})", file=sys.stderr)
        return None
    texts = [
        domain.text or ""
        for provider in children(root, "emailProvider")
        for domain in children(provider, "domain")
    ]
    domains = dict.fromkeys(name for text in texts if (name := to_a_label(text)) is not None)
    return Entry(file.name, document, tuple(domains))


def _report(rows: Sequence[MailProvider], entries: Sequence[Entry], skipped: int) -> int:
    by_domain = {domain: entry for entry in reversed(entries) for domain in entry.domains}
    ours = frozenset(name for row in rows for name in (*row.domains, *row.mx, *row.owns))
    unknown = differing = 0
    for row in rows:
        compared = _compare(row, by_domain, ours)
        unknown += not compared.known
        differing += bool(compared.differences)
        for line in compared.differences:
            print(line)
        if not compared.known:
            print(f"{_title(row)}: not in the public list")
    print(
        f"{len(rows)} rows: {differing} differ, {unknown} not in the public list; "
        f"{len(entries)} files read, {skipped} skipped"
    )
    return 1 if differing else 0


def _title(row: MailProvider) -> str:
    names = row.domains or row.mx or row.cname or row.owns
    return f"{row.name} ({names[0]})" if names else row.name


def _compare(row: MailProvider, by_domain: Mapping[str, Entry], ours: frozenset[str]) -> Comparison:
    names = _listed(row, by_domain)
    if not names:
        return Comparison(known=False)
    domains_of: dict[str, list[str]] = {}
    for name in names:
        for line in _server_differences(row, by_domain[name], name):
            domains_of.setdefault(line, []).append(name)
    lines = [f"{row.name} ({', '.join(where)}): {line}" for line, where in domains_of.items()]
    files = dict.fromkeys(by_domain[name] for name in names)
    missing = _missing(row, files, ours)
    if missing:
        lines.append(f"{_title(row)}: domains that only the public list has: {', '.join(missing)}")
    return Comparison(known=True, differences=tuple(lines))


def _listed(row: MailProvider, by_domain: Mapping[str, Entry]) -> list[str]:
    """The row's names in the public list: addresses' domains, else exchangers', else its own.

    Other rows of the same company share the later ones, so that they are used only as a fallback.
    """
    for names in (row.domains, row.mx, row.owns):
        listed = [name for name in names if name in by_domain]
        if listed:
            return listed
    return []


def _missing(row: MailProvider, files: Iterable[Entry], ours: frozenset[str]) -> list[str]:
    """Domains that the row does not have, without exchangers that the public list includes."""
    return [
        domain
        for entry in files
        for domain in entry.domains
        if domain not in ours and not any(is_within(domain, name) for name in (*row.mx, *row.owns))
    ]


def _server_differences(row: MailProvider, entry: Entry, domain: str) -> Iterator[str]:
    address = EmailAddress(_LOCAL_PART, domain)
    ours = row.settings(address)
    theirs = autoconfig.read(entry.document, address)
    if isinstance(theirs, AutoconfigFailure):
        yield f"{entry.name} has no server that could be used ({theirs.fault})"
        return
    if not ours.servers:
        return
    for protocol in Protocol:
        yield from _differences(
            protocol, _of(ours, protocol), _of(theirs, protocol), address, entry.name
        )


def _of(settings: AccountSettings, protocol: Protocol) -> list[ServerSettings]:
    return [server for server in settings.servers if server.protocol is protocol]


def _differences(
    protocol: Protocol,
    ours: Sequence[ServerSettings],
    theirs: Sequence[ServerSettings],
    address: EmailAddress,
    file: str,
) -> Iterator[str]:
    """Each of our servers must be in the public list with equal values; it may have more."""
    if theirs and not ours:
        yield f"{protocol}: we have none, {file} has {_listing(theirs)}"
    for server in ours:
        same = next((other for other in theirs if _place(other) == _place(server)), None)
        if same is None:
            listed = _listing(theirs) or "none"
            yield f"{protocol}: we have {_listing([server])}, {file} has {listed}"
            continue
        if same.username != server.username:
            yield (
                f"{protocol} {server.host}: user name is {_template(server.username, address)}, "
                f"in {file} {_template(same.username, address)}"
            )
        if same.authentication != server.authentication:
            yield (
                f"{protocol} {server.host}: authentication is {', '.join(server.authentication)}, "
                f"in {file} {', '.join(same.authentication)}"
            )


def _place(server: ServerSettings) -> tuple[str, int, str]:
    return server.host, server.port, server.security


def _listing(servers: Sequence[ServerSettings]) -> str:
    return ", ".join(f"{server.host}:{server.port} {server.security}" for server in servers)


def _template(username: str, address: EmailAddress) -> str:
    """The user name as a template for all domains, so that equal differences are printed once."""
    return (
        username.replace(address.ascii, ADDRESS_PLACEHOLDER)
        .replace(address.domain, DOMAIN_PLACEHOLDER)
        .replace(address.local, LOCAL_PART_PLACEHOLDER)
    )


if __name__ == "__main__":
    sys.exit(main())
