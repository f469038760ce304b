"""The scope of IP addresses, also of IPv4 addresses that are embedded in IPv6 addresses.

`ipaddress` ignores embedded addresses: on Python 3.11 ``::ffff:127.0.0.1`` is no loopback.
"""

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

_IPV4_EMBEDDED = tuple(
    IPv6Network(text)
    for text in (
        "::/96",  # IPv4-compatible, RFC 4291 section 2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped, section 2.5.5.2
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 7915
        "64:ff9b::/96",  # NAT64, RFC 6052
    )
)
"""Networks whose addresses end in an IPv4 address."""
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: the operator chooses the length of the prefix before the IPv4 address."""
_ISATAP = (0x00005EFE, 0x02005EFE)
"""Bits 64 to 95 of an ISATAP address (RFC 5214 section 6.1), before the IPv4 address."""
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")


def is_loopback_or_link_local(address: str) -> bool:
    """Whether an address may lead to this computer or its link.

    Loopback, link-local, unspecified, multicast, broadcast and reserved addresses; private networks
    (RFC 1918, RFC 4193) do not count, as companies have mail servers there. True for invalid
    addresses.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(ip, IPv4Address):
        return _is_local(ip)
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return True
    if ip in _LOCAL_NAT64:
        # The length of the prefix is unknown. Wrong lengths often give addresses in 0.0.0.0/8:
        # these count only where there are no others.
        possible = [inner for inner in _in_local_nat64(ip) if inner not in _THIS_NETWORK]
        return not possible or any(map(_is_local, possible))
    return any(map(_is_local, _embedded(ip)))


def is_public(address: str) -> bool:
    """Whether an address is globally reachable. False for invalid addresses."""
    ip = unmapped(address)
    return ip is not None and ip.is_global


def unmapped(address: str) -> IPv4Address | IPv6Address | None:
    """The address, or the IPv4 address in a mapped or translated one; None for invalid ones."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address) and _ends_in_ipv4(ip) and int(ip) > 1:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _is_local(ip: IPv4Address) -> bool:
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_multicast
        or ip.is_reserved  # with the limited broadcast address
        or ip in _THIS_NETWORK
    )


def _ends_in_ipv4(ip: IPv6Address) -> bool:
    return any(ip in network for network in _IPV4_EMBEDDED)


def _embedded(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a router or this computer may extract from it."""
    bits = int(ip)
    tail = IPv4Address(bits & 0xFFFFFFFF)
    if _ends_in_ipv4(ip) or (bits >> 32 & 0xFFFFFFFF) in _ISATAP:
        yield tail
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo


def _in_local_nat64(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The possible addresses, one for each prefix length (RFC 6052 section 2.2); bits 64 to 71
    are skipped.
    """
    octets = ip.packed
    for start in (6, 7, 8, 12):
        rest = octets[start:] if start == 12 else octets[start:8] + octets[9:]
        yield IPv4Address(rest[:4])
