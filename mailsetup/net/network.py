"""The network access of a run, an argument so that tests can replace it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial

from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.clock import Clock, SystemClock
from mailsetup.net.connection_pool import ConnectionPool
from mailsetup.net.connectivity import has_route
from mailsetup.net.dial import Connect, Dialer
from mailsetup.net.dns.resolver import DnsResolver, Resolver
from mailsetup.net.dns.system_lookup import AddressLookup, coalesced, system_addresses
from mailsetup.net.environment import proxy_setting
from mailsetup.net.http import HttpClient
from mailsetup.net.https_client import HttpsClient
from mailsetup.net.tls import verifying_context


@dataclass(frozen=True, slots=True)
class Network:
    """All network access of a run."""

    dns: Resolver
    http: HttpClient
    connect: Connect
    look_up: AddressLookup
    """The cached address resolution of ``connect`` and ``http``."""
    clock: Clock
    is_online: Callable[[], bool] = has_route
    """Whether this computer has a network connection."""
    pool: ConnectionPool = field(default_factory=ConnectionPool)
    """Connections that discovery opened and the login may use."""


@asynccontextmanager
async def open_network(
    options: NetworkOptions | None = None, *, soon: bool = True
) -> AsyncIterator[Network]:
    """The real network for one run. Raises OSError (with ssl.SSLError) for an unusable CA file.

    With ``soon`` the trust anchors are read now, otherwise for the first connection.
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
    pool = ConnectionPool()
    try:
        yield Network(
            dns=dns,
            http=http,
            connect=dialer,
            look_up=look_up,
            clock=SystemClock(),
            pool=pool,
            # With a given resolver the network may be an isolated one, without a default route.
            is_online=has_route if options.resolver is None else lambda: True,
        )
    finally:
        pool.close()
        await http.close()
        await dns.close()


def system_proxy(host: str) -> str | None:
    """The proxy of the environment or the system for HTTPS to a host; None for none."""
    from urllib.request import proxy_bypass

    setting = proxy_setting()
    if setting is None or not setting.url or proxy_bypass(host):
        return None
    return setting.url
