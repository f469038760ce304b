"""Fetching small public documents over HTTPS, and nothing else.

No cookies, no credentials, no ``~/.netrc``, no compression (a few bytes could unfold into
gigabytes), redirects by hand, one deadline over the whole request.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from mailsetup.model.hostname import parse_host
from mailsetup.net.dial import Connect, ConnectFailure, ConnectFault
from mailsetup.net.tls import TlsFailure

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool

BODY_LIMIT = 256 * 1024
REQUEST_TIMEOUT = 10.0
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpFault(StrEnum):
    """Why no document came."""

    UNRESOLVABLE = "unresolvable"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    TOO_LARGE = "too-large"
    ENCODED = "encoded"
    """Compressed although we asked for none: not unpacked."""
    REDIRECT_LOOP = "redirect-loop"
    REDIRECT_INSECURE = "redirect-insecure"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """What happened instead of an answer, at which URL."""

    fault: HttpFault
    url: str
    tls: TlsFailure | None = None


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer. ``url`` is where it came from after all redirects."""

    status: int
    url: str
    body: bytes
    content_type: str = ""


class HttpClient(Protocol):
    """What discovery asks of the web."""

    async def get(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        """GET over HTTPS. ``limit`` in bytes, ``timeout`` in seconds for everything together."""
        ...


class HttpsClient:
    """HTTPS on httpcore2, over our own connections."""

    def __init__(
        self, connect: Connect, context: ssl.SSLContext, proxy_for: Callable[[str], str | None]
    ) -> None:
        # httpcore2 sets ALPN on the context: it must not be the one that mail connections use.
        self._connect = connect
        self._context = context
        self._proxy_for = proxy_for
        self._pools: dict[str | None, AsyncConnectionPool] = {}

    async def get(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        """GET with at most five redirects, HTTPS only."""
        here = url
        try:
            async with asyncio.timeout(timeout):
                for _ in range(MAX_REDIRECTS + 1):
                    reply = await self._get_once(here, limit)
                    if not isinstance(reply, _Redirect):
                        return reply
                    here = reply.target
                    if not _is_public_https(here):
                        return HttpFailure(HttpFault.REDIRECT_INSECURE, here[:500])
                return HttpFailure(HttpFault.REDIRECT_LOOP, here[:500])
        except TimeoutError:
            return HttpFailure(HttpFault.TIMEOUT, here)

    async def close(self) -> None:
        """Close what is kept open."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def _get_once(self, url: str, limit: int) -> "HttpReply | HttpFailure | _Redirect":
        import httpcore2

        headers = [
            ("Host", urlsplit(url).netloc),
            ("Accept", "application/xml, text/xml, application/json, text/plain, */*;q=0.1"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "mailsetup"),
            ("Connection", "close"),
        ]
        try:
            async with self._pool_for(url).stream("GET", url, headers=headers) as response:
                seen = {name.lower(): value for name, value in response.headers}
                if response.status in _REDIRECTS and b"location" in seen:
                    location = seen[b"location"].decode("ascii", "replace")
                    return _Redirect(urljoin(url, location))
                encoding = seen.get(b"content-encoding", b"identity").strip().lower()
                if encoding not in (b"", b"identity"):
                    return HttpFailure(HttpFault.ENCODED, url)
                body = bytearray()
                async for chunk in response.aiter_stream():
                    body += chunk
                    if len(body) > limit:
                        return HttpFailure(HttpFault.TOO_LARGE, url)
                content_type = seen.get(b"content-type", b"").decode("latin-1")
                return HttpReply(response.status, url, bytes(body), content_type)
        except ConnectError as error:
            return _failure(error.failure, url)
        except (httpcore2.ConnectTimeout, httpcore2.ReadTimeout, httpcore2.PoolTimeout):
            return HttpFailure(HttpFault.TIMEOUT, url)
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.ProxyError,
            httpcore2.UnsupportedProtocol,
        ):
            return HttpFailure(HttpFault.PROTOCOL, url)
        except (UnicodeError, ValueError):
            return HttpFailure(HttpFault.PROTOCOL, url)

    def _pool_for(self, url: str) -> "AsyncConnectionPool":
        proxy = self._proxy_for(urlsplit(url).hostname or "")
        pool = self._pools.get(proxy)
        if pool is None:
            import httpcore2

            from mailsetup.net._httpcore import Backend

            pool = httpcore2.AsyncConnectionPool(
                ssl_context=self._context,
                proxy=httpcore2.Proxy(proxy) if proxy else None,
                max_connections=None,
                max_keepalive_connections=0,
                network_backend=Backend(self._connect),
            )
            self._pools[proxy] = pool
        return pool


@dataclass(frozen=True, slots=True)
class _Redirect:
    target: str


def _is_public_https(url: str) -> bool:
    """HTTPS on the usual port, no user information, a public host name."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme == "https"
            and parts.username is None
            and parts.port in (None, 443)
            and parts.hostname is not None
            and parse_host(parts.hostname) is not None
        )
    except ValueError:
        return False


class ConnectError(Exception):
    """Carries a connection's failure through httpcore2 unchanged."""

    def __init__(self, failure: ConnectFailure) -> None:
        super().__init__(failure.fault)
        self.failure = failure


def _failure(failure: ConnectFailure, url: str) -> HttpFailure:
    match failure.fault:
        case ConnectFault.TLS:
            return HttpFailure(HttpFault.TLS, url, failure.tls)
        case ConnectFault.UNRESOLVABLE:
            return HttpFailure(HttpFault.UNRESOLVABLE, url)
        case ConnectFault.TIMEOUT:
            return HttpFailure(HttpFault.TIMEOUT, url)
        case _:
            return HttpFailure(HttpFault.UNREACHABLE, url)
