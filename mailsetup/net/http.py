"""Fetching small public documents over HTTPS, and nothing else.

No cookies, no credentials, no ``~/.netrc``, no compression asked for (what comes compressed all the
same is unpacked up to the limit: a few bytes could unfold into gigabytes), redirects by hand, one
deadline over the whole request.
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, assert_never
from urllib.parse import urljoin, urlsplit

from mailsetup.model.certificate import TlsFailure
from mailsetup.model.hostname import parse_host
from mailsetup.model.rfc5322 import date_in
from mailsetup.model.secret import AccessToken
from mailsetup.model.text import plain
from mailsetup.net.connect_error import ConnectError
from mailsetup.net.dial import ConnectFailure, ConnectFault, Dialer
from mailsetup.net.public_suffix import owned_domain
from mailsetup.net.tls import blank_context

if TYPE_CHECKING:
    from httpcore2 import AsyncConnectionPool, Response

BODY_LIMIT = 256 * 1024
REQUEST_TIMEOUT = 10.0
MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpFault(StrEnum):
    """Why no document came."""

    UNRESOLVABLE = "unresolvable"
    RESOLVER = "resolver"
    """The name service itself did not answer."""
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TLS = "tls"
    TOO_LARGE = "too-large"
    ENCODED = "encoded"
    """Packed in a way that we cannot unpack, although we asked for none."""
    REDIRECT_LOOP = "redirect-loop"
    REDIRECT_INSECURE = "redirect-insecure"
    REDIRECT_FOREIGN = "redirect-foreign"
    """To another owner's host, where the caller wanted to stay with one; ``url`` is the target."""
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """What happened instead of an answer, at which URL."""

    fault: HttpFault
    url: str
    tls: TlsFailure | None = None


@dataclass(frozen=True, slots=True)
class HttpReply:
    """An answer. ``url`` is where it came from after all redirects.

    ``location`` is where a redirect that was not followed leads (absolute), ``challenge`` the ways
    to log in that a 401 names, as plain text in lower case.
    """

    status: int
    url: str
    body: bytes
    content_type: str = ""
    location: str = ""
    challenge: str = ""
    date: datetime | None = None
    """The other side's clock, where it tells the time."""


class Follow(StrEnum):
    """Which redirects of an HTTPS URL are followed; never one to plain HTTP."""

    ANYWHERE = "anywhere"
    SAME_OWNER = "same-owner"
    NOWHERE = "nowhere"


