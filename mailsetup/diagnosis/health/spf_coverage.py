"""Whether the SPF record covers the outgoing server, told without any message that left.

Large hostings send from other machines than the one that takes mail from programs. A server that
the record leaves out is therefore spoken of only where nothing in the record can stand for its
hosting: no include that we do not know, no address or host near it.
"""

import asyncio
import ipaddress
from collections.abc import Sequence

from mailsetup.diagnosis.health.mx_hosting import Machine, joined, machine, share_network
from mailsetup.diagnosis.health.spf import MAX_LOOKUPS, check_host
from mailsetup.diagnosis.health.spf_lint import SpfLint, SpfState, evidence, provider_finding
from mailsetup.diagnosis.health.spf_record import BadTerm, Mechanism, SpfQualifier, parse
from mailsetup.discovery import providers
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.ip_scope import is_public
from mailsetup.net.public_suffix import owned_domain

_MAX_HOSTS = 6
_SMALL_4, _SMALL_6 = 24, 48
"""Prefixes below which a network is too large to be somebody's in particular."""


async def findings(
    domain: str, incoming: str, outgoing: str, seen: SpfLint, dns: Resolver
) -> tuple[Finding, ...]:
    """`dns.spf.sender-not-covered`, or nothing."""
    provider = providers.by_host(outgoing)
    if provider is not None and provider.spf:
        known = await provider_finding(seen, domain, outgoing, dns)
        return (known,) if known is not None else ()
    if not _can_be_judged(seen):
        return ()
    policy = parse(seen.records[0])
    if isinstance(policy, BadTerm):
        return ()
    ours, reading = await asyncio.gather(
        machine(outgoing, domain, dns), machine(incoming, domain, dns)
    )
    if not ours.addresses or not _includes_are_others(seen, joined((ours, reading))):
        return ()
    results = await asyncio.gather(
        *(check_host(ip, domain, f"postmaster@{domain}", outgoing, dns) for ip in ours.addresses)
    )
    if any(one.result not in (SpfQualifier.FAIL, SpfQualifier.SOFTFAIL) for one in results):
        return ()
    places = await _places(policy.mechanisms, domain, dns)
    if places is None or any(_is_near(place, ours, reading) for place in places):
        return ()
    refused = all(one.result is SpfQualifier.FAIL for one in results)
    one_machine = bool(set(ours.addresses) & set(reading.addresses))
    # An address without a name may after all be the one from which this hosting sends.
    others = all(place.owners or not any(map(is_public, place.addresses)) for place in places)
    shown: dict[str, Fact] = evidence(seen) | {
        "judged": "by the addresses of the outgoing server",
        "addresses": ours.addresses,
        "result": str(results[0].result),
    }
    status = Status.FAIL if refused and one_machine and others else Status.WARN
    return (Finding(FindingId.DNS_SPF_SENDER_NOT_COVERED, status, {"host": outgoing}, shown),)


def _can_be_judged(seen: SpfLint) -> bool:
    return (
        seen.state is SpfState.PRESENT
        and seen.complete
        and not (seen.faults or seen.anyone or seen.uses_ptr)
        and seen.lookups <= MAX_LOOKUPS
    )


def _includes_are_others(seen: SpfLint, home: Machine) -> bool:
    """Every include belongs to a hosting that we know, and none to this one or a relay."""
    known = {owned_domain(name) for name in seen.includes if providers.by_spf(name) is not None}
    owners = {owned_domain(name) for name in seen.includes}
    return owners <= known and not owners & home.owners


async def _places(
    mechanisms: Sequence[Mechanism], domain: str, dns: Resolver
) -> list[Machine] | None:
    """The machines that the record names one by one; None where a whole network hides them."""
    hosts: list[str] = []
    addresses: list[str] = []
    for term in mechanisms:
        network = term.network
        if network is not None and term.result is SpfQualifier.PASS:
            if network.prefixlen < (_SMALL_4 if network.version == 4 else _SMALL_6):
                return None
            addresses.append(str(network.network_address))
            if network.num_addresses > 1:
                addresses.append(str(network.network_address + 1))
        elif term.kind == "a":
            hosts.append(term.target or domain)
        elif term.kind == "mx":
            reply = await dns.mx(term.target or domain)
            hosts += (
                [mx.host for mx in reply.records if mx.host] if isinstance(reply, DnsAnswer) else []
            )
    if len(hosts) + len(addresses) > 2 * _MAX_HOSTS:
        return None
    named = (machine(name, domain, dns) for name in (*hosts, *addresses))
    return list(await asyncio.gather(*named))


def _is_near(place: Machine, ours: Machine, reading: Machine) -> bool:
    home = joined((ours, reading))
    return share_network(place, home) or bool(place.owners & home.owners)


async def reverse_of(address: str, dns: Resolver) -> str:
    """The reverse name of a sending address, and whether it leads back to it (FCrDNS)."""
    names = (await dns.names_of(address))[:4]
    if not names:
        return "none"
    replies = await asyncio.gather(*(dns.addresses(name) for name in names))
    wanted = ipaddress.ip_address(address)
    for name, reply in zip(names, replies, strict=True):
        found = reply.records if isinstance(reply, DnsAnswer) else ()
        if any(ipaddress.ip_address(one) == wanted for one in found):
            return f"{name} (leads back)"
    return f"{names[0]} (does not lead back)"
