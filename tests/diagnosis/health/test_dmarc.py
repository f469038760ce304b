"""DMARC: DNS tree walk, applicable policy and alignment (RFC 9989)."""

import pytest

from mailsetup.diagnosis.health.dmarc import (
    MAX_QUERIES,
    DmarcPolicy,
    DmarcRecord,
    DmarcTreeWalk,
    findings,
    is_aligned,
    read_record,
    tree_walk,
    tree_walk_names,
    unauthorized_report_hosts,
)
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Finding
from tests.support.network.scripted_network import SERVFAIL, DnsReply, ScriptedNetwork, run


def zone(**records: str | DnsReply) -> ScriptedNetwork:
    """Records by domain, with ``__`` for dots."""
    return ScriptedNetwork(
        dns={
            (f"_dmarc.{name.replace('__', '.')}", "TXT"): (
                DnsAnswer((value,)) if isinstance(value, str) else value
            )
            for name, value in records.items()
        },
        dns_delay=1.0,
    )


def walk_from(domain: str, scripted: ScriptedNetwork) -> DmarcTreeWalk:
    return run(tree_walk(domain, scripted))


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("bodega.es", ["bodega.es", "es"]),
        ("a.b.bodega.es", ["a.b.bodega.es", "b.bodega.es", "bodega.es", "es"]),
        (
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ],
        ),
    ],
)
def test_tree_walk_removes_labels_and_shortens_long_names(domain: str, names: list[str]) -> None:
    assert list(tree_walk_names(domain)) == names
    assert len(names) <= MAX_QUERIES


def test_tree_walk_has_at_most_eight_queries() -> None:
    for count in range(1, 60):
        assert len(tree_walk_names(".".join("a" * count))) <= MAX_QUERIES


async def _seconds(domain: str, scripted: ScriptedNetwork) -> float:
    clock = scripted.network().clock
    started = clock.monotonic()
    await tree_walk(domain, scripted)
    return clock.monotonic() - started


def test_tree_walk_takes_one_round_trip() -> None:
    assert run(_seconds("a.b.c.d.e.f.g.h.i.es", zone(es="v=DMARC1; p=none"))) == 1.0


@pytest.mark.parametrize(
    ("domain", "records", "organisation", "policy_for", "holder"),
    [
        ("bodega.es", {}, "bodega.es", None, None),
        ("bodega.es", {"bodega__es": "p=reject"}, "bodega.es", "reject", "bodega.es"),
        ("v.bodega.es", {"bodega__es": "p=reject"}, "bodega.es", "reject", "bodega.es"),
        ("v.bodega.es", {"bodega__es": "p=reject; sp=none"}, "bodega.es", "none", "bodega.es"),
        (
            "v.bodega.es",
            {"bodega__es": "p=reject", "v__bodega__es": "p=none"},
            "bodega.es",
            "none",
            "v.bodega.es",
        ),
        # psd=n: this is an Organizational Domain.
        (
            "v.bodega.es",
            {"bodega__es": "p=none; psd=n", "es": "p=reject"},
            "bodega.es",
            "none",
            "bodega.es",
        ),
        # psd=y: the Organizational Domain is one label below.
        (
            "a.v.bodega.es",
            {"bodega__es": "p=quarantine; psd=y"},
            "v.bodega.es",
            "quarantine",
            "bodega.es",
        ),
        ("bodega.es", {"bodega__es": "p=none; psd=y"}, "bodega.es", "none", "bodega.es"),
        # A record further up, without psd, is still the one with the fewest labels.
        ("a.bodega.es", {"a__bodega__es": "p=none", "es": "p=reject"}, "es", "none", "a.bodega.es"),
        ("bodega.es", {"bodega__es": "p=reject; t=y"}, "bodega.es", "quarantine", "bodega.es"),
        ("bodega.es", {"bodega__es": "p=quarantine; t=y"}, "bodega.es", "none", "bodega.es"),
        (
            "bodega.es",
            {"bodega__es": "p=loquesea; rua=mailto:a@b.es"},
            "bodega.es",
            "none",
            "bodega.es",
        ),
        # Invalid records are skipped.
        (
            "v.bodega.es",
            {"v__bodega__es": "p=loquesea", "bodega__es": "p=reject"},
            "bodega.es",
            "reject",
            "bodega.es",
        ),
    ],
)
def test_policy_that_applies_to_a_domain(
    domain: str,
    records: dict[str, str],
    organisation: str,
    policy_for: str | None,
    holder: str | None,
) -> None:
    result = walk_from(
        domain, zone(**{name: f"v=DMARC1; {rest}" for name, rest in records.items()})
    )
    assert result.organisation == organisation
    assert (result.record.domain if result.record else None) == holder
    assert (result.record.policy_for(domain) if result.record else None) == policy_for


