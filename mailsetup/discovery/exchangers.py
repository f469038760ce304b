"""A domain's mail exchangers: which are usable, and which domains their operator may publish in."""

from mailsetup.model.dns import DnsAnswer, MxRecord, Reply
from mailsetup.model.hostname import parse_host
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain

_MAX_HOSTS = 4


def best_exchangers(reply: Reply[MxRecord]) -> list[str]:
    """Usable hosts of the best preference that has any; none for a null MX (RFC 7505).

    A null MX next to real ones is an error in the zone and is ignored.
    """
    records = reply.records if isinstance(reply, DnsAnswer) else ()
    usable = [(record.preference, parse_host(record.host)) for record in records]
    named = [(preference, host) for preference, host in usable if host is not None]
    return [host for preference, host in named if preference == named[0][0]][:_MAX_HOSTS]


def hosting_domains(hosts: list[str]) -> list[str]:
    """Domains in which the operator of mail exchangers may publish settings, longer ones first.

    The host itself, then the autoconfig draft's MXFULLDOMAIN (the host without its first label,
    where that is longer than the registrable domain) and MXBASEDOMAIN.
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


async def mail_exchangers(domain: str, net: Network) -> tuple[str, ...]:
    """The MX hosts of the domain, best first.

    A null MX (RFC 7505) and hosts that others cannot reach do not count.
    """
    reply = await net.dns.mx(domain)
    if not isinstance(reply, DnsAnswer):
        return ()
    hosts = (parse_host(record.host) for record in reply.records)
    return tuple(dict.fromkeys(host for host in hosts if host is not None))
