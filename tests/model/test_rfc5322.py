"""Messages that came back: taken apart within limits, whatever they are made to look like."""

import base64
import email
import email.policy
import hashlib
import quopri
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailsetup.model.dialogue import DialogueFault
from mailsetup.model.rfc5322 import (
    MAX_LEVELS,
    MAX_PART_HEADER,
    MAX_PARTS,
    MAX_STRUCTURED,
    addresses_in,
    date_in,
    mime_parts,
)
from mailsetup.verify.message import attachment_fault

CONTENT = bytes(range(256)) * 8
DIGEST = hashlib.sha256(CONTENT).digest()
PACKED = base64.encodebytes(CONTENT).replace(b"\n", b"\r\n")
ATTACHED = (
    b"Content-Type: application/octet-stream\r\n"
    b"Content-Disposition: attachment; filename=a.bin\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + PACKED
)
TEXT = b"Content-Type: text/plain\r\n\r\nhello\r\n"


def multipart(*parts: bytes, boundary: bytes = b"b", head: bytes = b"") -> bytes:
    start = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n' + head + b"\r\n"
    inner = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return start + inner + b"--" + boundary + b"--\r\n"


def nested(levels: int, innermost: bytes) -> bytes:
    for level in range(levels):
        innermost = multipart(innermost, boundary=b"level%d" % level)
    return innermost


GOOD = {
    "as it was sent": multipart(TEXT, ATTACHED),
    "alone": ATTACHED,
    "wrapped by a gateway that adds a footer": multipart(
        multipart(TEXT, ATTACHED, boundary=b"inner"), TEXT
    ),
    "as deep as is read": nested(MAX_LEVELS, ATTACHED),
    "with line feeds only": multipart(TEXT, ATTACHED).replace(b"\r\n", b"\n"),
    "with a long header above it": b"X-Long: " + b"x" * 60_000 + b"\r\n" + multipart(ATTACHED),
    "with blanks behind the boundary": multipart(ATTACHED).replace(b"--b\r\n", b"--b \t\r\n"),
    "behind a part whose boundary begins the same": multipart(
        multipart(TEXT, boundary=b"bb"), ATTACHED
    ),
    "without the last boundary": multipart(TEXT, ATTACHED).removesuffix(b"--b--\r\n"),
    "packed as quoted-printable": multipart(
        ATTACHED.replace(b"base64", b"Quoted-Printable").replace(
            PACKED, quopri.encodestring(CONTENT)
        )
    ),
    "not packed": multipart(ATTACHED.replace(b"base64", b"binary").replace(PACKED, CONTENT)),
    "under a name in pieces (RFC 2231)": multipart(
        ATTACHED.replace(b"filename=a.bin", b"filename*0*=utf-8''a%20;\r\n filename*1=b.bin")
    ),
    "under a name without end": multipart(
        ATTACHED.replace(b"filename=a.bin", b"".join(b";\r\n n*%d=x" % n for n in range(5000)))
    ),
}


@pytest.mark.parametrize("message", GOOD.values(), ids=GOOD)
def test_an_attachment_is_found_intact(message: bytes) -> None:
    assert attachment_fault(message, DIGEST) is None


def with_parameters(value: bytes) -> bytes:
    return b"Content-Type: multipart/mixed" + value + b"\r\n\r\n--b\r\n" + ATTACHED + b"\r\n--b--"


HOSTILE = {
    "comments in comments": with_parameters(b"; a=" + b"(" * 3000),
    "multiparts in multiparts": nested(1000, ATTACHED),
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 1000 + ATTACHED,
    "folded parameters": with_parameters(b"".join(b";\r\n a%d=b" % n for n in range(80_000))),
    "continued parameters": with_parameters(
        b"".join(b";\r\n boundary*%d*=%%41" % n for n in range(60_000))
    ),
    "quotes": with_parameters(b'; boundary="' + b'\\"' * 400_000),
    "semicolons and quotes": with_parameters(b'; boundary=b"' + b';"' * 400_000),
    "charsets": with_parameters(b"; boundary*=\0'x'c"),
    "unknown charsets": with_parameters(b"; boundary*=no-charset''b%FF"),
    "a long boundary": with_parameters(b"; boundary=" + b"b" * 3000),
    "a boundary beyond ASCII": with_parameters("; boundary=ñ".encode()),
    "an empty boundary": with_parameters(b'; boundary=""'),
    "many parts": multipart(*([TEXT] * 20_000), ATTACHED),
    "many parts in many parts": multipart(
        *([multipart(*([TEXT] * 300), boundary=b"in")] * 300), ATTACHED
    ),
    "a part with a long header": multipart(b"X: " + b"x" * 300_000 + b"\r\n" + ATTACHED),
    "a header without end": b"X: y\r\n" * 500_000,
    "a line without end": b"X" * 3_000_000,
    "lines that begin as the boundary": multipart(b"\r\n" + b"--bb\r\n" * 400_000, boundary=b"b"),
    "a line full of boundaries": multipart(b"\r\n" + b"--b" * 700_000, boundary=b"b"),
    "hyphens": multipart(b"\r\n" + b"-" * 2_000_000, boundary=b"-" * 60),
    "equals signs": multipart(ATTACHED.replace(PACKED, b"=" * 2_000_000)),
    "nothing but padding": multipart(ATTACHED.replace(PACKED, b"A===" * 500_000)),
    "quoted-printable signs": multipart(
        ATTACHED.replace(b"base64", b"quoted-printable").replace(PACKED, b"=\r\n" * 600_000)
    ),
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_takes_linear_time(message: bytes) -> None:
    found = mime_parts(message)
    assert found.scanned <= MAX_LEVELS * len(message)
    assert len(found.parts) <= MAX_PARTS
    assert sum(len(part.body) for part in found.parts) <= len(message)
    assert attachment_fault(message, DIGEST) in (
        DialogueFault.ATTACHMENT_ALTERED,
        DialogueFault.ATTACHMENT_MISSING,
    )


@pytest.mark.parametrize(
    "name",
    ["multiparts in multiparts", "many parts", "many parts in many parts"],
)
def test_a_message_beyond_the_limits_counts_as_altered(name: str) -> None:
    assert not mime_parts(HOSTILE[name]).complete
    assert attachment_fault(HOSTILE[name], DIGEST) is DialogueFault.ATTACHMENT_ALTERED


def test_a_message_without_an_attachment_counts_as_missing_it() -> None:
    html = TEXT.replace(b"plain", b"html")
    alternative = multipart(TEXT, html).replace(b"mixed", b"alternative")
    for message in (TEXT, alternative, multipart(TEXT, html), multipart(TEXT)):
        assert attachment_fault(message, DIGEST) is DialogueFault.ATTACHMENT_MISSING


def test_a_notice_instead_of_the_attachment_counts_as_altered() -> None:
    notice = TEXT.replace(b"text/plain", b'text/plain; name="removed.txt"')
    for message in (multipart(TEXT, notice), multipart(TEXT, TEXT)):
        assert attachment_fault(message, DIGEST) is DialogueFault.ATTACHMENT_ALTERED


PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"--b",
        b"--",
        b"Content-Type: ",
        b"multipart/mixed; boundary=b",
        b"message/rfc822",
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: attachment; filename*0*=x''%",
        b";",
        b'"',
        b"(",
        b"=?utf-8?b?",
        b"\\",
        b"\0",
        b"\xff",
        b" ",
        b"AAAA",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=8), max_size=60).map(b"".join))
