"""Fingerprints of the exchangers' certificates in the DNS: DANE for SMTP (RFC 7672).

Judged only where DNSSEC proves the exchangers and their addresses, because nobody heeds DANE
anywhere else. The certificates themselves are seen at port 25 only, at which we do not knock: what
shows here is whether the records can be believed. A sender that heeds DANE and cannot believe them
holds the mail back (RFC 7672 section 2.1.1).
"""

import asyncio

from mailsetup.model.dns import Absent, DnsFailure, Reply
from mailsetup.model.domain_facts import DomainFacts
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dns.resolver import Resolver

MAX_EXCHANGERS = 4
_NOBODY = "mailsetup-nobody"


async def findings(facts: DomainFacts, dns: Resolver) -> tuple[Finding, ...]:
    """Exchangers whose TLSA records are there and cannot be proven."""
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
    """The address is proven, something stands under the TLSA records' name, and that is not.

    Where any name answers (a wildcard, a signer that never denies one) this tells nothing, and
    neither does an alias.
    """
    name = f"_25._tcp.{host}"
    six, four, proven, there, nobody, alias = await asyncio.gather(
        dns.is_signed(host, "AAAA"),
        dns.is_signed(host, "A"),
        dns.is_signed(name, "TLSA"),
        dns.txt(name),
        dns.txt(f"_{_NOBODY}._tcp.{host}"),
        dns.aliases(name),
    )
    if proven or alias or not (six or four) or isinstance(there, DnsFailure):
        return False
    return _is_there(there) and not _is_there(nobody)


def _is_there(reply: Reply[str]) -> bool:
    """Whether the name exists, if only for records of another type; silence counts for both."""
    return not (isinstance(reply, Absent) and reply.nxdomain)
