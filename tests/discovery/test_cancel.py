"""Cancelling a search while no server answers: what was opened is closed, on real sockets."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup.discovery.find import find
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.network import open_network
from tests.support.network.loopback import serving
from tests.support.network.scripted_network import address

FDS = Path("/proc/self/fd")
PLACES = [
    *(("autoconfig.bodega.test", port) for port in (443,)),
    *(("autodiscover.bodega.test", port) for port in (80, 443)),
    *(("imap.bodega.test", port) for port in (143, 993)),
    *(("smtp.bodega.test", port) for port in (465, 587)),
]


def sockets() -> int:
    def links() -> Iterator[str]:
        for entry in FDS.iterdir():
            try:
                yield str(entry.readlink())
            except FileNotFoundError:
                continue

    return sum(link.startswith("socket:") for link in links())


@pytest.mark.skipif(not FDS.exists(), reason="counts the descriptors as Linux lists them")
async def test_a_cancelled_search_leaves_no_socket_open() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)

    loop = asyncio.get_running_loop()
    resolver, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )
    async with serving(silent) as there:
        options = NetworkOptions(
            resolver=resolver.get_extra_info("sockname"),
            routes=dict.fromkeys(PLACES, ("127.0.0.1", there.port)),
            use_proxy=False,
        )
        async with open_network(options) as net:
            before = sockets()
            search = asyncio.ensure_future(find(address("ana@bodega.test"), net))
            async with asyncio.timeout(20):
                while there.accepted < len(PLACES):  # noqa: ASYNC110 - the server only counts
                    await asyncio.sleep(0.01)
            # The server's ends belong to this process, too.
            assert sockets() > before + 2 * len(PLACES)
            search.cancel()
            await asyncio.gather(search, return_exceptions=True)
        async with asyncio.timeout(20):
            while there.ended < there.accepted:  # noqa: ASYNC110 - the server only counts
                await asyncio.sleep(0.01)
        await asyncio.sleep(0)
        assert sockets() == before
    resolver.close()
