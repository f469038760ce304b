"""TLSA records of the exchangers: DANE for SMTP (RFC 7672).

Checked only where the MX and address records are validated by DNSSEC, because DANE applies nowhere
else. The certificates themselves are visible at port 25 only, which is not connected to: checked is
whether the TLSA records validate. A sender that implements DANE and cannot validate them defers the
mail (RFC 7672 section 2.1.1).
"""

import asyncio

from mailsetup.model.dns import Absent, DnsFailure, Reply
from mailsetup.model.domain_facts import DomainFacts
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dns.resolver import Resolver

MAX_EXCHANGERS = 4
_RANDOM_LABEL = "mailsetup-nobody"


async def findings(facts: DomainFacts, dns: Resolver) -> tuple[Finding, ...]:
    """A finding about exchangers whose TLSA records exist and do not validate."""
    hosts = list(dict.fromkeys(mx.host for mx in facts.exchangers if mx.host))[:MAX_EXCHANGERS]
    hosts = [host for host in hosts if host not in facts.unresolvable]
    if not hosts or not await dns.is_signed(facts.domain, "MX"):
        return ()
    broken = await asyncio.gather(*(_is_broken(host, dns) for host in hosts))
    named = tuple(host for host, bad in zip(hosts, broken, strict=True) if bad)
    if not named:
        return ()
    shown = tuple(f"_25._tcp.{host} TLSA" for host in named)
    return (Finding(FindingId.DNS_DANE_BROKEN, Status.WARN, {"hosts": named}, {"unproven": shown}),)


async def _is_broken(host: str, dns: Resolver) -> bool:
    """Whether the address validates, the TLSA records exist, and these do not validate.

    False where every name exists (a wildcard, a signer that denies no name) and for an alias.
    """
    name = f"_25._tcp.{host}"
    ipv6, ipv4, validated, present, random_name, alias = await asyncio.gather(
        dns.is_signed(host, "AAAA"),
        dns.is_signed(host, "A"),
        dns.is_signed(name, "TLSA"),
        dns.txt(name),
        dns.txt(f"_{_RANDOM_LABEL}._tcp.{host}"),
        dns.aliases(name),
    )
    if validated or alias or not (ipv6 or ipv4) or isinstance(present, DnsFailure):
        return False
    return _exists(present) and not _exists(random_name)


def _exists(reply: Reply[str]) -> bool:
    """Whether the name exists, if only with records of another type, or its query failed."""
    return not (isinstance(reply, Absent) and reply.nxdomain)
