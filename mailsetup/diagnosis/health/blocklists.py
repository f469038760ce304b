"""Whether the address from which mail goes out is on a public blocklist (RFC 5782, RFC 6471).

Asked only where a person wants it: a question tells the list's operator whose mail is looked at,
and lists answer private computers at their own discretion. The address is the one that handed a
message over at another company, never this computer's own, which belongs on such lists by design.
What a list says counts only where its own test entries are as they must be: resolvers rewrite
answers, and lists refuse public resolvers with codes that look like a listing.
"""

import asyncio
import ipaddress
from dataclasses import dataclass

from mailsetup.diagnosis.health.received_message import read_message
from mailsetup.model.dns import Absent, DnsAnswer
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.dns.resolver import Resolver

BUDGET = 5.0
"""Seconds for all lists; what has not answered by then is not spoken of."""


@dataclass(frozen=True, slots=True)
class Blocklist:
    """A zone, and the last numbers of 127.0.0.x that mean "spam came from there"."""

    zone: str
    codes: frozenset[int]


LISTS = (
    # 10 and 11 are networks of private customers, which say nothing about a mail server.
    Blocklist("zen.spamhaus.org", frozenset(range(2, 10))),
    Blocklist("bl.spamcop.net", frozenset({2})),
)


async def findings(raw: bytes, dns: Resolver) -> tuple[Finding, ...]:
    """Judged on a message of ours as it arrived at another company, byte by byte."""
    hop = read_message(raw).handed_over
    if hop is None:
        return ()
    try:
        async with asyncio.timeout(BUDGET):
            told = await asyncio.gather(*(_is_listed(hop.address, one, dns) for one in LISTS))
    except TimeoutError:
        return ()
    named = tuple(one.zone for one, listed in zip(LISTS, told, strict=True) if listed)
    if not named:
        return ()
    facts: dict[str, Fact] = {"address": hop.address, "lists": named}
    return (Finding(FindingId.HOSTING_SENDER_BLOCKLISTED, Status.WARN, facts, dict(facts)),)


async def _is_listed(address: str, one: Blocklist, dns: Resolver) -> bool:
    asked = (f"{_reversed(address)}.{one.zone}", f"2.0.0.127.{one.zone}", f"1.0.0.127.{one.zone}")
    found, must, must_not = await asyncio.gather(*(dns.addresses(name) for name in asked))
    if not isinstance(must, DnsAnswer) or not isinstance(must_not, Absent):
        # Somebody on the way answers in its place, or it does not want to be asked from here.
        return False
    records = found.records if isinstance(found, DnsAnswer) else ()
    codes = {int(text.rpartition(".")[2]) for text in records if text.startswith("127.0.0.")}
    return bool(codes & one.codes)


def _reversed(address: str) -> str:
    """The address as a list wants to be asked for it (RFC 5782 sections 2.1 and 2.4)."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
