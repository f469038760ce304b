"""Whether the address from which mail is sent is on a public blocklist (RFC 5782, RFC 6471).

Queried only on request: a query tells the list's operator whose mail is checked, and lists answer
private computers at their own discretion. The address is the one that delivered a message to
another company, never this computer's own, which is on such lists by design. An answer counts only
where the list's test entries are correct (RFC 5782 section 5): resolvers rewrite answers, and lists
answer public resolvers with codes that look like a listing.
"""

import asyncio
import ipaddress
from dataclasses import dataclass
from typing import Final

from mailsetup.diagnosis.health.received_message import read_message
from mailsetup.model.dns import Absent, DnsAnswer
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dns.resolver import Resolver

BUDGET = 5.0
"""Seconds for all lists together."""


@dataclass(frozen=True, slots=True)
class Blocklist:
    """A zone, and the last octets of 127.0.0.x that mean "spam was sent from this address"."""

    zone: str
    codes: frozenset[int]


LISTS: Final = (
    # 10 and 11 are dial-up networks, which say nothing about a mail server.
    Blocklist("zen.spamhaus.org", frozenset(range(2, 10))),
    Blocklist("bl.spamcop.net", frozenset({2})),
)


async def findings(raw: bytes, dns: Resolver) -> tuple[Finding, ...]:
    """``raw`` is a message of this account as it was received at another company."""
    hop = read_message(raw).handover
    if hop is None:
        return ()
    try:
        async with asyncio.timeout(BUDGET):
            listed = await asyncio.gather(*(_is_listed(hop.address, one, dns) for one in LISTS))
    except TimeoutError:
        return ()
    named = tuple(one.zone for one, is_listed in zip(LISTS, listed, strict=True) if is_listed)
    if not named:
        return ()
    facts: dict[str, Fact] = {"address": hop.address, "lists": named}
    return (Finding(FindingId.HOSTING_SENDER_BLOCKLISTED, Status.WARN, facts, dict(facts)),)


async def _is_listed(address: str, one: Blocklist, dns: Resolver) -> bool:
    names = (f"{_reversed(address)}.{one.zone}", f"2.0.0.127.{one.zone}", f"1.0.0.127.{one.zone}")
    found, listed_test, unlisted_test = await asyncio.gather(
        *(dns.addresses(name) for name in names)
    )
    if not isinstance(listed_test, DnsAnswer) or not isinstance(unlisted_test, Absent):
        # A resolver answers in its place, or the list refuses queries from here.
        return False
    records = found.records if isinstance(found, DnsAnswer) else ()
    codes = {int(text.rpartition(".")[2]) for text in records if text.startswith("127.0.0.")}
    return bool(codes & one.codes)


def _reversed(address: str) -> str:
    """The address in the form of a query (RFC 5782 sections 2.1 and 2.4)."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
