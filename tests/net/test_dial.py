"""Connections to servers that are absent, slow, or not who they should be."""

import asyncio
import socket

import pytest
import trustme

from mailsetup.model.certificate import TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, Reply
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, ConnectFault, Dialer, interleaved
from tests.support.network.loopback import (
    HOST,
    LONG_AGO,
    YESTERDAY,
    client_context,
    dialer,
    only_loopback,
    saying,
    server_context,
    serving,
)


async def test_a_verified_session_says_what_it_is() -> None:
    async with serving(saying(b"* OK hi\r\n"), server_context()) as there:
        connection = await dialer(there.port)(HOST, 993, implicit_tls=True)
        assert isinstance(connection, Connection)
        assert connection.tls is not None
        assert connection.tls.version in ("TLSv1.2", "TLSv1.3")
        assert connection.tls.certificate
        assert connection.port == 993
        assert await connection.read_line() == b"* OK hi"
        connection.close()


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        (TlsFault.EXPIRED, {"not_before": LONG_AGO, "not_after": YESTERDAY}),
        (TlsFault.WRONG_NAME, {"names": ("srv12.hoster.example",)}),
        (TlsFault.WRONG_NAME, {"names": ("other.example",), "common_name": HOST}),
        (TlsFault.WRONG_NAME, {"names": ("*.example",)}),
        (TlsFault.UNKNOWN_ISSUER, {"ca": trustme.CA()}),
    ],
)
async def test_a_certificate_that_does_not_fit_is_named_with_its_facts(
    fault: TlsFault, options: dict[str, object]
) -> None:
    names = options.pop("names", ())
    assert isinstance(names, tuple)
    context = server_context(*names, **options)  # type: ignore[arg-type]
    async with serving(saying(b""), context) as there:
        failure = await dialer(there.port)(HOST, 993, implicit_tls=True, explain=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.fault is ConnectFault.TLS
        assert failure.tls is not None
        assert failure.tls.fault is fault
        assert failure.tls.certificate is not None
        assert failure.tls.certificate.names == (names or (HOST,))


async def test_clear_text_on_a_tls_port_is_told_apart() -> None:
    async with serving(saying(b"* OK in clear\r\n" * 10)) as there:
        failure = await dialer(there.port)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.NOT_TLS


async def test_a_server_that_hangs_up_in_the_handshake() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async with serving(hang_up) as there:
        failure = await dialer(there.port)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.INTERRUPTED


async def test_a_server_that_knows_old_versions_only_is_too_old() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        # A fatal alert "protocol version" (RFC 5246 section 7.2).
        writer.write(bytes.fromhex("15 03 01 00 02 02 46"))
        await writer.drain()
        await reader.read()

    async with serving(refuse) as there:
        failure = await dialer(there.port)(HOST, 993, implicit_tls=True)
        assert isinstance(failure, ConnectFailure)
        assert failure.tls is not None
        assert failure.tls.fault is TlsFault.TOO_OLD


async def test_a_closed_port_is_refused() -> None:
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
async def test_names_that_lead_nowhere_or_home(reply: Reply[str], fault: ConnectFault) -> None:
    async def look_up(host: str) -> Reply[str]:
        return reply

    failure = await Dialer(look_up, client_context)(HOST, 993, implicit_tls=True)
    assert isinstance(failure, ConnectFailure)
    assert failure.fault is fault


async def test_whoever_names_a_resolver_may_be_led_to_this_computer() -> None:
    async with serving(saying(b"hi\r\n")) as there:
        dial = Dialer(only_loopback, client_context, allow_loopback=True)
        connection = await dial(HOST, there.port, implicit_tls=False)
        assert isinstance(connection, Connection)
        assert connection.address == "127.0.0.1"
        connection.close()


async def test_a_dead_first_address_does_not_keep_the_second_from_answering() -> None:
    async with serving(saying(b"hi\r\n")) as there:
        with socket.socket() as full:
            # A listener whose queue is full swallows further connections, as a firewall does.
            full.bind(("127.0.0.2", there.port))
            full.listen(0)
            fillers = [socket.socket() for _ in range(4)]
            try:
                for filler in fillers:
                    filler.setblocking(False)
                    filler.connect_ex(("127.0.0.2", there.port))

                async def look_up(host: str) -> Reply[str]:
                    return DnsAnswer(("127.0.0.2", "127.0.0.1"))

                dial = Dialer(look_up, client_context, allow_loopback=True)
                connection = await dial(HOST, there.port, implicit_tls=False)
            finally:
                for filler in fillers:
                    filler.close()
        assert isinstance(connection, Connection)
        assert connection.address == "127.0.0.1"
        connection.close()


def test_both_families_take_turns() -> None:
    assert interleaved(["192.0.2.1", "192.0.2.2", "2001:db8::1"]) == (
        "2001:db8::1",
        "192.0.2.1",
        "192.0.2.2",
    )


async def test_cancelling_a_handshake_closes_the_socket() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass

    async with serving(silent) as there:
        task = asyncio.ensure_future(dialer(there.port)(HOST, 993, implicit_tls=True))
        async with asyncio.timeout(10):
            await there.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(10):
            await there.all_ended.wait()
        assert there.ended == there.accepted == 1
