"""Many addresses in one process, and how soon a cancelled search has closed everything.

``python -m tests.bench.bench_many`` as root on Linux: the real knot, nginx, Dovecot and Postfix on
a loopback address, a fifth of the domains each with SRV, a document, a known exchanger, usual
names, and nothing at all. No delay is added: what is seen is computing and memory.
"""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

from mailsetup.discovery.batch_search import BatchSearch
from mailsetup.discovery.find import find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.network import open_network
from tests.support.servers.real_servers import RealServers

DOMAINS, PEOPLE = 200, 5


def published(servers: RealServers) -> list[str]:
    """The domains, of five kinds in turn."""
    names, records = [], []
    for number in range(DOMAINS):
        name = f"d{number}.bodega.test"
        names.append(name)
        match number % 5:
            case 0:
                records += [
                    f"_imaps._tcp.{name}. SRV 0 1 993 imap.bodega.test.",
                    f"_submissions._tcp.{name}. SRV 0 1 465 smtp.bodega.test.",
                ]
            case 1:
                records.append(f"{name}. MX 10 mx1.hoster.test.")
            case 2:
                records.append(f"{name}. MX 10 aspmx.l.google.com.")
            case 3:
                records.append(f"{name}. MX 10 mx.bodega.test.")
            case _:
                records.append(f'{name}. TXT "nothing"')
    servers.name_server.add(*records)
    return names


def resident_mib() -> float:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def sockets() -> int:
    """How many sockets are open."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found += str(entry.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue
    return found


async def many(servers: RealServers, names: list[str]) -> None:
    """All people of all domains."""
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as net:
        searches = BatchSearch(net)
        people = [EmailAddress(f"p{n}", name) for n in range(PEOPLE) for name in names]
        results: Counter[str] = Counter()
        started, cpu = time.perf_counter(), time.process_time()
        for first in range(0, len(people), DOMAINS):
            found: list[Discovery] = await asyncio.gather(
                *(searches.find(address) for address in people[first : first + DOMAINS])
            )
            results.update(str(one.outcome) for one in found)
            print(
                f"| {first + DOMAINS} | {time.perf_counter() - started:.2f} s "
                f"| {time.process_time() - cpu:.2f} s | {resident_mib():.0f} MiB |",
                flush=True,
            )
        print(f"domains searched: {len(searches._domains)}; {dict(results)}")
        await searches.close()


async def cancelled(servers: RealServers) -> None:
    """From the cancellation until no socket is open."""
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    for after in (0.005, 0.02, 0.05):
        before = sockets()
        async with open_network(options) as net:
            task = asyncio.ensure_future(find(EmailAddress("ana", "probing.test"), net))
            await asyncio.sleep(after)
            opened = sockets() - before
            started = time.perf_counter()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            ended = time.perf_counter()
        print(
            f"cancelled after {1000 * after:.0f} ms with {opened} sockets: "
            f"ended {1000 * (ended - started):.1f} ms later, {sockets() - before} sockets left"
        )


def main() -> None:
    """Measure both."""
    servers = RealServers()
    servers.start()
    try:
        print("| addresses | time | CPU | memory |\n|---|---|---|---|")
        asyncio.run(many(servers, published(servers)))
        asyncio.run(cancelled(servers))
    finally:
        servers.stop()


if __name__ == "__main__":
    main()
