"""Queries to a name server on loopback, and every kind of response."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, MxRecord, Reply, SrvRecord
from mailsetup.net.dns.resolver import DnsResolver, rfc2782_order
from mailsetup.net.dns.system_lookup import (
    AddressInfo,
    GetAddrInfo,
    coalesced,
    system_addresses_blocking,
)

ZONE = {
    ("bodega.es.", "MX"): ["20 b.bodega.es.", "10 a.bodega.es."],
    ("null.es.", "MX"): ["0 ."],
    ("_imaps._tcp.bodega.es.", "SRV"): ["0 1 993 imap.bodega.es."],
    ("_imap._tcp.bodega.es.", "SRV"): ["0 0 0 ."],
    ("bodega.es.", "TXT"): ['"v=spf1 " "-all"', '"ni\\195\\177o"'],
    ("imap.bodega.es.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("imap.bodega.es.", "AAAA"): ["2001:db8::1"],
    ("four.bodega.es.", "A"): ["192.0.2.4"],
    ("many.bodega.es.", "A"): [f"192.0.{n // 200}.{n % 200}" for n in range(500)],
}
NAMES = {name for name, _ in ZONE} | {"_tcp.bodega.es."}


class NameServer(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.queries: Counter[tuple[str, str]] = Counter()
        self.validated = False
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's datagram transports are no subclasses of DatagramTransport.
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self.respond(dns.message.from_wire(data))
        if reply is None or self.transport is None:
            return
        wire = reply.to_wire(max_size=65535)
        if len(wire) > 1232:
            reply.answer = []
            reply.flags |= dns.flags.TC
            wire = reply.to_wire()
        self.transport.sendto(wire, addr)

    def respond(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.queries[name, kind] += 1
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if self.validated:
            reply.flags |= dns.flags.AD
        if name.startswith("silent"):
            return None
        if name.startswith("broken") or (name.startswith("half") and kind == "A"):
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in ZONE:
            reply.answer = [dns.rrset.from_text_list(name, 60, "IN", kind, ZONE[name, kind])]
        elif name not in NAMES:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    async def over_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        reply = self.respond(dns.message.from_wire(await reader.readexactly(length)))
        if reply is not None:
            wire = reply.to_wire(max_size=65535)
            writer.write(len(wire).to_bytes(2, "big") + wire)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def resolving() -> AsyncIterator[tuple[DnsResolver, NameServer]]:
    loop = asyncio.get_running_loop()
    server = NameServer()
    tcp = await asyncio.start_server(server.over_tcp, "127.0.0.1", 0)
    port = tcp.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", port)
    )
    resolver = DnsResolver(("127.0.0.1", port))
    try:
        yield resolver, server
    finally:
        await resolver.close()
        transport.close()
        tcp.close()


async def test_records_of_every_queried_type() -> None:
    async with resolving() as (dns_, _):
        assert await dns_.mx("bodega.es") == DnsAnswer(
            (MxRecord(10, "a.bodega.es"), MxRecord(20, "b.bodega.es"))
        )
        assert await dns_.mx("null.es") == DnsAnswer((MxRecord(0, ""),))
        assert await dns_.srv("_imaps._tcp.bodega.es") == DnsAnswer(
            (SrvRecord(0, 1, 993, "imap.bodega.es"),)
        )
        assert await dns_.srv("_imap._tcp.bodega.es") == DnsAnswer((SrvRecord(0, 0, 0, ""),))
        texts = await dns_.txt("bodega.es")
        assert isinstance(texts, DnsAnswer)
        assert set(texts.records) == {"v=spf1 -all", "niño"}
        found = await dns_.addresses("imap.bodega.es")
        assert isinstance(found, DnsAnswer)
        assert found.records[0] == "2001:db8::1"
        assert set(found.records[1:]) == {"192.0.2.1", "192.0.2.2"}
        assert await dns_.addresses("four.bodega.es") == DnsAnswer(("192.0.2.4",))


async def test_no_data_nxdomain_and_servfail_are_distinguished() -> None:
    async with resolving() as (dns_, _):
        assert await dns_.mx("imap.bodega.es") == Absent(nxdomain=False)
        assert await dns_.mx("nobody.es") == Absent(nxdomain=True)
        assert await dns_.mx("broken.es") == DnsFailure(DnsFault.SERVFAIL)
        assert await dns_.addresses("half.bodega.es") == DnsFailure(DnsFault.SERVFAIL)


async def test_silent_resolver_is_a_timeout() -> None:
    async with resolving() as (dns_, _):
        assert await dns_.mx("silent.es") == DnsFailure(DnsFault.TIMEOUT)


async def test_truncated_response_is_repeated_over_tcp_and_limited() -> None:
    async with resolving() as (dns_, server):
        reply = await dns_.addresses("many.bodega.es")
        assert isinstance(reply, DnsAnswer)
        assert len(reply.records) == 64
        assert server.queries["many.bodega.es.", "A"] == 2


async def test_concurrent_queries_are_coalesced() -> None:
    async with resolving() as (dns_, server):
        replies = await asyncio.gather(*(dns_.mx("bodega.es") for _ in range(20)))
        assert len(set(replies)) == 1
        await dns_.mx("BODEGA.es.")
        assert server.queries["bodega.es.", "MX"] == 1


async def test_cancelled_caller_does_not_cancel_the_query_of_another() -> None:
    async with resolving() as (dns_, _):
        cancelled = asyncio.ensure_future(dns_.mx("bodega.es"))
        other = asyncio.ensure_future(dns_.mx("bodega.es"))
        await asyncio.sleep(0)
        cancelled.cancel()
        assert isinstance(await other, DnsAnswer)
        with pytest.raises(asyncio.CancelledError):
            await cancelled


async def test_ad_bit_of_a_loopback_resolver_is_trusted() -> None:
    async with resolving() as (dns_, server):
        server.validated = True
        reply = await dns_.mx("bodega.es")
        assert isinstance(reply, DnsAnswer)
        assert reply.validated


async def test_ad_bit_of_another_resolver_is_ignored() -> None:
    async with resolving() as (dns_, server):
        server.validated = True
        assert server.transport is not None
        # Linux connects this address to itself, but it is not a loopback address.
        port = server.transport.get_extra_info("sockname")[1]
        other = DnsResolver(("0.0.0.0", port))
        reply = await other.mx("bodega.es")
        await other.close()
        assert isinstance(reply, DnsAnswer)
        assert not reply.validated
        assert await dns_.mx("bodega.es") != reply


async def test_concurrent_lookups_of_a_host_are_coalesced_into_one_call() -> None:
    queries: Counter[str] = Counter()

    async def look_up(host: str) -> Reply[str]:
        queries[host] += 1
        await asyncio.sleep(0)
        return DnsFailure(DnsFault.TIMEOUT) if host == "slow.es" else DnsAnswer(("192.0.2.1",))

    shared = coalesced(look_up)
    replies = await asyncio.gather(*(shared("a.es") for _ in range(15)), shared("b.es"))
    assert set(replies) == {DnsAnswer(("192.0.2.1",))}
    assert await shared("a.es") == DnsAnswer(("192.0.2.1",))
    assert queries == {"a.es": 1, "b.es": 1}
    # After a failure, shared its callers have it, the next caller tries again.
    await asyncio.gather(shared("slow.es"), shared("slow.es"))
    await shared("slow.es")
    assert queries["slow.es"] == 2


def system(known: dict[str, tuple[str, str]]) -> GetAddrInfo:
    """A `socket.getaddrinfo` with these official names and addresses by requested name."""

    def getaddrinfo(host: str, *_: object, **__: object) -> list[AddressInfo]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        official, address = known[host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, official, (address, 0))]

    return getaddrinfo


def test_a_name_found_only_by_a_wildcard_of_the_search_list_does_not_exist() -> None:
    wildcard = ("imap.bodega.es.corp.example", "10.0.0.1")
    look_up = system({"imap.bodega.es": wildcard, "box": ("box.corp.example", "10.0.0.2")})
    assert system_addresses_blocking("imap.bodega.es", look_up) == Absent(nxdomain=True)
    # A single label is meant for the search list.
    assert system_addresses_blocking("box", look_up) == DnsAnswer(("10.0.0.2",))


@pytest.mark.parametrize("official", ["imap.bodega.es", "", "localhost", "imap.bodega.es."])
def test_other_official_names_are_accepted(official: str) -> None:
    known = (official, "192.0.2.1")
    look_up = system({"imap.bodega.es": known, "imap.bodega.es.": known})
    assert system_addresses_blocking("imap.bodega.es", look_up) == DnsAnswer(("192.0.2.1",))


@pytest.mark.parametrize("name", ["", "a b.es", "x" * 300, "ñ.es", "a\0.es", "a..es"])
async def test_invalid_name_is_not_queried(name: str) -> None:
    async with resolving() as (dns_, server):
        assert await dns_.mx(name) == Absent(nxdomain=True)
        assert not server.queries


def always(value: int) -> Callable[[int], int]:
    return lambda total: min(value, total)


def test_srv_records_are_ordered_by_priority_and_weight() -> None:
    low = SrvRecord(0, 0, 1, "low")
    heavy = SrvRecord(0, 90, 1, "heavy")
    light = SrvRecord(0, 10, 1, "light")
    last = SrvRecord(5, 100, 1, "last")
    records = [last, heavy, light, low]
    assert rfc2782_order(records, always(0)) == (low, heavy, light, last)
    assert rfc2782_order(records, always(95)) == (light, heavy, low, last)
    assert rfc2782_order(records, always(50)) == (heavy, light, low, last)


@given(
    st.lists(
        st.builds(
            SrvRecord, st.integers(0, 3), st.integers(0, 9), st.just(1), st.sampled_from("abcd")
        )
    )
)
def test_order_contains_every_record_sorted_by_priority(records: list[SrvRecord]) -> None:
    ordered = rfc2782_order(records)
    assert Counter(ordered) == Counter(records)
    assert [record.priority for record in ordered] == sorted(r.priority for r in records)
