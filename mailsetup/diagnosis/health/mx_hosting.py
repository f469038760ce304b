"""Whether mail is delivered to the hosting where the mailbox is.

A name alone proves little: hostings give customers names of their own (``mail.customer.es``), and
filters stand in front of mailboxes. So names, aliases, addresses and reverse names are compared,
and whatever stays unclear is not spoken of.
"""

import asyncio
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.discovery import providers
from mailsetup.discovery.hosting_hints import hosting_pointed_at, hosting_that_sends
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
from mailsetup.net.ip_scope import carried, is_public
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain

MAX_EXCHANGERS = 6
_MAX_ADDRESSES = 4
_IMAPS = 993
_KNOCK = 3.0
"""Seconds to see whether an exchanger keeps mailboxes."""
_PASSES_ON = (
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
"""Exchangers that forward mail or hand it to programs: the mailbox is behind them somewhere."""


class MailLocation(StrEnum):
    """Where an exchanger stands, seen from the mailbox."""

    HERE = "here"
    PASSES_ON = "passes-on"
    ELSEWHERE = "elsewhere"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the DNS tells of a host: all its names, its addresses, the companies behind them.

    ``owners`` leave out the customer's own domain, under which every hosting may stand.
    """

    host: str
    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    owners: frozenset[str] = frozenset()
    providers: tuple[MailProvider, ...] = ()

    @property
    def company(self) -> str:
        """The company's name as far as it is known, else its domain, else the host's name."""
        if self.providers:
            return self.providers[0].name
        own = owned_domain(self.host)
        return own if own in self.owners else min(self.owners, default=self.host)


@dataclass(frozen=True, slots=True)
class Judged:
    """An exchanger and where it stands."""

    record: MxRecord
    place: MailLocation
    company: str = ""

    def __str__(self) -> str:
        shown = f"{self.record.preference} {self.record.host}: {self.place}"
        return f"{shown} ({self.company})" if self.company else shown


async def machine(host: str, domain: str, dns: Resolver) -> Machine:
    """Look a host (or an IP address) up: aliases and addresses at once, then the reverse names."""
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
    return Machine(
        host,
        names,
        addresses,
        frozenset(owned_domain(name) for name in names) - {own},
        tuple(dict.fromkeys(known)),
    )


async def judge(
    domain: str, homes: Sequence[str], facts: DomainFacts, net: Network
) -> tuple[Machine, tuple[Judged, ...]]:
    """Compare every exchanger with the hosts of the mailbox, the incoming one first."""
    records = [mx for mx in facts.exchangers if mx.host and mx.host not in facts.unresolvable]
    records = records[:MAX_EXCHANGERS]
    hosts = (*homes, *(record.host for record in records))
    machines = await asyncio.gather(*(machine(host, domain, net.dns) for host in hosts))
    home = joined(machines[: len(homes)])
    there = machines[len(homes) :]
    judged = await asyncio.gather(
        *(_judge(record, one, home, net) for record, one in zip(records, there, strict=True))
    )
    return home, tuple(judged)


async def _judge(record: MxRecord, there: Machine, home: Machine, net: Network) -> Judged:
    if any(providers.filter_of(name) or _passes_on(name) for name in there.names):
        return Judged(record, MailLocation.PASSES_ON)
    same_company = any(is_same_company(a, b) for a in there.providers for b in home.providers)
    if same_company or there.owners & home.owners or share_network(there, home):
        return Judged(record, MailLocation.HERE)
    if not home.addresses or not there.addresses:
        return Judged(record, MailLocation.UNCLEAR)
    known = providers.by_mx(record.host)
    if known is not None:
        return Judged(record, MailLocation.ELSEWHERE, known.name)
    # Two companies that we do not know: a filter keeps no mailboxes, another hosting does.
    if there.owners and home.owners and await _keeps_mailboxes(record.host, net):
        return Judged(record, MailLocation.ELSEWHERE, there.company)
    return Judged(record, MailLocation.UNCLEAR)


def joined(machines: Sequence[Machine]) -> Machine:
    """The mailbox's hosts as one place, named after the first."""
    return Machine(
        machines[0].host,
        _all(one.names for one in machines),
        _all(one.addresses for one in machines),
        frozenset[str]().union(*(one.owners for one in machines)),
        tuple(dict.fromkeys(provider for one in machines for provider in one.providers)),
    )


def _all(some: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in some for name in names))


def _passes_on(name: str) -> bool:
    return any(is_within(name, suffix) for suffix in _PASSES_ON)


def is_same_company(one: MailProvider, other: MailProvider) -> bool:
    """Whether two rows are one company's, also where it has several (by country, by product)."""
    return (
        one.name.split()[0] == other.name.split()[0]
        or bool(set(one.owns) & set(other.owns))
        or bool(set(one.mx) & set(other.owns))
        or bool(set(one.owns) & set(other.mx))
    )


def share_network(one: Machine, other: Machine) -> bool:
    """Whether two hosts are one machine or close neighbours."""
    if set(one.addresses) & set(other.addresses):
        return True
    here = {_network(address) for address in one.addresses if is_public(address)}
    return any(_network(address) in here for address in other.addresses if is_public(address))


def _network(address: str) -> str:
    """A neighbourhood that is not divided between companies, as a rule."""
    ip = carried(address)
    prefix = 24 if isinstance(ip, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network(f"{ip}/{prefix}", strict=False))


async def _keeps_mailboxes(host: str, net: Network) -> bool:
    """Whether IMAP over TLS is served there, under whatever name."""
    try:
        async with asyncio.timeout(_KNOCK):
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
    """``homes`` are the hosts where we logged in. Nothing where one exchanger stays unclear."""
    if not homes or not facts.exchangers:
        return ()
    home, judged = await judge(address.domain, homes, facts, net)
    here = [one for one in judged if one.place is MailLocation.HERE]
    elsewhere = [one for one in judged if one.place is MailLocation.ELSEWHERE]
    if not elsewhere or (not here and len(elsewhere) < len(judged)):
        return ()
    shown: dict[str, Fact] = {
        "mx": tuple(str(one) for one in judged),
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
                # An exchanger of last resort gets mail only while the others are away.
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
    """What else in the DNS names a hosting: it tells which side of a move was forgotten."""
    pointed, sends = await asyncio.gather(
        hosting_pointed_at(address, net), hosting_that_sends(address, net)
    )
    shown: dict[str, Fact] = {}
    if pointed is not None:
        shown["names_point_to"] = f"{pointed.settings.provider} ({pointed.source.location})"
    if sends is not None:
        shown["spf_names"] = f"{sends.settings.provider} ({sends.source.location})"
    return shown
