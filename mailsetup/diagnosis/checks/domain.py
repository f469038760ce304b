"""The domain of the address: does it exist, and does it say where its mail goes?"""

import asyncio
from dataclasses import dataclass
from typing import assert_never

from mailsetup.discovery.domain_facts import domain_facts
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import DnsFailure
from mailsetup.model.domain_facts import DomainFacts, DomainState
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.network import Network

# Where a slip of the finger is most likely to lead away from.
_LARGE_PROVIDERS = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.es",
    "outlook.com",
    "outlook.es",
    "live.com",
    "yahoo.com",
    "yahoo.es",
    "ymail.com",
    "icloud.com",
    "gmx.net",
    "gmx.de",
    "gmx.es",
    "web.de",
    "telefonica.net",
    "movistar.es",
    "orange.es",
    "aol.com",
    "protonmail.com",
)

_DNSSEC_BUDGET = 5.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """Findings, and whether the domain was seen to be in order."""

    findings: tuple[Finding, ...]
    in_order: bool


async def check_domain(
    address: EmailAddress, net: Network, facts: DomainFacts | None = None
) -> DomainCheck:
    """Ask the DNS about the domain and judge the answers (RFC 5321 section 5.1, RFC 7505).

    ``facts`` are what is known already.
    """
    known = facts if facts is not None and facts.state is not DomainState.UNKNOWN else None
    seen, bogus = await asyncio.gather(_facts(known, address, net), _is_bogus(address, net))
    if bogus:
        shown = {"domain": address.display_domain}
        return DomainCheck(
            (Finding(FindingId.DNS_DOMAIN_BOGUS, Status.FAIL, shown),), in_order=False
        )
    if seen.state is DomainState.UNANSWERED and not await _resolver_works(net):
        cause = FindingId.CLIENT_DNS_BROKEN if net.is_online() else FindingId.CLIENT_NETWORK_OFFLINE
        broken = Finding(cause, Status.FAIL, evidence={"fault": str(seen.fault)})
        return DomainCheck((broken,), in_order=False)
    return evaluate_domain(seen, address)


async def _facts(known: DomainFacts | None, address: EmailAddress, net: Network) -> DomainFacts:
    return known or await domain_facts(address.domain, net)


async def _is_bogus(address: EmailAddress, net: Network) -> bool:
    """Whether DNSSEC is broken; what cannot be asked in time is not."""
    try:
        async with asyncio.timeout(_DNSSEC_BUDGET):
            return await net.dns.is_bogus(address.domain)
    except TimeoutError:
        return False


async def _resolver_works(net: Network) -> bool:
    """Tell a broken domain from a broken resolver: by a name that every resolver can answer."""
    return not isinstance(await net.dns.mx("com"), DnsFailure)


def evaluate_domain(facts: DomainFacts, address: EmailAddress) -> DomainCheck:
    """What the DNS said about the domain, as findings."""
    shown = {"domain": address.display_domain}
    match facts.state:
        case DomainState.UNKNOWN:
            return DomainCheck((), in_order=False)
        case DomainState.MISSING:
            return _broken(address, Finding(FindingId.DNS_DOMAIN_MISSING, Status.FAIL, shown))
        case DomainState.UNANSWERED:
            evidence = {"fault": str(facts.fault)}
            finding = Finding(FindingId.DNS_DOMAIN_UNANSWERED, Status.FAIL, shown, evidence)
            return DomainCheck((finding,), in_order=False)
        case DomainState.EXISTS:
            return _judge_exchangers(facts, address)
        case _:
            assert_never(facts.state)


def _judge_exchangers(facts: DomainFacts, address: EmailAddress) -> DomainCheck:
    shown = {"domain": address.display_domain}
    if facts.null_mx:
        return _broken(address, Finding(FindingId.DNS_MX_NULL, Status.FAIL, shown))
    if not facts.exchangers:
        evidence: dict[str, Fact] = {"mx": "none", "address": facts.has_address}
        return _broken(address, Finding(FindingId.DNS_MX_MISSING, Status.FAIL, shown, evidence))
    if facts.unresolvable:
        named = tuple(record.host for record in facts.exchangers if record.host)
        all_dead = set(named) <= set(facts.unresolvable)
        finding = Finding(
            FindingId.DNS_MX_UNRESOLVABLE,
            Status.FAIL if all_dead else Status.WARN,
            {**shown, "hosts": facts.unresolvable},
            {"mx": named},
        )
        return DomainCheck((finding,), in_order=False)
    return DomainCheck((), in_order=True)


def _broken(address: EmailAddress, finding: Finding) -> DomainCheck:
    suggestion = suggested_domain(address.domain)
    if suggestion is None:
        return DomainCheck((finding,), in_order=False)
    typo = Finding(
        FindingId.CLIENT_ADDRESS_TYPO,
        Status.FAIL,
        {"domain": address.display_domain, "suggestion": f"{address.local}@{suggestion}"},
    )
    return DomainCheck((typo, finding), in_order=False)


def suggested_domain(domain: str) -> str | None:
    """The large provider whose domain is one slip away from this one, if any."""
    if domain in _LARGE_PROVIDERS:
        return None
    return next((known for known in _LARGE_PROVIDERS if is_one_edit_apart(domain, known)), None)


def is_one_edit_apart(one: str, other: str) -> bool:
    """Whether one letter too many, missing, wrong, or two swapped make the difference."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    return one[start + 1 :] == other[start + 1 :] or (
        swapped and one[start + 2 :] == other[start + 2 :]
    )