@example(b"Content-Type: multipart/mixed; boundary=b\r\n--b\r\n--b\r\n--b--")
@example(b"Content-Type: multipart/mixed; boundary=b\n\n--b")
def test_any_bytes_are_read_within_the_limits(raw: bytes) -> None:
    found = mime_parts(raw)
    assert found.scanned <= MAX_LEVELS * len(raw)
    assert sum(len(part.body) for part in found.parts) <= len(raw)
    for part in found.parts:
        assert isinstance(part.content(), bytes)
    assert attachment_fault(raw, DIGEST) in (
        DialogueFault.ATTACHMENT_ALTERED,
        DialogueFault.ATTACHMENT_MISSING,
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=300), st.booleans()), min_size=1, max_size=5),
    st.sampled_from([email.policy.SMTP, email.policy.default]),
)
def test_messages_are_read_like_the_email_package(
    attachments: list[tuple[bytes, bool]], policy: email.policy.EmailPolicy
) -> None:
    message = EmailMessage(policy=policy)
    message["From"] = "ana@bodega.example"
    message.set_content("hello\n")
    for content, named in attachments:
        name = "tést file ñ.bin" if named else None
        message.add_attachment(content, "application", "octet-stream", filename=name)
    found = mime_parts(message.as_bytes()).attachments
    assert [part.content() for part in found] == [content for content, _named in attachments]
    assert all(part.is_attachment for part in found)


# Fields ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Ana <ana@bodega.example>", ("ana@bodega.example",)),
        ("ana@bodega.example (Ana (the boss))", ("ana@bodega.example",)),
        (
            "=?utf-8?q?A=28na?= <ana@bodega.example>, b@c.example",
            ("ana@bodega.example", "b@c.example"),
        ),
        ("nobody", ()),
        ("(" * 3000, ()),
        ("a:" * 2000 + "a@b.example", ()),
        ("[" * 4000, ()),
        ("a@b.example," * (MAX_STRUCTURED // 10), ()),
    ],
)
def test_addresses_are_read_to_a_limited_depth(text: str, addresses: tuple[str, ...]) -> None:
    assert addresses_in(text) == addresses


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(list('a@.,:;<>()[]"\\ \t\r\n=?ñ\0')), max_size=300).map("".join))
def test_any_list_of_addresses_is_read_without_an_exception(text: str) -> None:
    assert all("@" in address for address in addresses_in(text))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Thu, 01 Jan 2026 12:00:00 +0200", datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ("Thu, 01 Jan 2026 12:00:00", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("Thu, 01 Jan 2026 12:00:00 -0000 (a comment)", datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ("Thu, 01 Jan 99999999999999999999 12:00:00 GMT", None),
        ("Thu, 01 Jan 2026 12:00:00 +99999999999999999", None),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        ("Thu, 01 Jan 2026 99:99:99 GMT", None),
        ("1 1 1 1 1 1 1", None),
        ("(" * 5000, None),
        ("", None),
        (",", None),
        ("\ud800", None),
    ],
)
def test_dates_are_read_or_none(text: str, moment: datetime | None) -> None:
    assert date_in(text) == moment


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789 :+-,()JanThuGMT.\0ñ", max_size=120))
def test_any_date_is_read_without_an_exception(text: str) -> None:
    moment = date_in(text)
    assert moment is None or moment.tzinfo is UTC


def test_a_part_header_up_to_the_limit_is_read() -> None:
    filler = b"X: " + b"x" * (MAX_PART_HEADER - len(ATTACHED) + len(PACKED) - 20) + b"\r\n"
    assert attachment_fault(multipart(filler + ATTACHED), DIGEST) is None
