"""Lines, limits, and the upgrade to TLS."""

import asyncio
import ssl

import pytest

from mailsetup.model.certificate import TlsFault
from mailsetup.net.connection import (
    MAX_LINE,
    Connection,
    ConnectionLostError,
    LeftoverBytesError,
    TooMuchDataError,
)
from tests.support.network.loopback import HOST, Handler, dialer, sending, server_context, serving


async def connect(port: int) -> Connection:
    connection = await dialer(port)(HOST, 993, implicit_tls=False)
    assert isinstance(connection, Connection)
    return connection


async def test_line_is_read_without_its_ending() -> None:
    async with serving(sending(b"one\r\ntwo\nthree\r\n")) as server:
        connection = await connect(server.port)
        lines = [await connection.read_line() for _ in range(3)]
        assert lines == [b"one", b"two", b"three"]
        assert not connection.is_secure
        connection.close()


async def test_endless_line_raises_too_much_data() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serving(endless) as server:
        connection = await connect(server.port)
        with pytest.raises(TooMuchDataError):
            await connection.read_line()
        connection.close()
        async with asyncio.timeout(10):
            await server.all_ended.wait()


async def test_unread_data_pauses_the_server() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        while True:
            writer.write(b"y" * 65536 + b"\r\n")
            await writer.drain()
            sent += 65536

    async with serving(flood) as server:
        connection = await connect(server.port)
        seen = -1
        while seen != sent:
            seen = sent
            await asyncio.sleep(0.2)
        assert len(connection._protocol.buffer) < 2_000_000
        assert sent < 50_000_000
        connection.close()


async def test_bytes_beyond_the_limit_raise_too_much_data() -> None:
    async with serving(sending(b"line\r\n" * 100)) as server:
        connection = await connect(server.port)
        connection.allow_bytes(12)
        await connection.read_line()
        await connection.read_line()
        with pytest.raises(TooMuchDataError):
            await connection.read_line()
        with pytest.raises(TooMuchDataError):
            await connection.read_exactly(MAX_LINE)
        connection.close()


async def test_end_of_the_stream_raises_connection_lost() -> None:
    async def close_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half a li")
        await writer.drain()

    async with serving(close_early) as server:
        connection = await connect(server.port)
        with pytest.raises(ConnectionLostError):
            await connection.read_line()
        connection.close()
        with pytest.raises(ConnectionLostError):
            await connection.write(b"x")


def starttls(injected: bytes = b"", tls: ssl.SSLContext | None = None) -> Handler:
    """A server with STARTTLS that sends more plaintext after accepting it."""
    context = tls or server_context()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        await reader.readline()
        writer.write(b"a1 OK begin\r\n" + injected)
        await writer.drain()
        loop = asyncio.get_running_loop()
        protocol = writer.transport.get_protocol()
        transport = await loop.start_tls(writer.transport, protocol, context, server_side=True)
        if transport is not None:
            transport.write(b"secured\r\n")
        await reader.read()

    return handler


async def upgrade(connection: Connection) -> object:
    assert await connection.read_line() == b"* OK ready"
    await connection.write(b"a1 STARTTLS\r\n")
    assert await connection.read_line() == b"a1 OK begin"
    return await connection.start_tls()


async def test_starttls_creates_a_verified_session() -> None:
    async with serving(starttls()) as server:
        connection = await connect(server.port)
        assert await upgrade(connection) is None
        assert connection.is_secure
        assert await connection.read_line() == b"secured"
        connection.close()


async def test_plaintext_before_the_handshake_closes_the_connection() -> None:
    async with serving(starttls(injected=b"* CAPABILITY AUTH=PLAIN\r\n")) as server:
        connection = await connect(server.port)
        with pytest.raises(LeftoverBytesError):
            await upgrade(connection)
        assert not connection.is_secure
        with pytest.raises(ConnectionLostError):
            await connection.write(b"secret")


async def test_wrong_name_after_starttls_is_a_failure() -> None:
    async with serving(starttls(tls=server_context("other.example"))) as server:
        connection = await connect(server.port)
        failure = await upgrade(connection)
        assert getattr(failure, "fault", None) is TlsFault.WRONG_NAME
        assert not connection.is_secure
        with pytest.raises(ConnectionLostError):
            await connection.write(b"secret")


async def test_inspected_certificate_creates_no_session() -> None:
    async with serving(sending(b""), server_context("other.example")) as server:
        connection = await connect(server.port)
        seen = await connection.inspect_tls()
        assert seen.certificate is not None
        assert seen.certificate.names == ("other.example",)
        assert not connection.is_secure
