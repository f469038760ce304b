"""Where the browser comes back to: this computer alone, one visitor, and then nothing is left."""

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


def answer(target: str) -> LoopbackPage:
    return LoopbackPage(200, f"<p>{target}</p>", last=target.startswith("/?"))


@asynccontextmanager
async def landing(port: int = 0, *, both: bool = False) -> AsyncIterator[LoopbackRedirect]:
    async with open_loopback_redirect(answer, port=port, both_families=both) as here:
        assert isinstance(here, LoopbackRedirect)
        yield here


async def said(port: int, request: bytes, host: str = "127.0.0.1") -> bytes:
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


async def test_the_last_page_is_delivered_whole_before_the_port_closes() -> None:
    async with landing() as here:
        visitor = asyncio.create_task(said(here.port, GOOD % here.port))
        async with asyncio.timeout(5):
            await here.wait()
        reply = await visitor
    head, _, body = reply.partition(b"\r\n\r\n")
    assert body == b"<p>/?code=1</p>"
    assert b"Content-Length: 15\r\n" in head
    for header in (b"Cache-Control: no-store", b"Referrer-Policy: no-referrer", b"default-src"):
        assert header in head
    assert await is_closed(here.port)


async def test_it_listens_on_this_computers_own_address_only() -> None:
    async with landing() as here:
        assert here.addresses == ("127.0.0.1",)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_localhost_is_answered_in_both_families() -> None:
    async with landing(both=True) as here:
        request = b"GET /icon HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % here.port
        assert b"200 OK" in await said(here.port, request)
        with contextlib.suppress(OSError):
            assert b"200 OK" in await said(here.port, request, "::1")


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
async def test_whoever_does_not_come_as_a_browser_would_is_turned_away(
    request_line: bytes, host: bytes, status: bytes
) -> None:
    async with landing() as here:
        name = host % here.port if b"%d" in host else host
        reply = await said(here.port, request_line + b"\r\nHost: " + name + b"\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 " + status)
        assert not here._redirected.is_set()


async def test_an_endless_head_is_cut_off() -> None:
    async with landing() as here:
        with contextlib.suppress(ConnectionError):
            assert await said(here.port, b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000) == b""


async def test_silent_connections_do_not_keep_the_real_visitor_out() -> None:
    async with landing() as here:
        idle = [await asyncio.open_connection("127.0.0.1", here.port) for _ in range(5)]
        assert b"200 OK" in await said(here.port, GOOD % here.port)
        await here.wait()
    for reader, writer in idle:
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.transport.abort()


@pytest.mark.parametrize(
    "request_begun", [b"", b"GET /icon HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n"]
)
async def test_a_flood_of_connections_does_not_keep_the_real_visitor_out(
    request_begun: bytes,
) -> None:
    async with landing() as here:
        begun = request_begun % here.port if request_begun else b""
        flood = []
        try:
            for _ in range(5 * _MAX_CONNECTIONS):
                flood.append(await asyncio.open_connection("127.0.0.1", here.port))
                flood[-1][1].write(begun)
                await asyncio.sleep(0)
                assert len(here._connections) <= 2 * _MAX_CONNECTIONS
            assert b"200 OK" in await said(here.port, GOOD % here.port)
            async with asyncio.timeout(5):
                await here.wait()
        finally:
            for _reader, writer in flood:
                writer.transport.abort()


async def test_a_port_that_is_taken_is_told() -> None:
    async with landing() as here, open_loopback_redirect(answer, port=here.port) as second:
        assert second == LoopbackFailure(LoopbackFault.PORT_TAKEN, here.port)


async def test_whoever_comes_as_the_port_closes_is_hung_up_on_without_a_report(
    caplog: pytest.LogCaptureFixture,
) -> None:
    comers = []
    async with landing() as here:
        for _ in range(8):
            comers.append(await asyncio.open_connection("127.0.0.1", here.port))
        with socket.socket() as last:
            # Accepted by the system, not yet by us.
            last.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                last.connect(("127.0.0.1", here.port))
            await asyncio.sleep(0)
    for reader, writer in comers:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                assert await reader.read() == b""
        writer.transport.abort()
    assert here._connections == {}
    assert caplog.records == []


class WithoutReadiness(asyncio.SelectorEventLoop):
    """A loop like that of Windows in what it cannot do."""

    def add_reader(self, *_: object) -> None:
        raise NotImplementedError

    def remove_reader(self, *_: object) -> bool:
        raise NotImplementedError


def test_it_works_as_well_where_a_loop_only_knows_completion() -> None:
    async def visit() -> bytes:
        async with landing() as here:
            visitor = asyncio.create_task(
                asyncio.to_thread(ask_blocking, here.port, GOOD % here.port)
            )
            async with asyncio.timeout(5):
                await here.wait()
            return await visitor

    with asyncio.Runner(loop_factory=WithoutReadiness) as runner:
        assert runner.run(visit()).endswith(b"<p>/?code=1</p>")


def ask_blocking(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as asking:
        asking.sendall(request)
        reply = b""
        while more := asking.recv(4096):
            reply += more
        return reply


async def test_a_cancelled_wait_leaves_no_open_port() -> None:
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait() -> None:
        async with landing() as here:
            opened.set_result(here.port)
            await here.wait()

    waiting = asyncio.create_task(wait())
    port = await opened
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await is_closed(port)
