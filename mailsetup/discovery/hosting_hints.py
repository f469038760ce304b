"""What a domain's DNS gives away about its mail hosting, beside MX and the records made for it."""

import asyncio
from collections.abc import Iterable

from mailsetup.discovery.sources.builtin import known_sender, run_by
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.outcome import Found
from mailsetup.model.source import Method
from mailsetup.net.network import Network

_POINTERS = ("autodiscover", "autoconfig", "imap", "mail", "selector1._domainkey")
"""Names that customers of a hosting point at it by CNAME, the plainest first.

The last one is the DKIM key that Microsoft 365 keeps for its customers under ``onmicrosoft.com``.
"""
_KEYS = {"google": "_spf.google.com"}
"""Selectors under which a hosting has its customers publish the key of their DKIM signatures, with
the name as which it sends. Google's administration proposes this one (its help on DKIM)."""
_MAX_INCLUDES = 20


async def hosting_pointed_at(address: EmailAddress, net: Network) -> Found | None:
    """The provider that the domain's aliases lead to."""
    chains = await asyncio.gather(
        *(net.dns.aliases(f"{pointer}.{address.domain}") for pointer in _POINTERS)
    )
    for chain in chains:
        for name in chain:
            found = run_by(name, address, Method.BUILTIN, f"cname:{name}")
            if found is not None:
                return found
    return None


async def hosting_that_signs(address: EmailAddress, net: Network) -> Found | None:
    """The provider whose key for signing (RFC 6376 section 3.6) the domain publishes."""
    replies = await asyncio.gather(
        *(net.dns.txt(f"{selector}._domainkey.{address.domain}") for selector in _KEYS)
    )
    for sender, reply in zip(_KEYS.values(), replies, strict=True):
        # A wildcard record answers here too, but with something else.
        if isinstance(reply, DnsAnswer) and any("p=" in text for text in reply.records):
            return known_sender(sender, address)
    return None


async def hosting_that_sends(address: EmailAddress, net: Network) -> Found | None:
    """The provider that the domain's SPF record includes, where it is only one.

    A newsletter service or a web shop in the record is none of ours; but two mailbox hostings in it
    leave open which of them keeps the mail.
    """
    reply = await net.dns.txt(address.domain)
    texts = reply.records if isinstance(reply, DnsAnswer) else ()
    found = {
        candidate.settings.provider: candidate
        for include in _includes(texts)
        if (candidate := known_sender(include, address)) is not None
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _includes(texts: Iterable[str]) -> list[str]:
    for text in texts:
        words = text.split()
        if words and words[0].lower() == "v=spf1":
            return [
                word.lower().lstrip("+?~").partition(":")[2].rstrip(".")
                for word in words[1:]
                if word.lower().lstrip("+?~").startswith("include:")
            ][:_MAX_INCLUDES]
    return []
