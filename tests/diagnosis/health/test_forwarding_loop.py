"""Forwarding loops, recognised from the trace fields of a message."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.health.forwarding_loop import loop_finding
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Status

ANA = EmailAddress("ana", "bodega.test")


def trace(*fields: str) -> bytes:
    """A message with these fields on top, the latest first."""
    rest = "From: ana@bodega.test\r\nTo: ana@bodega.test\r\nSubject: prueba\r\n\r\nhola\r\n"
    return ("".join(f"{field}\r\n" for field in fields) + rest).encode()


OURS = (
    "Received: from [10.0.0.2] by mx.bodega.test (Postfix) with ESMTPSA id 1 for <ana@bodega.test>"
)
DELIVERED = "Delivered-To: ana@bodega.test"
LMTP = "Received: from mx.bodega.test by mx.bodega.test with LMTP id 2 for <ana@bodega.test>"
AWAY = "Received: from mx.bodega.test by mx.lejos.test (Postfix)\r\n\tid 3 for <pepe@lejos.test>"
BACK = "Received: from mx.lejos.test by mx.bodega.test (Postfix) id 4 for <ana@bodega.test>"


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (DELIVERED, LMTP, OURS),
        (DELIVERED, LMTP, DELIVERED, LMTP, OURS),
        ("Delivered-To: bodega.test-ana@bodega.test", LMTP, OURS),
        ("Delivered-To: ana@mx.bodega.test", LMTP, OURS, OURS),
        (DELIVERED, LMTP, "Delivered-To: ana@mx.bodega.test", LMTP, OURS),
        # A spam filter of another company between sending and receiving.
        (DELIVERED, BACK,
         "Received: from mx.bodega.test by filter.limpio.test for <ana@bodega.test>", OURS),
        (DELIVERED, BACK, DELIVERED,
         "Received: from x by filter.limpio.test for <ana@bodega.test>", OURS),
        # Internal names of a large company's hosts.
        ("Delivered-To: ana@bodega.test", "Received: by 2002:a05:1 with SMTP id x",
         "Received: from a by mx.google.test with ESMTPS id y for <ana@bodega.test>"),
        # An alias.
        ("Delivered-To: ventas@bodega.test", LMTP, OURS),
        ("X-Loop: pepe@lejos.test", DELIVERED, LMTP, OURS),
        ("X-Forwarded-For: 10.0.0.1, 10.0.0.2", DELIVERED, LMTP, OURS),
        ("X-Forwarded-For: pepe@lejos.test ana@bodega.test", DELIVERED, OURS),
        ("Received: by", "Received:", "Delivered-To:", "X-Loop:"),
    ],
)  # fmt: skip
def test_ordinary_delivery_to_oneself_is_no_loop(fields: tuple[str, ...]) -> None:
    assert loop_finding(trace(*fields), ANA) is None


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ((DELIVERED, LMTP, BACK, AWAY, LMTP, OURS), "pepe@lejos.test"),
        ((DELIVERED, BACK, "Delivered-To: pepe@lejos.test", DELIVERED, OURS), "pepe@lejos.test"),
        ((DELIVERED, LMTP, "Delivered-To: pepe@bodega.test", LMTP, DELIVERED, LMTP, OURS),
         "pepe@bodega.test"),
        ((DELIVERED, BACK, "Received: by mx.lejos.test id 3", DELIVERED, OURS), "ana@bodega.test"),
        (("X-Loop: ana@bodega.test", DELIVERED, LMTP, OURS), "ana@bodega.test"),
        (("X-Sieve-Redirected-From: Ana@Bodega.test", DELIVERED, OURS), "ana@bodega.test"),
        (("X-Forwarded-To: pepe@lejos.test",
          "X-Forwarded-For: ana@bodega.test pepe@lejos.test", DELIVERED), "pepe@lejos.test"),
        (("X-MS-Exchange-Inbox-Rules-Loop: ana@bodega.test", BACK), "ana@bodega.test"),
        (("Resent-From: Ana <ana@bodega.test>", BACK), "ana@bodega.test"),
    ],
)  # fmt: skip
def test_mail_that_was_forwarded_and_came_back_is_a_loop(
    fields: tuple[str, ...], target: str
) -> None:
    finding = loop_finding(trace(*fields), ANA)
    assert finding is not None
    assert finding.id == "account.filter.loops"
    assert finding.status is Status.WARN
    assert finding.evidence["loop"] is True
    assert finding.facts["target"] == (target,)
    assert target in explain(finding).title


# As Dovecot, Pigeonhole and Postfix wrote it: ida -> vuelta -> ida, each with a copying redirect.
REAL_LOOP = """\
Return-Path: <ida@bodega.test>
Delivered-To: ida@bodega.test
Received: from mx.bodega.test
\tby vm with LMTP
\tid wOtTCpB/BmvkegAAg+zDdQ
\t(envelope-from <ida@bodega.test>)
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000
Received: from vm (localhost [127.0.0.1])
\tby mx.bodega.test (Postfix) with ESMTP id 2590A2291BA
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000 (UTC)
X-Sieve: Pigeonhole Sieve 0.5.19 (4eae2f79)
X-Sieve-Redirected-From: vuelta@hoster.test
Delivered-To: vuelta@hoster.test
Received: from mx.bodega.test
\tby vm with LMTP
\tid 2B1XCJB/BmvkegAAg+zDdQ
\t(envelope-from <ida@bodega.test>)
\tfor <vuelta@hoster.test>; Wed, 25 Nov 2026 06:26:24 +0000
Received: from vm (localhost [127.0.0.1])
\tby mx.bodega.test (Postfix) with ESMTP id 1FD972291AE
\tfor <vuelta@hoster.test>; Wed, 25 Nov 2026 06:26:24 +0000 (UTC)
X-Sieve: Pigeonhole Sieve 0.5.19 (4eae2f79)
X-Sieve-Redirected-From: ida@bodega.test
Delivered-To: ida@bodega.test
Received: from mx.bodega.test
\tby vm with LMTP
\tid fJbkBpB/BmvkegAAg+zDdQ
\t(envelope-from <ida@bodega.test>)
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000
Received: from [127.0.0.1] (localhost [127.0.0.1])
\tby mx.bodega.test (Postfix) with ESMTP id 16066229199
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000 (UTC)
From: ida@bodega.test
To: ida@bodega.test
Subject: p

