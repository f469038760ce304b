"""The network access of a run, an argument so that tests can replace it."""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.clock import Clock, SystemClock
from mailsetup.net.connection import Trust
from mailsetup.net.connection_pool import ConnectionPool
from mailsetup.net.connectivity import has_route
from mailsetup.net.dial import Connect, Dialer
from mailsetup.net.dns.resolver import DnsResolver, Resolver
from mailsetup.net.dns.system_lookup import AddressLookup, coalesced, system_addresses
from mailsetup.net.environment import proxy_setting
from mailsetup.net.http import HttpClient
from mailsetup.net.https_client import HttpsClient
from mailsetup.net.system_trust import SystemTrust
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
    trust = cache(partial(system_or_openssl, options.ca_files))
    if soon:
        trust()
    look_up = dns.addresses if options.resolver else coalesced(system_addresses)
    dialer = Dialer(
        look_up=look_up,
        trust=trust,
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


def system_or_openssl(ca_files: Sequence[Path]) -> Trust:
    """How certificates are verified here: Windows and macOS have a trust store of their own.

    With ``ca_files`` OpenSSL verifies everywhere, on Windows with the roots that are stored so far:
    the functions of the system take further roots in some versions only. Raises OSError (also
    ssl.SSLError) for an unusable file.
    """
    if sys.platform in ("win32", "darwin") and not ca_files:
        return SystemTrust()
    return verifying_context(ca_files)


def system_proxy(host: str) -> str | None:
    """The proxy of the environment or the system for HTTPS to a host; None for none."""
    from urllib.request import proxy_bypass

    setting = proxy_setting()
    if setting is None or not setting.url or proxy_bypass(host):
        return None
    return setting.url
