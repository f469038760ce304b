"""Encoding and decoding of DNS messages, compared with dnspython."""

from itertools import pairwise

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.net.dns.message import (
    MAX_ALIASES,
    MAX_RECORDS,
    RecordType,
    ResourceRecord,
    ResponseCode,
    query,
    read_response,
)

NAME = "_imaps._tcp.bodega.es"
NUMBER = 4711


def response(kind: RecordType, *sections: str, name: str = NAME) -> bytes:
    """A response with records written as ``owner type data``."""
    reply = dns.message.make_response(dns.message.from_wire(query(name, kind, NUMBER)))
    for line in sections:
        owner, word, data = line.split(" ", 2)
        wanted = dns.name.from_text(owner), dns.rdatatype.from_text(word)
        rrset = next((one for one in reply.answer if (one.name, one.rdtype) == wanted), None)
        added = dns.rrset.from_text(owner, 60, "IN", word, data)
        if rrset is None:
            reply.answer.append(added)
        else:
            rrset.add(added[0])
    return reply.to_wire(max_size=65535)


@pytest.mark.parametrize("edns", [True, False])
@pytest.mark.parametrize("kind", RecordType)
def test_query_is_read_by_dnspython(kind: RecordType, edns: bool) -> None:
    message = dns.message.from_wire(query("Bodega.es.", kind, NUMBER, edns=edns))
    assert message.id == NUMBER
    assert message.flags == dns.flags.RD | dns.flags.AD
    assert message.question[0].to_text() == f"Bodega.es. IN {kind.name}"
    assert message.edns == (0 if edns else -1)
    assert message.payload == (1232 if edns else 0)


@pytest.mark.parametrize(
    ("kind", "data", "record"),
    [
        (RecordType.A, "192.0.2.1", ResourceRecord((), "192.0.2.1")),
        (RecordType.AAAA, "2001:DB8:0:0::1", ResourceRecord((), "2001:db8::1")),
        (RecordType.MX, "10 Mail.Bodega.es.", ResourceRecord((10,), "mail.bodega.es")),
        (RecordType.MX, "0 .", ResourceRecord((0,), "")),
        (RecordType.SRV, "1 2 993 imap.bodega.es.", ResourceRecord((1, 2, 993), "imap.bodega.es")),
        (RecordType.SRV, "0 0 0 .", ResourceRecord((0, 0, 0), "")),
        (RecordType.TXT, '"v=spf1 " "-all"', ResourceRecord((), "v=spf1 -all")),
        (RecordType.PTR, "host.bodega.es.", ResourceRecord((), "host.bodega.es")),
    ],
)
def test_records_of_every_type_are_decoded(
    kind: RecordType, data: str, record: ResourceRecord
) -> None:
    message = response(kind, f"{NAME}. {kind.name} {data}")
    reply = read_response(message, NAME.upper() + ".", kind, NUMBER)
    assert reply is not None
    assert reply.records == (record,)


@pytest.mark.parametrize(
    "target", ["a\\.b.es.", 'im\\"ap.es.', "a\\032b.es.", "-a.es.", "\\000.es."]
)
def test_record_with_an_invalid_host_name_is_ignored(target: str) -> None:
    message = response(RecordType.MX, f"{NAME}. MX 10 {target}", f"{NAME}. MX 20 good.es.")
    reply = read_response(message, NAME, RecordType.MX, NUMBER)
    assert reply is not None
    assert reply.records == (ResourceRecord((20,), "good.es"),)