class HttpClient(Protocol):
    """What discovery asks of the web."""

    async def get(
        self,
        url: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
        follow: Follow = Follow.ANYWHERE,
        bearer: AccessToken | None = None,
    ) -> HttpReply | HttpFailure:
        """GET over HTTPS. ``limit`` in bytes, ``timeout`` in seconds for everything together.

        With ``bearer``, which is said to this host alone (RFC 6750), no redirect is followed.
        """
        ...

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
    ) -> HttpReply | HttpFailure:
        """POST over HTTPS. A redirect is not followed but told."""
        ...

    async def get_plain(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        """GET over plain HTTP, which anybody on the way can forge. A redirect is only told."""
        ...


class HttpsClient:
    """HTTPS on httpcore2, over our own connections."""

    def __init__(self, dialer: Dialer, proxy_for: Callable[[str], str | None]) -> None:
        self._dialer = dialer
        self._proxy_for = proxy_for
        self._pools: dict[str | None, AsyncConnectionPool] = {}

    async def get(
        self,
        url: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
        follow: Follow = Follow.ANYWHERE,
        bearer: AccessToken | None = None,
    ) -> HttpReply | HttpFailure:
        """GET with at most five redirects, HTTPS only."""
        if bearer is not None:
            authorization = ("Authorization", f"Bearer {bearer.reveal()}")
            return await self._ask_within(timeout, "GET", url, limit, (authorization,))
        here = url
        try:
            async with asyncio.timeout(timeout):
                for _ in range(MAX_REDIRECTS + 1):
                    reply = await self._ask("GET", here, limit)
                    if not (isinstance(reply, HttpReply) and reply.location):
                        return reply
                    if follow is Follow.NOWHERE:
                        return reply
                    here = reply.location
                    if not is_public_https(here):
                        return HttpFailure(HttpFault.REDIRECT_INSECURE, here[:500])
                    if follow is Follow.SAME_OWNER and _owner(here) != _owner(url):
                        return HttpFailure(HttpFault.REDIRECT_FOREIGN, here[:500])
                return HttpFailure(HttpFault.REDIRECT_LOOP, here[:500])
        except TimeoutError:
            return HttpFailure(HttpFault.TIMEOUT, here)

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
    ) -> HttpReply | HttpFailure:
        """POST; a redirect is not followed but told."""
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return await self._ask_within(timeout, "POST", url, limit, headers, body)

    async def get_plain(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        """GET over plain HTTP; a redirect is not followed but told."""
        return await self._ask_within(timeout, "GET", url, limit)

    async def close(self) -> None:
        """Close what is kept open."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def _ask_within(
        self,
        timeout: float,
        method: str,
        url: str,
        limit: int,
        more_headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> HttpReply | HttpFailure:
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(method, url, limit, more_headers, body)
        except TimeoutError:
            return HttpFailure(HttpFault.TIMEOUT, url)

    async def _ask(
        self,
        method: str,
        url: str,
        limit: int,
        more_headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> HttpReply | HttpFailure:
        parts = urlsplit(url)
        host = parts.hostname or ""
        proxy = self._proxy_for(host)
        if proxy is None:
            # Most of the hosts that are asked for do not exist: no request is written for those.
            absence = await self._dialer.absence(host, 443 if parts.scheme == "https" else 80)
            if absence is not None:
                return _failure(absence, url)
        import httpcore2

        headers = [
            ("Host", parts.netloc),
            ("Accept", "application/xml, text/xml, application/json, text/plain, */*;q=0.1"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "mailsetup"),
            ("Connection", "close"),
            *more_headers,
        ]
        try:
            async with self._pool_for(proxy).stream(
                method, url, headers=headers, content=body or None
            ) as response:
                return await _read(response, url, limit)
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

    def _pool_for(self, proxy: str | None) -> "AsyncConnectionPool":
        pool = self._pools.get(proxy)
        if pool is None:
            import httpcore2

            from mailsetup.net.http_backend import Backend

            pool = httpcore2.AsyncConnectionPool(
                # Never used: our connections bring the one that they verify with. Loading the
                # system's authorities a second time would cost more than all the rest.
                ssl_context=blank_context(),
                proxy=httpcore2.Proxy(proxy) if proxy else None,
                max_connections=None,
                max_keepalive_connections=0,
                network_backend=Backend(self._dialer),
            )
            self._pools[proxy] = pool
        return pool


async def _read(response: "Response", url: str, limit: int) -> HttpReply | HttpFailure:
    seen: dict[bytes, bytes] = {}
    for name, value in response.headers:
        key = name.lower()
        # Several challenges come as several headers; of all others the first one counts.
        seen[key] = seen[key] + b", " + value if key in seen else value
    if response.status in _REDIRECTS and b"location" in seen:
        location = urljoin(url, seen[b"location"].decode("ascii", "replace"))
        return HttpReply(response.status, url, b"", location=location)
    encoding = seen.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"", b"identity", b"gzip", b"x-gzip", b"deflate"):
        return HttpFailure(HttpFault.ENCODED, url)
    packed = encoding not in (b"", b"identity")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed else None
    body = bytearray()
    async for chunk in response.aiter_stream():
        try:
            body += unpacker.decompress(chunk, limit + 1) if unpacker else chunk
        except zlib.error:
            return HttpFailure(HttpFault.ENCODED, url)
        if len(body) > limit:
            return HttpFailure(HttpFault.TOO_LARGE, url)
    if unpacker is not None and not unpacker.eof:
        return HttpFailure(HttpFault.ENCODED, url)
    return HttpReply(
        response.status,
        url,
        bytes(body),
        content_type=seen.get(b"content-type", b"").decode("latin-1"),
        challenge=plain(seen.get(b"www-authenticate", b"").decode("latin-1"), 300).lower(),
        date=date_in(seen.get(b"date", b"").decode("latin-1")),
    )


def _owner(url: str) -> str:
    return owned_domain(urlsplit(url).hostname or "")


def is_public_https(url: str) -> bool:
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


def _failure(failure: ConnectFailure, url: str) -> HttpFailure:
    match failure.fault:
        case ConnectFault.TLS:
            return HttpFailure(HttpFault.TLS, url, failure.tls)
        case ConnectFault.UNRESOLVABLE:
            return HttpFailure(HttpFault.UNRESOLVABLE, url)
        case ConnectFault.RESOLVER:
            return HttpFailure(HttpFault.RESOLVER, url)
        case ConnectFault.TIMEOUT:
            return HttpFailure(HttpFault.TIMEOUT, url)
        case (
            ConnectFault.REFUSED
            | ConnectFault.UNREACHABLE
            | ConnectFault.RESET
            | ConnectFault.FORBIDDEN_ADDRESS
        ):
            return HttpFailure(HttpFault.UNREACHABLE, url)
        case _:
            assert_never(failure.fault)
