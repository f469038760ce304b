"""The loopback redirect of a sign-in in the browser (RFC 8252 section 7.3).

The only sockets on which this program listens: on a loopback address, for one sign-in, and closed
at the end of the block that opened them.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

_HEADER_LIMIT = 16 * 1024
"""Octets of a request's header; code and state have some hundreds."""
_HEADER_TIMEOUT = 10.0
"""Seconds. Browsers open connections in advance, on which they may never send a request."""
_RESPONSE_TIMEOUT = 2.0
_MAX_CONNECTIONS = 16
"""Concurrent connections; a new one replaces the oldest."""


class LoopbackFault(StrEnum):
    """Why the browser cannot be redirected here."""

    PORT_TAKEN = "port-taken"
    NO_LOOPBACK = "no-loopback"
    """This computer does not allow listening on a loopback address."""


@dataclass(frozen=True, slots=True)
class LoopbackFailure:
    """A loopback redirect that could not be opened."""

    fault: LoopbackFault
    port: int


@dataclass(frozen=True, slots=True)
class LoopbackPage:
    """A response to the browser. ``last`` is true for the response to the expected redirect."""

    status: int
    html: str
    last: bool = False


Respond = Callable[[str], LoopbackPage]
"""From the request target (path and query) to the response."""


class LoopbackRedirect:
    """Listens until the expected redirect.

    Uses plain sockets: asyncio's servers accept pending connections even after they were closed.
    """

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._listening: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._connections: dict[asyncio.Task[None], socket.socket] = {}
        self._last: asyncio.Task[None] | None = None
        """The connection of the expected redirect; it is not closed in favour of a new one."""
        self._redirected = asyncio.Event()
        self.port = 0

    @property
    def addresses(self) -> tuple[str, ...]:
        """The IP addresses on which it listens."""
        return tuple(str(each.getsockname()[0]) for each in self._listening)

    async def wait(self) -> None:
        """Wait until the response to the expected redirect was sent; without a timeout."""
        await self._redirected.wait()

    def listen(self, port: int, *, both_families: bool) -> None:
        """Listen. Raises OSError."""
        self._listening.append(socket.create_server(("127.0.0.1", port), backlog=_MAX_CONNECTIONS))
        self.port = self._listening[0].getsockname()[1]
        if both_families:
            # A browser may resolve "localhost" to either; without IPv6 there is only one.
            with contextlib.suppress(OSError):
                self._listening.append(
                    socket.create_server(
                        ("::1", self.port), family=socket.AF_INET6, backlog=_MAX_CONNECTIONS
                    )
                )
        for each in self._listening:
            each.setblocking(False)
            try:
                asyncio.get_running_loop().add_reader(each, self._accept_pending, each)
            except NotImplementedError:
                # The event loop of Windows has no readers.
                self._accepting.append(asyncio.create_task(self._accept_all(each)))

    async def close(self) -> None:
        """Stop listening and close all connections immediately."""
        if not self._accepting:
            for each in self._listening:
                asyncio.get_running_loop().remove_reader(each)
        try:
            for task in (*self._accepting, *self._connections):
                task.cancel()
            # No connection is accepted any more: these are all.
            await asyncio.gather(*self._accepting, *self._connections, return_exceptions=True)
        finally:
            for each in (*self._listening, *self._connections.values()):
                each.close()

    async def _accept_all(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listening)
            self._add(connection)

    def _accept_pending(self, listening: socket.socket) -> None:
        # Not in a task: its cancellation could lose an accepted connection.
        with contextlib.suppress(OSError):
            self._add(listening.accept()[0])

    def _add(self, connection: socket.socket) -> None:
        if len(self._connections) >= _MAX_CONNECTIONS and not self._make_room():
            connection.close()
            return
        connection.setblocking(False)
        task = asyncio.create_task(self._serve(connection))
        self._connections[task] = connection
        task.add_done_callback(self._remove)

    def _make_room(self) -> bool:
        """Close the oldest connection, so that a flood of them does not exclude the browser.

        False where as many again are being closed.
        """
        if len(self._connections) >= 2 * _MAX_CONNECTIONS:
            return False
        for task in self._connections:
            if task is not self._last and not task.cancelling():
                task.cancel()
                return True
        return False

    def _remove(self, task: asyncio.Task[None]) -> None:
        # A callback, because a task that is cancelled before its first step runs no code.
        self._connections.pop(task).close()

    async def _serve(self, connection: socket.socket) -> None:
        # Errors: a connection that was opened in advance and never used, or closed early.
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_HEADER_TIMEOUT):
                header = await _read_header(connection)
            if header is None:
                return
            page = self._response_page(header)
            if page.last:
                self._last = asyncio.current_task()
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(_RESPONSE_TIMEOUT):
                    await _send(connection, page)
            if page.last:
                self._redirected.set()

    def _response_page(self, header: str) -> LoopbackPage:
        lines = header.split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return LoopbackPage(400, "")
        if words[0] != "GET":
            return LoopbackPage(405, "")
        hosts = [
            line.partition(":")[2].strip().lower()
            for line in lines[1:]
            if line.lower().startswith("host:")
        ]
        # Another host name is DNS rebinding by another web page.
        names = ("127.0.0.1", "localhost", "[::1]")
        if len(hosts) != 1 or hosts[0] not in {f"{name}:{self.port}" for name in names}:
            return LoopbackPage(400, "")
        return self._respond(words[1])


async def _read_header(connection: socket.socket) -> str | None:
    """The header of an HTTP request; None where it is incomplete or too long."""
    loop = asyncio.get_running_loop()
    header = b""
    while b"\r\n\r\n" not in header:
        data = await loop.sock_recv(connection, 4096)
        header += data
        if not data or len(header) > _HEADER_LIMIT:
            return None
    return header.partition(b"\r\n\r\n")[0].decode("latin-1")


async def _send(connection: socket.socket, page: LoopbackPage) -> None:
    """Send the response and wait until the browser closes the connection: it has received it."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, _response(page))
    connection.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(connection, 4096):
        continue


def _response(page: LoopbackPage) -> bytes:
    body = page.html.encode()
    reasons = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
    header = (
        f"HTTP/1.1 {page.status} {reasons.get(page.status, 'OK')}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        # The URL contains the code: it is neither stored nor sent as a referrer.
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
    )
    return "\r\n".join((*header, "", "")).encode("ascii") + body


@asynccontextmanager
async def open_loopback_redirect(
    respond: Respond, *, port: int = 0, both_families: bool = False
) -> AsyncIterator[LoopbackRedirect | LoopbackFailure]:
    """Listen for the time of the block, on any free port unless one is given.

    With ``both_families`` also on ``::1``, for ``localhost``.
    """
    redirect = LoopbackRedirect(respond)
    try:
        try:
            redirect.listen(port, both_families=both_families)
        except OSError as error:
            taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
            fault = LoopbackFault.PORT_TAKEN if taken else LoopbackFault.NO_LOOPBACK
            yield LoopbackFailure(fault, port)
            return
        yield redirect
    finally:
        await redirect.close()
