"""Texts from outside that are made to be slow or deep: none of them stops a run or ends it.

What is measured is the processor time of this process alone, which other load does not change. Each
text has the largest size that its reader takes; where a reader's work grew with the square of that,
the time would be ten to a thousand times the limit.
"""

import base64
import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from mailsetup.diagnosis.health import mta_sts, spf_record
from mailsetup.diagnosis.health.dmarc import read_records as read_dmarc
from mailsetup.diagnosis.health.forwarding_loop import loop_finding
from mailsetup.diagnosis.health.received_message import parse_results, read_message
from mailsetup.diagnosis.health.tag_list import read_tags
from mailsetup.diagnosis.sieve.parser import MAX_SCRIPT, SieveSyntaxError
from mailsetup.diagnosis.sieve.parser import parse as parse_sieve
from mailsetup.diagnosis.sieve.rule_findings import rule_findings, rule_folders
from mailsetup.discovery.capabilities import capabilities_in
from mailsetup.formats import autoconfig, pacc, xmltree
from mailsetup.model.address import EmailAddress
from mailsetup.model.sign_in import Client
from mailsetup.model.text import plain
from mailsetup.net.connection import MAX_LINE, TooMuchDataError
from mailsetup.oauth import metadata, tokens
from mailsetup.verify import sasl
from mailsetup.verify.imap import parser as imap_parser
from mailsetup.verify.imap.folder import from_modified_utf7
from mailsetup.verify.managesieve import parser as managesieve_parser
from mailsetup.verify.replies import SmtpReply

pytestmark = pytest.mark.slow

CPU_SECONDS = 8.0
ANA = EmailAddress.parse("ana@bodega.example")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEEP = 100_000
TXT = 60_000
"""Characters of a DNS text record over TCP."""


@contextlib.contextmanager
def little_work() -> Iterator[None]:
    before = time.process_time()
    yield
    assert time.process_time() - before < CPU_SECONDS


def refused_or_read(read: Callable[[], object]) -> None:
    with little_work(), contextlib.suppress(TooMuchDataError, SieveSyntaxError):
        read()


def ana() -> EmailAddress:
    assert isinstance(ANA, EmailAddress)
    return ANA


