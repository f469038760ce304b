"""Trace and authentication results in the header of a received message.

Bounded in size, and never raises. Fields below those of the receiving side were written by others.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsetup.discovery import providers
from mailsetup.model.hostname import is_ip_literal, parse_host, to_a_label
from mailsetup.model.rfc5322 import Field, addresses_in, fields_of, text_of
from mailsetup.model.text import plain
from mailsetup.net.ip_scope import is_public
from mailsetup.net.public_suffix import owned_domain

MAX_HOPS = 50
_MAX_FIELD = 16 * 1024
_MAX_RESULTS = 30

_OWNER_ALIASES: Final[Mapping[str, str]] = {
    "exchangelabs.com": "outlook.com",
    "office365.com": "outlook.com",
    "googlemail.com": "google.com",
    "gmail.com": "google.com",
    "yahoodns.net": "yahoo.com",
}
"""Large receivers whose own hosts relay mail under several domains."""
_FROM = re.compile(r"\s*from\s+(\S{1,255})", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+(\S{1,255})", re.IGNORECASE)
_WITH = re.compile(r"\swith\s+([A-Za-z0-9]{1,20})")
_IN_BRACKETS = re.compile(r"[\[(](?:IPv6:)?([0-9A-Fa-f:.]{3,45})[\])]", re.IGNORECASE)
_REVERSE_NAME = re.compile(r"\(\s*([A-Za-z0-9_.\-]{1,253})\s*[\[(]")
_RESULT = re.compile(r"([A-Za-z0-9\-_]{1,40})(?:\s*/\s*\d{1,9})?\s*=\s*([A-Za-z0-9\-_]{1,40})")
_PROPERTY = re.compile(r"([A-Za-z0-9\-_]{1,40})\s*\.\s*([A-Za-z0-9\-_]{1,40})\s*=\s*(\S{1,320})")


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received field; unknown parts are empty."""

    helo: str = ""
    name: str = ""
    """The reverse DNS name that the receiving host found."""
    address: str = ""
    by: str = ""
    protocol: str = ""

    @property
    def authenticated(self) -> bool:
        """Whether the client was authenticated (RFC 3848: the ``A`` in ESMTPSA)."""
        return self.protocol.upper() in ("ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "ASMTP")


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One method's result (RFC 8601 section 2.2). ``properties`` are ``ptype.property``, value."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...] = ()

    def property(self, name: str) -> str:
        """A property's value, or ""."""
        return next((value for key, value in self.properties if key == name), "")


@dataclass(frozen=True, slots=True)
class AuthResults:
    """One Authentication-Results field; ``server`` is "" in those of Microsoft."""

    server: str = ""
    results: tuple[AuthResult, ...] = ()

    def of(self, method: str) -> tuple[AuthResult, ...]:
        """The results of one method, such as ``dkim``."""
        return tuple(result for result in self.results if result.method == method)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """``hops`` are newest first. ``handover`` is the hop into the receiving side; None where the
    message stayed inside one administrative domain, or where that is unknown."""

    hops: tuple[Hop, ...] = ()
    handover: Hop | None = None
    authentication: AuthResults | None = None
    author_domain: str = ""
    """Of the only address in From, as A-labels; "" where there is none or more than one."""
    envelope_sender: str | None = None
    """From Return-Path: "" for a bounce, None where the field is missing."""


def read_message(raw: bytes) -> ReceivedMessage:
    """Read the header of a message."""
    fields = list(fields_of(raw))
    received = [value for name, value in fields if name == "received"]
    hops = [_hop(text_of(value)) for value in received[:MAX_HOPS]]
    boundary, side = _boundary(hops)
    return ReceivedMessage(
        hops=tuple(hops),
        handover=hops[boundary] if boundary is not None else None,
        authentication=_trusted_results(fields, boundary, side),
        author_domain=_author_domain(fields),
        envelope_sender=_envelope_sender(fields),
    )


# Trace ----------------------------------------------------------------------------------------


def _hop(text: str) -> Hop:
    trace = text.rpartition(";")[0] or text
    by = _BY.search(trace)
    before = trace[: by.start()] if by else trace
    after = trace[by.start() :] if by else trace
    helo = _FROM.match(before)
    addresses = [found for found in _IN_BRACKETS.findall(before) if is_ip_literal(found)]
    name = _REVERSE_NAME.search(before)
    protocol = _WITH.search(after)
    return Hop(
        helo=plain(helo[1].strip("[]()"), 100) if helo else "",
        name=plain(name[1], 100) if name and not is_ip_literal(name[1]) else "",
        # Exim and Postfix write the address last; what stands before it may be set by the client.
        address=addresses[-1] if addresses else "",
        by=plain(by[1].strip("[]()"), 100) if by else "",
        protocol=protocol[1] if protocol else "",
    )


def _boundary(hops: list[Hop]) -> tuple[int | None, frozenset[str]]:
    """The index of the hop from outside, and the domains of the receiving side."""
    side: set[str] = set()
    for index, hop in enumerate(hops):
        by = _owner(hop.by)
        if by:
            side.add(by)
        names = [name for name in (hop.name, hop.helo) if name]
        if hop.authenticated:
            return None, frozenset(side)
        if not is_public(hop.address):
            continue
        # The HELO name is set by the sender: the reverse name counts, if there is one.
        owner = _owner(names[0]) if names else ""
        is_filter = any(providers.filter_of(name.lower()) for name in names[:1])
        if owner not in side and not is_filter:
            return index, frozenset(side)
        if owner:
            side.add(owner)
    return None, frozenset(side)


def _owner(name: str) -> str:
    host = parse_host(name.rstrip("."))
    owner = owned_domain(host) if host else ""
    return _OWNER_ALIASES.get(owner, owner)


# Authentication results -------------------------------------------------------------------------


def _trusted_results(
    fields: list[Field], boundary: int | None, side: frozenset[str]
) -> AuthResults | None:
    """The topmost field of the receiving side itself (RFC 8601 sections 1.6, 5 and 7.1).

    Above the boundary everything was written by that side, even without its name (Microsoft).
    Directly below it a mail filter of that side may have added its fields: there the name has to be
    right, because a boundary removes those that others write under its name.
    """
    received = 0
    for name, value in fields:
        received += name == "received"
        if boundary is not None and received > boundary + 1:
            return None
        if name == "authentication-results":
            results = parse_results(text_of(value))
            above = boundary is not None and received <= boundary
            if (above and not results.server) or _owner(results.server) in side:
                return results
    return None


def parse_results(text: str) -> AuthResults:
    """Parse an Authentication-Results value, leniently (RFC 8601 section 2.2)."""
    parts = _split(text[:_MAX_FIELD])
    server = ""
    if parts and "=" not in parts[0]:
        server = plain(next(iter(parts[0].split()), ""), 253).lower()
        parts = parts[1:]
    found = []
    for part in parts[:_MAX_RESULTS]:
        result = _RESULT.match(part.strip())
        if result is None:
            continue
        rest = part.strip()[result.end() :][:2000]
        properties = tuple(
            (f"{kind}.{key}".lower(), plain(value.strip('"'), 320))
            for kind, key, value in _PROPERTY.findall(rest)
        )
        found.append(AuthResult(result[1].lower(), result[2].lower(), properties))
    return AuthResults(server, tuple(found))


def _split(text: str) -> list[str]:
    """Split at semicolons outside of comments and quoted strings; comments are removed."""
    parts, depth, quoted, escaped = [""], 0, False, False
    current: list[str] = []
    for char in text:
        if escaped:
            escaped = False
            if not depth:
                current.append(char)
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = char != '"'
            current.append(char)
        elif char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            current.append(" ")
        elif depth:
            continue
        elif char == ";":
            parts.append("".join(current))
            current.clear()
        else:
            quoted = char == '"'
            current.append(char)
    parts.append("".join(current))
    return [part for part in parts if part.strip()]


# Sender ----------------------------------------------------------------------------------------


def _author_domain(fields: list[Field]) -> str:
    values = [text_of(value) for name, value in fields if name == "from"]
    if len(values) != 1:
        return ""
    domains = {address.rpartition("@")[2] for address in addresses_in(values[0])}
    return (to_a_label(domains.pop()) or "") if len(domains) == 1 else ""


def _envelope_sender(fields: list[Field]) -> str | None:
    value = next((text_of(value) for name, value in fields if name == "return-path"), None)
    return plain(value.strip().strip("<>").strip(), 254) if value is not None else None
