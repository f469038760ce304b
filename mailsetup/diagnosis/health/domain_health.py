"""The DNS health of a domain: what it publishes, and what a received message proves.

All queries run concurrently through the caching resolver of the run. In a healthy domain the
longest sequence of dependent queries has three or four round trips, one more for each nested
include; MTA-STS has one and then an HTTPS request. Blocklists are separate, in
`mailsetup.diagnosis.health.blocklists`.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass

from mailsetup.diagnosis.guard import Guard, guarded
from mailsetup.diagnosis.health import (
    dane,
    dkim,
    dmarc,
    message_authentication,
    mta_sts,
    mx_hosting,
    published,
    spf_coverage,
    spf_lint,
)
from mailsetup.diagnosis.health.received_message import ReceivedMessage, read_message
from mailsetup.discovery import providers
from mailsetup.discovery.domain_facts import domain_facts
from mailsetup.model.address import EmailAddress
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.model.finding import Finding
from mailsetup.model.finding_id import FindingId
from mailsetup.model.source_result import SourceAttempt
from mailsetup.net.network import Network

BUDGET = 8.0
"""Seconds for each part; a part that takes longer has no findings."""


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """``incoming_host`` and ``outgoing_host`` are those of successful logins, else "".

    ``exchangers`` are facts about the domain that are known already. ``tried`` are the rows of the
    search for settings. ``arrived`` is a message of this account as received, unchanged; with
    ``arrived_elsewhere`` it was received in a mailbox of another company.
    """

    address: EmailAddress
    incoming_host: str = ""
    outgoing_host: str = ""
    exchangers: DomainFacts | None = None
    tried: tuple[SourceAttempt, ...] = ()
    arrived: bytes = b""
    arrived_elsewhere: bool = False


async def check_dns_health(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    """Findings about the DNS records alone; none about what could not be queried.

    None about the domain of a mail provider either, which its customers cannot change.
    """
    if providers.by_domain(request.address.domain) is not None:
        return ()
    guard = Guard()
    async with asyncio.TaskGroup() as group:
        unknown = DomainFacts(request.address.domain)
        facts = group.create_task(guard.run("domain", _facts(request, net), unknown))
        parts = [
            group.create_task(guarded(name, _within(part)))
            for name, part in (
                ("mx", _exchangers(request, facts, net)),
                ("spf", _spf(request, net)),
                ("dmarc", _dmarc(request, net)),
                ("mta-sts", _mta_sts(request, facts, net)),
                ("dane", _dane(facts, net)),
            )
        ]
    if facts.result().state is DomainState.MISSING:
        # That finding exists already.
        return ()
    found = (one for part in parts for one in part.result())
    return (*found, *published.findings(request.tried), *guard.defects)


async def check_received_message(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    """Findings about the received message; none where it proves nothing."""
    if not request.arrived or providers.by_domain(request.address.domain) is not None:
        return ()
    arrived = read_message(request.arrived)
    if arrived.author_domain != request.address.domain:
        # The author was rewritten, as mailing lists do: it is another domain's message now.
        return ()
    return await _within(_message(request, arrived, net))


async def _within(part: Coroutine[None, None, tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        async with asyncio.timeout(BUDGET):
            return await part
    except TimeoutError:
        return ()


async def _facts(request: HealthRequest, net: Network) -> DomainFacts:
    known = request.exchangers
    if known is not None and known.state is not DomainState.UNKNOWN:
        return known
    try:
        async with asyncio.timeout(BUDGET):
            return await domain_facts(request.address.domain, net)
    except TimeoutError:
        return DomainFacts(request.address.domain)


async def _exchangers(
    request: HealthRequest, facts: "asyncio.Task[DomainFacts]", net: Network
) -> tuple[Finding, ...]:
    hosts = (request.incoming_host, request.outgoing_host)
    homes = tuple(dict.fromkeys(host for host in hosts if host))
    return await mx_hosting.findings(request.address, homes, await asyncio.shield(facts), net)


async def _spf(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    domain = request.address.domain
    tree = await spf_lint.read_tree(domain, net.dns)
    found = spf_lint.findings(tree)
    if request.outgoing_host:
        reading = request.incoming_host or request.outgoing_host
        found += await spf_coverage.findings(domain, reading, request.outgoing_host, tree, net.dns)
    return found


async def _dmarc(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    return await dmarc.findings(await dmarc.tree_walk(request.address.domain, net.dns), net.dns)


async def _mta_sts(
    request: HealthRequest, facts: "asyncio.Task[DomainFacts]", net: Network
) -> tuple[Finding, ...]:
    policy = await mta_sts.read_policy(request.address.domain, net)
    return await mta_sts.findings(policy, await asyncio.shield(facts), net)


async def _dane(facts: "asyncio.Task[DomainFacts]", net: Network) -> tuple[Finding, ...]:
    return await dane.findings(await asyncio.shield(facts), net.dns)


async def _message(
    request: HealthRequest, arrived: ReceivedMessage, net: Network
) -> tuple[Finding, ...]:
    hop = message_authentication.boundary_hop(arrived, elsewhere=request.arrived_elsewhere)
    now = net.clock.now().timestamp()
    if hop is None:
        signatures = await dkim.verify(request.arrived, net.dns, now)
        return dkim.findings(signatures, arrived, elsewhere=request.arrived_elsewhere)
    domain = request.address.domain
    signatures, spf, tree, author = await asyncio.gather(
        dkim.verify(request.arrived, net.dns, now),
        message_authentication.evaluate_spf(hop, arrived, request.address.ascii, net.dns),
        spf_lint.read_tree(domain, net.dns),
        dmarc.tree_walk(domain, net.dns),
    )
    authentication = await message_authentication.authenticate(
        hop, arrived, spf, signatures, author, net.dns
    )
    return (
        *dkim.findings(signatures, arrived, elsewhere=True),
        *await message_authentication.findings(
            authentication, arrived, tree, signatures, author, net.dns
        ),
    )


def without_disproved(of_dns: Sequence[Finding], request: HealthRequest) -> tuple[Finding, ...]:
    """The findings of the DNS alone, without those that a received message disproves.

    Where the receiving side reports an SPF pass for the domain, the outgoing server is covered,
    whatever its name and address suggest.
    """
    arrived = read_message(request.arrived) if request.arrived else ReceivedMessage()
    results = arrived.authentication.of("spf") if arrived.authentication else ()
    passed_domains = {
        one.property("smtp.mailfrom").rpartition("@")[2].lower()
        for one in results
        if one.result == "pass"
    }
    if request.address.domain not in passed_domains:
        return tuple(of_dns)
    return tuple(one for one in of_dns if one.id != FindingId.DNS_SPF_SENDER_NOT_COVERED)
