"""What the DNS says about the domain itself; the findings about it are made from this."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from mailsetup.net.dns.resolver import Absent, DnsAnswer, DnsFailure, DnsFault, MxRecord
from mailsetup.net.network import Network

_MAX_EXCHANGERS = 8


class DomainState(StrEnum):
    """Whether the domain is there."""

    EXISTS = "exists"
    MISSING = "missing"
    """Nobody registered the name, or it is gone (NXDOMAIN)."""
    UNANSWERED = "unanswered"
    """No answer about it: ``fault`` says whether its servers or our resolver failed."""
    UNKNOWN = "unknown"
    """Not looked at: settings were there first."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """``exchangers`` are best first; ``unresolvable`` are those of them without an address."""

    domain: str
    state: DomainState = DomainState.UNKNOWN
    fault: DnsFault | None = None
    exchangers: tuple[MxRecord, ...] = ()
    unresolvable: tuple[str, ...] = ()
    null_mx: bool = False
    """The domain says that it takes no mail (RFC 7505)."""
    has_address: bool = False
    """Without MX, whether the domain's own address stands in for one (RFC 5321 section 5.1)."""


async def domain_facts(domain: str, net: Network) -> DomainFacts:
    """Ask for the mail exchangers and their addresses."""
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
                    # A resolver's silence is no proof that the host has no address.
                    if isinstance(answer, Absent)
                ),
                null_mx=not hosts,
            )
        case _:
            assert_never(reply)
