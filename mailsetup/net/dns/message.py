"""Questions and answers of the DNS as bytes (RFC 1035 section 4), for the few types that we ask.

A search asks some sixty questions in one breath, and what they cost to compute is what a person
waits for; a library that models every type and section takes four times as long. Where signatures
are to be followed, dnspython does it (`dnssec`), and in the tests it checks what is read here.
"""

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import assert_never

from mailsetup.model.hostname import is_dns_name

MAX_RECORDS = 64
MAX_ALIASES = 8
_MAX_NAME = 255
_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")
_POINTER = 0xC0

# RFC 6891: up to this size over UDP, which no path on the internet breaks into pieces.
_PAYLOAD = 1232
_EDNS = b"\x00" + _FIXED.pack(41, _PAYLOAD, 0, 0)

_RESPONSE, _TRUNCATED, _RECURSION_DESIRED, _AUTHENTIC = 0x8000, 0x0200, 0x0100, 0x0020
_OPCODE, _RCODE = 0x7800, 0x000F
_IN = 1

Name = tuple[bytes, ...]
"""Labels in lower case; none for the root."""


class RecordType(IntEnum):
    """The types of records (IANA's registry)."""

    A = 1
    CNAME = 5
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33


class ResponseCode(IntEnum):
    """The answers that mean something to us; all others are failures of the server."""

    NO_ERROR = 0
    FORMAT_ERROR = 1
    SERVER_FAILURE = 2
    NO_SUCH_NAME = 3
    NOT_IMPLEMENTED = 4
    REFUSED = 5


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """What one record says: its numbers in their order, and its address, text or host name.

    A host name is in lower case without a final dot, and empty for the root.
    """

    numbers: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class WireReply:
    """An answer. ``aliases`` are the names that the name asked for leads to by CNAME, in order.

    ``is_authentic`` is the server's word that it validated (AD, RFC 4035 section 3.2.3).
    """

    code: int
    is_truncated: bool = False
    is_authentic: bool = False
    aliases: tuple[str, ...] = ()
    records: tuple[ResourceRecord, ...] = ()


class _MalformedError(ValueError):
    """The bytes are no message."""


def question(name: str, kind: RecordType, number: int, *, edns: bool = True) -> bytes:
    """A question as bytes. ``name`` must be fit for the DNS; ``number`` is the random id.

    AD in a question asks for the server's verdict without the signatures (RFC 6840 section 5.7).
    """
    flags = _RECURSION_DESIRED | _AUTHENTIC
    labels = (label.encode("ascii") for label in name.rstrip(".").split("."))
    asked = b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"
    head = _HEADER.pack(number, flags, 1, 0, 0, 1 if edns else 0)
    return head + asked + struct.pack("!HH", kind, _IN) + (_EDNS if edns else b"")


def read(message: bytes, name: str, kind: RecordType, number: int) -> WireReply | None:
    """The answer to a question; None for anything else, which an honest server would not send.

    Of the records only those count that answer the question, over at most eight aliases.
    """
    try:
        return _read(message, _labels(name), kind, number)
    except (_MalformedError, struct.error, IndexError):
        return None


