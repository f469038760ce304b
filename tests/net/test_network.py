"""What is handed down, and whom a host name belongs to."""

from pathlib import Path

import publicsuffixlist
import pytest

from mailsetup.model.hostname import to_a_label
from mailsetup.model.network_options import NetworkOptions, parse_resolver
from mailsetup.net.network import open_network, system_proxy
from mailsetup.net.public_suffix import owned_domain, registrable_domain, same_organisation


@pytest.mark.parametrize(
    ("text", "resolver"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("dns.example", None),
        ("192.0.2.1:0", None),
        ("192.0.2.1:70000", None),
        ("192.0.2.1:x", None),
        ("", None),
        ("[", None),
    ],
)
def test_how_a_resolver_is_written(text: str, resolver: tuple[str, int] | None) -> None:
    assert parse_resolver(text) == resolver


async def test_a_file_that_is_no_certificate_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(OSError):
        async with open_network(NetworkOptions(ca_files=(file,))):
            pass


def test_only_the_systems_proxy_for_https_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert system_proxy("bodega.es") == "http://proxy.example:3128"
    monkeypatch.setenv("no_proxy", "bodega.es")
    assert system_proxy("bodega.es") is None
    monkeypatch.setenv("HTTPS_PROXY", "file:///etc/passwd")
    assert system_proxy("other.es") is None


@pytest.mark.parametrize(
    ("name", "registrable", "owned"),
    [
        ("mail.bodega.co.uk", "bodega.co.uk", "bodega.co.uk"),
        ("bodega.es", "bodega.es", "bodega.es"),
        ("MAIL.Bodega.ES.", "bodega.es", "bodega.es"),
        ("mail.bodega.eu.org", "eu.org", "bodega.eu.org"),
        ("eu.org", "eu.org", "eu.org"),
        ("co.uk", None, "co.uk"),
        ("192.0.2.1", None, "192.0.2.1"),
    ],
)
def test_registered_and_owned(name: str, registrable: str | None, owned: str) -> None:
    assert registrable_domain(name) == registrable
    assert owned_domain(name) == owned


def test_two_public_suffixes_are_no_organisation() -> None:
    assert same_organisation("imap.bodega.es", "smtp.bodega.es")
    assert not same_organisation("bodega.es", "taller.es")
    assert not same_organisation("co.uk", "co.uk")


@pytest.mark.parametrize("only_icann", [True, False])
def test_every_rule_of_the_list_counts_as_in_the_whole_list(only_icann: bool) -> None:
    whole = publicsuffixlist.PublicSuffixList(only_icann=only_icann)
    lines = Path(publicsuffixlist.PSLFILE).read_text("utf-8").splitlines()
    rules = [line.split()[0] for line in lines if line and not line.startswith("//")]
    judge = registrable_domain if only_icann else owned_domain
    # Some of each kind: national, with an exception, in other letters, private.
    for rule in {*rules[::23], *(rule for rule in rules if rule[0] in "!*" or not rule.isascii())}:
        suffix = to_a_label(rule.lstrip("!*."))
        assert suffix is not None
        for name in (suffix, f"b.{suffix}", f"a.b.{suffix}"):
            expected = whole.privatesuffix(name)
            assert judge(name) == (expected if only_icann else expected or name), rule
