"""Addresses as people type and paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.model.address import AddressFailure, AddressFault, EmailAddress
from mailsetup.model.text import has_control

A_LABEL = "xn--pescola-8ya9a.es"


def parsed(text: str) -> EmailAddress:
    address = EmailAddress.parse(text)
    assert isinstance(address, EmailAddress), address
    return address


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", AddressFault.EMPTY),
        ("   ", AddressFault.EMPTY),
        ("\u200b", AddressFault.EMPTY),
        ("ana", AddressFault.NO_AT),
        ("ana.bodega.es", AddressFault.NO_AT),
        ("ana@@bodega.es", AddressFault.TWO_AT),
        ("ana@x@bodega.es", AddressFault.TWO_AT),
        ("a@b.es, c@d.es", AddressFault.SEVERAL_ADDRESSES),
        ("a@b.es;c@d.es", AddressFault.SEVERAL_ADDRESSES),
        ("a@b.es c@d.es", AddressFault.SEVERAL_ADDRESSES),
        ("ana maria@bodega.es", AddressFault.SPACE),
        ("ana@bodega .es", AddressFault.SPACE),
        ("ana @bodega.es", AddressFault.SPACE),
        ("ana\n@bodega.es", AddressFault.CONTROL_CHARACTER),
        ("ana\0@bodega.es", AddressFault.CONTROL_CHARACTER),
        ("ana\u202e@bodega.es", AddressFault.CONTROL_CHARACTER),
        ("ana@bodega.es\r\nBcc: x", AddressFault.CONTROL_CHARACTER),
        ("a" * 290 + "@bodega.es", AddressFault.TOO_LONG),
        ("a" * 65 + "@bodega.es", AddressFault.LOCAL_PART),
        ("ana@" + "b." * 130 + "es", AddressFault.TOO_LONG),
        ("x" * 5_000_000, AddressFault.TOO_LONG),
        ("@bodega.es", AddressFault.LOCAL_PART),
        (".ana@bodega.es", AddressFault.LOCAL_PART),
        ("a(b)@bodega.es", AddressFault.LOCAL_PART),
        ("ana@", AddressFault.DOMAIN),
        ("ana@bodega", AddressFault.DOMAIN_INCOMPLETE),
        ("ana@bodega.123", AddressFault.DOMAIN_INCOMPLETE),
        ("ana@bodega..es", AddressFault.DOMAIN),
        ("ana@-bodega.es", AddressFault.DOMAIN),
        ("ana@bode_ga.es", AddressFault.DOMAIN),
        ('ana@bode"ga.es', AddressFault.DOMAIN),
        ("ana@" + "b" * 64 + ".es", AddressFault.DOMAIN),
        ("ana@☃.es", AddressFault.DOMAIN),
        ("ana@192.0.2.1", AddressFault.DOMAIN_LITERAL),
        ("ana@[192.0.2.1]", AddressFault.DOMAIN_LITERAL),
        ("ana@[IPv6:::1]", AddressFault.DOMAIN_LITERAL),
    ],
)
def test_invalid_addresses_have_a_reason(text: str, fault: AddressFault) -> None:
    malformed = EmailAddress.parse(text)
    assert isinstance(malformed, AddressFailure)
    assert malformed.fault is fault
    assert len(malformed.text) <= 80
    assert not has_control(malformed.text)


@pytest.mark.parametrize(
    "text",
    [
        "ana@bodega.es",
        " ana@bodega.es ",
        "\tana@bodega.es\u00a0",
        "ana@bodega.es.",
        "ana@BODEGA.es",
        "<ana@bodega.es>",
        "Ana Ruiz <ana@bodega.es>",
        '"Ruiz, Ana" <ana@bodega.es>',
        "mailto:ana@bodega.es",
        "MAILTO:ana@bodega.es?subject=Hola",
        "Ana <mailto:ana@bodega.es>",
        "\ufeffana@bodega.es\u200b",
        '"ana"@bodega.es',
    ],
)
def test_equivalent_forms_of_an_address(text: str) -> None:
    assert parsed(text) == EmailAddress("ana", "bodega.es")


def test_the_local_part_is_unchanged() -> None:
    assert parsed("Ana.Ruiz+Vino@bodega.es").local == "Ana.Ruiz+Vino"
    assert parsed("a..b.@docomo.ne.jp").local == "a..b."
    assert parsed('"a b"@bodega.es').local == '"a b"'
    assert parsed('"a@b"@bodega.es').domain == "bodega.es"
    assert parsed("josé@bodega.es").local == "josé"


@pytest.mark.parametrize("text", ["ana@peñíscola.es", "ana@PEÑÍSCOLA.ES", f"ana@{A_LABEL}"])
def test_both_forms_of_an_international_domain(text: str) -> None:
    address = parsed(text)
    assert address.domain == A_LABEL
    assert address.ascii == f"ana@{A_LABEL}"
    assert str(address) == "ana@peñíscola.es"
    assert address.is_international


def test_a_sharp_s_does_not_become_another_domain() -> None:
    assert parsed("ana@faß.de").domain == "xn--fa-hia.de"


def test_an_ascii_name_with_hyphens_where_punycode_has_them_is_valid() -> None:
    assert parsed("ana@ab--cd.example").domain == "ab--cd.example"


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("%EMAILADDRESS%", "ana@bodega.es"),
        ("%EMAILLOCALPART%.%EMAILDOMAIN%", "ana.bodega.es"),
        ("%emaillocalpart%", "ana"),
        ("fixed", "fixed"),
        ("", ""),
        ("%EMAILADDRESS", None),
        ("EMAILADDRESS%", None),
        ("%REALNAME%", None),
        ("%%", None),
        ("100%", None),
    ],
)
def test_placeholders(template: str, filled: str | None) -> None:
    assert parsed("ana@bodega.es").fill(template) == filled


def test_a_per_cent_sign_in_the_address_itself_is_no_placeholder() -> None:
    assert parsed("a%EMAILDOMAIN%b@bodega.es").fill("%EMAILLOCALPART%") == "a%EMAILDOMAIN%b"


@given(st.text())
def test_no_text_raises_and_accepted_addresses_are_clean(text: str) -> None:
    address = EmailAddress.parse(text)
    if isinstance(address, EmailAddress):
        assert not has_control(address.ascii)
        assert address.domain.isascii()
        assert EmailAddress.parse(address.ascii) == address


@given(
    st.from_regex(r"[a-z0-9.+_-]{1,20}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,10}(\.[a-z]{2,5}){1,2}", fullmatch=True),
)
def test_ordinary_addresses_pass_unchanged(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    address = EmailAddress.parse(text)
    if local.startswith("."):
        assert isinstance(address, AddressFailure)
    else:
        assert address == EmailAddress(local, domain)
