"""Whether the SPF record covers the outgoing server, without a message that was sent.

Large hostings send from other hosts than the submission server. A server that the record does not
list is therefore reported only where nothing in the record can stand for its hosting: no unknown
include, no address or host near it.
"""

import asyncio
import ipaddress
from collections.abc import Sequence

from mailsetup.diagnosis.health.mx_hosting import (
    HostProfile,
    look_up_host,
    merged,
    share_network,
)
from mailsetup.diagnosis.health.spf import MAX_LOOKUPS, check_host
from mailsetup.diagnosis.health.spf_lint import SpfState, SpfTree, evidence, provider_finding
from mailsetup.diagnosis.health.spf_record import Mechanism, SpfQualifier, SpfSyntaxFailure, parse
from mailsetup.discovery import providers
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.ip_scope import is_public
from mailsetup.net.public_suffix import owned_domain

_MAX_HOSTS = 6
_SMALL_4, _SMALL_6 = 24, 48
"""Shorter prefixes are too large to belong to one sender."""


async def findings(
    domain: str, incoming: str, outgoing: str, tree: SpfTree, dns: Resolver
) -> tuple[Finding, ...]:
    """`dns.spf.sender-not-covered`, or nothing."""
    provider = providers.by_host(outgoing)
    if provider is not None and provider.spf:
        known = await provider_finding(tree, domain, outgoing, dns)
        return (known,) if known is not None else ()
    if not _is_conclusive(tree):
        return ()
    policy = parse(tree.records[0])
    if isinstance(policy, SpfSyntaxFailure):
        return ()
    ours, reading = await asyncio.gather(
        look_up_host(outgoing, domain, dns), look_up_host(incoming, domain, dns)
    )
    if not ours.addresses or not _includes_are_others(tree, merged((ours, reading))):
        return ()
    results = await asyncio.gather(
        *(check_host(ip, domain, f"postmaster@{domain}", outgoing, dns) for ip in ours.addresses)
    )
    if any(one.result not in (SpfQualifier.FAIL, SpfQualifier.SOFTFAIL) for one in results):
        return ()
    hosts = await _named_hosts(policy.mechanisms, domain, dns)
    if hosts is None or any(_is_near(host, ours, reading) for host in hosts):
        return ()
    refused = all(one.result is SpfQualifier.FAIL for one in results)
    one_machine = bool(set(ours.addresses) & set(reading.addresses))
    # An address without a reverse name may be the one from which this hosting sends.
    others = all(host.owners or not any(map(is_public, host.addresses)) for host in hosts)
    shown: dict[str, Fact] = evidence(tree) | {
        "judged": "by the addresses of the outgoing server",
        "addresses": ours.addresses,
        "result": str(results[0].result),
    }
    status = Status.FAIL if refused and one_machine and others else Status.WARN
    return (Finding(FindingId.DNS_SPF_SENDER_NOT_COVERED, status, {"host": outgoing}, shown),)


def _is_conclusive(tree: SpfTree) -> bool:
    return (
        tree.state is SpfState.PRESENT
        and tree.complete
        and not (tree.faults or tree.anyone or tree.uses_ptr)
        and tree.lookups <= MAX_LOOKUPS
    )


def _includes_are_others(tree: SpfTree, home: HostProfile) -> bool:
    """Whether every include belongs to a known hosting, and none to this one."""
    known = {owned_domain(name) for name in tree.includes if providers.by_spf(name) is not None}
    owners = {owned_domain(name) for name in tree.includes}
    return owners <= known and not owners & home.owners


async def _named_hosts(
    mechanisms: Sequence[Mechanism], domain: str, dns: Resolver
) -> list[HostProfile] | None:
    """The hosts that the record names; None where they are too many or in a large network."""
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
    named = (look_up_host(name, domain, dns) for name in (*hosts, *addresses))
    return list(await asyncio.gather(*named))


def _is_near(host: HostProfile, ours: HostProfile, reading: HostProfile) -> bool:
    home = merged((ours, reading))
    return share_network(host, home) or bool(host.owners & home.owners)


async def reverse_name(address: str, dns: Resolver) -> str:
    """The reverse name of an address, and whether it resolves to that address (FCrDNS)."""
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
