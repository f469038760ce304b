"""Fetches small public documents over HTTPS, and nothing else.

No cookies, no credentials, no ``~/.netrc``; redirects are checked one by one, and one deadline
applies to the whole request.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailsetup.model.secret import AccessToken
from mailsetup.net.dial import Dialer
from mailsetup.net.http import (
    BODY_LIMIT,
    REQUEST_TIMEOUT,
    Follow,
    HttpFailure,
    HttpFault,
    HttpReply,
    connect_failure,
    is_public_https,
)
from mailsetup.net.public_suffix import url_owner

if TYPE_CHECKING:
    from mailsetup.net.http_request import HttpRequests

_MAX_REDIRECTS = 5


class HttpsClient:
    """The client of a run, on httpcore2 over connections of `Dialer`."""

    def __init__(self, dialer: Dialer, proxy_for: Callable[[str], str | None]) -> None:
        self._dialer = dialer
        self._proxy_for = proxy_for
        self._requests: HttpRequests | None = None

    async def get(
        self,
        url: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
        follow: Follow = Follow.ANYWHERE,
        bearer: AccessToken | None = None,
    ) -> HttpReply | HttpFailure:
        """See `HttpClient`. At most five redirects are followed, to HTTPS only."""
        if bearer is not None:
            authorization = ("Authorization", f"Bearer {bearer.reveal()}")
            return await self._send_within(timeout, "GET", url, limit, (authorization,))
        here = url
        try:
            async with asyncio.timeout(timeout):
                for _ in range(_MAX_REDIRECTS + 1):
                    reply = await self._send("GET", here, limit)
                    if not (isinstance(reply, HttpReply) and reply.location):
                        return reply
                    if follow is Follow.NOWHERE:
                        return reply
                    here = reply.location
                    if not is_public_https(here):
                        return HttpFailure(HttpFault.REDIRECT_INSECURE, here[:500])
                    if follow is Follow.SAME_OWNER and url_owner(here) != url_owner(url):
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
        """See `HttpClient`."""
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        return await self._send_within(timeout, "POST", url, limit, headers, body)

    async def get_plain(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        """See `HttpClient`."""
        return await self._send_within(timeout, "GET", url, limit)

    async def close(self) -> None:
        """Close all connections."""
        if self._requests is not None:
            await self._requests.close()

    async def _send_within(
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
                return await self._send(method, url, limit, more_headers, body)
        except TimeoutError:
            return HttpFailure(HttpFault.TIMEOUT, url)

    async def _send(
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
            # Most of the requested hosts do not exist: no request is prepared for those.
            port = 443 if parts.scheme == "https" else 80
            failure = await self._dialer.resolution_failure(host, port)
            if failure is not None:
                return connect_failure(failure, url)
        return await self._opened().send(method, url, limit, more_headers, body, proxy=proxy)

    def _opened(self) -> "HttpRequests":
        if self._requests is None:
            # httpcore2 takes 130 ms to import; hosts that do not exist do not need it.
            from mailsetup.net.http_request import HttpRequests

            self._requests = HttpRequests(self._dialer)
        return self._requests