hola
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("without", ["(none)", "X-Sieve", "X-Sieve|Received", "X-Sieve|Delivered"])
def test_real_loop_is_recognised_by_each_kind_of_trace(without: str, line_end: str) -> None:
    unfolded = re.sub(r"\n\t", " ", REAL_LOOP)
    remaining = [line for line in unfolded.split("\n") if not re.match(without, line)]
    finding = loop_finding(line_end.join(remaining).encode(), EmailAddress("ida", "bodega.test"))
    assert finding is not None
    assert finding.facts["target"] == ("vuelta@hoster.test",)


def test_first_copy_of_the_message_shows_no_loop() -> None:
    first = REAL_LOOP.partition("X-Sieve-Redirected-From: ida@bodega.test\n")[2]
    assert loop_finding(first.encode(), EmailAddress("ida", "bodega.test")) is None


def test_message_forwarded_to_us_is_no_loop() -> None:
    second = "Delivered-To: vuelta" + REAL_LOOP.partition("Delivered-To: vuelta")[2]
    assert loop_finding(second.encode(), EmailAddress("vuelta", "hoster.test")) is None


def test_fields_in_the_body_are_ignored() -> None:
    assert loop_finding(trace(DELIVERED, OURS) + b"X-Loop: ana@bodega.test\r\n", ANA) is None


@pytest.mark.timeout(20)
def test_excessive_number_of_fields_is_cut() -> None:
    finding = loop_finding(trace(*[BACK, AWAY] * 100_000, OURS), ANA)
    assert finding is not None
    assert finding.facts["target"] == ("pepe@lejos.test",)
    assert loop_finding(b"Received: " + b"by a " * 10_000_000, ANA) is None
    assert loop_finding(b"\n " * 10_000_000, ANA) is None


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["Received: ", "Delivered-To: ", "X-Loop: ", "Resent-From: ", "", "\n "]),
        st.one_of(st.binary(max_size=80), st.sampled_from([b"by x for <ana@bodega.test>"])),
    ),
    max_size=12,
).map(lambda all_: b"\r\n".join(name.encode() + value for name, value in all_))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), FIELDS))
def test_no_message_raises(raw: bytes) -> None:
    finding = loop_finding(raw, ANA)
    if finding is not None:
        explain(finding)
