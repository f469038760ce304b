"""What an IP address leads to, also where an IPv6 address only carries an IPv4 address.

`ipaddress` judges the outer address alone: on Python 3.11 ``::ffff:127.0.0.1`` is no loopback.
"""

import ipaddress
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network

_CARRIERS = tuple(
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
"""RFC 8215: an operator chooses how long the prefix in front of the IPv4 address is."""
_ISATAP = (0x00005EFE, 0x02005EFE)
"""Bits 64 to 95 of an ISATAP address (RFC 5214 section 6.1), in front of the IPv4 address."""
_THIS_NETWORK = ipaddress.ip_network("0.0.0.0/8")


def leads_home(address: str) -> bool:
    """Whether connecting there may end at this computer or the link that it is attached to.

    Loopback, link-local, unspecified, multicast, broadcast and reserved addresses; private networks
    (RFC 1918, RFC 4193) do not count, as companies have mail servers there. True for what is no
    address at all.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(ip, IPv4Address):
        return _is_home(ip)
    if ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_multicast:
        return True
    if ip in _LOCAL_NAT64:
        # Which reading is right only the operator knows. The wrong ones are often 0.0.0.0 or lie in
        # 0.0.0.0/8, so these count only where nothing else is there.
        read = [inner for inner in _in_local_nat64(ip) if inner not in _THIS_NETWORK]
        return not read or any(map(_is_home, read))
    return any(map(_is_home, _embedded(ip)))


def is_public(address: str) -> bool:
    """Whether the address means the same machine everywhere. False for what is no address."""
    ip = carried(address)
    return ip is not None and ip.is_global


def carried(address: str) -> IPv4Address | IPv6Address | None:
    """The address, or the IPv4 address that a mapped or translated one stands for."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address) and any(ip in network for network in _CARRIERS) and int(ip) > 1:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _is_home(ip: IPv4Address) -> bool:
    return (
        ip.is_loopback
        or ip.is_link_local
        or ip.is_multicast
        or ip.is_reserved  # with the limited broadcast address
        or ip in _THIS_NETWORK
    )


def _embedded(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a router or this computer may take out of it."""
    bits = int(ip)
    tail = IPv4Address(bits & 0xFFFFFFFF)
    if any(ip in network for network in _CARRIERS) or (bits >> 32 & 0xFFFFFFFF) in _ISATAP:
        yield tail
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo


def _in_local_nat64(ip: IPv6Address) -> Iterator[IPv4Address]:
    """For every length of the prefix (RFC 6052 section 2.2); bits 64 to 71 are skipped."""
    octets = ip.packed
    for start in (6, 7, 8, 12):
        rest = octets[start:] if start == 12 else octets[start:8] + octets[9:]
        yield IPv4Address(rest[:4])