@pytest.mark.parametrize(
    "line",
    [
        "a" + " " * MAX_LINE + "a",
        " " * MAX_LINE + "5.7.1",
        "5.7.1 " * (MAX_LINE // 6),
        "5." * (MAX_LINE // 2),
    ],
)
def test_smtp_replies(line: str) -> None:
    reply = SmtpReply(550, (line,) * 3)
    refused_or_read(lambda: (reply.text, reply.enhanced, reply.shown_code, plain(reply.text)))


def test_an_enhanced_code_is_taken_out_of_each_line() -> None:
    reply = SmtpReply(550, ("5.7.1 No.", "  5.7.1   Never, see 5.7.1.", "5.7.1.9 stays"))
    assert reply.text == "No. Never, see 5.7.1. 5.7.1.9 stays"
    assert reply.enhanced == ""
    assert SmtpReply(550, ("5.7.1 No.",)).shown_code == "550 5.7.1"


@pytest.mark.parametrize(
    "line",
    [
        b"* LIST " + b"(" * DEEP,
        b"* LIST " + b"()" * (MAX_LINE // 2),
        b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 5000 + b")" * 5000 + b")",
        b"* 1 FETCH (ENVELOPE " + b"((" * 13 + b")",
        b'* LIST () "' + b"\\" * MAX_LINE,
        b"* LIST () / " + b"[" * MAX_LINE,
        b"* LIST () / " + b"&" * MAX_LINE,
        b"* NO [" + b" " * MAX_LINE,
        b"* NO [A " + b"x" * MAX_LINE,
        b"* OK " + b"[CAPABILITY " * (MAX_LINE // 12),
    ],
)
def test_imap_responses(line: bytes) -> None:
    refused_or_read(lambda: imap_parser.parse(line, []))
    refused_or_read(lambda: from_modified_utf7(line.decode("latin-1")))
    refused_or_read(lambda: capabilities_in(line.decode("latin-1")))


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        ("* OK [CAPABILITY IMAP4rev1 starttls] hi", ["IMAP4REV1", "STARTTLS"]),
        ("* OK [capability IMAP4rev1] [x]", ["IMAP4REV1"]),
        ("* OK [CAPABILITY IMAP4rev1", None),
        ("* OK hi", None),
    ],
)
def test_capabilities_in_a_greeting(greeting: str, words: list[str] | None) -> None:
    assert capabilities_in(greeting) == words


@pytest.mark.parametrize(
    "line",
    [
        b"(" * DEEP,
        b"(" * 4 + b")" * 4,
        b'"' + b"\\a" * (MAX_LINE // 2),
        b'"' + b"a" * MAX_LINE,
        b'"' * MAX_LINE,
        b"NO (" + b" " * MAX_LINE + b'"',
    ],
)
def test_managesieve_responses(line: bytes) -> None:
    refused_or_read(lambda: managesieve_parser.parse(line, []))


def test_a_quoted_string_keeps_what_was_escaped_in_it() -> None:
    response = managesieve_parser.parse(rb'"a\"b\\c" "" "\d"', [])
    assert response is not None
    assert response.words == (b'a"b\\c', b"", b"d")


SCRIPTS = {
    "blocks in blocks": "if true {" * DEEP,
    "tests in tests": "if " + "not " * DEEP + "true {keep;}",
    "lists of tests": "if " + "anyof(" * DEEP,
    "a string without an end": '"' + "\\a" * (MAX_SCRIPT // 2 - 1),
    "a comment without an end": "/*" * (MAX_SCRIPT // 2),
    "comments of blanks": ("#" + " " * 398 + ";\n") * (MAX_SCRIPT // 401),
    "a text without an end": "text: #" + "a" * (MAX_SCRIPT - 7),
    "many commands": "keep;" * (MAX_SCRIPT // 5),
    "many rules": 'if header :is "a" "b" {fileinto "c"; stop;}' * (MAX_SCRIPT // 44),
    "many branches": "if true {keep;}" + "elsif true {discard;}" * (MAX_SCRIPT // 21 - 1),
    "many forwards": 'redirect "a@b.example";' * (MAX_SCRIPT // 23),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_sieve_scripts(script: str) -> None:
    refused_or_read(lambda: parse_sieve(script))
    refused_or_read(lambda: rule_findings(script, ana(), NOW))
    refused_or_read(lambda: rule_folders(script, ana(), NOW))


RECORDS = {
    "blanks at the end": "v=STSv1;a=b" + " " * TXT + "\x01",
    "blanks after a semicolon": "v=STSv1;" + " ;" * (TXT // 2) + "\x01",
    "semicolons": "v=DMARC1;" + ";" * TXT,
    "blanks before the version": "\x01 " * (TXT // 2) + "v=DMARC1",
    "many pairs": "v=TLSRPTv1;" + "a=b;" * (TXT // 4),
    "many reports": "v=DMARC1;p=none;rua=" + "mailto:a@b.example," * (TXT // 19),
    "many includes": "v=spf1 " + "include:a.example " * (TXT // 18),
    "macros": "v=spf1 exists:" + "%{" * (TXT // 2),
    "labels": "v=spf1 a:" + "a." * (TXT // 2),
    "slashes": "v=spf1 a:a" + "/1" * (TXT // 2),
    "modifiers": "v=spf1 " + "a=" * (TXT // 2),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_dns_texts(record: str) -> None:
    refused_or_read(lambda: mta_sts.read_record([record]))
    refused_or_read(lambda: mta_sts._REPORTS.match(record))
    refused_or_read(lambda: spf_record.parse(record))
    refused_or_read(lambda: spf_record.parse(record[: spf_record.MAX_RECORD - 1]))
    refused_or_read(lambda: read_dmarc("a.example", [record]))
    refused_or_read(lambda: read_tags(record))


@pytest.mark.parametrize(
    "document",
    [
        b"<a>" * DEEP,
        b"<a>" * 32 + b"</a>" * 32,
        b"<clientConfig>" + b"<a/>" * (xmltree.MAX_BYTES // 5) + b"</clientConfig>",
        b"<a " + b"x='' " * 40_000 + b"/>",
        b"<a>" + b"&#65;" * 50_000 + b"</a>",
        b'<!DOCTYPE a [<!ENTITY a "' + b"x" * 1000 + b'">]><a>' + b"&a;" * 1000 + b"</a>",
        b'<?xml version="1.0" encoding="' + b"x" * 1000 + b'"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
    ],
)
def test_xml_documents(document: bytes) -> None:
    refused_or_read(lambda: xmltree.read(document))
    refused_or_read(lambda: autoconfig.read(document, ana()))


@pytest.mark.parametrize(
    "document",
    [
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b'{"protocols":' + b"[" * 900 + b"]" * 900 + b"}",
        b"1" * 60_000,
        b'{"issuer": "\\ud800", "authorization_endpoint": "https://\\ud800.example/"}',
        b'{"error": "\\ud800", "status": 1e999}',
        b"\xff\xfe",
        b"NaN",
    ],
)
def test_json_documents(document: bytes) -> None:
    text = document.decode("latin-1")
    refused_or_read(lambda: pacc.read(document, ana()))
    refused_or_read(lambda: metadata.parse_metadata(document, "https://id.example"))
    refused_or_read(lambda: sasl._token_failure(document))
    refused_or_read(lambda: tokens._id_token_address(packed_token(document), Client("id"), ""))
    refused_or_read(lambda: tokens._id_token_address(f"a.{text}.b", Client("id"), ""))


def packed_token(claims: bytes) -> str:
    return f"a.{base64.urlsafe_b64encode(claims).decode()}.b"


HEADERS = {
    "comments in comments": b"(" * 3000,
    "groups in groups": b"a:" * 3000,
    "comments side by side": b"()" * 3000,
    "routes": b"<@a," * 3000,
    "quotes": b'"\\' * 3000,
    "encoded words": b"=?utf-8?q?=28?= " * 500,
    "commas": b"," * 200_000,
    "by": b"by " * 100_000,
    "from": b"from (" * 80_000,
    "brackets": b"[(" * 200_000,
    "equals": b"a=" * 200_000,
    "dots": b"a." * 200_000,
    "blanks": b" " * 400_000,
    "folds": b"x\r\n " * 100_000,
    "semicolons": b";" * 400_000,
    "digits": b"1" * 400_000,
    "addresses": b"a@b " * 60_000,
    "characters beyond ASCII": b"\xc3\xb1" * 60_000,
    "bytes that are no text": b"\xff\x00" * 60_000,
}
FIELDS = (
    "From",
    "Received",
    "Authentication-Results",
    "ARC-Authentication-Results",
    "DKIM-Signature",
    "Return-Path",
    "Delivered-To",
    "X-Forwarded-For",
    "X-Loop",
    "List-Unsubscribe",
    "Date",
    "X-Spam-Status",
    "Content-Type",
)


@pytest.mark.parametrize("value", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("field", FIELDS)
def test_message_headers(field: str, value: bytes) -> None:
    raw = field.encode() + b": " + value + b"\r\n\r\nbody"
    refused_or_read(lambda: read_message(raw))
    refused_or_read(lambda: read_message(raw.replace(b": ", b": by x.example ; ", 1)))
    refused_or_read(lambda: loop_finding(raw, ana()))
    refused_or_read(lambda: parse_results(value.decode("latin-1")))
