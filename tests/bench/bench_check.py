"""How long a whole check takes on real servers, and its peak memory: root, Linux.

``python -m tests.bench.bench_check``. Dovecot, Postfix, knot and nginx on loopback; in front of the
mail ports stands a proxy that holds every burst of bytes for half the round trip, each way. It
delays what is said, not TCP's own handshake, so a real network adds one round trip a connection.
"""

import asyncio
import resource
import socket
import statistics
import sys
import time
from contextlib import suppress

from mailsetup.assistant.service import (
    Assistant,
    CheckRequest,
    NetworkOptions,
    RunOptions,
    alternatives_to,
    choose_account,
)
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from tests.servers.world import World, missing

ROUNDS = 5
ADDRESS = EmailAddress("ana", "bodega.test")


async def delayed(ip: str, port: int, half: float) -> tuple[asyncio.Server, int]:
    """A proxy to a port that holds bytes for half a round trip."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def deliver() -> None:
            while True:
                due, data = await on_the_way.get()
                await asyncio.sleep(due - loop.time())
                if not data:
                    return
                writer.write(data)
                await writer.drain()

        delivery = asyncio.ensure_future(deliver())
        try:
            while data := await reader.read(1 << 20):
                on_the_way.put_nowait((loop.time() + half, data))
            on_the_way.put_nowait((loop.time() + half, b""))
            await delivery
        except ConnectionError:
            delivery.cancel()
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(ip, port)
        with suppress(ConnectionError):
            await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sockets: tuple[socket.socket, ...] = tuple(server.sockets)
    return server, sockets[0].getsockname()[1]


async def measured(world: World, round_trip_ms: float) -> tuple[float, float, float]:
    """Median milliseconds: everything, the message's way, and discovery before it."""
    routes = {}
    servers = []
    for port in (993, 465, 443):
        server, local = await delayed(world.ip, port, round_trip_ms / 2000)
        servers.append(server)
        for host in ("imap.bodega.test", "smtp.bodega.test", "autoconfig.bodega.test"):
            routes[host, port] = ("127.0.0.1", local)
    options = NetworkOptions(
        resolver=(world.ip, 53), ca_files=(world.ca_file,), routes=routes, use_proxy=False
    )
    assistant = Assistant(RunOptions(network=options))
    checks, trips, searches = [], [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        discovery = await assistant.discover(ADDRESS)
        searches.append(1000 * (time.perf_counter() - started))
        if discovery.settings is None:
            raise RuntimeError("nothing found")
        account = choose_account(discovery.settings, ADDRESS)
        if account is None:
            raise RuntimeError("nothing usable")
        request = CheckRequest(
            account,
            Secret(world.accounts[ADDRESS.ascii]),
            alternatives=alternatives_to(account, discovery.settings),
            discovery=discovery,
        )
        report = await assistant.check(request)
        if report.round_trip is None:
            raise RuntimeError(str(report.findings))
        checks.append(report.elapsed_ms)
        trips.append(report.round_trip.sent_ms + report.round_trip.arrived_ms)
    for server in servers:
        server.close()
    # Connections that are cut off by the end of the loop are of no interest.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    return statistics.median(checks), statistics.median(trips), statistics.median(searches)


def main() -> None:
    """One line a round-trip time."""
    reason = missing()
    if reason is not None:
        sys.exit(reason)
    world = World()
    world.start()
    try:
        print("round trip   discovery      check   of which sending until seen")
        for milliseconds in (0, 20, 50, 150):
            check, trip, search = asyncio.run(measured(world, milliseconds))
            print(f"{milliseconds:7d} ms {search:8.0f} ms {check:8.0f} ms {trip:8.0f} ms")
    finally:
        world.stop()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


if __name__ == "__main__":
    main()
