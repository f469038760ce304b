"""The one door to the outside, handed down as an argument and replaceable as a whole."""

import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailsetup.net.clock import Clock, SystemClock
from mailsetup.net.dial import Connect, Dialer
from mailsetup.net.dns import (
    AddressLookup,
    DnsResolver,
    Resolver,
    asked_once,
    system_addresses,
)
from mailsetup.net.dnssec import ROOT_ANCHORS
from mailsetup.net.http import HttpClient, HttpsClient
from mailsetup.net.kept import KeptConnections
from mailsetup.net.route import has_route
from mailsetup.net.tls import verifying_context


@dataclass(frozen=True, slots=True)
class Network:
    """Everything by which the engine touches the world."""

    dns: Resolver
    http: HttpClient
    connect: Connect
    look_up: AddressLookup
    """How ``connect`` and ``http`` find a host's addresses; an answer is kept for them."""
    clock: Clock
    is_online: Callable[[], bool] = has_route
    """Whether this computer has any way to the outside."""
    kept: KeptConnections = field(default_factory=KeptConnections)
    """What discovery opened and the login may go on with."""


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How to reach the outside.

    ``resolver`` replaces the system's name service for every look-up, also of host names; whoever
    names one may also be led to this computer's own addresses. ``ca_files`` are trusted beside the
    system's authorities. ``anchors`` replace the DNS root's published keys (DS records) for a world
    with a root of its own. ``routes`` leads (host, port) to another (address, port): the demo world
    uses it, as it cannot have the standard ports.
    """

    resolver: tuple[str, int] | None = None
    ca_files: tuple[Path, ...] = ()
    routes: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    use_proxy: bool = True
    anchors: tuple[str, ...] = ROOT_ANCHORS


@asynccontextmanager
async def open_network(options: NetworkOptions = NetworkOptions()) -> AsyncIterator[Network]:
    """The real network for one run. Raises OSError (with ssl.SSLError) for an unusable CA file."""
    dns = DnsResolver(options.resolver, options.anchors)
    context = verifying_context(options.ca_files)
    look_up = dns.addresses if options.resolver else asked_once(system_addresses)
    dialer = Dialer(
        look_up=look_up,
        context=context,
        allow_loopback=options.resolver is not None,
        routes=options.routes,
    )
    http = HttpsClient(dialer, proxy_for=system_proxy if options.use_proxy else lambda _host: None)
    kept = KeptConnections()
    try:
        yield Network(
            dns=dns,
            http=http,
            connect=dialer,
            look_up=look_up,
            clock=SystemClock(),
            kept=kept,
            # Whoever names a resolver may live in a world of their own, without any way out.
            is_online=has_route if options.resolver is None else lambda: True,
        )
    finally:
        kept.close()
        await http.close()
        await dns.close()


def parse_resolver(text: str) -> tuple[str, int] | None:
    """``HOST[:PORT]`` of a name server, an IP address; None when it is not one."""
    host, port_text = text, "53"
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        if rest:
            port_text = rest.removeprefix(":")
    elif text.count(":") == 1:
        host, port_text = text.split(":")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    if not (port_text.isascii() and port_text.isdigit() and 0 < int(port_text) < 65536):
        return None
    return host, int(port_text)


def system_proxy(host: str) -> str | None:
    """The proxy that the system (or the environment) wants for HTTPS to this host."""
    from urllib.request import getproxies, proxy_bypass

    proxy = getproxies().get("https", "")
    if not proxy.startswith(("http://", "https://", "socks5://")) or proxy_bypass(host):
        return None
    return proxy
