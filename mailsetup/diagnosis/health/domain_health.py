"""The DNS health of a domain: one look at what it publishes, one at a message that arrived.

Everything is asked side by side and through the run's resolver, which asks nothing twice. In a
healthy domain the longest chain of questions that wait for each other has three or four round
trips, one more for every include inside an include; MTA-STS, where it is announced, has one and
then an HTTPS request. Blocklists are no part of it: `mailsetup.diagnosis.health.blocklists`.
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
from mailsetup.model.outcome import Tried
from mailsetup.net.network import Network

BUDGET = 8.0
"""Seconds for each part; what is not known by then stays unsaid."""


@dataclass(frozen=True, slots=True)
class HealthRequest:
    """``incoming_host`` and ``outgoing_host`` are those where we logged in ("" where we did not).

    ``exchangers`` are what is known of the domain already. ``tried`` are the rows of the search for
    settings. ``arrived`` is a message of this account as it arrived, byte by byte; it arrived in
    another company's mailbox where ``arrived_elsewhere``.
    """

    address: EmailAddress
    incoming_host: str = ""
    outgoing_host: str = ""
    exchangers: DomainFacts | None = None
    tried: tuple[Tried, ...] = ()
    arrived: bytes = b""
    arrived_elsewhere: bool = False


async def check_dns_health(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    """What the DNS alone shows. What cannot be asked stays unsaid, and so does the DNS of a
    provider's own domain, which its customers cannot change."""
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
        # What does not exist publishes nothing; that is said already.
        return ()
    found = (one for part in parts for one in part.result())
    return (*found, *published.findings(request.tried), *guard.defects)


async def check_received_message(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    """What the message that arrived shows; nothing where it proves nothing."""
    if not request.arrived or providers.by_domain(request.address.domain) is not None:
        return ()
    arrived = read_message(request.arrived)
    if arrived.author_domain != request.address.domain:
        # Rewritten on the way, as mailing lists do: it speaks for somebody else now.
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
    seen = await spf_lint.lint(domain, net.dns)
    found = spf_lint.findings(seen)
    if request.outgoing_host:
        reading = request.incoming_host or request.outgoing_host
        found += await spf_coverage.findings(domain, reading, request.outgoing_host, seen, net.dns)
    return found


async def _dmarc(request: HealthRequest, net: Network) -> tuple[Finding, ...]:
    return await dmarc.findings(await dmarc.walk(request.address.domain, net.dns), net.dns)


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
    hop = message_authentication.border_hop(arrived, elsewhere=request.arrived_elsewhere)
    now = net.clock.now().timestamp()
    if hop is None:
        signatures = await dkim.verify(request.arrived, net.dns, now)
        return dkim.findings(signatures, arrived, elsewhere=request.arrived_elsewhere)
    domain = request.address.domain
    signatures, spf, seen, author = await asyncio.gather(
        dkim.verify(request.arrived, net.dns, now),
        message_authentication.judge_spf(hop, arrived, request.address.ascii, net.dns),
        spf_lint.lint(domain, net.dns),
        dmarc.walk(domain, net.dns),
    )
    proven = await message_authentication.identity(hop, arrived, spf, signatures, author, net.dns)
    return (
        *dkim.findings(signatures, arrived, elsewhere=True),
        *await message_authentication.findings(proven, arrived, seen, signatures, author, net.dns),
    )


def without_disproved(of_dns: Sequence[Finding], request: HealthRequest) -> tuple[Finding, ...]:
    """The findings of the DNS alone, without what a message that arrived elsewhere disproves.

    Where the receiving side saw SPF pass for the domain, the outgoing server is covered, whatever
    its name and address suggested.
    """
    arrived = read_message(request.arrived) if request.arrived else ReceivedMessage()
    results = arrived.authentication.of("spf") if arrived.authentication else ()
    senders_seen = {
        one.property("smtp.mailfrom").rpartition("@")[2].lower()
        for one in results
        if one.result == "pass"
    }
    if request.address.domain not in senders_seen:
        return tuple(of_dns)
    return tuple(one for one in of_dns if one.id != FindingId.DNS_SPF_SENDER_NOT_COVERED)
