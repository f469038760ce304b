"""Connections to absent, slow and unverified servers."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from functools import partial

import pytest
import trustme

from mailsetup.model.certificate import TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, Reply
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, ConnectFault, Dialer, interleaved
from tests.support.network.loopback import (
    HOST,
    LONG_AGO,
    PAST,
    client_context,
    dialer,
    only_loopback,
    sending,
    server_context,
    serving,
)


async def test_verified_session_has_version_and_certificate() -> None:
    async with serving(sending(b"* OK hi\r\n"), server_context()) as server:
        connection = await dialer(server.port)(HOST, 993, implicit_tls=True)
        assert isinstance(connection, Connection)
        assert connection.tls is not None
        assert connection.tls.version in ("TLSv1.2", "TLSv1.3")
        assert connection.tls.certificate
        assert connection.port == 993
        assert await connection.read_line() == b"* OK hi"
        connection.close()


@pytest.mark.parametrize(
    ("fault", "name", "issue"),
    [
        (TlsFault.EXPIRED, HOST, partial(server_context, not_before=LONG_AGO, not_after=PAST)),
        (TlsFault.WRONG_NAME, "srv12.hoster.example", server_context),
        (TlsFault.WRONG_NAME, "other.example", partial(server_context, common_name=HOST)),
        (TlsFault.WRONG_NAME, "*.example", server_context),
        (TlsFault.UNKNOWN_ISSUER, HOST, partial(server_context, ca=trustme.CA())),
    ],
)
async def test_rejected_certificate_is_reported_with_its_content(
    fault: TlsFault, name: str, issue: Callable[[str], ssl.SSLContext]
) -> None:
    async with serving(sending(b""), issue(name)) as server:
        failure = await dialer(server.port)(HOST, 993, implicit_tls=True, explain=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.fault is ConnectFault.TLS
        assert failure.tls is not None
        assert failure.tls.fault is fault
        assert failure.tls.certificate is not None
        assert failure.tls.certificate.names == (name,)


async def test_plaintext_on_a_tls_port_is_not_tls() -> None:
    async with serving(sending(b"* OK in clear\r\n" * 10)) as server:
        failure = await dialer(server.port)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.NOT_TLS


async def test_connection_closed_during_the_handshake_is_interrupted() -> None:
    async def close_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serving(close_early) as server:
        failure = await dialer(server.port)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.INTERRUPTED


async def test_protocol_version_alert_is_too_old() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        # A fatal alert "protocol version" (RFC 5246 section 7.2).
        writer.write(bytes.fromhex("15 03 01 00 02 02 46"))
        await writer.drain()
        await reader.read()

    async with serving(refuse) as server:
        failure = await dialer(server.port)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.TOO_OLD


async def test_closed_port_is_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        failure = await dialer(closed.getsockname()[1])(HOST, 993, implicit_tls=True)
    assert failure == ConnectFailure(ConnectFault.REFUSED, HOST, 993, detail="ECONNREFUSED")


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Absent(nxdomain=True), ConnectFault.UNRESOLVABLE),
        (DnsFailure(DnsFault.SERVFAIL), ConnectFault.RESOLVER),
        (DnsAnswer(("127.0.0.1",)), ConnectFault.FORBIDDEN_ADDRESS),
        (DnsAnswer(("::1", "169.254.169.254", "0.0.0.0")), ConnectFault.FORBIDDEN_ADDRESS),
    ],
)
async def test_name_without_a_permitted_address_is_not_connected(
    reply: Reply[str], fault: ConnectFault
) -> None:
    async def look_up(host: str) -> Reply[str]:
        return reply

    failure = await Dialer(look_up, client_context)(HOST, 993, implicit_tls=True)
    assert isinstance(failure, ConnectFailure)
    assert failure.fault is fault


async def test_loopback_address_is_permitted_with_a_given_resolver() -> None:
    async with serving(sending(b"hi\r\n")) as server:
        dial = Dialer(only_loopback, client_context, allow_loopback=True)
        connection = await dial(HOST, server.port, implicit_tls=False)
        assert isinstance(connection, Connection)
        assert connection.address == "127.0.0.1"
        connection.close()


async def test_second_address_is_tried_while_the_first_is_pending() -> None:
    async with serving(sending(b"hi\r\n")) as server:
        with socket.socket() as full:
            # A listener with a full queue ignores further connections, as a firewall does.
            full.bind(("127.0.0.2", server.port))
            full.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            try:
                for filler in fillers:
                    filler.setblocking(False)
                    filler.connect_ex(("127.0.0.2", server.port))

                async def look_up(host: str) -> Reply[str]:
                    return DnsAnswer(("127.0.0.2", "127.0.0.1"))

                dial = Dialer(look_up, client_context, allow_loopback=True)
                connection = await dial(HOST, server.port, implicit_tls=False)
            finally:
                for filler in fillers:
                    filler.close()
        assert isinstance(connection, Connection)
        assert connection.address == "127.0.0.1"
        connection.close()


def test_address_families_alternate() -> None:
    assert interleaved(["192.0.2.1", "192.0.2.2", "2001:db8::1"]) == (
        "2001:db8::1",
        "192.0.2.1",
        "192.0.2.2",
    )


async def test_cancelled_handshake_closes_the_socket() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass

    async with serving(silent) as server:
        task = asyncio.ensure_future(dialer(server.port)(HOST, 993, implicit_tls=True))
        async with asyncio.timeout(10):
            await server.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            await server.all_ended.wait()
        assert server.ended == server.accepted == 1
