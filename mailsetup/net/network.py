"""The one door to the outside, handed down as an argument and replaceable as a whole."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial

from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.clock import Clock, SystemClock
from mailsetup.net.connectivity import has_route
from mailsetup.net.dial import Connect, Dialer
from mailsetup.net.dns.resolver import DnsResolver, Resolver
from mailsetup.net.dns.system_lookup import AddressLookup, coalesced, system_addresses
from mailsetup.net.environment import proxy_setting
from mailsetup.net.http import HttpClient
from mailsetup.net.https_client import HttpsClient
from mailsetup.net.open_connections import OpenConnections
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
    kept: OpenConnections = field(default_factory=OpenConnections)
    """What discovery opened and the login may go on with."""


@asynccontextmanager
async def open_network(
    options: NetworkOptions | None = None, *, soon: bool = True
) -> AsyncIterator[Network]:
    """The real network for one run. Raises OSError (with ssl.SSLError) for an unusable CA file.

    ``soon`` is whether a connection will be wanted soon; otherwise the authorities that are to be
    trusted are read only for the first one.
    """
    options = options or NetworkOptions()
    dns = DnsResolver(options.resolver, options.anchors)
    context = cache(partial(verifying_context, options.ca_files))
    if soon:
        context()
    look_up = dns.addresses if options.resolver else coalesced(system_addresses)
    dialer = Dialer(
        look_up=look_up,
        context=context,
        allow_loopback=options.resolver is not None,
        routes=options.routes,
    )
    http = HttpsClient(dialer, proxy_for=system_proxy if options.use_proxy else lambda _host: None)
    kept = OpenConnections()
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


def system_proxy(host: str) -> str | None:
    """The proxy that the system (or the environment) wants for HTTPS to this host."""
    from urllib.request import proxy_bypass

    setting = proxy_setting()
    if setting is None or not setting.url or proxy_bypass(host):
        return None
    return setting.url
