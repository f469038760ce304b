"""The domain of the account: its DNS records, and what received messages prove of its identity."""

import asyncio
from dataclasses import replace
from typing import Final

from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.report import Elsewhere
from mailsetup.assistant.check.request import DomainSeen
from mailsetup.assistant.events import Activity
from mailsetup.diagnosis.checks.domain import DomainCheck, check_domain
from mailsetup.diagnosis.guard import Guard, guarded
from mailsetup.diagnosis.health import blocklists
from mailsetup.diagnosis.health.domain_health import (
    HealthRequest,
    check_dns_health,
    check_received_message,
    without_disproved,
)
from mailsetup.model.dialogue import LoggedIn, RoundTrip
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Account
from mailsetup.net.network import Network

UNCHECKED: Final = DomainCheck((), in_order=False)


async def see_domain(account: Account, discovery: Discovery | None, net: Network) -> DomainSeen:
    """Check the domain of this account once, for all its mailboxes."""
    facts = discovery.domain_facts if discovery else None
    guard = Guard()
    domain, health = await asyncio.gather(
        guard.run("domain", check_domain(account.address, net, facts), UNCHECKED),
        guard.run("dns", check_dns_health(health_request(account, discovery), net), ()),
    )
    return DomainSeen(domain, (*health, *guard.defects))


def health_request(
    account: Account, discovery: Discovery | None, raw: bytes = b"", *, elsewhere: bool = False
) -> HealthRequest:
    """What is known before the checks; ``raw`` is a received message."""
    return HealthRequest(
        account.address,
        incoming_host=account.incoming.host,
        outgoing_host=account.outgoing.host,
        exchangers=discovery.domain_facts if discovery else None,
        tried=discovery.tried if discovery else (),
        arrived=raw,
        arrived_elsewhere=elsewhere,
    )


async def domain_check(check: CheckContext) -> DomainCheck:
    """Whether the domain exists and receives mail."""
    if check.request.domain is not None:
        return check.request.domain.check
    address, progress = check.account.address, check.progress
    progress.begin(Activity.LOOK_AT_DOMAIN, address.display_domain)
    seen = await check_domain(address, check.net)
    seen = replace(seen, findings=progress.report(seen.findings))
    failed = any(f.status is Status.FAIL for f in seen.findings)
    status = Status.OK if seen.in_order else Status.FAIL if failed else Status.WARN
    progress.end(Activity.LOOK_AT_DOMAIN, status)
    progress.judged([(Link.DNS, status)])
    return seen


async def dns_health_findings(check: CheckContext) -> tuple[Finding, ...]:
    """The findings on SPF, DMARC and the other records of the domain."""
    if check.request.domain is not None:
        return check.request.domain.health
    request = health_request(check.account, check.request.discovery)
    return check.progress.report(await check_dns_health(request, check.net))


async def identity_findings(
    check: CheckContext, trip: RoundTrip | None, elsewhere: Elsewhere | None
) -> tuple[Finding, ...]:
    """What the received messages prove of the domain's identity (SPF, DKIM, DMARC)."""
    account, discovery, net = check.account, check.request.discovery, check.net
    sent = elsewhere.sent if elsewhere is not None else None
    requests = []
    if trip is not None and trip.raw:
        requests.append(health_request(account, discovery, trip.raw))
    if sent is not None and sent.raw:
        requests.append(health_request(account, discovery, sent.raw, elsewhere=True))
    parts = [guarded("message", check_received_message(request, net)) for request in requests]
    if sent is not None and check.request.blocklists:
        parts.append(guarded("blocklists", blocklists.findings(sent.raw, net.dns)))
    return check.progress.report([one for found in await asyncio.gather(*parts) for one in found])


def relevant_findings(
    check: CheckContext,
    of_dns: tuple[Finding, ...],
    *,
    incoming: LoggedIn | None,
    outgoing: LoggedIn | None,
    elsewhere: Elsewhere | None,
) -> tuple[Finding, ...]:
    """Without those that only a login could confirm, and those that a message disproved."""
    unproven: tuple[FindingId, ...] = ()
    if incoming is None:
        unproven += (FindingId.DNS_MX_ELSEWHERE, FindingId.DNS_MX_TWO_HOSTINGS)
    if outgoing is None:
        unproven += (FindingId.DNS_SPF_SENDER_NOT_COVERED,)
    sent = elsewhere.sent if elsewhere is not None else None
    raw = sent.raw if sent is not None else b""
    request = health_request(check.account, check.request.discovery, raw, elsewhere=True)
    return tuple(one for one in without_disproved(of_dns, request) if one.id not in unproven)
