"""Host names and ports typed by users and received from servers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.model.hostname import (
    is_dns_name,
    is_ip_literal,
    is_within,
    parse_host,
    parse_port,
    to_a_label,
    to_u_label,
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "localhost",
        "box",
        "printer.local",
        "nas.lan",
        "x.localhost",
        "127.0.0.1",
        "::1",
        "[::1]",
        "10.1",
        "1.2.3.4.5",
        'imap".es',
        "imap'.es",
        "imap.es\nX",
        "imap.es\r\n",
        "imap\0.es",
        "imap .es",
        "imap.es/x",
        "user@imap.es",
        "imap.es:993",
        "https://imap.es",
        "a_b.es",
        "-a.es",
        "a-.es",
        "a..es",
        "b" * 64 + ".es",
        "a." * 127 + "es",
        "x" * 5_000_000,
        "%00.es",
        "imap.es;rm",
        "☃.es",
    ],
)
def test_invalid_host_names_from_the_network(text: str) -> None:
    name = parse_host(text)
    assert name is None or text == "imap.es\r\n"


def test_surrounding_blanks_and_a_final_dot_are_removed() -> None:
    assert parse_host(" IMAP.Bodega.es. \r\n") == "imap.bodega.es"


def test_typed_names_may_be_private() -> None:
    assert parse_host("127.0.0.1", typed=True) == "127.0.0.1"
    assert parse_host("[::1]", typed=True) == "::1"
    assert parse_host("nas", typed=True) == "nas"
    assert parse_host("nas.lan", typed=True) == "nas.lan"
    assert parse_host('na"s', typed=True) is None
    assert parse_host("na\ns", typed=True) is None
    assert parse_host("[IPv6:::1]", typed=True) == "::1"
    assert parse_host('fe80::1%`touch x`;"', typed=True) is None, "a zone may be any text"


def test_international_names() -> None:
    assert to_a_label("PEÑÍSCOLA.es") == "xn--pescola-8ya9a.es"
    assert to_a_label("bücher。example") == "xn--bcher-kva.example"
    assert to_u_label("xn--pescola-8ya9a.es") == "peñíscola.es"
    assert to_u_label("xn--not-punycode-.es") == "xn--not-punycode-.es"
    assert to_a_label("XN--PESCOLA-8YA9A.es") == "xn--pescola-8ya9a.es"


@pytest.mark.parametrize(
    ("value", "port"),
    [
        (993, 993),
        ("993", 993),
        (" 993 ", 993),
        (1, 1),
        (65535, 65535),
        (0, None),
        ("0", None),
        (70000, None),
        ("70000", None),
        (65536, None),
        (-1, None),
        ("-1", None),
        ("", None),
        ("9e2", None),
        ("99999999999999999999", None),
        ("٣", None),
        (True, None),
        (993.0, None),
        (None, None),
    ],
)
def test_ports(value: object, port: int | None) -> None:
    assert parse_port(value) == port


def test_is_within_compares_whole_labels() -> None:
    assert is_within("imap.bodega.es", "bodega.es")
    assert is_within("bodega.es", "bodega.es")
    assert not is_within("notbodega.es", "bodega.es")
    assert not is_within("bodega.es.evil.com", "bodega.es")


def test_names_for_a_resolver_may_hold_underscores() -> None:
    assert is_dns_name("_imaps._tcp.bodega.es")
    assert is_dns_name("bodega.es.")
    assert not is_dns_name("")
    assert not is_dns_name(".")
    assert not is_dns_name("a b.es")
    assert not is_dns_name("ñ.es")


@pytest.mark.parametrize(
    ("text", "is_ip"),
    [("192.0.2.1", True), ("[2001:db8::1]", True), ("[IPv6:::1]", True), ("bodega.es", False)],
)
def test_ip_literals(text: str, is_ip: bool) -> None:
    assert is_ip_literal(text) is is_ip


@given(st.text(), st.booleans())
def test_any_accepted_host_is_clean(text: str, typed: bool) -> None:
    name = parse_host(text, typed=typed)
    if name is not None:
        assert name.isascii()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.:")
        assert parse_host(name, typed=typed) == name