def _read(message: bytes, name: Name, kind: RecordType, number: int) -> WireReply | None:
    seen, flags, questions, answers, _authorities, _additional = _HEADER.unpack_from(message)
    if seen != number or not flags & _RESPONSE or flags & _OPCODE:
        return None
    code, place = flags & _RCODE, _HEADER.size
    if questions == 1:
        asked, place = _name(message, place)
        if (asked, *struct.unpack_from("!HH", message, place)) != (name, kind, _IN):
            return None
        place += 4
    # Some servers leave the question out when they do not understand it.
    elif questions or code in (ResponseCode.NO_ERROR, ResponseCode.NO_SUCH_NAME):
        return None
    if flags & _TRUNCATED:
        return WireReply(code, is_truncated=True)
    targets: dict[Name, Name] = {}
    found: list[tuple[Name, int, int]] = []
    for _ in range(answers):
        owner, place = _name(message, place)
        given, family, _ttl, length = _FIXED.unpack_from(message, place)
        place += _FIXED.size
        if place + length > len(message):
            raise _MalformedError
        if family == _IN and given == RecordType.CNAME:
            targets.setdefault(owner, _name(message, place)[0])
        elif family == _IN and given == kind:
            found.append((owner, place, length))
        place += length
    chain: list[Name] = []
    last = name
    while last in targets and len(chain) <= MAX_ALIASES:
        last = targets[last]
        chain.append(last)
    records: list[ResourceRecord] = []
    if len(chain) <= MAX_ALIASES:
        answering = [(at, length) for owner, at, length in found if owner == last]
        decoded = (_record(message, at, length, kind) for at, length in answering[:MAX_RECORDS])
        records = [record for record in decoded if record is not None]
    names = (_host(alias) for alias in chain[:MAX_ALIASES])
    return WireReply(
        code,
        is_authentic=bool(flags & _AUTHENTIC),
        aliases=tuple(alias for alias in names if alias),
        records=tuple(dict.fromkeys(records)),
    )


def _record(message: bytes, place: int, length: int, kind: RecordType) -> ResourceRecord | None:
    """One record; None where the host that it names is none."""
    end = place + length
    match kind:
        case RecordType.A | RecordType.AAAA:
            family = socket.AF_INET if kind is RecordType.A else socket.AF_INET6
            if length != (4 if kind is RecordType.A else 16):
                raise _MalformedError
            return ResourceRecord((), socket.inet_ntop(family, message[place:end]))
        case RecordType.TXT:
            return ResourceRecord((), _text(message, place, end))
        case RecordType.MX | RecordType.SRV | RecordType.PTR:
            count = {RecordType.MX: 1, RecordType.SRV: 3}.get(kind, 0)
            numbers = struct.unpack_from(f"!{count}H", message, place)
            target, after = _name(message, place + 2 * count)
            if after != end:
                raise _MalformedError
            host = _host(target)
            return None if host is None else ResourceRecord(numbers, host)
        case RecordType.CNAME:
            # Never asked for by itself: aliases come along with what they lead to.
            return None
        case _:
            assert_never(kind)


def _text(message: bytes, place: int, end: int) -> str:
    """A TXT record's strings, joined without a separator."""
    pieces = bytearray()
    while place < end:
        after = place + 1 + message[place]
        if after > end:
            raise _MalformedError
        pieces += message[place + 1 : after]
        place = after
    return pieces.decode("utf-8", "replace")


def _name(message: bytes, place: int) -> tuple[Name, int]:
    """A name and where it ends. Its pointers lead back only, so that they come to an end."""
    labels: list[bytes] = []
    end = 0
    size = 1
    limit = place
    while size_byte := message[place]:
        if size_byte & _POINTER == _POINTER:
            target = (size_byte & ~_POINTER) << 8 | message[place + 1]
            if target >= limit:
                raise _MalformedError
            end = end or place + 2
            place = limit = target
            continue
        label = message[place + 1 : place + 1 + size_byte]
        size += 1 + size_byte
        if size_byte & _POINTER or len(label) < size_byte or size > _MAX_NAME:
            raise _MalformedError
        labels.append(label.lower())
        place += 1 + size_byte
    return tuple(labels), end or place + 1


def _labels(name: str) -> Name:
    return tuple(label.encode("ascii") for label in name.lower().rstrip(".").split("."))


def _host(labels: Name) -> str | None:
    """A name as text; "" for the root, None for one that is not fit to be a host's.

    Without the look at each label, a dot inside one would make it pass for two.
    """
    if not labels:
        return ""
    name = b".".join(labels).decode("latin-1")
    return name if name.count(".") == len(labels) - 1 and is_dns_name(name) else None
