"""Evidence of a domain's mail hosting in its DNS other than MX and SRV: aliases, DKIM keys, SPF."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from mailsetup.discovery import provider_settings
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found
from mailsetup.net.network import Network

_ALIASES: Final = ("autodiscover", "autoconfig", "imap", "mail", "selector1._domainkey")
"""Names that customers of a hosting make aliases (CNAME) of its names, the best evidence first.

The last one is the DKIM key that Microsoft 365 publishes for its customers under
``onmicrosoft.com``.
"""
_SELECTORS: Final[Mapping[str, str]] = {"google": "_spf.google.com"}
"""DKIM selectors that a hosting prescribes to its customers, with its name in SPF records.

Google's administration console proposes this one (its help on DKIM).
"""
_MAX_INCLUDES = 20


async def by_alias(address: EmailAddress, net: Network) -> Found | None:
    """The provider that an alias of the domain leads to."""
    chains = await asyncio.gather(
        *(net.dns.aliases(f"{label}.{address.domain}") for label in _ALIASES)
    )
    for chain in chains:
        for name in chain:
            found = provider_settings.of_alias(name, address, Method.BUILTIN, f"cname:{name}")
            if found is not None:
                return found
    return None


async def by_dkim_key(address: EmailAddress, net: Network) -> Found | None:
    """The provider whose DKIM key (RFC 6376 section 3.6) the domain publishes."""
    replies = await asyncio.gather(
        *(net.dns.txt(f"{selector}._domainkey.{address.domain}") for selector in _SELECTORS)
    )
    for include, reply in zip(_SELECTORS.values(), replies, strict=True):
        # A wildcard record answers here, too, but without a key.
        if isinstance(reply, DnsAnswer) and any("p=" in text for text in reply.records):
            return provider_settings.of_spf_include(include, address)
    return None


async def by_spf(address: EmailAddress, net: Network) -> Found | None:
    """The provider that the domain's SPF record includes, where it includes only one.

    Newsletter services and web shops in the record are not in the list of providers; two mailbox
    hostings leave open which of them has the mailboxes.
    """
    reply = await net.dns.txt(address.domain)
    texts = reply.records if isinstance(reply, DnsAnswer) else ()
    found = {
        candidate.settings.provider: candidate
        for include in _includes(texts)
        if (candidate := provider_settings.of_spf_include(include, address)) is not None
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
