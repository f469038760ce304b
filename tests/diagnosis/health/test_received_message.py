"""Trace and authentication results in headers of real messages."""

import pytest

from mailsetup.diagnosis.health.received_message import ReceivedMessage, parse_results, read_message
from mailsetup.model.rfc5322 import body_of

GMAIL = b"""\
Delivered-To: pepe@gmail.com
Received: by 2002:a05:6a10:1 with SMTP id x1; Wed, 25 Nov 2026 06:00:10 +0000
Return-Path: <ana@bodega.es>
Received: from out1.hoster.com (out1.hoster.com. [8.8.4.10])
        by mx.google.com with ESMTPS id a1 for <pepe@gmail.com>
        (version=TLS1_3 cipher=X); Wed, 25 Nov 2026 06:00:09 +0000
Authentication-Results: mx.google.com;
       dkim=pass header.i=@bodega.es header.s=sel header.b=abc;
       spf=pass (google.com: domain of ana@bodega.es designates 8.8.4.10)
         smtp.mailfrom=ana@bodega.es;
       dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=bodega.es
Received: from [192.168.1.5] (unknown [81.1.2.3])
        by out1.hoster.com with ESMTPSA id b1; Wed, 25 Nov 2026 06:00:04 +0000
Authentication-Results: mx.google.com; spf=fail smtp.mailfrom=forged.es
From: Ana <ana@bodega.es>
To: pepe@gmail.com
X-Spam-Status: No, score=-1.0

Hola
"""
MICROSOFT = b"""\
Received: from AM0PR01.eurprd01.prod.exchangelabs.com (2603:10a6:208::1) by
 DB9PR01.eurprd01.prod.outlook.com with HTTPS; Wed, 25 Nov 2026 06:00:12 +0000
Authentication-Results: spf=fail (sender IP is 8.8.4.10)
 smtp.mailfrom=bodega.es; dkim=none (message not signed)
 header.d=none;dmarc=fail action=quarantine
 header.from=bodega.es;compauth=fail reason=000
Received: from out1.hoster.com (8.8.4.10) by
 mx.prod.outlook.com (10.13.2.3) with Microsoft SMTP
 Server; Wed, 25 Nov 2026 06:00:10 +0000
Return-Path: ana@bodega.es
From: ana@bodega.es

Hola
"""
LOCAL = b"""\
Return-Path: <ana@bodega.es>
Received: from mx.hoster.com by mx.hoster.com with LMTP id 1; Wed, 25 Nov 2026 06:00:02 +0000
Received: from [192.168.1.5] (static.lejos.net [81.1.2.3])
\tby mx.hoster.com (Postfix) with ESMTPSA id 2; Wed, 25 Nov 2026 06:00:01 +0000
From: ana@bodega.es

Hola
"""


def wire(text: bytes) -> ReceivedMessage:
    return read_message(text.replace(b"\n", b"\r\n"))


def test_handover_is_the_hop_from_another_provider() -> None:
    message = wire(GMAIL)
    assert message.handover is not None
    assert (message.handover.address, message.handover.helo) == ("8.8.4.10", "out1.hoster.com")
    assert message.author_domain == "bodega.es"
    assert message.envelope_sender == "ana@bodega.es"


def test_only_results_of_the_receiving_side_count() -> None:
    results = wire(GMAIL).authentication
    assert results is not None
    assert results.server == "mx.google.com"
    assert [(one.method, one.result) for one in results.results] == [
        ("dkim", "pass"),
        ("spf", "pass"),
        ("dmarc", "pass"),
    ]
    assert results.of("spf")[0].property("smtp.mailfrom") == "ana@bodega.es"


def test_results_without_server_name_are_read() -> None:
    message = wire(MICROSOFT)
    assert message.handover is not None
    assert message.handover.address == "8.8.4.10"
    assert message.authentication is not None
    results = {one.method: one.result for one in message.authentication.results}
    assert results == {"spf": "fail", "dkim": "none", "dmarc": "fail", "compauth": "fail"}


def test_message_inside_one_provider_has_no_handover() -> None:
    message = wire(LOCAL)
    assert message.handover is None
    assert message.authentication is None
    assert len(message.hops) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mx.es; spf=pass", [("spf", "pass")]),
        ("mx.es 1; none", []),
        ('mx.es; dkim=fail (a; b (c; d)) header.d="x.es"; spf = softfail', 2),
        ("spf=pass smtp.mailfrom=a.es; ;dmarc=success(p=REJECT);", 2),
        ("", []),
        (";;;===(((", []),
        ("mx.es; " + "spf=pass; " * 5000, 30),
    ],
)
def test_results_in_various_formats_are_parsed(text: str, expected: object) -> None:
    results = parse_results(text).results
    if isinstance(expected, int):
        assert len(results) == expected
    else:
        assert [(one.method, one.result) for one in results] == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\x00\xff\x1b[31m: x\r\nFrom: \xff\xfe@\x00\r\n\r\n",
        b"Received: " + b"from x by y; " * 50_000 + b"\r\n\r\n",
        b"Received: from a (b [999.1.1.1]) by c; Tomorrow\r\n" * 5000 + b"\r\n",
        b"X: y\r\n" + b" " + b"z\r\n " * 200_000,
        b"From: a@b.es, c@d.es\r\n\r\n",
        b"From: a@b.es\r\nFrom: c@d.es\r\n\r\n",
    ],
)
def test_hostile_headers_yield_nothing(raw: bytes) -> None:
    message = read_message(raw)
    assert len(message.hops) <= 50
    assert message.author_domain == ""
    assert message.handover is None


def test_body_begins_after_the_first_empty_line() -> None:
    assert body_of(b"A: b\r\n\r\nx\r\n\r\ny") == b"x\r\n\r\ny"
    assert body_of(b"A: b\n\nx") == b"x"
    assert body_of(b"A: b") == b""