def test_only_records_at_the_end_of_the_alias_chain_are_returned() -> None:
    message = response(
        RecordType.A,
        f"{NAME}. CNAME a.hoster.com.",
        "a.hoster.com. CNAME b.hoster.com.",
        "evil.com. A 192.0.2.66",
        "b.hoster.com. A 192.0.2.1",
        f"{NAME}. A 192.0.2.99",
    )
    reply = read_response(message, NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert reply.aliases == ("a.hoster.com", "b.hoster.com")
    assert reply.records == (ResourceRecord((), "192.0.2.1"),)


@pytest.mark.parametrize(("links", "reached"), [(MAX_ALIASES, True), (MAX_ALIASES + 1, False)])
def test_alias_chain_is_limited(links: int, reached: bool) -> None:
    names = [f"{NAME}.", *(f"n{number}.es." for number in range(links))]
    lines = [f"{one} CNAME {other}" for one, other in pairwise(names)]
    reply = read_response(
        response(RecordType.A, *lines, f"{names[-1]} A 192.0.2.1"), NAME, RecordType.A, NUMBER
    )
    assert reply is not None
    assert bool(reply.records) is reached
    assert len(reply.aliases) == MAX_ALIASES


def test_alias_loop_gives_no_records() -> None:
    message = response(RecordType.A, f"{NAME}. CNAME b.es.", f"b.es. CNAME {NAME}.")
    reply = read_response(message, NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert reply.records == ()


def test_number_of_records_is_limited() -> None:
    lines = [f"{NAME}. A 192.0.2.{number}" for number in range(200)]
    reply = read_response(response(RecordType.A, *lines), NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert len(reply.records) == MAX_RECORDS


def test_flags_and_response_code_are_decoded() -> None:
    message = dns.message.from_wire(response(RecordType.A, f"{NAME}. A 192.0.2.1"))
    message.flags |= dns.flags.AD
    reply = read_response(message.to_wire(), NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert reply.is_authentic
    message.flags |= dns.flags.TC
    reply = read_response(message.to_wire()[:-3], NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert reply.is_truncated
    assert reply.records == ()
    message.set_rcode(dns.rcode.NXDOMAIN)
    reply = read_response(message.to_wire(), NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert reply.code == ResponseCode.NO_SUCH_NAME


def test_response_to_another_query_is_ignored() -> None:
    good = response(RecordType.A, f"{NAME}. A 192.0.2.1")
    assert read_response(good, NAME, RecordType.A, NUMBER) is not None
    assert read_response(good, NAME, RecordType.A, NUMBER + 1) is None
    assert read_response(good, NAME, RecordType.AAAA, NUMBER) is None
    assert read_response(good, "other.es", RecordType.A, NUMBER) is None
    # The query itself; another opcode; no question.
    assert read_response(query(NAME, RecordType.A, NUMBER), NAME, RecordType.A, NUMBER) is None
    assert read_response(good[:2] + b"\xa8" + good[3:], NAME, RecordType.A, NUMBER) is None
    assert read_response(good[:4] + b"\0\0" + good[6:], NAME, RecordType.A, NUMBER) is None


def test_error_response_may_omit_the_question() -> None:
    error = NUMBER.to_bytes(2, "big") + b"\x80\x01" + bytes(8)
    reply = read_response(error, NAME, RecordType.A, NUMBER)
    assert reply is not None
    assert reply.code == ResponseCode.FORMAT_ERROR


@pytest.mark.parametrize("pointer", [b"\xc0\x0c", b"\xc0\x2b", b"\xc0\xff", b"\xff\xff", b"\x80"])
def test_looping_or_forward_pointer_is_invalid(pointer: bytes) -> None:
    message = query(NAME, RecordType.MX, NUMBER, edns=False)
    head = message[:2] + b"\x80\x00\x00\x01\x00\x01" + message[8:12]
    loop = b"\xc0" + bytes((len(message),))
    record = b"\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x04\x00\x0a"
    body = head + message[12:] + loop + record + pointer
    assert read_response(body, NAME, RecordType.MX, NUMBER) is None


LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=63)
NAMES = st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join(labels) + ".es")


@given(NAMES, st.lists(st.tuples(st.integers(0, 65535), NAMES), max_size=6), st.data())
def test_messages_of_dnspython_are_decoded_equally(
    name: str, hosts: list[tuple[int, str]], data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from([RecordType.MX, RecordType.SRV]))
    more = "7 993 " if kind is RecordType.SRV else ""
    lines = [f"{name}. {kind.name} {number} {more}{host}." for number, host in hosts]
    reply = read_response(response(kind, *lines, name=name), name, kind, NUMBER)
    assert reply is not None
    decoded = {(record.numbers[0], record.text) for record in reply.records}
    assert decoded == {(number, host) for number, host in hosts}


@given(st.binary(max_size=200))
def test_random_bytes_raise_no_exception(noise: bytes) -> None:
    read_response(noise, NAME, RecordType.SRV, NUMBER)
    head = response(RecordType.SRV)[:12]
    read_response(
        head[:6] + b"\x00\x05" + head[8:] + response(RecordType.SRV)[12:] + noise,
        NAME,
        RecordType.SRV,
        NUMBER,
    )


@given(st.data())
def test_damaged_response_raises_no_exception(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(RecordType)))
    message = bytearray(
        response(
            RecordType.SRV,
            f"{NAME}. CNAME a.es.",
            "a.es. SRV 0 1 993 imap.a.es.",
            "a.es. MX 5 mx.a.es.",
            'a.es. TXT "text" "more"',
            "a.es. A 192.0.2.1",
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        message[data.draw(st.integers(12, len(message) - 1))] = data.draw(st.integers(0, 255))
    reply = read_response(bytes(message), NAME, kind, NUMBER)
    for record in reply.records if reply else ():
        assert len(record.text) <= 65535
