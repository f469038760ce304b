"""Where the browser comes back to after a sign-in (RFC 8252 section 7.3).

The only socket on which this program ever listens: on this computer's own address, for one sign-in,
and gone with the block that opened it.
"""

import asyncio
import contextlib
import errno
import socket
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
"""Connections at the same time; the oldest one has to leave for a newcomer."""


class LoopbackFault(StrEnum):
    """Why nobody can come back here."""

    PORT_TAKEN = "port-taken"
    NO_LOOPBACK = "no-loopback"
    """This computer does not let programs listen even on its own address."""


@dataclass(frozen=True, slots=True)
class LoopbackFailure:
    """What happened instead."""

    fault: LoopbackFault
    port: int


@dataclass(frozen=True, slots=True)
class LoopbackPage:
    """What the browser is shown. ``last``: with it the visitor that was waited for has come."""

    status: int
    html: str
    last: bool = False


Answer = Callable[[str], LoopbackPage]
"""From the path with its query, as the browser asked for it, to the page."""


class LoopbackRedirect:
    """Listens until the page came that is the last one.

    On bare sockets: asyncio's servers go on to let in whoever had come when they were closed.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listening: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._visits: dict[asyncio.Task[None], socket.socket] = {}
        self._awaited: asyncio.Task[None] | None = None
        """The visit that gets the last page; it is never ended for another one."""
        self._arrived = asyncio.Event()
        self.port = 0

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens."""
        return tuple(str(each.getsockname()[0]) for each in self._listening)

    async def arrival(self) -> None:
        """Wait for the last page; the browser has it by then. The deadline is the caller's."""
        await self._arrived.wait()

    def listen(self, port: int, *, both_families: bool) -> None:
        """Begin. Raises OSError."""
        self._listening.append(socket.create_server(("127.0.0.1", port), backlog=_MAX_VISITS))
        self.port = self._listening[0].getsockname()[1]
        if both_families:
            # A browser may take "localhost" for either; without IPv6 there is only the one.
            with contextlib.suppress(OSError):
                self._listening.append(
                    socket.create_server(
                        ("::1", self.port), family=socket.AF_INET6, backlog=_MAX_VISITS
                    )
                )
        for each in self._listening:
            each.setblocking(False)
            try:
                asyncio.get_running_loop().add_reader(each, self._let_in, each)
            except NotImplementedError:
                # Windows has no readiness, only completion.
                self._accepting.append(asyncio.create_task(self._accept(each)))

    async def close(self) -> None:
        """Stop listening and hang up, at once."""
        if not self._accepting:
            for each in self._listening:
                asyncio.get_running_loop().remove_reader(each)
        try:
            for task in (*self._accepting, *self._visits):
                task.cancel()
            # What was let in until now is among them: nobody is let in after that.
            await asyncio.gather(*self._accepting, *self._visits, return_exceptions=True)
        finally:
            for each in (*self._listening, *self._visits.values()):
                each.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            visitor, _ = await loop.sock_accept(listening)
            self._welcome(visitor)

    def _let_in(self, listening: socket.socket) -> None:
        # At once, not in a task: one that is cancelled with somebody at the door forgets them.
        with contextlib.suppress(OSError):
            self._welcome(listening.accept()[0])

    def _welcome(self, visitor: socket.socket) -> None:
        if len(self._visits) >= _MAX_VISITS and not self._make_room():
            visitor.close()
            return
        visitor.setblocking(False)
        visit = asyncio.create_task(self._visit(visitor))
        self._visits[visit] = visitor
        visit.add_done_callback(self._left)

    def _make_room(self) -> bool:
        """End the oldest visit, so that a flood of them does not keep the browser out.

        False where as many again are ending already.
        """
        if len(self._visits) >= 2 * _MAX_VISITS:
            return False
        for visit in self._visits:
            if visit is not self._awaited and not visit.cancelling():
                visit.cancel()
                return True
        return False

    def _left(self, visit: asyncio.Task[None]) -> None:
        # Here, because a task that is cancelled before its first step never comes to its end.
        self._visits.pop(visit).close()

    async def _visit(self, visitor: socket.socket) -> None:
        # Connections opened in advance and never used, and visitors who leave in the middle.
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_HEAD_TIMEOUT):
                head = await _head(visitor)
            if head is None:
                return
            page = self._page(head)
            if page.last:
                self._awaited = asyncio.current_task()
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(_FAREWELL_TIMEOUT):
                    await _show(visitor, page)
            if page.last:
                self._arrived.set()

    def _page(self, head: str) -> LoopbackPage:
        lines = head.split("\r\n")
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
        # A foreign name that leads here is a trick of another web page (DNS rebinding).
        names = ("127.0.0.1", "localhost", "[::1]")
        if len(hosts) != 1 or hosts[0] not in {f"{name}:{self.port}" for name in names}:
            return LoopbackPage(400, "")
        return self._answer(words[1])


async def _head(visitor: socket.socket) -> str | None:
    """What a browser asks for; None where it is none."""
    loop = asyncio.get_running_loop()
    head = b""
    while b"\r\n\r\n" not in head:
        more = await loop.sock_recv(visitor, 4096)
        head += more
        if not more or len(head) > _HEAD_LIMIT:
            return None
    return head.partition(b"\r\n\r\n")[0].decode("latin-1")


async def _show(visitor: socket.socket, page: LoopbackPage) -> None:
    """Send the page and wait until the browser hangs up: then it has the whole of it."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(visitor, _response(page))
    visitor.shutdown(socket.SHUT_WR)
    while await loop.sock_recv(visitor, 4096):
        continue


def _response(page: LoopbackPage) -> bytes:
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
) -> AsyncIterator[LoopbackRedirect | LoopbackFailure]:
    """Listen for the time of the block, on any free port unless one is given.

    ``both_families`` listens on the IPv6 address of this computer, too, for ``localhost``.
    """
    landing = LoopbackRedirect(answer)
    try:
        try:
            landing.listen(port, both_families=both_families)
        except OSError as error:
            taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
            fault = LoopbackFault.PORT_TAKEN if taken else LoopbackFault.NO_LOOPBACK
            yield LoopbackFailure(fault, port)
            return
        yield landing
    finally:
        await landing.close()
