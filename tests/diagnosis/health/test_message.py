"""The way of a message, read from a header that anybody may have written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup.diagnosis.health.message import MAX_HOPS, fields_of, read_message

_LINES = st.sampled_from(
    (
        b"Received: from a.example (b.example [192.0.2.1]) by mx.example with ESMTPSA;"
        b" Tue, 24 Nov 2026 12:00:00 +0100",
        b"Received: ;",
        b"Received: from [IPv6:zzz] by ; nonsense",
        b"Authentication-Results: mx.example; spf=pass smtp.mailfrom=a@b.example; dkim=none",
        b"Authentication-Results: dmarc=success(p=reject);;",
        b"From: =?utf-8?q?=C3=B1?= <ana@bodega.example>",
        b"From: <<<<@@@>",
        b"Return-Path: <>",
        b"\tfolded",
        b"no colon",
        b"X-Spam-Status: Yes, score=99",
    )
)


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=600),
        st.lists(_LINES, max_size=20).map(lambda lines: b"\r\n".join(lines)),
    )
)
def test_no_header_at_all_makes_reading_fail(raw: bytes) -> None:
    arrived = read_message(raw)
    assert len(arrived.hops) <= MAX_HOPS


def test_a_message_that_no_server_marked_has_no_way() -> None:
    arrived = read_message(b"From: ana@bodega.example\r\nSubject: hola\r\n\r\nhola")
    assert arrived.hops == ()
    assert arrived.author_domain == "bodega.example"


def test_the_time_between_two_servers_is_told() -> None:
    raw = (
        b"Received: from a by b with ESMTP; Tue, 24 Nov 2026 12:00:30 +0100\r\n"
        b"Received: from c by a with ESMTPSA; Tue, 24 Nov 2026 11:00:00 +0000\r\n\r\n"
    )
    latest, first = read_message(raw).hops
    assert latest.seconds == pytest.approx(30)
    assert first.seconds is None
    assert first.authenticated
    assert not latest.authenticated


def test_a_field_is_read_with_its_folds_and_without_the_next() -> None:
    raw = b"A: one\r\n two\r\nB: three\r\n\r\nC: body"
    assert [(name, value) for name, value in fields_of(raw)] == [
        ("a", b" one\r\n two\r\n"),
        ("b", b" three\r\n"),
    ]
