"""Untrusted messages (RFC 5322, MIME), read within limits and in linear time; nothing here raises.

`email.parser` follows comments, parts and parameters to any depth and in more than linear time, so
that it is given only short fields, one by one.
"""

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

MAX_HEADER = 512 * 1024
"""Octets of a message's header that are read."""
MAX_FIELDS = 1000
MAX_PART_HEADER = 64 * 1024
"""Octets of the header of a part; a part with a longer one is not read."""
MAX_STRUCTURED = 4096
"""Octets of a field that is given to `email`, which needs quadratic time."""
MAX_LEVELS = 10
"""Depth of nested multiparts."""
MAX_PARTS = 200
_MAX_BOUNDARY = 200
"""Characters. RFC 2046 section 5.1.1 allows 70."""
_MAX_NESTED = 50
"""Comments or groups in a list of addresses: `email` recurses for each."""
_MAX_DATE = 100

Field = tuple[str, bytes]
"""A field's name in lower case, and its raw value with folding and the final line end."""


# The header -------------------------------------------------------------------------------------


def fields_of(raw: bytes) -> Iterator[Field]:
    """The header's fields in order, within limits; lines that belong to no field are skipped."""
    name, value, count = "", bytearray(), 0
    for line in header_lines(raw):
        if line[:1] in (b" ", b"\t"):
            value += line
            continue
        if name:
            yield name, bytes(value)
            count += 1
            if count >= MAX_FIELDS:
                return
        head, colon, rest = line.partition(b":")
        stripped = head.rstrip(b" \t")
        good = colon and stripped and all(33 <= byte <= 126 for byte in stripped)
        name = stripped.decode("ascii").lower() if good else ""
        value = bytearray(rest)
    if name:
        yield name, bytes(value)


def header_lines(raw: bytes) -> Iterator[bytes]:
    """The header's lines, each ending in CRLF."""
    start = 0
    while start < min(len(raw), MAX_HEADER):
        end = raw.find(b"\n", start)
        end = len(raw) if end < 0 else end
        line = raw[start:end].removesuffix(b"\r")
        if not line:
            return
        yield line + b"\r\n"
        start = end + 1


def body_of(raw: bytes) -> bytes:
    """The raw octets after the first empty line."""
    start = 0
    while start < len(raw):
        end = raw.find(b"\n", start)
        if end < 0:
            return b""
        if raw[start:end] in (b"", b"\r"):
            return raw[end + 1 :]
        start = end + 1
    return b""


def text_of(value: bytes, limit: int = 16 * 1024) -> str:
    """A field's value, unfolded, with single spaces, cut to ``limit`` octets."""
    return " ".join(value[:limit].decode("utf-8", "replace").split())


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses in a field such as From; none where it is too long or too deeply nested."""
    if len(text) > MAX_STRUCTURED or any(text.count(sign) > _MAX_NESTED for sign in "([:<"):
        return ()
    try:
        return tuple(address for _name, address in getaddresses([text]) if "@" in address)
    except (ValueError, IndexError, RecursionError):
        return ()


def date_in(text: str) -> datetime | None:
    """A date of RFC 5322 section 3.3 as an aware time; without a zone it counts as UTC."""
    try:
        date = parsedate_to_datetime(text.strip()[:_MAX_DATE])
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


# MIME parts -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MimePart:
    """A part that is not a multipart. ``content_type`` is in lower case: ``text/plain``."""

    content_type: str
    is_attachment: bool
    """Whether Content-Disposition calls it one, or it has a file name."""
    encoding: str
    """The Content-Transfer-Encoding in lower case."""
    body: bytes
    """Still encoded."""

    def content(self) -> bytes:
        """The decoded body; the raw body where it cannot be decoded."""
        try:
            if self.encoding == "base64":
                return binascii.a2b_base64(self.body)
            if self.encoding == "quoted-printable":
                return binascii.a2b_qp(self.body)
        except (binascii.Error, ValueError):
            pass
        return self.body


@dataclass(frozen=True, slots=True)
class MimeParts:
    """A message's leaf parts in order. ``complete`` is false where a limit was reached."""

    parts: tuple[MimePart, ...]
    complete: bool
    scanned: int
    """Octets searched on all levels: at most `MAX_LEVELS` + 1 times the size, and the headers."""

    @property
    def attachments(self) -> tuple[MimePart, ...]:
        """All but the first plain text and the first HTML text, unless those have a name."""
        seen: set[str] = set()
        found: list[MimePart] = []
        for part in self.parts:
            is_body = part.content_type in ("text/plain", "text/html") and not part.is_attachment
            if not is_body or part.content_type in seen:
                found.append(part)
            seen.add(part.content_type if is_body else "")
        return tuple(found)


