"""The domain of the address: whether it exists and has usable MX records."""

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

# Domains that mistyped addresses most likely meant.
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
    """``in_order`` is true where the domain was checked and is correct."""

    findings: tuple[Finding, ...]
    in_order: bool


async def check_domain(
    address: EmailAddress, net: Network, facts: DomainFacts | None = None
) -> DomainCheck:
    """Query the DNS for the domain and evaluate it (RFC 5321 section 5.1, RFC 7505).

    ``facts`` are what is known already.
    """
    known = facts if facts is not None and facts.state is not DomainState.UNKNOWN else None
    found, bogus = await asyncio.gather(_facts(known, address, net), _is_bogus(address, net))
    if bogus:
        shown = {"domain": address.display_domain}
        return DomainCheck(
            (Finding(FindingId.DNS_DOMAIN_BOGUS, Status.FAIL, shown),), in_order=False
        )
    if found.state is DomainState.UNANSWERED and not await _resolver_works(net):
        cause = FindingId.CLIENT_DNS_BROKEN if net.is_online() else FindingId.CLIENT_NETWORK_OFFLINE
        broken = Finding(cause, Status.FAIL, evidence={"fault": str(found.fault)})
        return DomainCheck((broken,), in_order=False)
    return evaluate_domain(found, address)


async def _facts(known: DomainFacts | None, address: EmailAddress, net: Network) -> DomainFacts:
    return known or await domain_facts(address.domain, net)


async def _is_bogus(address: EmailAddress, net: Network) -> bool:
    """Whether DNSSEC validation fails; False where it takes longer than the budget."""
    try:
        async with asyncio.timeout(_DNSSEC_BUDGET):
            return await net.dns.is_bogus(address.domain)
    except TimeoutError:
        return False


async def _resolver_works(net: Network) -> bool:
    """Whether a name that every resolver can answer is answered."""
    return not isinstance(await net.dns.mx("com"), DnsFailure)


def evaluate_domain(facts: DomainFacts, address: EmailAddress) -> DomainCheck:
    """Findings about the DNS records of a domain."""
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
            return _evaluate_exchangers(facts, address)
        case _:
            assert_never(facts.state)


def _evaluate_exchangers(facts: DomainFacts, address: EmailAddress) -> DomainCheck:
    shown = {"domain": address.display_domain}
    if facts.null_mx:
        return _broken(address, Finding(FindingId.DNS_MX_NULL, Status.FAIL, shown))
    if not facts.exchangers:
        evidence: dict[str, Fact] = {"mx": "none", "address": facts.has_address}
        return _broken(address, Finding(FindingId.DNS_MX_MISSING, Status.FAIL, shown, evidence))
    if facts.unresolvable:
        named = tuple(record.host for record in facts.exchangers if record.host)
        none_resolves = set(named) <= set(facts.unresolvable)
        finding = Finding(
            FindingId.DNS_MX_UNRESOLVABLE,
            Status.FAIL if none_resolves else Status.WARN,
            {**shown, "hosts": facts.unresolvable},
            {"mx": named},
        )
        return DomainCheck((finding,), in_order=False)
    return DomainCheck((), in_order=True)


def _broken(address: EmailAddress, finding: Finding) -> DomainCheck:
    """The finding, after that about a likely typing error in the address."""
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
    """The large provider's domain that differs from this one by one typing error, if any."""
    if domain in _LARGE_PROVIDERS:
        return None
    return next((known for known in _LARGE_PROVIDERS if is_one_edit_apart(domain, known)), None)


def is_one_edit_apart(one: str, other: str) -> bool:
    """Whether the Damerau-Levenshtein distance of two names is one."""
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
