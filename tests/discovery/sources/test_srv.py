"""Service records in the domain's DNS."""

import pytest

from mailsetup.discovery.sources.srv import Srv
from mailsetup.model.dns import DnsAnswer, SrvRecord
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.model.source import Channel
from mailsetup.model.source_result import NotFound, Unreachable
from tests.support.network.scripted_network import (
    NOT_OFFERED,
    SERVFAIL,
    ScriptedNetwork,
    srv,
)
from tests.support.network.sources import found_by, hosts, result_of


def test_all_six_names_are_queried_and_ports_are_used() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 1993))
    scripted.dns["_imap._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 1143))
    scripted.dns["_pop3s._tcp.bodega.es", "SRV"] = srv(("c.bodega.es", 1995))
    scripted.dns["_pop3._tcp.bodega.es", "SRV"] = srv(("d.bodega.es", 1110))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("e.bodega.es", 1465))
    scripted.dns["_submission._tcp.bodega.es", "SRV"] = srv(("f.bodega.es", 1587))
    outcome = found_by(Srv(), scripted)
    assert hosts(outcome) == [
        ("a.bodega.es", 1993, SocketType.TLS),
        ("b.bodega.es", 1143, SocketType.STARTTLS),
        ("c.bodega.es", 1995, SocketType.TLS),
        ("d.bodega.es", 1110, SocketType.STARTTLS),
        ("e.bodega.es", 1465, SocketType.TLS),
        ("f.bodega.es", 1587, SocketType.STARTTLS),
    ]
    assert {one.username for one in outcome.settings.servers} == {"ana@bodega.es"}
    assert outcome.source.channel is Channel.DNS
    assert not outcome.vouched


def test_a_target_of_dot_declines_a_service() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imap._tcp.bodega.es", "SRV"] = NOT_OFFERED
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    assert hosts(found_by(Srv(), scripted)) == [("a.bodega.es", 993, SocketType.TLS)]


def test_all_services_declined() -> None:
    assert result_of(Srv(), ScriptedNetwork(dns_default=NOT_OFFERED)) == NotFound(
        "_tcp.bodega.es", "not-offered"
    )


def test_the_protocol_is_chosen_before_the_server() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("i.bodega.es", 993), priority=10)
    scripted.dns["_pop3s._tcp.bodega.es", "SRV"] = srv(("p.bodega.es", 995), priority=0)
    first = found_by(Srv(), scripted).settings.incoming
    assert [one.protocol for one in first] == [Protocol.POP3, Protocol.IMAP]
    scripted.dns["_pop3s._tcp.bodega.es", "SRV"] = srv(("p.bodega.es", 995), priority=10)
    first = found_by(Srv(), scripted).settings.incoming
    assert [one.protocol for one in first] == [Protocol.IMAP, Protocol.POP3]


def test_priority_is_compared_before_weight() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = DnsAnswer(
        (
            SrvRecord(20, 100, 993, "last.bodega.es"),
            SrvRecord(0, 1, 993, "first.bodega.es"),
        )
    )
    assert found_by(Srv(), scripted).settings.hosts == ("first.bodega.es", "last.bodega.es")


@pytest.mark.parametrize(
    ("label", "port", "security"),
    [
        ("_imap", 993, SocketType.TLS),
        ("_imaps", 143, SocketType.STARTTLS),
        ("_submissions", 587, SocketType.STARTTLS),
        ("_submission", 465, SocketType.TLS),
        ("_submission", 2525, SocketType.STARTTLS),
    ],
)
def test_a_standard_port_overrides_the_label(label: str, port: int, security: SocketType) -> None:
    scripted = ScriptedNetwork()
    scripted.dns[f"{label}._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", port))
    assert hosts(found_by(Srv(), scripted)) == [("a.bodega.es", port, security)]


def test_dnssec_requires_validation_of_every_used_answer() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.hoster.com", 993), validated=True)
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.hoster.com", 465), validated=True)
    outcome = found_by(Srv(), scripted)
    assert outcome.vouched
    assert outcome.source.channel is Channel.DNSSEC
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.hoster.com", 465))
    outcome = found_by(Srv(), scripted)
    assert not outcome.vouched
    assert outcome.source.channel is Channel.DNS


@pytest.mark.parametrize("target", ["localhost", "127.0.0.1", "box", "a_b.es", "x.local"])
def test_a_target_that_is_not_a_public_host_is_left_out(target: str) -> None:
    scripted = ScriptedNetwork()
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv((target, 993))
    assert isinstance(result_of(Srv(), scripted), NotFound)


def test_a_timeout_is_not_an_absence() -> None:
    assert isinstance(result_of(Srv(), ScriptedNetwork(dns_default=SERVFAIL)), Unreachable)
    assert isinstance(result_of(Srv(), ScriptedNetwork()), NotFound)


def test_one_servfail_does_not_hide_other_records() -> None:
    scripted = ScriptedNetwork(dns_default=SERVFAIL)
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    assert found_by(Srv(), scripted).settings.hosts == ("a.bodega.es",)