def test_subdomain_has_its_own_policy() -> None:
    record = read_record("bodega.es", "v=DMARC1; p=none; sp=quarantine; np=reject")
    assert isinstance(record, DmarcRecord)
    assert record.policy_for("x.bodega.es") is DmarcPolicy.QUARANTINE
    assert record.policy_for("bodega.es") is DmarcPolicy.NONE


def test_several_records_at_one_name_are_invalid() -> None:
    two = DnsAnswer(("v=DMARC1; p=none", "v=DMARC1; p=reject"))
    result = walk_from("v.bodega.es", zone(v__bodega__es=two, bodega__es="v=DMARC1; p=reject"))
    assert result.record is not None
    assert result.record.domain == "bodega.es"
    assert result.invalid is not None
    assert result.invalid.reason == "2 records"


def test_failed_query_is_neither_a_record_nor_its_absence() -> None:
    silent = walk_from("bodega.es", zone(bodega__es=SERVFAIL))
    assert not silent.complete
    assert silent.record is None
    assert silent.organisation is None
    above = walk_from("v.bodega.es", zone(v__bodega__es="v=DMARC1; p=none", bodega__es=SERVFAIL))
    assert above.record is not None
    assert above.organisation is None

    async def evaluate() -> tuple[Finding, ...]:
        return await findings(silent, zone())

    assert not run(evaluate())


def aligned(
    domain: str, author: str, scripted: ScriptedNetwork, *, strict: bool = False
) -> bool | None:
    async def evaluate() -> bool | None:
        return await is_aligned(domain, await tree_walk(author, scripted), scripted, strict=strict)

    return run(evaluate())


@pytest.mark.parametrize(
    ("domain", "strict", "expected"),
    [
        ("bodega.es", True, True),
        ("BODEGA.es", True, True),
        ("correo.bodega.es", False, True),
        ("correo.bodega.es", True, False),
        ("hoster.com", False, False),
        ("otrabodega.es", False, False),
        ("", False, False),
        ("mudo.com", False, None),
    ],
)
def test_alignment_of_domains(domain: str, strict: bool, expected: bool | None) -> None:
    scripted = zone(bodega__es="v=DMARC1; p=reject", mudo__com=SERVFAIL)
    assert aligned(domain, "bodega.es", scripted, strict=strict) is expected


def test_domains_below_a_public_suffix_are_not_aligned() -> None:
    scripted = zone(com__es="v=DMARC1; p=none; psd=y")
    assert aligned("vecino.com.es", "bodega.com.es", scripted) is False
    assert aligned("correo.bodega.com.es", "bodega.com.es", scripted) is True


def test_external_report_destination_without_consent() -> None:
    record = read_record(
        "bodega.es",
        "v=DMARC1; p=none; rua=mailto:a@bodega.es,mailto:b@informes.bodega.es,"
        "mailto:c@si.com,mailto:d@no.com,mailto:e@mudo.com",
    )
    assert isinstance(record, DmarcRecord)
    scripted = ScriptedNetwork(
        dns={
            ("_dmarc.bodega.es", "TXT"): DnsAnswer((record.text,)),
            ("bodega.es._report._dmarc.si.com", "TXT"): DnsAnswer(("v=DMARC1",)),
            ("bodega.es._report._dmarc.mudo.com", "TXT"): SERVFAIL,
        }
    )
    assert run(unauthorized_report_hosts(record, scripted)) == ("no.com",)


@pytest.mark.parametrize(
    "hostile",
    ["v=DMARC1;" + ";" * 15_000, "v=DMARC1;" + "p=none;" * 5000, "v=DMARC1; p=\x1b[31m\x00" * 9],
)
def test_hostile_records_are_parsed(hostile: str) -> None:
    result = walk_from("bodega.es", zone(bodega__es=hostile))
    assert result.complete
