"""Whether the MX records lead to the hosting of the mailbox.

A name alone proves little: hostings give customers names of their own (``mail.customer.es``), and
filters receive mail for mailboxes elsewhere. So names, aliases, addresses and reverse names are
compared, and nothing is reported where the result is unclear.
"""

import asyncio
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.discovery import hosting_hints, providers
from mailsetup.discovery.providers import MailProvider
from mailsetup.model.address import EmailAddress
from mailsetup.model.certificate import TlsFault
from mailsetup.model.dns import DnsAnswer, MxRecord
from mailsetup.model.domain_facts import DomainFacts
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import is_ip_literal, is_within
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.ip_scope import is_public, unmapped
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain

MAX_EXCHANGERS = 6
_MAX_ADDRESSES = 4
_IMAPS = 993
_CONNECT_TIMEOUT = 3.0
"""Seconds to find out whether an exchanger serves IMAP."""
_FORWARDERS = (
    "registrar-servers.com",
    "mx.cloudflare.net",
    "forwardemail.net",
    "improvmx.com",
    "mailgun.org",
    "sendgrid.net",
    "mandrillapp.com",
    "inbound.postmarkapp.com",
    "amazonaws.com",
)
"""Exchangers that forward mail or pass it to programs: the mailbox is somewhere else."""


class ExchangerPlace(StrEnum):
    """Where an exchanger is, relative to the hosting of the mailbox."""

    HERE = "here"
    FORWARDER = "passes-on"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unclear"


@dataclass(frozen=True, slots=True)
class HostProfile:
    """What the DNS tells about a host: its names, addresses and the companies that own them.

    ``owners`` exclude the customer's own domain, in which every hosting may have names.
    """

    host: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    providers: tuple[MailProvider, ...] = ()

    @property
    def company(self) -> str:
        """The company's name if known, else its domain, else the host's name."""
        if self.providers:
            return self.providers[0].name
        own = owned_domain(self.host)
        return own if own in self.owners else min(self.owners, default=self.host)


@dataclass(frozen=True, slots=True)
class PlacedExchanger:
    """An exchanger and its place; ``company`` is "" unless it is another one."""

    record: MxRecord
    place: ExchangerPlace
    company: str = ""

    def __str__(self) -> str:
        shown = f"{self.record.preference} {self.record.host}: {self.place}"
        return f"{shown} ({self.company})" if self.company else shown


async def look_up_host(host: str, domain: str, dns: Resolver) -> HostProfile:
    """Look up a host (or an IP address): aliases and addresses concurrently, then reverse names."""
    addresses: tuple[str, ...] = (host,)
    own_names: tuple[str, ...] = ()
    if not is_ip_literal(host):
        aliases, reply = await asyncio.gather(dns.aliases(host), dns.addresses(host))
        addresses = reply.records[:_MAX_ADDRESSES] if isinstance(reply, DnsAnswer) else ()
        own_names = (host, *aliases)
    reverse = await asyncio.gather(*(dns.names_of(one) for one in addresses if is_public(one)))
    names = tuple(dict.fromkeys((*own_names, *(name for some in reverse for name in some))))
    own = owned_domain(domain)
    known = (
        provider
        for name in names
        if not is_within(name, own)
        for provider in (providers.by_host(name), providers.by_mx(name), providers.by_cname(name))
        if provider is not None
    )
    return HostProfile(
        host,
        names,
        addresses,
        frozenset(owned_domain(name) for name in names) - {own},
        tuple(dict.fromkeys(known)),
    )


async def place_exchangers(
    domain: str, homes: Sequence[str], facts: DomainFacts, net: Network
) -> tuple[HostProfile, tuple[PlacedExchanger, ...]]:
    """The profile of the mailbox's hosts (the incoming one first) and the placed exchangers."""
    records = [mx for mx in facts.exchangers if mx.host and mx.host not in facts.unresolvable]
    records = records[:MAX_EXCHANGERS]
    hosts = (*homes, *(record.host for record in records))
    profiles = await asyncio.gather(*(look_up_host(host, domain, net.dns) for host in hosts))
    home = merged(profiles[: len(homes)])
    there = profiles[len(homes) :]
    placed = await asyncio.gather(
        *(_place(record, one, home, net) for record, one in zip(records, there, strict=True))
    )
    return home, tuple(placed)


async def _place(
    record: MxRecord, there: HostProfile, home: HostProfile, net: Network
) -> PlacedExchanger:
    if any(providers.filter_of(name) or _is_forwarder(name) for name in there.names):
        return PlacedExchanger(record, ExchangerPlace.FORWARDER)
    same_company = any(is_same_company(a, b) for a in there.providers for b in home.providers)
    if same_company or there.owners & home.owners or share_network(there, home):
        return PlacedExchanger(record, ExchangerPlace.HERE)
    if not home.addresses or not there.addresses:
        return PlacedExchanger(record, ExchangerPlace.UNKNOWN)
    known = providers.by_mx(record.host)
    if known is not None:
        return PlacedExchanger(record, ExchangerPlace.ELSEWHERE, known.name)
    # Two unknown companies: a filter serves no mailboxes, another hosting does.
    if there.owners and home.owners and await _serves_imap(record.host, net):
        return PlacedExchanger(record, ExchangerPlace.ELSEWHERE, there.company)
    return PlacedExchanger(record, ExchangerPlace.UNKNOWN)


