"""The way of a message that arrived, read from its header. Bounded, and never an exception.

Whatever stands in a header below the receiving side's own lines was written by others.
"""

import itertools
import re
from dataclasses import dataclass, replace
from datetime import datetime

from mailsetup.discovery import providers
from mailsetup.model.hostname import is_ip_literal, parse_host, to_a_label
from mailsetup.model.rfc5322 import Field, addresses_in, date_in, fields_of, text_of
from mailsetup.model.text import plain
from mailsetup.net.ip_scope import is_public
from mailsetup.net.public_suffix import owned_domain

MAX_HOPS = 50
_MAX_FIELD = 16 * 1024
_MAX_RESULTS = 30

_SPAM_FIELDS = frozenset(
    {
        "x-spam-flag",
        "x-spam-status",
        "x-spam-score",
        "x-spam-level",
        "x-spamd-result",
        "x-spam-report",
        "x-forefront-antispam-report",
        "x-microsoft-antispam",
        "x-ms-exchange-organization-scl",
        "x-rspamd-score",
        "x-vr-spamstate",
        "x-vr-spamscore",
        "x-ovh-spam-reason",
        "x-gmx-antispam",
        "x-ui-filterresults",
        "x-ymailisg",
    }
)
_SAME_HOUSE = {
    "exchangelabs.com": "outlook.com",
    "office365.com": "outlook.com",
    "googlemail.com": "google.com",
    "gmail.com": "google.com",
    "yahoodns.net": "yahoo.com",
}
"""Large receivers whose own machines hand mail on under several domains."""
_FROM = re.compile(r"\s*from\s+(\S{1,255})", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+(\S{1,255})", re.IGNORECASE)
_WITH = re.compile(r"\swith\s+([A-Za-z0-9]{1,20})")
_IN_BRACKETS = re.compile(r"[\[(](?:IPv6:)?([0-9A-Fa-f:.]{3,45})[\])]", re.IGNORECASE)
_REVERSE_NAME = re.compile(r"\(\s*([A-Za-z0-9_.\-]{1,253})\s*[\[(]")
_RESULT = re.compile(r"([A-Za-z0-9\-_]{1,40})(?:\s*/\s*\d{1,9})?\s*=\s*([A-Za-z0-9\-_]{1,40})")
_PROPERTY = re.compile(r"([A-Za-z0-9\-_]{1,40})\s*\.\s*([A-Za-z0-9\-_]{1,40})\s*=\s*(\S{1,320})")


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received line. ``seconds`` passed since the line below it; both may be unknown."""

    helo: str = ""
    name: str = ""
    """What the receiving host found in the reverse DNS."""
    address: str = ""
    by: str = ""
    protocol: str = ""
    when: datetime | None = None
    seconds: float | None = None

    @property
    def authenticated(self) -> bool:
        """Handed in by somebody who logged in (RFC 3848: the ``A`` in ESMTPSA)."""
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
    """What one server says that it checked; Microsoft leaves its name out."""

    server: str = ""
    results: tuple[AuthResult, ...] = ()

    def of(self, method: str) -> tuple[AuthResult, ...]:
        """The results of one method, such as ``dkim``."""
        return tuple(result for result in self.results if result.method == method)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """``hops`` are newest first. ``handed_over`` is the host from which the receiving side got it;
    None where the message stayed in one house or where that cannot be told."""

    hops: tuple[Hop, ...] = ()
    handed_over: Hop | None = None
    authentication: AuthResults | None = None
    spam: tuple[tuple[str, str], ...] = ()
    author_domain: str = ""
    """Of the only address in From, as A-labels; "" where there is none or more than one."""
    envelope_sender: str | None = None
    """From Return-Path: "" for a bounce, None where the field is missing."""


def read_message(raw: bytes) -> ReceivedMessage:
    """Everything that the header of a message tells about its way."""
    fields = list(fields_of(raw))
    received = [value for name, value in fields if name == "received"]
    hops = _with_delays([_hop(text_of(value)) for value in received[:MAX_HOPS]])
    border, side = _border(hops)
    return ReceivedMessage(
        hops=tuple(hops),
        handed_over=hops[border] if border is not None else None,
        authentication=_trusted_results(fields, border, side),
        spam=tuple(_spam(fields)),
        author_domain=_author_domain(fields),
        envelope_sender=_envelope_sender(fields),
    )


# The way --------------------------------------------------------------------------------------


def _hop(text: str) -> Hop:
    trace, _, date = text.rpartition(";")
    trace = trace or text
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
        # Exim and Postfix write the address last; what stands before it may be the client's word.
        address=addresses[-1] if addresses else "",
        by=plain(by[1].strip("[]()"), 100) if by else "",
        protocol=protocol[1] if protocol else "",
        when=date_in(date),
    )


def _with_delays(hops: list[Hop]) -> list[Hop]:
    timed = [
        replace(hop, seconds=(hop.when - older.when).total_seconds())
        if hop.when and older.when
        else hop
        for hop, older in itertools.pairwise(hops)
    ]
    return [*timed, *hops[-1:]]


def _border(hops: list[Hop]) -> tuple[int | None, frozenset[str]]:
    """Which hop came from outside, and the domains of the receiving side."""
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
        # The greeting is the sender's word; the reverse name, where there is one, counts alone.
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
    return _SAME_HOUSE.get(owner, owner)


# What the receiving side found ------------------------------------------------------------------


def _trusted_results(
    fields: list[Field], border: int | None, side: frozenset[str]
) -> AuthResults | None:
    """The topmost result of the receiving side itself (RFC 8601 sections 1.6, 5 and 7.1).

    Above the border everything was written by that side, and Microsoft leaves its name out. Just
    below it a mail filter of that side may have put its lines: there the name has to be right, as
    a border removes what strangers write under its name.
    """
    received = 0
    for name, value in fields:
        received += name == "received"
        if border is not None and received > border + 1:
            return None
        if name == "authentication-results":
            results = parse_results(text_of(value))
            above = border is not None and received <= border
            if (above and not results.server) or _owner(results.server) in side:
                return results
    return None


def parse_results(text: str) -> AuthResults:
    """Read an Authentication-Results value as it is found in the wild (RFC 8601 section 2.2)."""
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
    """At semicolons outside of comments and quoted strings; comments are left out."""
    parts, depth, quoted, escaped = [""], 0, False, False
    kept: list[str] = []
    for char in text:
        if escaped:
            escaped = False
            if not depth:
                kept.append(char)
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = char != '"'
            kept.append(char)
        elif char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            kept.append(" ")
        elif depth:
            continue
        elif char == ";":
            parts.append("".join(kept))
            kept.clear()
        else:
            quoted = char == '"'
            kept.append(char)
    parts.append("".join(kept))
    return [part for part in parts if part.strip()]


def _spam(fields: list[Field]) -> list[tuple[str, str]]:
    return [(name, plain(text_of(value), 200)) for name, value in fields if name in _SPAM_FIELDS][
        :10
    ]


# Whose it is -----------------------------------------------------------------------------------


def _author_domain(fields: list[Field]) -> str:
    values = [text_of(value) for name, value in fields if name == "from"]
    if len(values) != 1:
        return ""
    domains = {address.rpartition("@")[2] for address in addresses_in(values[0])}
    return (to_a_label(domains.pop()) or "") if len(domains) == 1 else ""


def _envelope_sender(fields: list[Field]) -> str | None:
    value = next((text_of(value) for name, value in fields if name == "return-path"), None)
    return plain(value.strip().strip("<>").strip(), 254) if value is not None else None
