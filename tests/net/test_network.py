"""Options of the network, and the owners of host names."""

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
def test_resolver_option_is_parsed(text: str, resolver: tuple[str, int] | None) -> None:
    assert parse_resolver(text) == resolver


async def test_invalid_ca_file_raises_an_error(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    with pytest.raises(OSError):
        async with open_network(NetworkOptions(ca_files=(file,))):
            pass


def test_only_the_proxy_for_https_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_registrable_and_owned_domain(name: str, registrable: str | None, owned: str) -> None:
    assert registrable_domain(name) == registrable
    assert owned_domain(name) == owned


def test_public_suffix_is_no_organisation() -> None:
    assert same_organisation("imap.bodega.es", "smtp.bodega.es")
    assert not same_organisation("bodega.es", "taller.es")
    assert not same_organisation("co.uk", "co.uk")


@pytest.mark.parametrize("only_icann", [True, False])
def test_each_rule_has_the_same_effect_as_in_the_whole_list(only_icann: bool) -> None:
    whole = publicsuffixlist.PublicSuffixList(only_icann=only_icann)
    lines = Path(publicsuffixlist.PSLFILE).read_text("utf-8").splitlines()
    rules = [line.split()[0] for line in lines if line and not line.startswith("//")]
    function = registrable_domain if only_icann else owned_domain
    # Rules of every kind: wildcards, exceptions, non-ASCII, private.
    for rule in {*rules[::23], *(rule for rule in rules if rule[0] in "!*" or not rule.isascii())}:
        suffix = to_a_label(rule.lstrip("!*."))
        assert suffix is not None
        for name in (suffix, f"b.{suffix}", f"a.b.{suffix}"):
            expected = whole.privatesuffix(name)
            assert function(name) == (expected if only_icann else expected or name), rule
