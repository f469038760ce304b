"""Real records of SPF, DMARC and MTA-STS, and their findings."""

import pytest

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.health import dmarc, mta_sts, spf_lint
from mailsetup.model.dns import DnsAnswer, MxRecord
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.model.finding import Finding, Status
from mailsetup.net.http import HttpReply
from tests.support.network.scripted_network import (
    NO_DATA,
    SERVFAIL,
    DnsReply,
    ScriptedNetwork,
    mx,
    run,
)

DOMAIN = "bodega.es"
Expected = tuple[str, Status] | None
FAIL, WARN = Status.FAIL, Status.WARN
A: DnsReply = DnsAnswer(("192.0.2.10",))


def txt(*texts: str) -> DnsReply:
    return DnsAnswer(texts)


def summary(findings: tuple[Finding, ...]) -> list[tuple[str, Status]]:
    for finding in findings:
        shown = explain(finding)
        assert "—" not in shown.title + shown.advice, "a fact that the sentence needs is missing"
    return [(finding.id, finding.status) for finding in findings]


MISSING, INVALID = ("dns.spf.missing", WARN), ("dns.spf.invalid", FAIL)
MANY, OPEN = ("dns.spf.too-many-lookups", FAIL), ("dns.spf.permissive", WARN)
TEN = " ".join(f"include:s{n}.otros.es" for n in range(10))

SPF: list[tuple[tuple[str, ...] | None, list[tuple[str, Status]]]] = [
    (None, [MISSING]),
    ((), [MISSING]),
    (("google-site-verification=x",), [MISSING]),
    (("v=spf10 -all",), [MISSING]),
    (("spf2.0/pra -all",), [MISSING]),
    (("v=spf1",), [OPEN]),
    (("v=spf1 -all",), []),
    (("V=SPF1 -ALL",), []),
    (("v=spf1 mx -all",), []),
    (("v=spf1 a mx ~all",), []),
    (("google-site-verification=x", "v=spf1 mx ~all"), []),
    (("v=spf1 mx ?all",), [OPEN]),
    (("v=spf1 mx +all",), [OPEN]),
    (("v=spf1 all",), [OPEN]),
    (("v=spf1 ip4:0.0.0.0/0 -all",), [OPEN]),
    (("v=spf1 mx -all", "v=spf1 a ~all"), [("dns.spf.multiple", FAIL)]),
    (("v=spf1 include:bueno.otros.es -all",), []),
    (("v=spf1 redirect=bueno.otros.es",), []),
    (("v=spf1 redirect=abierto.otros.es",), [OPEN]),
    (("v=spf1 include:abierto.otros.es -all",), [OPEN]),
    (("v=spf1 include:nada.otros.es -all",), [INVALID]),
    (("v=spf1 include:roto.otros.es -all",), [INVALID]),
    (("v=spf1 include:vuelta.otros.es -all",), [INVALID]),
    (("v=spf1 include:_spf.bodega.es. -all",), [INVALID]),
    (("v=spf1 include:mudo.otros.es ~all",), []),
    (("v=spf1 ipv4:192.0.2.1 -all",), [INVALID]),
    (("v=spf1 ip4:192.0.2.300 -all",), [INVALID]),
    (("v=spf1 mx, a -all",), [INVALID]),
    (("v=spf1 mx −all",), [INVALID]),
    ((f"v=spf1 {TEN} -all",), []),
    ((f"v=spf1 mx {TEN} -all",), [MANY]),
    (("v=spf1 include:once.otros.es -all",), [MANY]),
    (("v=spf1 a:x1.es a:x2.es a:x3.es mx -all",), [("dns.spf.invalid", WARN)]),
    (("v=spf1 -all mx include:nada.otros.es",), []),
    (("v=spf1 mx nuevo=algo -all",), []),
    (("v=spf1 exists:%{i}.l.otros.es -all",), []),
]


