"""By the hosting that receives the domain's mail (autoconfig draft, steps 3.1 to 3.4)."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import assert_never

from mailsetup.discovery.fetch_autoconfig import fetch_clientconfig
from mailsetup.discovery.first_preferred import first_preferred
from mailsetup.discovery.hosting_hints import (
    hosting_pointed_at,
    hosting_that_sends,
    hosting_that_signs,
)
from mailsetup.discovery.sources.builtin import known_exchanger
from mailsetup.discovery.sources.ispdb import look_up
from mailsetup.discovery.trust import is_own_host
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, MxRecord, Reply
from mailsetup.model.hostname import is_within, parse_host
from mailsetup.model.outcome import Found, NotFound, Outcome, Unreachable
from mailsetup.model.source import Method
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain

_GRACE = 0.1
_MAX_HOSTS = 4


class Mx:
    """The best mail exchangers, then what their owner publishes.

    MX answers are not authenticated: what their owner's servers say is never vouched for. The
    owner learns the domain only, not the address. Services that only filter mail are seen through:
    behind them the domain's other records tell where the mailboxes are.
    """

    method = Method.MX

    def location(self, address: EmailAddress) -> str:
        """The domain whose exchangers are asked for."""
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> Outcome:
        """Ask for the exchangers, then for what is known about their owner."""
        # Asked for along with MX, so that they are there when they are needed.
        # What points at a hosting says more than what may send or sign.
        evidence = [
            asyncio.ensure_future(look(address, net))
            for look in (hosting_pointed_at, hosting_that_signs, hosting_that_sends)
        ]
        try:
            return await self._behind(await net.dns.mx(address.domain), evidence, address, net)
        finally:
            for task in evidence:
                task.cancel()
            await asyncio.gather(*evidence, return_exceptions=True)

    async def _behind(
        self,
        reply: Reply[MxRecord],
        evidence: Sequence[Awaitable[Found | None]],
        address: EmailAddress,
        net: Network,
    ) -> Outcome:
        match reply:
            case DnsAnswer():
                hosts = best_exchangers(reply)
            case Absent():
                reason = "no-such-domain" if reply.nxdomain else "no-mx"
                return NotFound(address.domain, reason)
            case DnsFailure():
                return Unreachable(address.domain, str(reply.fault))
            case _:
                assert_never(reply)
        if not hosts:
            refuses = all(not record.host for record in reply.records)
            return NotFound(address.domain, "null-mx" if refuses else "bad-mx")
        for host in hosts:
            known = known_exchanger(host, address)
            if known is not None:
                return known
        pointed = evidence[0]
        if all(is_filter(host) for host in hosts):
            for looked in evidence:
                found = await looked
                if found is not None:
                    return found
            return NotFound(address.domain, "filter")
        domains = [
            domain for domain in hosting_domains(hosts) if _tells_more(domain, address.domain)
        ]
        if not domains:
            return await pointed or NotFound(address.domain, "own-mx")
        outcome = await self._ask(domains, address, net)
        return outcome if isinstance(outcome, Found) else await pointed or outcome

    async def _ask(self, domains: list[str], address: EmailAddress, net: Network) -> Outcome:
        asked = [
            fetch_clientconfig(
                f"https://autoconfig.{domain}/mail/config-v1.1.xml", self.method, address, net
            )
            for domain in domains
        ]
        asked += [look_up(domain, self.method, address, net) for domain in domains]
        outcome = await first_preferred(asked, _GRACE)
        return replace(outcome, vouched=False) if isinstance(outcome, Found) else outcome


def _tells_more(domain: str, own: str) -> bool:
    """Whether a domain that exchangers lie in may publish what the address's own does not.

    Of the address's own owner, only the domains above it: what a company publishes is often meant
    for its departments too (``ana@ventas.bodega.es``), and nobody else asks there.
    """
    return not is_own_host(domain, own) or (domain != own and is_within(own, domain))


def best_exchangers(reply: Reply[MxRecord]) -> list[str]:
    """Usable hosts of the best preference that has any; none for a null MX (RFC 7505).

    A null MX beside real ones is an error of the domain's, and says nothing.
    """
    records = reply.records if isinstance(reply, DnsAnswer) else ()
    usable = [(record.preference, parse_host(record.host)) for record in records]
    named = [(preference, host) for preference, host in usable if host is not None]
    return [host for preference, host in named if preference == named[0][0]][:_MAX_HOSTS]


def is_filter(host: str) -> bool:
    """Whether an exchanger belongs to a service that filters mail for mailboxes elsewhere."""
    from mailsetup.discovery import providers

    return providers.filter_of(host) is not None


def hosting_domains(hosts: list[str]) -> list[str]:
    """Where the owner of mail exchangers may publish settings, more particular names first.

    The host itself, then the draft's MXFULLDOMAIN (the host without its first label, where that is
    longer than the registrable domain) and MXBASEDOMAIN.
    """
    names: dict[str, None] = {}
    for host in hosts:
        base = owned_domain(host)
        full = host.partition(".")[2]
        names[host] = None
        if full.endswith("." + base):
            names[full] = None
        names[base] = None
    return list(names)
