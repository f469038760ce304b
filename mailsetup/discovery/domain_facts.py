"""The DNS facts of a mail domain, from which findings are made."""

import asyncio
from typing import assert_never

from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.net.network import Network

_MAX_EXCHANGERS = 8


async def domain_facts(domain: str, net: Network) -> DomainFacts:
    """Look up the mail exchangers and their addresses."""
    reply = await net.dns.mx(domain)
    match reply:
        case DnsFailure():
            return DomainFacts(domain, DomainState.UNANSWERED, reply.fault)
        case Absent(nxdomain=True):
            return DomainFacts(domain, DomainState.MISSING)
        case Absent():
            own = await net.dns.addresses(domain)
            return DomainFacts(domain, DomainState.EXISTS, has_address=isinstance(own, DnsAnswer))
        case DnsAnswer():
            hosts = list(dict.fromkeys(record.host for record in reply.records if record.host))
            hosts = hosts[:_MAX_EXCHANGERS]
            answers = await asyncio.gather(*(net.dns.addresses(host) for host in hosts))
            return DomainFacts(
                domain,
                DomainState.EXISTS,
                exchangers=reply.records,
                unresolvable=tuple(
                    host
                    for host, answer in zip(hosts, answers, strict=True)
                    # A failed look-up does not prove that the host has no address.
                    if isinstance(answer, Absent)
                ),
                null_mx=not hosts,
            )
        case _:
            assert_never(reply)
