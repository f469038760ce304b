"""Every row of the built-in list of providers."""

import re
import tomllib
from collections import Counter
from datetime import date

import pytest

from mailsetup.discovery.providers import (
    MailProvider,
    by_cname,
    by_domain,
    by_host,
    by_mx,
    by_spf,
    filter_of,
    load,
)
from mailsetup.model.hostname import is_dns_name, is_within, parse_host, to_a_label
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.net.public_suffix import owned_domain
from mailsetup.resources import read_text
from tests.support.network.scripted_network import address

ROWS = load()
FILTERS = tomllib.loads(read_text("providers.toml"))["filter"]
HINTS = {"enable-imap", "app-password", "oauth-only", "bridge", "own-app", "help"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{ROWS.index(row)}")
def test_each_row_is_valid(row: MailProvider) -> None:
    assert row.name
    assert row.source
    assert row.domains or row.mx or row.spf or row.cname
    assert row.confidence in {"high", "medium"}
    assert date(2024, 1, 1) < row.checked
    for name in (*row.domains, *row.mx, *row.owns, *row.cname, *row.other):
        assert to_a_label(name) == name
    for name in row.spf:
        assert is_dns_name(name)
        assert name == name.lower().rstrip(".")
    for name in row.owns:
        assert owned_domain(name) == name
    for name in row.other:
        assert any(is_within(name, domain) for domain in row.owns)
    for hint in row.hints:
        assert hint.kind in HINTS
        assert hint.url == "" or hint.url.startswith(("https://", "http://"))
    for server in (*row.incoming, *row.outgoing):
        assert server.security is not SocketType.NONE
        assert server.authentication
        assert address().fill(server.username)
        assert "%" in server.host or parse_host(server.host) == server.host
    assert all(server.protocol is not Protocol.SMTP for server in row.incoming)
    assert all(server.protocol is Protocol.SMTP for server in row.outgoing)
    assert bool(row.incoming) == bool(row.outgoing)
    assert row.incoming or row.hints[0].kind in {"bridge", "own-app"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{ROWS.index(row)}")
def test_a_row_names_only_the_providers_own_hosts(row: MailProvider) -> None:
    # Forging an answer from the DNS, for any domain, gains nothing.
    foreign = ["bodega.es"] if row.mx or row.spf or row.cname else []
    for domain in (*row.domains, *foreign):
        settings = row.settings(address(f"ana@{domain}"))
        assert len(settings.servers) == len(row.incoming) + len(row.outgoing)
        for host in settings.hosts:
            assert any(is_within(host, owned) for owned in row.owns), host


@pytest.mark.parametrize("key", ["domains", "mx", "spf", "cname", "other"])
def test_no_name_is_in_two_rows(key: str) -> None:
    names = Counter(name for row in ROWS for name in getattr(row, key))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_list_is_large_enough() -> None:
    assert len(ROWS) >= 80


def test_spain_and_latin_america_are_covered() -> None:
    titles, sections = _sections()
    assert titles == ["Spain and Latin America", "Europe", "The world", "Filters"]
    home = re.compile(r"\.(es|ar|br|cl|co|cu|mx|pe|uy)\Z")
    for title, section in zip(titles[1:], sections[1:], strict=True):
        for row in section.get("provider", []):
            assert not any(home.search(name) for name in row.get("owns", [])), title
    assert [len(section.get("filter", [])) > 0 for section in sections] == [False] * 3 + [True]


def _sections() -> tuple[list[str], list[dict[str, list[dict[str, list[str]]]]]]:
    _, *parts = re.split(r"(?m)^# ---- (.+) ----$", read_text("providers.toml"))
    return parts[::2], [tomllib.loads(text) for text in parts[1::2]]


@pytest.mark.parametrize("row", FILTERS, ids=lambda row: str(row["name"]))
def test_each_filter_is_valid(row: dict[str, object]) -> None:
    assert set(row) == {"name", "mx", "source", "checked"}
    assert row["name"]
    assert row["source"]
    assert isinstance(row["checked"], date)
    assert isinstance(row["mx"], list)
    assert row["mx"]
    for suffix in row["mx"]:
        assert to_a_label(suffix) == suffix
        assert by_mx(f"mx1.{suffix}") is None


def test_no_suffix_is_in_two_filters() -> None:
    suffixes = [suffix for row in FILTERS for suffix in row["mx"]]
    assert sorted(suffixes) == sorted(set(suffixes))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("aspmx.l.google.com", "Google Workspace"),
        ("alt1.gmail-smtp-in.l.google.com", "Gmail"),
        ("bodega-es.mail.protection.outlook.com", "Microsoft 365"),
        ("hotmail-com.olc.protection.outlook.com", "Outlook.com"),
        ("mx.serviciodecorreo.es", "Arsys"),
        ("mx1.mail.ovh.net", "OVHcloud"),
    ],
)
def test_the_longest_suffix_wins(host: str, name: str) -> None:
    provider = by_mx(host)
    assert provider is not None
    assert provider.name == name


