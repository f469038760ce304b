"""DKIM signatures of a received message (RFC 6376, 8301, 8463).

Our own verifier on `cryptography`, compared with `dkimpy` in the tests. The reasons: keys are
queried with our asynchronous resolver, its cache and time limits; the time is linear in the size of
the message, while dkimpy takes a minute for a line of 250,000 blanks; a missing key is
distinguished from a wrong one; Ed25519 needs no further binary package.
"""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailsetup.diagnosis.health.received_message import ReceivedMessage
from mailsetup.diagnosis.health.tag_list import read_tags
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import is_dns_name, is_within
from mailsetup.model.rfc5322 import MAX_FIELDS, Field, body_of, header_lines
from mailsetup.model.text import plain
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.public_suffix import owned_domain

MAX_SIGNATURES = 8
MIN_RSA_BITS = 1024
"""RFC 8301 section 3.2: signatures with shorter keys are not valid."""
_MAX_RSA_BITS = 8192
_MAX_KEY_RECORDS = 4
_CLOCK_SKEW = 36_000.0
"""Seconds by which clocks may differ before a signature counts as expired."""
_B_TAG = re.compile(rb"(?P<before>(?:\A|;)[ \t\r\n]*b[ \t\r\n]*=)[^;]*")
_BLANKS = re.compile(rb"[ \t]+")


class DkimFault(StrEnum):
    """Why a signature is not valid."""

    MALFORMED = "malformed"
    EXPIRED = "expired"
    ALGORITHM = "outdated-algorithm"
    KEY_MISSING = "key-missing"
    KEY_REVOKED = "key-revoked"
    KEY_MALFORMED = "key-malformed"
    KEY_UNFIT = "key-not-for-this"
    KEY_TOO_SHORT = "key-too-short"
    BODY = "body-changed"
    SIGNATURE = "signature-wrong"