def merged(profiles: Sequence[HostProfile]) -> HostProfile:
    """Several hosts of one hosting as one profile, named after the first."""
    return HostProfile(
        profiles[0].host,
        _all(one.names for one in profiles),
        _all(one.addresses for one in profiles),
        frozenset[str]().union(*(one.owners for one in profiles)),
        tuple(dict.fromkeys(provider for one in profiles for provider in one.providers)),
    )


def _all(some: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in some for name in names))


def _is_forwarder(name: str) -> bool:
    return any(is_within(name, suffix) for suffix in _FORWARDERS)


def is_same_company(one: MailProvider, other: MailProvider) -> bool:
    """Whether two rows belong to one company, which may have one for each country or product."""
    return (
        one.name.split()[0] == other.name.split()[0]
        or bool(set(one.owns) & set(other.owns))
        or bool(set(one.mx) & set(other.owns))
        or bool(set(one.owns) & set(other.mx))
    )


def share_network(one: HostProfile, other: HostProfile) -> bool:
    """Whether two hosts have a common address or network."""
    if set(one.addresses) & set(other.addresses):
        return True
    here = {_network(address) for address in one.addresses if is_public(address)}
    return any(_network(address) in here for address in other.addresses if is_public(address))


def _network(address: str) -> str:
    """A network that usually belongs to one company: /24 for IPv4, /48 for IPv6."""
    ip = unmapped(address)
    prefix = 24 if isinstance(ip, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network(f"{ip}/{prefix}", strict=False))


async def _serves_imap(host: str, net: Network) -> bool:
    """Whether IMAP over TLS is served there, with whatever certificate."""
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT):
            outcome = await net.connect(host, _IMAPS, implicit_tls=True)
    except TimeoutError:
        return False
    if isinstance(outcome, ConnectFailure):
        named = (TlsFault.WRONG_NAME, TlsFault.EXPIRED, TlsFault.UNKNOWN_ISSUER)
        is_tls = outcome.fault is ConnectFault.TLS and outcome.tls is not None
        return is_tls and outcome.tls is not None and outcome.tls.fault in named
    outcome.close()
    return True


async def findings(
    address: EmailAddress, homes: Sequence[str], facts: DomainFacts, net: Network
) -> tuple[Finding, ...]:
    """``homes`` are the hosts of the logins. Nothing is reported where one exchanger is unclear."""
    if not homes or not facts.exchangers:
        return ()
    home, placed = await place_exchangers(address.domain, homes, facts, net)
    here = [one for one in placed if one.place is ExchangerPlace.HERE]
    elsewhere = [one for one in placed if one.place is ExchangerPlace.ELSEWHERE]
    if not elsewhere or (not here and len(elsewhere) < len(placed)):
        return ()
    shown: dict[str, Fact] = {
        "mx": tuple(str(one) for one in placed),
        "mailbox": home.host,
        "mailbox_addresses": home.addresses,
    }
    shown |= await _hints(address, net)
    companies = tuple(dict.fromkeys(one.company for one in elsewhere))
    if here:
        best = min(one.record.preference for one in here)
        first = any(one.record.preference <= best for one in elsewhere)
        return (
            Finding(
                FindingId.DNS_MX_TWO_HOSTINGS,
                # A backup exchanger gets mail only while the others are unreachable.
                Status.FAIL if first else Status.WARN,
                {"hostings": (home.company, *companies)},
                shown,
            ),
        )
    best_one = elsewhere[0]
    name = best_one.record.host
    if best_one.company and not is_within(name, best_one.company):
        name = f"{name} ({best_one.company})"
    facts_shown = {"domain": address.display_domain, "mx": name, "hosting": home.company}
    return (Finding(FindingId.DNS_MX_ELSEWHERE, Status.FAIL, facts_shown, shown),)


async def _hints(address: EmailAddress, net: Network) -> dict[str, Fact]:
    """Other DNS records that name a hosting: they show which side of a migration was forgotten."""
    pointed, sends = await asyncio.gather(
        hosting_hints.by_alias(address, net), hosting_hints.by_spf(address, net)
    )
    shown: dict[str, Fact] = {}
    if pointed is not None:
        shown["names_point_to"] = f"{pointed.settings.provider} ({pointed.source.location})"
    if sends is not None:
        shown["spf_names"] = f"{sends.settings.provider} ({sends.source.location})"
    return shown
