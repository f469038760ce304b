"""Whether the MX records lead to the hosting of the mailbox."""

import pytest

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.health.mx_hosting import findings
from mailsetup.discovery.domain_facts import domain_facts
from mailsetup.model.dns import DnsAnswer, MxRecord
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.model.finding import Finding, Status
from mailsetup.net.dial import ConnectFault
from tests.support.network.scripted_network import DnsReply, ScriptedNetwork, address, imap, run

ADDRESS = address("ana@bodega.es")


def a(*ips: str) -> DnsReply:
    return DnsAnswer(ips)


HOSTS: dict[tuple[str, str], DnsReply] = {
    # An unknown hosting: its own names, and the customer's names for its hosts.
    ("mail.hostingchico.es", "A"): a("8.8.4.10"),
    ("mx.hostingchico.es", "A"): a("8.8.4.20"),
    ("mail.bodega.es", "A"): a("8.8.4.30"),
    ("mx.bodega.es", "A"): a("8.8.4.30"),
    ("alias.bodega.es", "A"): a("9.9.9.30"),
    # Another one, which serves mailboxes too.
    ("mx.hostingviejo.com", "A"): a("4.4.4.4"),
    ("viejo.bodega.es", "A"): a("4.4.4.5"),
    ("mx.filtroraro.net", "A"): a("5.5.5.5"),
    ("mx.callado.bodega.es", "A"): a("6.6.6.6"),
    # Known companies.
    ("imap.gmail.com", "A"): a("142.250.1.1"),
    ("aspmx.l.google.com", "A"): a("142.251.1.1"),
    ("imap.serviciodecorreo.es", "A"): a("217.1.1.1"),
    ("mx.serviciodecorreo.es", "A"): a("217.2.1.1"),
    ("bodega-es.mail.protection.outlook.com", "A"): a("40.1.1.1"),
    ("outlook.office365.com", "A"): a("52.1.1.1"),
    ("mxa-1.eu.pphosted.com", "A"): a("67.1.1.1"),
    ("bodega.es.1.0001.arsmtp.com", "A"): a("8.19.1.1"),
    ("mx1.forwardemail.net", "A"): a("121.1.1.1"),
    ("isaac.mx.cloudflare.net", "A"): a("162.1.1.1"),
}
REVERSE = {
    "8.8.4.30": ("srv12.hostingchico.es",),
    "8.8.4.10": ("srv1.hostingchico.es",),
    "4.4.4.5": ("srv3.hostingviejo.com",),
    "4.4.4.4": ("srv1.hostingviejo.com",),
    "5.5.5.5": ("mx.filtroraro.net",),
}


def findings_of(
    home: str,
    *exchangers: tuple[int, str],
    outgoing: str = "",
    scripted: ScriptedNetwork | None = None,
) -> tuple[Finding, ...]:
    scripted = scripted or ScriptedNetwork()
    scripted.dns |= HOSTS
    scripted.reverse |= REVERSE
    scripted.chains |= {"alias.bodega.es": ("srv9.hostingchico.es",)}
    for host in ("mx.hostingviejo.com", "viejo.bodega.es", "mail.hostingchico.es"):
        scripted.mail[(host, 993)] = imap()
    for host in ("mx.filtroraro.net", "mx.callado.bodega.es"):
        scripted.mail[(host, 993)] = ConnectFault.REFUSED
    facts = DomainFacts(
        "bodega.es",
        DomainState.EXISTS,
        exchangers=tuple(MxRecord(preference, host) for preference, host in exchangers),
    )
    homes = (home, outgoing) if outgoing else (home,)
    found = run(findings(ADDRESS, homes, facts, scripted.network()))
    for finding in found:
        assert "—" not in explain(finding).title
    return found


HEALTHY = [
    ("imap.gmail.com", "aspmx.l.google.com"),
    ("outlook.office365.com", "bodega-es.mail.protection.outlook.com"),
    ("imap.serviciodecorreo.es", "mx.serviciodecorreo.es"),
    ("mail.hostingchico.es", "mx.hostingchico.es"),
    # The customer's own names for the hosting's hosts.
    ("mail.hostingchico.es", "mx.bodega.es"),
    ("mail.bodega.es", "mx.hostingchico.es"),
    ("mail.bodega.es", "mx.bodega.es"),
    ("alias.bodega.es", "mx.hostingchico.es"),
    # Filters and forwarders.
    ("imap.gmail.com", "mxa-1.eu.pphosted.com"),
    ("mail.hostingchico.es", "bodega.es.1.0001.arsmtp.com"),
    ("mail.hostingchico.es", "isaac.mx.cloudflare.net"),
    ("mail.hostingchico.es", "mx1.forwardemail.net"),
    # Unclear: no visible mailboxes, no reverse name, or no address.
    ("mail.hostingchico.es", "mx.filtroraro.net"),
    ("mail.hostingchico.es", "mx.callado.bodega.es"),
    ("mail.hostingchico.es", "mx.sindireccion.net"),
    ("imap.sindireccion.net", "mx.hostingviejo.com"),
]


