"""Settings of the hosting that receives the domain's mail (autoconfig draft, steps 3.1 to 3.4)."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import assert_never

from mailsetup.discovery import hosting_hints, provider_settings, providers
from mailsetup.discovery.exchangers import best_exchangers, hosting_domains
from mailsetup.discovery.fetch_autoconfig import fetch_autoconfig
from mailsetup.discovery.first_preferred import first_preferred
from mailsetup.discovery.sources.ispdb import look_up
from mailsetup.discovery.trust import is_own_host
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, MxRecord, Reply
from mailsetup.model.hostname import is_within
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.network import Network

_GRACE = 0.1


class Mx:
    """The preferred mail exchangers, then what their operator publishes.

    MX answers are not authenticated, so that the operator's documents are never vouched for. The
    operator learns the domain only, not the address. Where the exchangers belong to a service that
    only filters mail, other records of the domain are evidence of the mailboxes' hosting.
    """

    method = Method.MX

    def location(self, address: EmailAddress) -> str:
        """The domain whose exchangers are looked up."""
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Look the exchangers up, then the settings of their operator."""
        # Started together with the MX query, so that the evidence is available when needed. An
        # alias is better evidence than a permission to sign or send.
        evidence = [
            asyncio.ensure_future(look_up(address, net))
            for look_up in (hosting_hints.by_alias, hosting_hints.by_dkim_key, hosting_hints.by_spf)
        ]
        try:
            reply = await net.dns.mx(address.domain)
            return await self._of_exchangers(reply, evidence, address, net)
        finally:
            for task in evidence:
                task.cancel()
            await asyncio.gather(*evidence, return_exceptions=True)

    async def _of_exchangers(
        self,
        reply: Reply[MxRecord],
        evidence: Sequence[Awaitable[Found | None]],
        address: EmailAddress,
        net: Network,
    ) -> SourceResult:
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
            null_mx = all(not record.host for record in reply.records)
            return NotFound(address.domain, "null-mx" if null_mx else "bad-mx")
        for host in hosts:
            listed = provider_settings.of_exchanger(host, address)
            if listed is not None:
                return listed
        if all(providers.filter_of(host) for host in hosts):
            for each in evidence:
                found = await each
                if found is not None:
                    return found
            return NotFound(address.domain, "filter")
        domains = [domain for domain in hosting_domains(hosts) if _may_add(domain, address.domain)]
        by_alias = evidence[0]
        if not domains:
            return await by_alias or NotFound(address.domain, "own-mx")
        outcome = await self._published_in(domains, address, net)
        return outcome if isinstance(outcome, Found) else await by_alias or outcome

    async def _published_in(
        self, domains: list[str], address: EmailAddress, net: Network
    ) -> SourceResult:
        attempts = [
            fetch_autoconfig(
                f"https://autoconfig.{domain}/mail/config-v1.1.xml", self.method, address, net
            )
            for domain in domains
        ]
        attempts += [look_up(domain, self.method, address, net) for domain in domains]
        outcome = await first_preferred(attempts, _GRACE)
        return replace(outcome, vouched=False) if isinstance(outcome, Found) else outcome


def _may_add(domain: str, own: str) -> bool:
    """Whether a domain of the exchangers may publish what the address's own domain does not.

    Among domains with the same owner, only those above the address's: what a company publishes is
    often valid for its departments, too (``ana@ventas.bodega.es``), and no other source asks there.
    """
    return not is_own_host(domain, own) or (domain != own and is_within(own, domain))