@pytest.mark.fault(
    "dns.spf.missing",
    "dns.spf.multiple",
    "dns.spf.too-many-lookups",
    "dns.spf.permissive",
    "dns.spf.invalid",
)
@pytest.mark.parametrize(("records", "expected"), SPF)
def test_spf_records(records: tuple[str, ...] | None, expected: list[tuple[str, Status]]) -> None:
    own = NO_DATA if records == () else None if records is None else txt(*records)
    scripted = ScriptedNetwork(
        dns={
            (DOMAIN, "MX"): mx("mx.bodega.es"),
            ("mx.bodega.es", "A"): A,
            (DOMAIN, "A"): A,
            ("bueno.otros.es", "TXT"): txt("v=spf1 ip4:192.0.2.0/24 -all"),
            ("abierto.otros.es", "TXT"): txt("v=spf1 +all"),
            ("roto.otros.es", "TXT"): txt("v=spf1 ip4:nada -all"),
            ("vuelta.otros.es", "TXT"): txt(f"v=spf1 include:{DOMAIN} -all"),
            ("mudo.otros.es", "TXT"): SERVFAIL,
            ("once.otros.es", "TXT"): txt(f"v=spf1 {TEN} -all"),
            **{(f"s{n}.otros.es", "TXT"): txt("v=spf1 ip4:192.0.2.1 -all") for n in range(10)},
            **({(DOMAIN, "TXT"): own} if own is not None else {}),
        }
    )
    assert summary(spf_lint.findings(run(spf_lint.read_tree(DOMAIN, scripted)))) == expected


D_MISSING, D_INVALID = ("dns.dmarc.missing", WARN), ("dns.dmarc.invalid", WARN)

DMARC: list[tuple[tuple[str, ...] | None, Expected]] = [
    (None, D_MISSING),
    (("v=spf1 -all",), D_MISSING),
    (("v=DMARC1; p=none",), None),
    (("v=DMARC1;p=reject;",), None),
    (("v = DMARC1 ; p = quarantine ; sp = none",), None),
    (("v=DMARC1; p=REJECT",), None),
    (("v=DMARC1; rua=mailto:d@bodega.es",), None),
    (("v=DMARC1; p=none; pct=50; ri=3600; rf=afrf",), None),
    (("v=DMARC1; p=none; nuevo=1",), None),
    (("v=DMARC1; p=none; t=y; psd=n; np=reject",), None),
    (("otra cosa", "v=DMARC1; p=none"), None),
    (("v=DMARC1; p=none; rua=mailto:d@bodega.es!10m,https://x.es/r",), None),
    (("v=DMARC1",), D_INVALID),
    (("v=DMARC1; p=",), D_INVALID),
    (("v=DMARC1; p=monitor",), D_INVALID),
    (("v=DMARC1; p=monitor; rua=mailto:d@bodega.es",), D_INVALID),
    (("v=DMARC1; p=none; sp=todo",), D_INVALID),
    (("v=DMARC1; p=none; rua=d@bodega.es",), D_INVALID),
    (("v=DMARC1; p=none; aspf=estricto",), D_INVALID),
    (("v=DMARC1; p=none rua=mailto:d@bodega.es",), D_INVALID),
    (("v=DMARC1; p=none; p=reject",), D_INVALID),
    (("v=DMARC1; none",), D_INVALID),
    (("v=dmarc1; p=none",), D_INVALID),
    (("V=DMARC1; p=none",), D_INVALID),
    (('"v=DMARC1; p=none"',), D_INVALID),
    (("p=none; v=DMARC1",), D_MISSING),
    (("v=DMARC12; p=none",), D_INVALID),
    (("v=DMARC1; p=none", "v=DMARC1; p=reject"), D_INVALID),
]


