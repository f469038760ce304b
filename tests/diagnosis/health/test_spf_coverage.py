"""Whether the SPF record covers the outgoing server."""

import pytest

from mailsetup.diagnosis.health.spf_coverage import findings, reverse_name
from mailsetup.diagnosis.health.spf_lint import read_tree
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Finding, Status
from tests.support.network.scripted_network import SERVFAIL, DnsReply, ScriptedNetwork, mx, run


def a(*ips: str) -> DnsReply:
    return DnsAnswer(ips)


DNS: dict[tuple[str, str], DnsReply] = {
    ("mail.chico.es", "A"): a("8.8.4.10"),
    ("imap.chico.es", "A"): a("8.8.5.10"),
    ("web.otracosa.com", "A"): a("4.4.4.4"),
    ("bodega.es", "A"): a("4.4.4.4"),
    ("bodega.es", "MX"): mx("mx.chico.es"),
    ("mx.chico.es", "A"): a("8.8.4.99"),
    ("smtp.serviciodecorreo.es", "A"): a("217.1.1.1"),
    ("imap.serviciodecorreo.es", "A"): a("217.1.1.2"),
    ("_spf.serviciodecorreo.es", "TXT"): DnsAnswer(("v=spf1 ip4:217.9.0.0/16 -all",)),
    ("_spf.google.com", "TXT"): DnsAnswer(("v=spf1 ip4:142.250.0.0/16 ~all",)),
    ("spf.chico.es", "TXT"): DnsAnswer(("v=spf1 ip4:7.7.7.7 -all",)),
    ("relay.nadie.net", "TXT"): DnsAnswer(("v=spf1 ip4:7.7.7.7 -all",)),
    ("mudo.net", "TXT"): SERVFAIL,
}
REVERSE: dict[str, tuple[str, ...]] = {
    "4.4.4.4": ("web.otracosa.com",),
    "8.8.4.10": ("mail.chico.es",),
    "7.7.7.8": ("out.chico.es",),
    "7.7.7.9": ("srv.ajeno.com",),
}


def statuses_of(
    record: str, incoming: str = "mail.chico.es", outgoing: str = "mail.chico.es"
) -> list[Status]:
    scripted = ScriptedNetwork(
        dns=DNS | {("bodega.es", "TXT"): DnsAnswer((record,))}, reverse=REVERSE
    )

    async def evaluate() -> tuple[Finding, ...]:
        return await findings(
            "bodega.es", incoming, outgoing, await read_tree("bodega.es", scripted), scripted
        )

    found = run(evaluate())
    assert {one.id for one in found} <= {"dns.spf.sender-not-covered"}
    assert all(one.facts == {"host": outgoing} for one in found)
    return [one.status for one in found]


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 ip4:8.8.4.10 -all",
        "v=spf1 a:mail.chico.es -all",
        "v=spf1 ?all",
        "v=spf1 +all",
        # Terms that may cover the hosting: include, near address, name, relay, network.
        "v=spf1 include:spf.chico.es -all",
        "v=spf1 mx -all",
        "v=spf1 ip4:8.8.4.77 -all",
        "v=spf1 ip4:7.7.7.8 -all",
        "v=spf1 include:relay.nadie.net -all",
        "v=spf1 ip4:7.0.0.0/8 -all",
        # Records that cannot be read completely.
        "v=spf1 include:mudo.net -all",
        "v=spf1 exists:%{i}.x.net -all",
        "v=spf1 ptr:chico.es -all",
        "v=spf1 ip4:nada -all",
    ],
)
def test_no_finding_where_the_record_may_cover_the_hosting(record: str) -> None:
    assert statuses_of(record) == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 -all", Status.FAIL),
        ("v=spf1 include:_spf.google.com -all", Status.FAIL),
        ("v=spf1 a -all", Status.FAIL),
        ("v=spf1 ip4:7.7.7.9 -all", Status.FAIL),
        ("v=spf1 ip4:192.0.2.1 -all", Status.FAIL),
        # With one more doubt it is only a warning.
        ("v=spf1 include:_spf.google.com ~all", Status.WARN),
        ("v=spf1 ip4:7.7.7.7 -all", Status.WARN),
    ],
)
def test_record_without_the_outgoing_server_is_reported(record: str, expected: Status) -> None:
    assert statuses_of(record) == [expected]


def test_record_without_the_server_only_warns_where_another_host_sends() -> None:
    assert statuses_of("v=spf1 -all", incoming="imap.chico.es") == [Status.WARN]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 include:_spf.serviciodecorreo.es -all", []),
        ("v=spf1 a:smtp.serviciodecorreo.es -all", []),
        ("v=spf1 include:_spf.google.com -all", [Status.WARN]),
        ("v=spf1 mx ~all", [Status.WARN]),
    ],
)
def test_known_hosting_is_compared_by_its_spf_names(record: str, expected: list[Status]) -> None:
    hosts = ("imap.serviciodecorreo.es", "smtp.serviciodecorreo.es")
    assert statuses_of(record, *hosts) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.4.10", "mail.chico.es (leads back)"),
        ("7.7.7.9", "srv.ajeno.com (does not lead back)"),
        ("1.1.1.1", "none"),
    ],
)
def test_reverse_name_is_confirmed_by_its_addresses(address: str, expected: str) -> None:
    assert run(reverse_name(address, ScriptedNetwork(dns=DNS, reverse=REVERSE))) == expected
