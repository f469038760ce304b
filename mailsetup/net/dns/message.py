"""DNS messages (RFC 1035 section 4): queries and responses of the few types in use.

A search sends some sixty queries at once, and the user waits for the time that they take to
compute: 14 µs each here, 197 µs with dnspython, which models every type and section. DNSSEC is left
to dnspython (`dnssec`), which also verifies this module in the tests.
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

# RFC 6891: the size of UDP responses that no path of the internet fragments.
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
    """The codes that are distinguished (IANA's registry); all others are failures."""

    NO_ERROR = 0
    FORMAT_ERROR = 1
    SERVER_FAILURE = 2
    NO_SUCH_NAME = 3
    NOT_IMPLEMENTED = 4
    REFUSED = 5


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """The content of a record: its numbers in their order, and its address, text or host name.

    A host name is in lower case without a final dot, and empty for the root.
    """

    numbers: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class WireReply:
    """A response. ``aliases`` are the CNAME targets from the queried name on, in order.

    ``is_authentic`` is the AD bit: the server claims to have validated (RFC 4035 section 3.2.3).
    """

    code: int
    is_truncated: bool = False
    is_authentic: bool = False
    aliases: tuple[str, ...] = ()
    records: tuple[ResourceRecord, ...] = ()


class _FormatError(ValueError):
    """The octets are no DNS message."""


def query(name: str, kind: RecordType, number: int, *, edns: bool = True) -> bytes:
    """A query in octets. ``name`` must be valid in the DNS; ``number`` is the random id.

    AD in a query asks for the AD bit of the response without signatures (RFC 6840 section 5.7).
    """
    flags = _RECURSION_DESIRED | _AUTHENTIC
    labels = (label.encode("ascii") for label in name.rstrip(".").split("."))
    question = b"".join(bytes((len(label),)) + label for label in labels) + b"\x00"
    head = _HEADER.pack(number, flags, 1, 0, 0, 1 if edns else 0)
    return head + question + struct.pack("!HH", kind, _IN) + (_EDNS if edns else b"")


def read_response(message: bytes, name: str, kind: RecordType, number: int) -> WireReply | None:
    """The response to a query; None for octets that are not the response to this one.

    Of the records only those that answer the query are returned, over at most eight aliases.
    """
    try:
        return _read(message, _labels(name), kind, number)
    except (_FormatError, struct.error, IndexError):
        return None


def _read(message: bytes, name: Name, kind: RecordType, number: int) -> WireReply | None:
    seen, flags, questions, answers, _authorities, _additional = _HEADER.unpack_from(message)
    if seen != number or not flags & _RESPONSE or flags & _OPCODE:
        return None
    code, offset = flags & _RCODE, _HEADER.size
    if questions == 1:
        question, offset = _name(message, offset)
        if (question, *struct.unpack_from("!HH", message, offset)) != (name, kind, _IN):
            return None
        offset += 4
    # Some servers omit the question where they do not understand it.
    elif questions or code in (ResponseCode.NO_ERROR, ResponseCode.NO_SUCH_NAME):
        return None
    if flags & _TRUNCATED:
        return WireReply(code, is_truncated=True)
    targets: dict[Name, Name] = {}
    found: list[tuple[Name, int, int]] = []
    for _ in range(answers):
        owner, offset = _name(message, offset)
        given, family, _ttl, length = _FIXED.unpack_from(message, offset)
        offset += _FIXED.size
        if offset + length > len(message):
            raise _FormatError
        if family == _IN and given == RecordType.CNAME:
            targets.setdefault(owner, _name(message, offset)[0])
        elif family == _IN and given == kind:
            found.append((owner, offset, length))
        offset += length
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


def _record(message: bytes, offset: int, length: int, kind: RecordType) -> ResourceRecord | None:
    """One record; None where its target is no valid host name."""
    end = offset + length
    match kind:
        case RecordType.A | RecordType.AAAA:
            family = socket.AF_INET if kind is RecordType.A else socket.AF_INET6
            if length != (4 if kind is RecordType.A else 16):
                raise _FormatError
            return ResourceRecord((), socket.inet_ntop(family, message[offset:end]))
        case RecordType.TXT:
            return ResourceRecord((), _text(message, offset, end))
        case RecordType.MX | RecordType.SRV | RecordType.PTR:
            count = {RecordType.MX: 1, RecordType.SRV: 3}.get(kind, 0)
            numbers = struct.unpack_from(f"!{count}H", message, offset)
            target, after = _name(message, offset + 2 * count)
            if after != end:
                raise _FormatError
            host = _host(target)
            return None if host is None else ResourceRecord(numbers, host)
        case RecordType.CNAME:
            # Never queried: aliases are part of the responses for other types.
            return None
        case _:
            assert_never(kind)


def _text(message: bytes, offset: int, end: int) -> str:
    """A TXT record's strings, joined without a separator."""
    pieces = bytearray()
    while offset < end:
        after = offset + 1 + message[offset]
        if after > end:
            raise _FormatError
        pieces += message[offset + 1 : after]
        offset = after
    return pieces.decode("utf-8", "reoffset")


def _name(message: bytes, offset: int) -> tuple[Name, int]:
    """A name and its end. Compression pointers must point backwards, so that they terminate."""
    labels: list[bytes] = []
    end = 0
    size = 1
    limit = offset
    while size_byte := message[offset]:
        if size_byte & _POINTER == _POINTER:
            target = (size_byte & ~_POINTER) << 8 | message[offset + 1]
            if target >= limit:
                raise _FormatError
            end = end or offset + 2
            offset = limit = target
            continue
        label = message[offset + 1 : offset + 1 + size_byte]
        size += 1 + size_byte
        if size_byte & _POINTER or len(label) < size_byte or size > _MAX_NAME:
            raise _FormatError
        labels.append(label.lower())
        offset += 1 + size_byte
    return tuple(labels), end or offset + 1


def _labels(name: str) -> Name:
    return tuple(label.encode("ascii") for label in name.lower().rstrip(".").split("."))


def _host(labels: Name) -> str | None:
    """A name as text; "" for the root, None for one that is no valid host name.

    The count of dots excludes labels that contain a dot themselves.
    """
    if not labels:
        return ""
    name = b".".join(labels).decode("latin-1")
    return name if name.count(".") == len(labels) - 1 and is_dns_name(name) else None
