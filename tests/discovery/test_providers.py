"""Every row of what we know by heart."""

from datetime import date

import pytest

from mailsetup.discovery.providers import Provider, by_domain, by_mx, load
from mailsetup.model.hostname import is_within, to_a_label
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.net.publicsuffix import owned_domain
from tests.discovery.world import address

ROWS = load()
HINTS = {"enable-imap", "app-password", "oauth-only", "bridge", "help"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{ROWS.index(row)}")
def test_the_form_of_a_row(row: Provider) -> None:
    assert row.name
    assert row.source
    assert row.domains or row.mx
    assert row.confidence in {"high", "medium"}
    assert date(2024, 1, 1) < row.checked
    for name in (*row.domains, *row.mx, *row.owns):
        assert to_a_label(name) == name
    for name in row.owns:
        assert owned_domain(name) == name
    for hint in row.hints:
        assert hint.kind in HINTS
        assert hint.url == "" or hint.url.startswith(("https://", "http://"))
    for server in (*row.incoming, *row.outgoing):
        assert server.security is not SocketType.NONE
        assert server.authentication
        assert address().fill(server.username)
    assert all(server.protocol is not Protocol.SMTP for server in row.incoming)
    assert all(server.protocol is Protocol.SMTP for server in row.outgoing)
    assert bool(row.incoming) == bool(row.outgoing)
    assert row.incoming or any(hint.kind == "bridge" for hint in row.hints)


@pytest.mark.parametrize("row", [row for row in ROWS if row.mx], ids=lambda row: row.mx[0])
def test_a_row_matched_by_mx_names_only_the_providers_own_hosts(row: Provider) -> None:
    for server in (*row.incoming, *row.outgoing):
        assert any(is_within(server.host, domain) for domain in row.owns), server.host


def test_no_domain_and_no_suffix_stands_in_two_rows() -> None:
    for names in ([d for row in ROWS for d in row.domains], [m for row in ROWS for m in row.mx]):
        assert sorted(names) == sorted(set(names))


def test_there_are_enough_of_them() -> None:
    assert len({row.name for row in ROWS}) >= 20


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("aspmx.l.google.com", "Google Workspace"),
        ("alt1.gmail-smtp-in.l.google.com", "Gmail"),
        ("bodega-es.mail.protection.outlook.com", "Microsoft 365"),
        ("hotmail-com.olc.protection.outlook.com", "Outlook.com"),
        ("mx.serviciodecorreo.es", "Arsys"),
    ],
)
def test_the_longest_suffix_decides(host: str, name: str) -> None:
    provider = by_mx(host)
    assert provider is not None
    assert provider.name == name


def test_a_suffix_is_one_of_whole_labels() -> None:
    assert by_mx("evilgoogle.com") is None
    assert by_domain("evilgmail.com") is None
