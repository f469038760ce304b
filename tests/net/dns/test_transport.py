"""Order, number and validation of queries to name servers on loopback sockets."""

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

Respond = Callable[[dns.message.Message], Sequence[bytes]]


class _Server(asyncio.DatagramProtocol):
    def __init__(self, respond: Respond) -> None:
        self._answering = respond
        self.queries: list[dns.message.Message] = []
        self.clients: list[tuple[str, int]] = []
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self.queries.append(query)
        self.clients.append(addr)
        for wire in self._answering(query):
            assert self.transport is not None
            self.transport.sendto(wire, addr)


class _TruncatingServer(_Server):
    """Sends a truncated response after a delay."""

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


def _factory(server: _Server) -> Callable[[], _Server]:
    return lambda: server


@asynccontextmanager
async def serving(*functions: Respond) -> AsyncIterator[tuple[DnsTransport, list[_Server]]]:
    loop = asyncio.get_running_loop()
    servers = [_Server(respond) for respond in functions]
    addresses: list[Server] = []
    for server in servers:
        transport, _ = await loop.create_datagram_endpoint(
            _factory(server), local_addr=("127.0.0.1", 0)
        )
        addresses.append(transport.get_extra_info("sockname"))
    try:
        yield DnsTransport(addresses), servers
    finally:
        for server in servers:
            assert server.transport is not None
            server.transport.close()


def good(query: dns.message.Message, address: str = "192.0.2.1") -> list[bytes]:
    reply = dns.message.make_response(query)
    reply.answer = [dns.rrset.from_text(query.question[0].name, 60, "IN", "A", address)]
    return [reply.to_wire()]


def failing(code: dns.rcode.Rcode) -> Respond:
    def respond(query: dns.message.Message) -> list[bytes]:
        reply = dns.message.make_response(query)
        reply.set_rcode(code)
        return [reply.to_wire()]

    return respond


def silent(_query: dns.message.Message) -> list[bytes]:
    return []


FOUND = (ResourceRecord((), "192.0.2.1"),)


async def test_failing_server_is_skipped_and_queried_last_afterwards() -> None:
    async with serving(failing(dns.rcode.SERVFAIL), good) as (client, servers):
        for _ in range(3):
            assert (await client.ask("bodega.es", RecordType.A)).reply.records == FOUND
        assert [len(server.queries) for server in servers] == [1, 3]


async def test_silent_server_delays_concurrent_queries_once() -> None:
    async with serving(silent, good) as (client, servers):
        pending = (client.ask(f"n{number}.es", RecordType.A) for number in range(20))
        assert {reply.reply.records for reply in await asyncio.gather(*pending)} == {FOUND}
        await client.ask("later.es", RecordType.A)
        assert not any("later" in query.question[0].to_text() for query in servers[0].queries)


async def test_failing_servers_are_distinguished_from_unknown_ones() -> None:
    async with serving(failing(dns.rcode.REFUSED), failing(dns.rcode.SERVFAIL)) as (client, _):
        with pytest.raises(NoServerError) as failed:
            await client.ask("bodega.es", RecordType.A)
        assert failed.value.is_known
    with pytest.raises(NoServerError) as failed:
        await DnsTransport(()).ask("bodega.es", RecordType.A)
    assert not failed.value.is_known


async def test_forged_responses_are_ignored() -> None:
    def with_forged(query: dns.message.Message) -> list[bytes]:
        (right,) = good(query)
        (forged,) = good(query, "192.0.2.66")
        other = dns.message.make_query("evil.es", "A", id=query.id)
        number = (query.id ^ 1).to_bytes(2, "big")
        return [number + forged[2:], *good(other, "192.0.2.66"), b"", b"\0" * 40, right]

    async with serving(with_forged) as (client, _):
        assert (await client.ask("bodega.es", RecordType.A)).reply.records == FOUND


async def test_server_without_edns_is_queried_again_without_it() -> None:
    def old(query: dns.message.Message) -> Sequence[bytes]:
        return failing(dns.rcode.FORMERR)(query) if query.edns >= 0 else good(query)

    async with serving(old) as (client, servers):
        assert (await client.ask("bodega.es", RecordType.A)).reply.records == FOUND
        assert [query.edns for query in servers[0].queries] == [0, -1]


async def test_udp_and_tcp_share_the_lifetime_of_a_query() -> None:
    """The response over TCP is in time for one server, but not for the second lifetime."""
    loop = asyncio.get_running_loop()
    udp = _TruncatingServer(0.2)
    serving: list[asyncio.Task[None]] = []

    async def respond_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(cast("asyncio.Task[None]", asyncio.current_task()))
        length = int.from_bytes(await reader.readexactly(2), "big")
        (wire,) = good(dns.message.from_wire(await reader.readexactly(length)))
        await asyncio.sleep(0.2)
        writer.write(len(wire).to_bytes(2, "big") + wire)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()

    transport, _ = await loop.create_datagram_endpoint(lambda: udp, ("127.0.0.1", 0))
    endpoint = transport.get_extra_info("sockname")
    async with await asyncio.start_server(respond_late, *endpoint):
        assert (
            await DnsTransport([endpoint]).ask("bodega.es", RecordType.A)
        ).reply.records == FOUND
        with pytest.raises(TimeoutError):
            await DnsTransport([endpoint], lifetime=0.3).ask("bodega.es", RecordType.A)
        await asyncio.gather(*serving)
    transport.close()


async def test_ids_and_ports_change_with_every_query() -> None:
    async with serving(good) as (client, servers):
        for number in range(8):
            await client.ask(f"n{number}.es", RecordType.A)
        assert len({query.id for query in servers[0].queries}) > 1
        assert len(set(servers[0].clients)) > 1


async def test_next_server_is_queried_after_a_closed_port() -> None:
    async with serving(silent, good) as (_, servers):
        assert servers[0].transport is not None
        assert servers[1].transport is not None
        closed = servers[0].transport.get_extra_info("sockname")
        responding = servers[1].transport.get_extra_info("sockname")
        servers[0].transport.close()
        await asyncio.sleep(0)
        reply = await DnsTransport([closed, responding]).ask("bodega.es", RecordType.A)
        assert reply.reply.records == FOUND
        with pytest.raises(NoServerError):
            await DnsTransport([closed]).ask("bodega.es", RecordType.A)


def test_name_servers_are_read_from_resolv_conf(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text(
        "# nameserver 192.0.2.9\nnameserver 192.0.2.1\noptions edns0\nnameserver\n"
        "nameserver 2001:db8::1 # ours\nnameserver dns.example\n search bodega.es\n"
    )
    assert system_servers(path) == (("192.0.2.1", 53), ("2001:db8::1", 53))
    path.write_text("")
    assert system_servers(path) == ()
