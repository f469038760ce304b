"""The domain part of a check."""

import asyncio
from dataclasses import dataclass, field, replace

from mailsetup.assistant.check.batch_check import BatchChecks
from mailsetup.assistant.check.domain import (
    dns_health_findings,
    domain_check,
    relevant_findings,
    see_domain,
)
from mailsetup.assistant.check.report import Elsewhere
from mailsetup.assistant.check.request import DomainSeen
from mailsetup.assistant.events import Activity, LinkJudged
from mailsetup.diagnosis.checks.domain import DomainCheck
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import LoggedIn
from mailsetup.model.dns import MxRecord, Reply
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dial import ConnectFault
from tests.support.assistant.scripted_check import TRIP, request, running
from tests.support.network.scripted_network import ScriptedNetwork, mx

ELSEWHERE = Finding(FindingId.DNS_MX_ELSEWHERE, Status.FAIL)
NOT_COVERED = Finding(FindingId.DNS_SPF_SENDER_NOT_COVERED, Status.WARN)
NO_DMARC = Finding(FindingId.DNS_DMARC_MISSING, Status.WARN)


@dataclass
class CountingNetwork(ScriptedNetwork):
    """Counts the queries for MX records."""

    queries: list[str] = field(default_factory=list)

    async def mx(self, domain: str) -> Reply[MxRecord]:
        self.queries.append(domain)
        return await super().mx(domain)


async def test_a_domain_without_records_is_broken() -> None:
    check = running()
    seen = await domain_check(check.context)
    assert not seen.in_order
    assert check.reported()
    assert check.ended() == {Activity.LOOK_AT_DOMAIN: Status.FAIL}
    assert check.events[-1] == LinkJudged(Link.DNS, Status.FAIL)


async def test_what_is_known_of_the_domain_is_not_looked_up_again() -> None:
    known = DomainSeen(DomainCheck((), in_order=True), (NO_DMARC,))
    scripted = CountingNetwork()
    check = running(request(domain=known), scripted)
    assert await domain_check(check.context) == known.check
    assert await dns_health_findings(check.context) == (NO_DMARC,)
    assert scripted.queries == []
    assert check.events == []


async def test_only_a_login_makes_findings_about_its_server_relevant() -> None:
    check = running().context
    found = (ELSEWHERE, NOT_COVERED, NO_DMARC)
    nothing = relevant_findings(check, found, incoming=None, outgoing=None, elsewhere=None)
    assert nothing == (NO_DMARC,)
    proof = LoggedIn(check.account.incoming, "PLAIN", "TLSv1.3", 1.0)
    both = relevant_findings(check, found, incoming=proof, outgoing=proof, elsewhere=None)
    assert both == found


async def test_a_message_that_arrived_elsewhere_removes_only_the_finding_it_disproves() -> None:
    check = running().context
    elsewhere = Elsewhere("ana@otra.example", sent=replace(TRIP, raw=b"Subject: x\r\n\r\n"))
    kept = relevant_findings(check, (NO_DMARC,), incoming=None, outgoing=None, elsewhere=elsewhere)
    assert kept == (NO_DMARC,)


async def test_a_domain_is_seen_with_its_health() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx.bodega.es")
    seen = await see_domain(request().account, None, scripted.network())
    assert {str(one.id) for one in seen.health} >= {"dns.spf.missing", "dns.dmarc.missing"}


async def test_a_batch_looks_up_each_domain_once() -> None:
    scripted = CountingNetwork()
    account = request().account
    for server in (account.incoming, account.outgoing):
        scripted.mail[server.host, server.port] = ConnectFault.REFUSED
    checks = BatchChecks(scripted.network())
    people = [
        request(account=replace(account, address=EmailAddress(local, "bodega.es")))
        for local in ("ana", "luis")
    ]
    before = [await checks.check(one) for one in people[:1]]
    queries = len(scripted.queries)
    reports = before + await asyncio.gather(*(checks.check(one) for one in people[1:]))
    await checks.close()
    assert len(scripted.queries) == queries > 0
    assert [str(one.account.address) for one in reports] == ["ana@bodega.es", "luis@bodega.es"]
    assert reports[0].status(Link.DNS) is reports[1].status(Link.DNS)
