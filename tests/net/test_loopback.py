"""The loopback redirect: reachable from this computer only, for one redirect."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailsetup.net.loopback import (
    _MAX_CONNECTIONS,
    LoopbackFailure,
    LoopbackFault,
    LoopbackPage,
    LoopbackRedirect,
    open_loopback_redirect,
)

GOOD = b"GET /?code=1 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"


def respond(target: str) -> LoopbackPage:
    return LoopbackPage(200, f"<p>{target}</p>", last=target.startswith("/?"))


@asynccontextmanager
async def opened_redirect(port: int = 0, *, both: bool = False) -> AsyncIterator[LoopbackRedirect]:
    async with open_loopback_redirect(respond, port=port, both_families=both) as redirect:
        assert isinstance(redirect, LoopbackRedirect)
        yield redirect


async def response_to(port: int, request: bytes, host: str = "127.0.0.1") -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.transport.abort()


async def is_closed(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.transport.abort()
    return False


async def test_response_is_sent_completely_before_the_port_closes() -> None:
    async with opened_redirect() as redirect:
        browser = asyncio.create_task(response_to(redirect.port, GOOD % redirect.port))
        async with asyncio.timeout(5):
            await redirect.wait()
        reply = await browser
    head, _, body = reply.partition(b"\r\n\r\n")
    assert body == b"<p>/?code=1</p>"
    assert b"Content-Length: 15\r\n" in head
    for header in (b"Cache-Control: no-store", b"Referrer-Policy: no-referrer", b"default-src"):
        assert header in head
    assert await is_closed(redirect.port)


async def test_only_the_loopback_address_is_listened_on() -> None:
    async with opened_redirect() as redirect:
        assert redirect.addresses == ("127.0.0.1",)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 redirect")
async def test_localhost_is_served_in_both_families() -> None:
    async with opened_redirect(both=True) as redirect:
        request = b"GET /icon HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % redirect.port
        assert b"200 OK" in await response_to(redirect.port, request)
        with contextlib.suppress(OSError):
            assert b"200 OK" in await response_to(redirect.port, request, "::1")


@pytest.mark.parametrize(
    ("request_line", "host", "status"),
    [
        (b"POST /?code=1 HTTP/1.1", b"127.0.0.1:%d", b"405"),
        (b"GET /?code=1 HTTP/1.1", b"evil.example:%d", b"400"),
        (b"GET /?code=1 HTTP/1.1", b"127.0.0.1", b"400"),
        (b"GET /?code=1", b"127.0.0.1:%d", b"400"),
        (b"nonsense", b"127.0.0.1:%d", b"400"),
    ],
)
async def test_invalid_request_is_rejected(request_line: bytes, host: bytes, status: bytes) -> None:
    async with opened_redirect() as redirect:
        name = host % redirect.port if b"%d" in host else host
        reply = await response_to(redirect.port, request_line + b"\r\nHost: " + name + b"\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 " + status)
        assert not redirect._redirected.is_set()


async def test_endless_header_closes_the_connection() -> None:
    async with opened_redirect() as redirect:
        with contextlib.suppress(ConnectionError):
            assert (
                await response_to(redirect.port, b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000) == b""
            )


async def test_silent_connections_do_not_exclude_the_browser() -> None:
    async with opened_redirect() as redirect:
        idle = [await asyncio.open_connection("127.0.0.1", redirect.port) for _ in range(5)]
        assert b"200 OK" in await response_to(redirect.port, GOOD % redirect.port)
        await redirect.wait()
    for reader, writer in idle:
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.transport.abort()


@pytest.mark.parametrize(
    "partial_request", [b"", b"GET /icon HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"]
)
async def test_flood_of_connections_does_not_exclude_the_browser(
    partial_request: bytes,
) -> None:
    async with opened_redirect() as redirect:
        data = partial_request % redirect.port if partial_request else b""
        flood = []
        try:
            for _ in range(5 * _MAX_CONNECTIONS):
                flood.append(await asyncio.open_connection("127.0.0.1", redirect.port))
                flood[-1][1].write(data)
                await asyncio.sleep(0)
                assert len(redirect._connections) <= 2 * _MAX_CONNECTIONS
            assert b"200 OK" in await response_to(redirect.port, GOOD % redirect.port)
            async with asyncio.timeout(5):
                await redirect.wait()
        finally:
            for _reader, writer in flood:
                writer.transport.abort()


async def test_port_in_use_is_a_failure() -> None:
    async with (
        opened_redirect() as redirect,
        open_loopback_redirect(respond, port=redirect.port) as second,
    ):
        assert second == LoopbackFailure(LoopbackFault.PORT_TAKEN, redirect.port)


async def test_pending_connections_are_closed_with_the_port_without_a_log_entry(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pending = []
    async with opened_redirect() as redirect:
        for _ in range(8):
            pending.append(await asyncio.open_connection("127.0.0.1", redirect.port))
        with socket.socket() as last:
            # Accepted by the system, not yet by the program.
            last.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                last.connect(("127.0.0.1", redirect.port))
            await asyncio.sleep(0)
    for reader, writer in pending:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                assert await reader.read() == b""
        writer.transport.abort()
    assert redirect._connections == {}
    assert caplog.records == []


class LoopWithoutReaders(asyncio.SelectorEventLoop):
    """A loop without `add_reader`, as on Windows."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError

    def remove_reader(self, *_: object) -> bool:
        raise NotImplementedError


def test_redirect_works_on_a_loop_without_readers() -> None:
    async def sign_in() -> bytes:
        async with opened_redirect() as redirect:
            browser = asyncio.create_task(
                asyncio.to_thread(response_to_blocking, redirect.port, GOOD % redirect.port)
            )
            async with asyncio.timeout(5):
                await redirect.wait()
            return await browser

    with asyncio.Runner(loop_factory=LoopWithoutReaders) as runner:
        assert runner.run(sign_in()).endswith(b"<p>/?code=1</p>")


def response_to_blocking(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(request)
        reply = b""
        while data := connection.recv(4096):
            reply += data
        return reply


async def test_cancelled_wait_closes_the_port() -> None:
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait() -> None:
        async with opened_redirect() as redirect:
            opened.set_result(redirect.port)
            await redirect.wait()

    waiting = asyncio.create_task(wait())
    port = await opened
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await is_closed(port)
