"""The grammar of an SPF record (RFC 7208 sections 4.6, 5, 6, 7 and 12)."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

MAX_RECORD = 16 * 1024
"""Characters."""

_MACRO = r"%(?:\{[slodiphcrtv]\d*r?[.\-+,/_=]*\}|%|_|-)"
_MACRO_STRING = re.compile(rf"(?:{_MACRO}|[!-$&-~])*\Z", re.IGNORECASE)
_ENDS_IN_MACRO = re.compile(r"%\{[^}]*\}\Z")
_TOP_LABEL = re.compile(r"(?=.*[a-z\-])[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\Z", re.IGNORECASE)
_EXPLANATION_ONLY = re.compile(r"%\{[crt]", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9\-_.]*)=(.*)\Z", re.IGNORECASE | re.DOTALL)
_DIRECTIVE = re.compile(r"([+\-?~]?)([a-z][a-z0-9\-_.]*)([:/].*)?\Z", re.IGNORECASE | re.DOTALL)
_CIDR = re.compile(r"(?:/(0|[1-9]\d?))?(?://(0|[1-9]\d{0,2}))?\Z")
_EXPANSION = re.compile(r"%(?:\{([a-z])(\d*)(r?)([.\-+,/_=]*)\}|(%|_|-))", re.IGNORECASE)


class SpfQualifier(StrEnum):
    """Results of an evaluation (RFC 7208 section 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - the RFC's word
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_QUALIFIERS: Final[Mapping[str, SpfQualifier]] = {
    "": SpfQualifier.PASS,
    "+": SpfQualifier.PASS,
    "-": SpfQualifier.FAIL,
    "~": SpfQualifier.SOFTFAIL,
    "?": SpfQualifier.NEUTRAL,
}

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One directive. ``target`` is an unexpanded domain-spec, "" for the domain itself."""

    kind: str
    result: SpfQualifier
    text: str
    target: str = ""
    prefix4: int = 32
    prefix6: int = 128
    network: IpNetwork | None = None


@dataclass(frozen=True, slots=True)
class SpfPolicy:
    """A syntactically correct record."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str | None = None


@dataclass(frozen=True, slots=True)
class SpfSyntaxFailure:
    """The term that makes a record a permanent error (RFC 7208 section 4.6)."""

    text: str


def spf_records(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The SPF records among a name's TXT records (RFC 7208 section 4.5)."""
    return tuple(text for text in texts if text[:7].lower().rstrip(" ") == "v=spf1")


def parse(text: str) -> SpfPolicy | SpfSyntaxFailure:
    """Parse a record; one wrong term makes it a permanent error (RFC 7208 section 4.6)."""
    if len(text) > MAX_RECORD:
        return SpfSyntaxFailure(f"{len(text)} characters")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in text[6:].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.match(term)
        if modifier is not None:
            name, value = modifier[1].lower(), modifier[2]
            if not _is_modifier(name, value) or name in modifiers:
                return SpfSyntaxFailure(term)
            if name in ("redirect", "exp"):
                modifiers[name] = value
            continue
        mechanism = _mechanism(term)
        if mechanism is None:
            return SpfSyntaxFailure(term)
        mechanisms.append(mechanism)
    return SpfPolicy(tuple(mechanisms), modifiers.get("redirect"))


def _is_modifier(name: str, value: str) -> bool:
    if name in ("redirect", "exp"):
        return _is_domain_spec(value)
    return _MACRO_STRING.match(value) is not None


def _mechanism(term: str) -> Mechanism | None:
    parts = _DIRECTIVE.match(term)
    if parts is None:
        return None
    kind, rest = parts[2].lower(), parts[3] or ""
    result = _QUALIFIERS[parts[1]]
    match kind:
        case "all":
            return Mechanism(kind, result, term) if not rest else None
        case "ip4" | "ip6":
            network = _network(kind, rest)
            return Mechanism(kind, result, term, network=network) if network else None
        case "include" | "exists":
            target = rest[1:]
            if not rest.startswith(":") or not _is_domain_spec(target):
                return None
            return Mechanism(kind, result, term, target)
        case "ptr":
            if rest and not (rest.startswith(":") and _is_domain_spec(rest[1:])):
                return None
            return Mechanism(kind, result, term, rest[1:])
        case "a" | "mx":
            return _with_prefixes(kind, result, term, rest)
        case _:
            return None


def _with_prefixes(kind: str, result: SpfQualifier, term: str, rest: str) -> Mechanism | None:
    """``a`` and ``mx``: an optional domain-spec and an optional dual-cidr-length."""
    # A slash may also be part of the domain-spec: only the end of the term is a prefix length.
    ending = re.search(r"(?:/\d{1,3})?(?://\d{1,3})?\Z", rest)
    start = ending.start() if ending is not None else len(rest)
    cidr = _CIDR.match(rest[start:])
    target = rest[:start]
    if cidr is None or (target and not (target[0] == ":" and _is_domain_spec(target[1:]))):
        return None
    four = int(cidr[1]) if cidr[1] else 32
    six = int(cidr[2]) if cidr[2] else 128
    if four > 32 or six > 128:
        return None
    return Mechanism(kind, result, term, target[1:], four, six)


def _network(kind: str, rest: str) -> IpNetwork | None:
    text = rest[1:]
    address, slash, length = text.partition("/")
    well_formed = length.isascii() and length.isdigit() and str(int(length[:4])) == length
    if not rest.startswith(":") or (slash and not well_formed) or "%" in address:
        return None
    try:
        if kind == "ip4":
            return ipaddress.IPv4Network(text, strict=False)
        return ipaddress.IPv6Network(text, strict=False)
    except ValueError:
        return None


def _is_domain_spec(text: str) -> bool:
    """macro-string, then a top label or a macro (RFC 7208 section 7.1)."""
    if not text or not _MACRO_STRING.match(text) or _EXPLANATION_ONLY.search(text):
        return False
    if _ENDS_IN_MACRO.search(text):
        return True
    before, dot, last = text.removesuffix(".").rpartition(".")
    return bool(before and dot) and _TOP_LABEL.match(last) is not None


def macro_letters(text: str) -> frozenset[str]:
    """The macro letters in a domain-spec, in lower case."""
    return frozenset(found[1].lower() for found in _EXPANSION.finditer(text) if found[1])


def expand(text: str, values: dict[str, str]) -> str | None:
    """Expand macros (RFC 7208 section 7.3); None where a macro has the digit zero.

    The result is in lower case, without a final dot, cut from the left to 253 characters.
    """
    bad = False

    def value_of(found: re.Match[str]) -> str:
        nonlocal bad
        if found[5]:
            return {"%": "%", "_": " ", "-": "%20"}[found[5]]
        value = values.get(found[1].lower(), "")
        parts = re.split(f"[{re.escape(found[4] or '.')}]", value)
        if found[3]:
            parts.reverse()
        if found[2]:
            # A number larger than that of the labels selects all of them.
            count = int(found[2][:4])
            bad = bad or count == 0
            parts = parts[-count:]
        joined = ".".join(parts)
        return quote(joined, safe="") if found[1].isupper() else joined

    name = _EXPANSION.sub(value_of, text)
    if bad:
        return None
    name = name.removesuffix(".").lower()
    while len(name) > 253 and "." in name:
        name = name.partition(".")[2]
    return name