@pytest.mark.parametrize(("home", "exchanger"), HEALTHY)
def test_same_hosting_or_unclear_has_no_finding(home: str, exchanger: str) -> None:
    assert not findings_of(home, (10, exchanger))


@pytest.mark.fault("dns.mx.elsewhere")
@pytest.mark.parametrize(
    ("home", "exchanger", "mx", "hosting"),
    [
        (
            "imap.serviciodecorreo.es",
            "bodega-es.mail.protection.outlook.com",
            "bodega-es.mail.protection.outlook.com (Microsoft 365)",
            "Arsys",
        ),
        (
            "mail.hostingchico.es",
            "aspmx.l.google.com",
            "aspmx.l.google.com (Google Workspace)",
            "hostingchico.es",
        ),
        (
            "mail.bodega.es",
            "mx.serviciodecorreo.es",
            "mx.serviciodecorreo.es (Arsys)",
            "hostingchico.es",
        ),
        ("imap.gmail.com", "mx.hostingviejo.com", "mx.hostingviejo.com", "Google Workspace"),
        ("mail.hostingchico.es", "mx.hostingviejo.com", "mx.hostingviejo.com", "hostingchico.es"),
        (
            "mail.hostingchico.es",
            "viejo.bodega.es",
            "viejo.bodega.es (hostingviejo.com)",
            "hostingchico.es",
        ),
    ],
)
def test_incomplete_migration_names_both_companies(
    home: str, exchanger: str, mx: str, hosting: str
) -> None:
    (finding,) = findings_of(home, (10, exchanger))
    assert (finding.id, finding.status) == ("dns.mx.elsewhere", Status.FAIL)
    assert finding.facts == {"domain": "bodega.es", "mx": mx, "hosting": hosting}


@pytest.mark.fault("dns.mx.two-hostings")
def test_mail_split_between_two_companies() -> None:
    (finding,) = findings_of(
        "imap.serviciodecorreo.es",
        (10, "mx.serviciodecorreo.es"),
        (10, "bodega-es.mail.protection.outlook.com"),
    )
    assert (finding.id, finding.status) == ("dns.mx.two-hostings", Status.FAIL)
    assert finding.facts["hostings"] == ("Arsys", "Microsoft 365")


def test_old_company_as_backup_exchanger_only_warns() -> None:
    (finding,) = findings_of(
        "imap.serviciodecorreo.es", (10, "mx.serviciodecorreo.es"), (50, "mx.hostingviejo.com")
    )
    assert (finding.id, finding.status) == ("dns.mx.two-hostings", Status.WARN)


def test_unclear_exchanger_next_to_a_foreign_one_has_no_finding() -> None:
    assert not findings_of(
        "imap.serviciodecorreo.es", (10, "aspmx.l.google.com"), (20, "mx.filtroraro.net")
    )


def test_outgoing_server_counts_as_part_of_the_hosting() -> None:
    assert not findings_of(
        "imap.gmail.com", (10, "mx.hostingchico.es"), outgoing="mail.hostingchico.es"
    )


def test_other_dns_records_that_name_a_hosting_are_evidence() -> None:
    scripted = ScriptedNetwork(
        dns={
            ("bodega.es", "TXT"): DnsAnswer(("v=spf1 include:_spf.serviciodecorreo.es -all",)),
            ("autodiscover.bodega.es", "A"): a("40.2.2.2"),
        },
        chains={"autodiscover.bodega.es": ("autodiscover.outlook.com",)},
    )
    (finding,) = findings_of("mail.hostingchico.es", (10, "aspmx.l.google.com"), scripted=scripted)
    assert "Arsys" in str(finding.evidence["spf_names"])
    assert "Microsoft" in str(finding.evidence["names_point_to"])


def test_exchanger_without_address_is_left_to_the_domain_check() -> None:
    scripted = ScriptedNetwork(
        dns=dict(HOSTS) | {("bodega.es", "MX"): DnsAnswer((MxRecord(10, "mx.nada.es"),))}
    )
    net = scripted.network()

    async def evaluate() -> tuple[Finding, ...]:
        facts = await domain_facts("bodega.es", net)
        return await findings(ADDRESS, ("imap.gmail.com",), facts, net)

    assert not run(evaluate())
