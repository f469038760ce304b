"""Servers whose certificates have other names."""

import pytest

from mailsetup.discovery.sources.probe import Probe
from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.settings import HostAlias, SocketType
from mailsetup.model.source_result import NotFound
from tests.support.network.scripted_network import (
    Script,
    ScriptedNetwork,
    address,
    imap,
    mx,
    smtp,
)
from tests.support.network.sources import found_by, hosts, result_of


def shared_hosting(*names: str) -> ScriptedNetwork:
    """``mail.bodega.es`` is a name of a server whose certificate is for other names."""
    scripted = ScriptedNetwork()
    scripted.dns["mail.bodega.es", "A"] = DnsAnswer(("192.0.2.12",))
    for port in (993, 465):
        scripted.mail["mail.bodega.es", port] = imap() if port == 993 else smtp()
        scripted.mail["srv12.hoster.com", port] = imap() if port == 993 else smtp()
    # The certificate is read over a connection without TLS to the same port.
    scripted.certificates["mail.bodega.es"] = names
    scripted.dns["srv12.hoster.com", "A"] = DnsAnswer(("192.0.2.12",))
    return scripted


def test_a_name_with_the_same_address_is_proposed() -> None:
    outcome = found_by(Probe(), shared_hosting("hoster.com", "srv12.hoster.com"))
    assert outcome.settings.hosts == ("srv12.hoster.com",)
    assert outcome.settings.aliases == (HostAlias("mail.bodega.es", "srv12.hoster.com"),)
    assert not outcome.vouched
    assert domains_to_confirm(outcome, address()) == ("hoster.com",)


def test_the_certificate_after_starttls_is_read() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["mail.bodega.es", "A"] = DnsAnswer(("192.0.2.12",))
    scripted.dns["srv12.hoster.com", "A"] = DnsAnswer(("192.0.2.12",))
    scripted.certificates["mail.bodega.es"] = ("srv12.hoster.com",)
    for host in ("mail.bodega.es", "srv12.hoster.com"):
        scripted.mail[host, 143] = imap()
        scripted.mail[host, 587] = smtp()
    outcome = found_by(Probe(), scripted)
    assert hosts(outcome) == [
        ("srv12.hoster.com", 143, SocketType.STARTTLS),
        ("srv12.hoster.com", 587, SocketType.STARTTLS),
    ]
    assert outcome.settings.aliases == (HostAlias("mail.bodega.es", "srv12.hoster.com"),)
    script = scripted.mail["mail.bodega.es", 143]
    assert isinstance(script, Script)
    assert b"a1 STARTTLS\r\n" in script.received


def test_a_name_with_another_address_is_not_tried() -> None:
    scripted = shared_hosting("srv12.hoster.com")
    scripted.dns["srv12.hoster.com", "A"] = DnsAnswer(("198.51.100.7",))
    assert result_of(Probe(), scripted) == NotFound("bodega.es", "certificate")
    assert not any(host == "srv12.hoster.com" for host, _ in scripted.asked_hosts)


def test_a_name_with_a_failing_handshake_is_not_proposed() -> None:
    scripted = shared_hosting("srv12.hoster.com")
    scripted.certificates["srv12.hoster.com"] = ("other.example",)
    assert result_of(Probe(), scripted) == NotFound("bodega.es", "certificate")


@pytest.mark.parametrize("evidence", ["mx", "ptr", "cname"])
def test_below_a_wildcard_the_dns_gives_the_servers_name(evidence: str) -> None:
    scripted = shared_hosting("*.hoster.com", "hoster.com")
    if evidence == "mx":
        scripted.dns["bodega.es", "MX"] = mx("srv12.hoster.com")
    elif evidence == "ptr":
        scripted.reverse["192.0.2.12"] = ("a.b.hoster.com", "srv12.hoster.com")
    else:
        scripted.chains["mail.bodega.es"] = ("srv12.hoster.com",)
    outcome = found_by(Probe(), scripted)
    assert outcome.settings.hosts == ("srv12.hoster.com",)


def test_below_a_wildcard_the_customers_own_name_is_tried() -> None:
    scripted = shared_hosting("*.servers.hoster.com")
    name = "bodega-es.servers.hoster.com"
    scripted.dns[name, "A"] = DnsAnswer(("192.0.2.12",))
    scripted.mail[name, 993] = imap()
    scripted.mail[name, 465] = smtp()
    assert found_by(Probe(), scripted).settings.hosts == (name,)


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "*", "*.*.hoster.com", 'x"y.com', "mail.bodega.es", ""]
)
def test_invalid_names_in_a_certificate_are_ignored(name: str) -> None:
    assert result_of(Probe(), shared_hosting(name)) == NotFound("bodega.es", "certificate")


def test_a_valid_certificate_needs_no_other_name() -> None:
    scripted = shared_hosting("srv12.hoster.com")
    scripted.mail["imap.bodega.es", 993] = imap(connect_delay=0.3)
    scripted.mail["smtp.bodega.es", 465] = smtp(connect_delay=0.3)
    assert found_by(Probe(), scripted).settings.hosts == ("imap.bodega.es", "smtp.bodega.es")