def mime_parts(raw: bytes) -> MimeParts:
    """The parts of a message (RFC 2045, 2046). A message/rfc822 part is not parsed further."""
    found: list[MimePart] = []
    waiting = [(0, len(raw), 0)]
    complete, scanned, count = True, 0, 0
    while waiting:
        start, end, level = waiting.pop()
        count += 1
        if count > MAX_PARTS:
            complete = False
            break
        header = _header(raw, start, end, MAX_PART_HEADER if level else MAX_HEADER)
        if header is None:
            complete = False
            continue
        fields, body = header
        content_type = _structured(fields, "content-type")
        boundary = _boundary(content_type)
        if boundary and level == MAX_LEVELS:
            complete = False
        elif boundary:
            scanned += end - body
            inner = _between(raw, boundary, body, end)
            waiting += [(first, last, level + 1) for first, last in reversed(inner)]
        else:
            found.append(_part(fields, content_type, raw[body:end]))
    return MimeParts(tuple(found), complete, scanned)


def _header(raw: bytes, start: int, end: int, limit: int) -> tuple[dict[str, bytes], int] | None:
    """The Content-* fields, the first of each name, and the offset of the body."""
    reach = min(end, start + limit)
    position = start
    while position < reach:
        line_end = raw.find(b"\n", position, reach)
        if line_end < 0:
            break
        if raw[position:line_end] in (b"", b"\r"):
            return _content_fields(raw[start:position]), line_end + 1
        position = line_end + 1
    # Without a body, unless the header is longer than the limit.
    return (_content_fields(raw[start:end]), end) if reach == end else None


def _content_fields(header: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, value in fields_of(header):
        if name.startswith("content-"):
            found.setdefault(name, value)
    return found


def _structured(fields: dict[str, bytes], name: str) -> "Message":
    """One field, parsed by `email`; an empty one where it is too long."""
    from email.message import Message

    message = Message()
    value = fields.get(name, b"")
    if len(value) <= MAX_STRUCTURED:
        text = " ".join(value.replace(b"\0", b"").decode("utf-8", "replace").split())
        message[name] = text
    return message


def _boundary(content_type: "Message") -> bytes:
    """The delimiter of a multipart; empty for other parts and for unusable boundaries."""
    if content_type.get_content_maintype() != "multipart":
        return b""
    try:
        boundary = content_type.get_boundary()
    except (ValueError, LookupError, TypeError):
        return b""
    if not boundary or len(boundary) > _MAX_BOUNDARY:
        return b""
    return b"--" + boundary.encode("utf-8", "replace")


def _between(raw: bytes, delimiter: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """The start and end offsets of a multipart's parts; at most one more than is allowed."""
    found: list[tuple[int, int]] = []
    begun, position = -1, start
    while len(found) <= MAX_PARTS:
        at = raw.find(delimiter, position, end)
        if at < 0:
            break
        position = at + len(delimiter)
        line_end = raw.find(b"\n", position, end)
        line_end = end if line_end < 0 else line_end
        rest = raw[position : min(line_end, position + _MAX_BOUNDARY)].rstrip()
        # At most one delimiter in a line, so that no line is read twice.
        position = line_end
        if rest not in (b"", b"--") or (at > start and raw[at - 1 : at] != b"\n"):
            continue
        if begun >= 0:
            found.append((begun, _before_line_end(raw, begun, at)))
        begun = -1 if rest else min(line_end + 1, end)
        if rest:
            break
    if begun >= 0:
        found.append((begun, end))
    return found


def _before_line_end(raw: bytes, begun: int, at: int) -> int:
    """The line end in front of a delimiter belongs to the delimiter (RFC 2046 section 5.1.1)."""
    length = 2 if raw[at - 2 : at] == b"\r\n" else 1
    return max(begun, at - length)


def _part(fields: dict[str, bytes], content_type: "Message", body: bytes) -> MimePart:
    disposition = _structured(fields, "content-disposition")
    encoding = text_of(fields.get("content-transfer-encoding", b""), 100).lower()
    return MimePart(
        content_type.get_content_type(),
        _is_attachment(content_type, disposition),
        encoding.partition(";")[0].strip(),
        body,
    )


def _is_attachment(content_type: "Message", disposition: "Message") -> bool:
    try:
        return disposition.get_content_disposition() == "attachment" or bool(
            disposition.get_param("filename", header="content-disposition")
            or content_type.get_param("name")
        )
    except (ValueError, LookupError, TypeError):
        # A file name that cannot be parsed is a file name nevertheless.
        return True
