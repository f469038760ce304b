"""Where the browser comes back to after a sign-in (RFC 8252 section 7.3).

The only socket on which this program ever listens: on this computer's own address, for one sign-in,
and gone with the block that opened it.
"""

import asyncio
import contextlib
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

_HEAD_LIMIT = 16 * 1024
"""Octets of a request's head; a code and a state together have some hundreds."""
_HEAD_TIMEOUT = 10.0
"""Seconds. Browsers open connections in advance, on which they may never say anything."""
_FAREWELL_TIMEOUT = 2.0
_MAX_VISITS = 16
"""Connections at the same time."""


class LandingFault(StrEnum):
    """Why nobody can come back here."""

    PORT_TAKEN = "port-taken"
    NO_LOOPBACK = "no-loopback"
    """This computer does not let programs listen even on its own address."""


@dataclass(frozen=True, slots=True)
class LandingFailure:
    """What happened instead."""

    fault: LandingFault
    port: int


@dataclass(frozen=True, slots=True)
class Page:
    """What the browser is shown. ``last``: with it the visitor that was waited for has come."""

    status: int
    html: str
    last: bool = False


Answer = Callable[[str], Page]
"""From the path with its query, as the browser asked for it, to the page."""


class Landing:
    """Listens until the page came that is the last one."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._servers: list[asyncio.Server] = []
        self._visits: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._arrived = asyncio.Event()
        self.port = 0

    async def arrival(self) -> None:
        """Wait for the last page; the browser has it by then. The deadline is the caller's."""
        await self._arrived.wait()

    async def listen(self, port: int, *, both_families: bool) -> None:
        """Begin. Raises OSError."""
        server = await asyncio.start_server(
            self._visit, "127.0.0.1", port, limit=_HEAD_LIMIT, start_serving=False
        )
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]
        if both_families:
            # A browser may take "localhost" for either; without IPv6 there is only the one.
            with contextlib.suppress(OSError):
                self._servers.append(
                    await asyncio.start_server(
                        self._visit, "::1", self.port, limit=_HEAD_LIMIT, start_serving=False
                    )
                )
        for each in self._servers:
            await each.start_serving()

    async def close(self) -> None:
        """Stop listening and hang up, at once."""
        for server in self._servers:
            server.close()
        visits = dict(self._visits)
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
        for writer in visits.values():
            writer.transport.abort()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        if visit is None or len(self._visits) >= _MAX_VISITS:
            writer.transport.abort()
            return
        self._visits[visit] = writer
        try:
            async with asyncio.timeout(_HEAD_TIMEOUT):
                head = await reader.readuntil(b"\r\n\r\n")
            page = self._page(head.decode("latin-1"))
            writer.write(_response(page))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_TIMEOUT):
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
            if page.last:
                self._arrived.set()
        except (
            TimeoutError,
            OSError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
        ):
            # A connection that was opened in advance, or somebody who does not speak HTTP.
            return
        finally:
            self._visits.pop(visit, None)
            writer.transport.abort()

    def _page(self, head: str) -> Page:
        lines = head.split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return Page(400, "")
        if words[0] != "GET":
            return Page(405, "")
        hosts = [
            line.partition(":")[2].strip().lower()
            for line in lines[1:]
            if line.lower().startswith("host:")
        ]
        # A foreign name that leads here is a trick of another web page (DNS rebinding).
        names = ("127.0.0.1", "localhost", "[::1]")
        if len(hosts) != 1 or hosts[0] not in {f"{name}:{self.port}" for name in names}:
            return Page(400, "")
        return self._answer(words[1])


def _response(page: Page) -> bytes:
    body = page.html.encode()
    reasons = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
    head = (
        f"HTTP/1.1 {page.status} {reasons.get(page.status, 'OK')}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        # The address in the browser holds the code: it is neither kept nor told to anybody.
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + body


@asynccontextmanager
async def open_landing(
    answer: Answer, *, port: int = 0, both_families: bool = False
) -> AsyncIterator[Landing | LandingFailure]:
    """Listen for the time of the block, on any free port unless one is given.

    ``both_families`` listens on the IPv6 address of this computer, too, for ``localhost``.
    """
    landing = Landing(answer)
    try:
        try:
            await landing.listen(port, both_families=both_families)
        except OSError as error:
            taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
            fault = LandingFault.PORT_TAKEN if taken else LandingFault.NO_LOOPBACK
            yield LandingFailure(fault, port)
            return
        yield landing
    finally:
        await landing.close()