@pytest.mark.fault("dns.dmarc.missing", "dns.dmarc.invalid")
@pytest.mark.parametrize(("records", "expected"), DMARC)
def test_dmarc_records(records: tuple[str, ...] | None, expected: Expected) -> None:
    scripted = ScriptedNetwork(dns={(f"_dmarc.{DOMAIN}", "TXT"): txt(*records)} if records else {})

    async def evaluate() -> tuple[Finding, ...]:
        return await dmarc.findings(await dmarc.tree_walk(DOMAIN, scripted), scripted)

    assert summary(run(evaluate())) == ([expected] if expected else [])


S_WARN, S_FAIL = ("dns.mta-sts.broken", WARN), ("dns.mta-sts.broken", FAIL)
ID = ("v=STSv1; id=1",)


def policy(*lines: str, mode: str = "enforce", age: str = "86400", end: str = "\n") -> str:
    return end.join(["version: STSv1", f"mode: {mode}", f"max_age: {age}", *lines, ""])


GOOD = policy("mx: mx1.bodega.es", "mx: mx2.bodega.es")
MTA_STS: list[tuple[tuple[str, ...], str, Expected]] = [
    ((), "", None),
    (ID, GOOD, None),
    (("v=STSv1;id=20261125T1;",), GOOD, None),
    (("algo", "v=STSv1; id=1; nuevo=x;"), GOOD, None),
    (ID, GOOD.replace("\n", "\r\n"), None),
    (ID, policy("mx: *.bodega.es"), None),
    (ID, policy("mx: *.bodega.es", "otra: cosa", "mode: testing"), None),
    (ID, policy("mx: MX1.bodega.es", "mx: mx2.BODEGA.es"), None),
    (ID, policy(mode="none"), None),
    (ID, policy("mx: mx1.bodega.es"), S_WARN),
    (ID, policy("mx: mx9.bodega.es"), S_FAIL),
    (ID, policy("mx: mx9.bodega.es", mode="testing"), S_WARN),
    (ID, policy("mx: *.mx1.bodega.es"), S_FAIL),
    (ID, policy("mx: bodega.es"), S_FAIL),
    (ID, policy(), S_WARN),
    (ID, policy("mx: *"), S_WARN),
    (ID, policy("mx: *.*.es"), S_WARN),
    (ID, policy("mx mx1.bodega.es"), S_WARN),
    (ID, policy("mx: *.bodega.es", mode="Enforce"), S_WARN),
    (ID, policy("mx: *.bodega.es", age="31557601"), S_WARN),
    (ID, policy("mx: *.bodega.es", age="un día"), S_WARN),
    (ID, GOOD.replace("STSv1", "STSv2"), S_WARN),
    (ID, "<html>Welcome</html>", S_WARN),
    (("v=STSv1; id=1", "v=STSv1; id=2"), GOOD, S_WARN),
    (("v=STSv1",), GOOD, S_WARN),
    (("v=STSv1; id=2026-11-25",), GOOD, S_WARN),
    (("v=STSv1; id=",), GOOD, S_WARN),
    (("V=STSV1; id=1",), GOOD, None),
]


@pytest.mark.fault("dns.mta-sts.broken")
@pytest.mark.parametrize(("records", "body", "expected"), MTA_STS)
def test_mta_sts_policies(records: tuple[str, ...], body: str, expected: Expected) -> None:
    scripted = ScriptedNetwork(
        dns={(f"_mta-sts.{DOMAIN}", "TXT"): txt(*records)} if records else {}
    )
    url = f"https://mta-sts.{DOMAIN}/.well-known/mta-sts.txt"
    scripted.web[url] = HttpReply(200, url, body.encode(), "text/plain; charset=utf-8")
    exchangers = (MxRecord(10, "mx1.bodega.es"), MxRecord(20, "mx2.bodega.es"))
    facts = DomainFacts(DOMAIN, DomainState.EXISTS, exchangers=exchangers)
    net = scripted.network()

    async def evaluate() -> tuple[Finding, ...]:
        return await mta_sts.findings(await mta_sts.read_policy(DOMAIN, net), facts, net)

    assert summary(run(evaluate())) == ([expected] if expected else [])
