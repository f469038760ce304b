"""Whom is asked, how often, and which answers count: against sockets on loopback."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from mailsetup.net.dns.message import RecordType, ResourceRecord
from mailsetup.net.dns.transport import DnsTransport, NoServerError, Server, system_servers

Answering = Callable[[dns.message.Message], Sequence[bytes]]


class _Server(asyncio.DatagramProtocol):
    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.asked: list[dns.message.Message] = []
        self.askers: list[tuple[str, int]] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self.asked.append(query)
        self.askers.append(addr)
        for wire in self._answering(query):
            assert self.transport is not None
            self.transport.sendto(wire, addr)


class _LateAndCut(_Server):
    """Says after a while that its answer does not fit."""

    def __init__(self, after: float) -> None:
        super().__init__(silent)
        self._after = after

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = dns.message.make_response(dns.message.from_wire(data))
        reply.flags |= dns.flags.TC
        assert self.transport is not None
        asyncio.get_running_loop().call_later(
            self._after, self.transport.sendto, reply.to_wire(), addr
        )


@asynccontextmanager
async def serving(*each: Answering) -> AsyncIterator[tuple[DnsTransport, list[_Server]]]:
    loop = asyncio.get_running_loop()
    servers = [_Server(answering) for answering in each]
    places: list[Server] = []
    for server in servers:
        transport, _ = await loop.create_datagram_endpoint(
            lambda server=server: server,  # type: ignore[misc]
            local_addr=("127.0.0.1", 0),
        )
        places.append(transport.get_extra_info("sockname"))
    try:
        yield DnsTransport(places), servers
    finally:
        for server in servers:
            assert server.transport is not None
            server.transport.close()


def good(query: dns.message.Message, address: str = "192.0.2.1") -> list[bytes]:
    reply = dns.message.make_response(query)
    reply.answer = [dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address)]
    return [reply.to_wire()]


def failing(code: dns.rcode.Rcode) -> Answering:
    def answering(query: dns.message.Message) -> list[bytes]:
        reply = dns.message.make_response(query)
        reply.set_rcode(code)
        return [reply.to_wire()]

    return answering


def silent(_query: dns.message.Message) -> list[bytes]:
    return []


FOUND = (ResourceRecord((), "192.0.2.1"),)


async def test_a_server_that_fails_is_passed_over_and_asked_last_from_then_on() -> None:
    async with serving(failing(dns.rcode.SERVFAIL), good) as (asking, servers):
        for _ in range(3):
            assert (await asking.ask("bodega.es", RecordType.A)).reply.records == FOUND
        assert [len(server.asked) for server in servers] == [1, 3]


async def test_a_silent_server_costs_its_patience_once() -> None:
    async with serving(silent, good) as (asking, servers):
        asks = (asking.ask(f"n{number}.es", RecordType.A) for number in range(20))
        assert {told.reply.records for told in await asyncio.gather(*asks)} == {FOUND}
        await asking.ask("later.es", RecordType.A)
        assert not any("later" in query.question[0].to_text() for query in servers[0].asked)


async def test_all_servers_failing_is_told_from_none_being_known() -> None:
    async with serving(failing(dns.rcode.REFUSED), failing(dns.rcode.SERVFAIL)) as (asking, _):
        with pytest.raises(NoServerError) as failed:
            await asking.ask("bodega.es", RecordType.A)
        assert failed.value.is_known
    with pytest.raises(NoServerError) as failed:
        await DnsTransport(()).ask("bodega.es", RecordType.A)
    assert not failed.value.is_known


async def test_forged_answers_before_the_right_one_change_nothing() -> None:
    def besieged(query: dns.message.Message) -> list[bytes]:
        (right,) = good(query)
        (forged,) = good(query, "192.0.2.66")
        other = dns.message.make_query("evil.es", "A", id=query.id)
        number = (query.id ^ 1).to_bytes(2, "big")
        return [number + forged[2:], *good(other, "192.0.2.66"), b"", b"\0" * 40, right]

    async with serving(besieged) as (asking, _):
        assert (await asking.ask("bodega.es", RecordType.A)).reply.records == FOUND


async def test_a_server_of_before_edns_is_asked_in_its_own_way() -> None:
    def old(query: dns.message.Message) -> Sequence[bytes]:
        return failing(dns.rcode.FORMERR)(query) if query.edns >= 0 else good(query)

    async with serving(old) as (asking, servers):
        assert (await asking.ask("bodega.es", RecordType.A)).reply.records == FOUND
        assert [query.edns for query in servers[0].asked] == [0, -1]


async def test_udp_and_tcp_share_the_time_of_one_question() -> None:
    """The answer over TCP would be there within a server's patience, but not within this time."""
    loop = asyncio.get_running_loop()
    udp = _LateAndCut(0.2)
    serving: list[asyncio.Task[None]] = []

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(cast("asyncio.Task[None]", asyncio.current_task()))
        length = int.from_bytes(await reader.readexactly(2), "big")
        (wire,) = good(dns.message.from_wire(await reader.readexactly(length)))
        await asyncio.sleep(0.2)
        writer.write(len(wire).to_bytes(2, "big") + wire)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()

    transport, _ = await loop.create_datagram_endpoint(lambda: udp, ("127.0.0.1", 0))
    place = transport.get_extra_info("sockname")
    async with await asyncio.start_server(late, *place):
        assert (await DnsTransport([place]).ask("bodega.es", RecordType.A)).reply.records == FOUND
        with pytest.raises(TimeoutError):
            await DnsTransport([place], lifetime=0.3).ask("bodega.es", RecordType.A)
        await asyncio.gather(*serving)
    transport.close()


async def test_numbers_and_ports_are_new_for_every_question() -> None:
    async with serving(good) as (asking, servers):
        for number in range(8):
            await asking.ask(f"n{number}.es", RecordType.A)
        assert len({query.id for query in servers[0].asked}) > 1
        assert len(set(servers[0].askers)) > 1


async def test_where_nothing_listens_the_next_server_is_asked() -> None:
    async with serving(silent, good) as (_, servers):
        assert servers[0].transport is not None
        assert servers[1].transport is not None
        gone = servers[0].transport.get_extra_info("sockname")
        there = servers[1].transport.get_extra_info("sockname")
        servers[0].transport.close()
        await asyncio.sleep(0)
        told = await DnsTransport([gone, there]).ask("bodega.es", RecordType.A)
        assert told.reply.records == FOUND
        with pytest.raises(NoServerError):
            await DnsTransport([gone]).ask("bodega.es", RecordType.A)


def test_the_systems_servers_are_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.9\nnameserver 192.0.2.1\noptions edns0\nnameserver\n"
        "nameserver 2001:db8::1 # ours\nnameserver dns.example\n search bodega.es\n"
    )
    assert system_servers(path) == (("192.0.2.1", 53), ("2001:db8::1", 53))
    path.write_text("")
    assert system_servers(path) == ()