def test_suffixes_match_whole_labels() -> None:
    assert by_mx("evilgoogle.com") is None
    assert by_domain("evilgmail.com") is None
    assert by_cname("eviloutlook.com") is None
    assert by_host("evilovh.net") is None
    assert filter_of("evilmimecast.com") is None
    assert filter_of("mimecast.com.evil.es") is None


@pytest.mark.parametrize(
    ("include", "name"),
    [
        ("spf.protection.outlook.com", "Microsoft 365"),
        ("_spf.google.com", "Google Workspace"),
        ("spf.messagingengine.com", "Fastmail"),
        ("mx.ovh.com", "OVHcloud"),
        ("_spf.serviciodecorreo.es", "Arsys"),
        ("spf.infomaniak.ch", "Infomaniak"),
    ],
)
def test_spf_includes_identify_providers(include: str, name: str) -> None:
    provider = by_spf(include)
    assert provider is not None
    assert provider.name == name


def test_an_include_is_matched_as_a_whole() -> None:
    assert by_spf("eu._spf.google.com") is None
    assert by_spf("google.com") is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("autodiscover.outlook.com", "Microsoft 365"),
        ("outlook.office365.com", "Microsoft 365"),
        ("selector1-bodega-es._domainkey.bodega.onmicrosoft.com", "Microsoft 365"),
        ("selector1-bodega-es._domainkey.bodega.n-v1.dkim.mail.microsoft", "Microsoft 365"),
        ("ghs.googlehosted.com", "Google Workspace"),
        ("autodiscover.serviciodecorreo.es", "Arsys"),
        ("autoconfig.mail.hostinger.com", "Hostinger"),
        ("bodega-es.correoseguro.dinaserver.com", "Dinahosting"),
        ("autodiscover.mail.eu-west-1.awsapps.com", "Amazon WorkMail"),
    ],
)
def test_aliases_identify_providers(host: str, name: str) -> None:
    provider = by_cname(host)
    assert provider is not None
    assert provider.name == name


def test_an_alias_identifies_the_first_row_for_customers() -> None:
    provider = by_cname("mail.zoho.com")
    assert provider is not None
    assert provider.mx
    assert provider.incoming[0].host == "imappro.zoho.com"


def test_a_row_without_hosting_is_not_identified_by_an_alias() -> None:
    assert by_domain("sapo.pt") is not None
    assert by_cname("imap.sapo.pt") is None


@pytest.mark.parametrize(
    "host", ["vps-1a2b3c.vps.ovh.net", "static.9.8.7.6.clients.your-server.de", "pro1.mail.ovh.net"]
)
def test_names_of_other_products_identify_no_provider(host: str) -> None:
    assert by_mx(host) is None
    assert by_cname(host) is None
    assert by_host(host) is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("imap.gmail.com", "Google Workspace"),
        ("smtp-mail.outlook.com", "Outlook.com"),
        ("outlook.office365.com", "Microsoft 365"),
        ("imap.serviciodecorreo.es", "Arsys"),
        ("pop3.serviciodecorreo.es", "Arsys"),
        ("imappro.zoho.com", "Zoho Mail"),
        ("bodega-es.correoseguro.dinaserver.com", "Dinahosting"),
    ],
)
def test_hosts_identify_providers(host: str, name: str) -> None:
    provider = by_host(host)
    assert provider is not None
    assert provider.name == name


def test_foreign_names_identify_no_provider() -> None:
    assert by_spf("_spf.bodega.es") is None
    assert by_cname("mail.bodega.es") is None
    assert by_host("mail.bodega.es") is None
    assert filter_of("mail.bodega.es") is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("mx07-00178001.pphosted.com", "Proofpoint"),
        ("eu-smtp-inbound-1.mimecast.com", "Mimecast"),
        ("d12345.ess.barracudanetworks.com", "Barracuda"),
        ("mx01.hornetsecurity.com", "Hornetsecurity"),
        ("bodega.in.tmes.trendmicro.eu", "Trend Micro Email Security"),
        ("mimecast.com", "Mimecast"),
    ],
)
def test_exchangers_identify_filters(host: str, name: str) -> None:
    assert filter_of(host) == name


class TestHostsMadeFromTheDomain:
    """``%EMAILDOMAIN%`` and ``%EMAILDOMAINDASHED%``."""

    def hosts(self, cname: str, text: str) -> tuple[str, ...]:
        provider = by_cname(cname)
        assert provider is not None
        return provider.settings(address(text)).hosts

    def test_the_dashed_placeholder_replaces_dots_by_hyphens(self) -> None:
        hosts = self.hosts("correoseguro.dinaserver.com", "ana@la.bodega.es")
        assert hosts == ("la-bodega-es.correoseguro.dinaserver.com",)

    def test_the_domain_placeholder_is_unchanged(self) -> None:
        provider = by_domain("inbox.lt")
        assert provider is not None
        assert provider.settings(address("ana@inbox.lt")).hosts == ("mail.inbox.lt",)

    @pytest.mark.parametrize("text", [f"ana@{'a' * 40}.{'b' * 40}.es", "ana@españa.es"])
    def test_servers_with_invalid_host_names_are_left_out(self, text: str) -> None:
        assert self.hosts("correoseguro.dinaserver.com", text) == ()
