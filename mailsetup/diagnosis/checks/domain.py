"""The domain of the address: does it exist, and does it say where its mail goes?"""

import asyncio
from dataclasses import dataclass
from typing import assert_never

from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Status
from mailsetup.net.dns import Absent, Answer, NoAnswer
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
_MX_TO_RESOLVE = 8


@dataclass(frozen=True, slots=True)
class DomainVerdict:
    """Findings, and whether the domain was seen to be in order."""

    findings: tuple[Finding, ...]
    in_order: bool


async def look_at_domain(address: EmailAddress, net: Network) -> DomainVerdict:
    """Ask for the MX (RFC 5321 section 5.1, RFC 7505) and whether its hosts exist."""
    domain = address.domain
    facts = {"domain": address.display_domain}
    reply = await net.dns.mx(domain)
    match reply:
        case Absent(nxdomain=True):
            return _broken(address, Finding("dns.domain.missing", Status.FAIL, facts))
        case NoAnswer(fault=fault):
            return await _unanswered(address, net, str(fault))
        case Absent():
            addresses = await net.dns.addresses(domain)
            evidence = {"mx": "none", "address": isinstance(addresses, Answer)}
            return _broken(address, Finding("dns.mx.missing", Status.FAIL, facts, evidence))
        case Answer(records=records):
            hosts = [record.host for record in records]
            if hosts == [""]:
                return _broken(address, Finding("dns.mx.null", Status.FAIL, facts))
            named = [host for host in hosts if host][:_MX_TO_RESOLVE]
            resolved = await asyncio.gather(*(net.dns.addresses(host) for host in named))
            dead = tuple(
                host
                for host, answer in zip(named, resolved, strict=True)
                if isinstance(answer, Absent)
            )
            if dead:
                status = Status.FAIL if len(dead) == len(named) else Status.WARN
                finding = Finding(
                    "dns.mx.unresolvable", status, {**facts, "hosts": dead}, {"mx": tuple(named)}
                )
                return DomainVerdict((finding,), in_order=False)
            return DomainVerdict((), in_order=True)
        case _:
            assert_never(reply)


async def _unanswered(address: EmailAddress, net: Network, fault: str) -> DomainVerdict:
    """Tell a broken domain from a broken resolver: by asking about a name that must exist."""
    root = await net.dns.mx("com")
    if isinstance(root, NoAnswer):
        return DomainVerdict(
            (Finding("client.dns.broken", Status.FAIL, {}, {"fault": fault}),), in_order=False
        )
    facts = {"domain": address.display_domain}
    finding = Finding("dns.domain.unanswered", Status.FAIL, facts, {"fault": fault})
    return DomainVerdict((finding,), in_order=False)


def _broken(address: EmailAddress, finding: Finding) -> DomainVerdict:
    suggestion = likely_meant(address.domain)
    if suggestion is None:
        return DomainVerdict((finding,), in_order=False)
    typo = Finding(
        "client.address.typo",
        Status.FAIL,
        {"domain": address.display_domain, "suggestion": f"{address.local}@{suggestion}"},
    )
    return DomainVerdict((typo, finding), in_order=False)


def likely_meant(domain: str) -> str | None:
    """The large provider whose domain is one slip away from this one, if any."""
    if domain in _LARGE_PROVIDERS:
        return None
    return next((known for known in _LARGE_PROVIDERS if is_one_slip(domain, known)), None)


def is_one_slip(one: str, other: str) -> bool:
    """Whether one letter too many, missing, wrong, or two swapped make the difference."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len(other):
        one, other = other, one
    start = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one)
    )
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    return one[start + 1 :] == other[start + 1 :] or (
        swapped and one[start + 2 :] == other[start + 2 :]
    )