class SignatureStatus(StrEnum):
    """Result of a verification; ``unknown`` where the key could not be queried."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DkimSignature:
    """One DKIM-Signature field and the result of its verification."""

    domain: str
    selector: str
    status: SignatureStatus
    fault: DkimFault | None = None

    def __str__(self) -> str:
        text = f"{self.selector}._domainkey.{self.domain}: {self.status}"
        return f"{text} ({self.fault})" if self.fault else text


@dataclass(frozen=True, slots=True)
class _SignatureTags:
    """The tags of a well-formed signature."""

    domain: str
    selector: str
    identity_domain: str
    algorithm: str
    signature: bytes
    body_hash: bytes
    relaxed_header: bool
    relaxed_body: bool
    names: tuple[str, ...]
    length: int | None


class CanonicalBody:
    """A message's body, canonicalised and hashed once for each algorithm.

    A message may have `MAX_SIGNATURES` signatures with `_MAX_KEY_RECORDS` keys each, which must not
    multiply the work on a body of 100 MB: no deadline interrupts it.
    """

    def __init__(self, raw: bytes) -> None:
        # Some servers store bare line feeds; the message was sent with CRLF.
        self._raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        self._canonical: dict[bool, bytes] = {}
        self._digests: dict[tuple[bool, int | None], bytes] = {}
        self.passes = 0
        """How often the whole body was processed so far."""

    def digest(self, *, relaxed: bool, length: int | None) -> bytes:
        """SHA-256 of the first ``length`` octets of the canonical body (RFC 6376 section 3.7)."""
        key = (relaxed, length)
        if key not in self._digests:
            if relaxed not in self._canonical:
                self._canonical[relaxed] = _canonical(self._raw, relaxed=relaxed)
                self.passes += 1
            self._digests[key] = hashlib.sha256(self._canonical[relaxed][:length]).digest()
            self.passes += 1
        return self._digests[key]


def _canonical(body: bytes, *, relaxed: bool) -> bytes:
    """RFC 6376 sections 3.4.3 and 3.4.4, without a list of lines: there may be 100 million."""
    if relaxed:
        body = body.replace(b"\t", b" ")
        # Each pass halves the sequences of blanks.
        while b"  " in body:
            body = body.replace(b"  ", b" ")
        body = body.replace(b" \r\n", b"\r\n").removesuffix(b" ")
    body = _without_last_empty_lines(body)
    return body + b"\r\n" if body or not relaxed else b""


def _without_last_empty_lines(body: bytes) -> bytes:
    """Without all CRLF at the end; a bare CR before them belongs to its line."""
    bare = body.rstrip(b"\r\n")
    end = body[len(bare) :]
    if end.endswith(b"\r"):
        return body
    return bare + end[: end.rfind(b"\r\r") + 1]


async def verify(raw: bytes, dns: Resolver, now: float) -> tuple[DkimSignature, ...]:
    """Verify every signature, with concurrent queries. ``now`` in seconds since 1970."""
    fields = _raw_fields(raw)
    signatures = [field for field in fields if field[0] == "dkim-signature"][:MAX_SIGNATURES]
    body = CanonicalBody(body_of(raw) if signatures else b"")
    return tuple(
        await asyncio.gather(*(_verify_one(field, fields, body, dns, now) for field in signatures))
    )


async def _verify_one(
    field: Field, fields: Sequence[Field], body: CanonicalBody, dns: Resolver, now: float
) -> DkimSignature:
    parsed = _parse(field[1].partition(b":")[2], now)
    if isinstance(parsed, DkimSignature):
        return parsed

    def result(status: SignatureStatus, fault: DkimFault | None = None) -> DkimSignature:
        return DkimSignature(parsed.domain, parsed.selector, status, fault)

    reply = await dns.txt(f"{parsed.selector}._domainkey.{parsed.domain}")
    match reply:
        case DnsFailure():
            return result(SignatureStatus.UNKNOWN)
        case Absent():
            return result(SignatureStatus.INVALID, DkimFault.KEY_MISSING)
        case DnsAnswer():
            texts = reply.records[:_MAX_KEY_RECORDS]
        case _:
            assert_never(reply)
    faults = [_verify_with_key(parsed, field, fields, body, text) for text in texts]
    if None in faults:
        return result(SignatureStatus.VALID)
    return result(SignatureStatus.INVALID, next((f for f in faults if f), DkimFault.KEY_MISSING))


# The signature field ----------------------------------------------------------------------------


def _parse(value: bytes, now: float) -> _SignatureTags | DkimSignature:
    tags = dict(read_tags(value.decode("utf-8", "replace")) or ())
    domain = tags.get("d", "").lower().rstrip(".")
    selector = tags.get("s", "").lower()

    def bad(fault: DkimFault) -> DkimSignature:
        return DkimSignature(
            plain(domain, 100), plain(selector, 100), SignatureStatus.INVALID, fault
        )

    identity = tags.get("i", f"@{domain}").rpartition("@")[2].lower()
    names = tuple(name.strip().lower() for name in tags.get("h", "").split(":"))
    signature, body_hash = _base64(tags.get("b", "")), _base64(tags.get("bh", ""))
    header, _, of_body = tags.get("c", "simple/simple").lower().partition("/")
    of_body = of_body or "simple"
    numbers = [tags[name] for name in ("l", "x", "t") if name in tags]
    if (
        tags.get("v") != "1"
        or not is_dns_name(f"{selector}._domainkey.{domain}")
        or not domain
        or not signature
        or not body_hash
        or "from" not in names
        or not is_within(identity, domain)
        or not {header, of_body} <= {"simple", "relaxed"}
        or not all(n.isascii() and n.isdigit() and len(n) <= 76 for n in numbers)
        or "dns/txt" not in tags.get("q", "dns/txt").lower().split(":")
    ):
        return bad(DkimFault.MALFORMED)
    algorithm = tags.get("a", "").lower()
    if algorithm not in ("rsa-sha256", "ed25519-sha256"):
        return bad(DkimFault.ALGORITHM)
    if "x" in tags and int(tags["x"]) < now - _CLOCK_SKEW:
        return bad(DkimFault.EXPIRED)
    return _SignatureTags(
        domain,
        selector,
        identity,
        algorithm.partition("-")[0],
        signature,
        body_hash,
        header == "relaxed",
        of_body == "relaxed",
        names[:MAX_FIELDS],
        int(tags["l"]) if "l" in tags else None,
    )


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


# The key ----------------------------------------------------------------------------------------


def _verify_with_key(
    parsed: _SignatureTags, field: Field, fields: Sequence[Field], body: CanonicalBody, text: str
) -> DkimFault | None:
    """Verify with one key record (RFC 6376 section 3.6.1); None where the signature is valid."""
    tags = dict(read_tags(text) or ())
    if "p" not in tags or tags.get("v", "DKIM1") != "DKIM1":
        return DkimFault.KEY_MALFORMED
    if not tags["p"]:
        return DkimFault.KEY_REVOKED
    hashes = [part.strip() for part in tags.get("h", "sha256").lower().split(":")]
    services = [part.strip() for part in tags.get("s", "*").lower().split(":")]
    flags = [part.strip() for part in tags.get("t", "").lower().split(":")]
    if (
        tags.get("k", "rsa").lower() != parsed.algorithm
        or "sha256" not in hashes
        or not {"*", "email"} & set(services)
        or ("s" in flags and parsed.identity_domain != parsed.domain)
    ):
        return DkimFault.KEY_UNFIT
    if body.digest(relaxed=parsed.relaxed_body, length=parsed.length) != parsed.body_hash:
        return DkimFault.BODY
    return _verify_signature(parsed, _base64(tags["p"]), _header(parsed, field, fields))


def _verify_signature(parsed: _SignatureTags, key: bytes, header: bytes) -> DkimFault | None:
    try:
        if parsed.algorithm == "ed25519":
            # RFC 8463 section 3: the hash is signed, and the record holds the raw key.
            digest = hashlib.sha256(header).digest()
            Ed25519PublicKey.from_public_bytes(key).verify(parsed.signature, digest)
            return None
        public = load_der_public_key(key)
        if not isinstance(public, RSAPublicKey) or public.key_size > _MAX_RSA_BITS:
            return DkimFault.KEY_MALFORMED
        if public.key_size < MIN_RSA_BITS:
            return DkimFault.KEY_TOO_SHORT
        public.verify(parsed.signature, header, PKCS1v15(), SHA256())
    except InvalidSignature:
        return DkimFault.SIGNATURE
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return DkimFault.KEY_MALFORMED
    return None


# The signed data --------------------------------------------------------------------------------


def _raw_fields(raw: bytes) -> list[Field]:
    """The header fields as (name in lower case, the whole field with its CRLF).

    The ``simple`` algorithm signs every octet of the field, its name included.
    """
    fields: list[tuple[str, bytearray]] = []
    for line in header_lines(raw):
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].extend(line)
        elif b":" in line and len(fields) < MAX_FIELDS:
            name = line.partition(b":")[0].strip().decode("ascii", "replace").lower()
            fields.append((name, bytearray(line)))
    return [(name, bytes(whole)) for name, whole in fields]


def _header(parsed: _SignatureTags, field: Field, fields: Sequence[Field]) -> bytes:
    """RFC 6376 section 3.7: the signed fields from the bottom up, then the signature without b."""
    left: dict[str, list[bytes]] = {}
    for one in fields:
        if one is not field:
            left.setdefault(one[0], []).append(one[1])
    chosen = [left[name].pop() for name in parsed.names if left.get(name)]
    label, colon, value = field[1].partition(b":")
    bare = label + colon + _B_TAG.sub(rb"\g<before>", value)
    canonical = [_relaxed_field(whole) if parsed.relaxed_header else whole for whole in chosen]
    last = _relaxed_field(bare) if parsed.relaxed_header else bare
    return b"".join(canonical) + last.removesuffix(b"\r\n")


def _relaxed_field(whole: bytes) -> bytes:
    name, _, value = whole.partition(b":")
    unfolded = value.replace(b"\r\n", b"")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", unfolded).strip(b" ") + b"\r\n"


# Findings ---------------------------------------------------------------------------------------


def findings(
    signatures: Sequence[DkimSignature], arrived: ReceivedMessage, *, elsewhere: bool
) -> tuple[Finding, ...]:
    """``elsewhere``: the message was received at another provider than it was sent from."""
    passed = domains_with_dkim_pass(arrived)
    shown: dict[str, Fact] = {"signatures": tuple(str(one) for one in signatures) or ("none",)}
    if not signatures:
        if not elsewhere or passed:
            return ()
        return (Finding(FindingId.DNS_DKIM_MISSING, Status.WARN, {}, shown),)
    own = [one for one in signatures if _is_of(one.domain, arrived.author_domain)]
    counted = own or list(signatures)
    is_good = any(
        one.status is not SignatureStatus.INVALID or one.domain in passed for one in counted
    )
    if is_good:
        return ()
    worst = min(counted, key=lambda one: _priority(one.fault))
    changed_inside = worst.fault is DkimFault.BODY and not elsewhere
    return (
        Finding(
            FindingId.DNS_DKIM_INVALID,
            Status.WARN if changed_inside else Status.FAIL,
            {"selector": worst.selector} if worst.selector else {},
            shown | {"selector": worst.selector, "reason": str(worst.fault)},
        ),
    )


def _is_of(domain: str, author_domain: str) -> bool:
    return bool(author_domain) and owned_domain(domain) == owned_domain(author_domain)


def _priority(fault: DkimFault | None) -> int:
    """Faults that copying the key again may fix come first."""
    order = (
        DkimFault.KEY_MISSING,
        DkimFault.KEY_REVOKED,
        DkimFault.KEY_MALFORMED,
        DkimFault.SIGNATURE,
    )
    return order.index(fault) if fault in order else len(order)


def domains_with_dkim_pass(arrived: ReceivedMessage) -> frozenset[str]:
    """Domains whose signatures the receiving server verified, before anything changed the text."""
    results = arrived.authentication.of("dkim") if arrived.authentication else ()
    return frozenset(
        (result.property("header.d") or result.property("header.i").rpartition("@")[2]).lower()
        for result in results
        if result.result == "pass"
    )
