"""A batch of ten thousand people of a thousand domains: the searches, and writing the files.

``python -m tests.bench.bench_batch`` as root on Linux, with the servers of `bench_discovery` at the
far end of the cable. Half of the domains publish a document below ``/.well-known`` (four round
trips: address, TCP, TLS, document), half the DNS service records (one). All sources are queried.
CPU and memory are those of this process and its children, without the servers and the cable.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mailsetup.assistant.run_options import RunOptions
from mailsetup.batch.journal import RunJournal
from mailsetup.batch.overview import write_overview
from mailsetup.batch.run import BatchRunner
from mailsetup.batch.table import PeopleTable, read_table
from mailsetup.batch.table_check import Defaults, check_table
from mailsetup.batch.work import Work
from mailsetup.discovery.batch_search import BatchSearch
from mailsetup.model.address import EmailAddress
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.network import open_network
from tests.bench import bench_discovery
from tests.bench.cable import FAR, cable

DOMAINS, PEOPLE = 1000, 10
RTT = 50.0
MEMORY = Path("/dev/shm")
CHAIN = (4 + 1) / 2
"""Round trips of the shortest chain, on average."""


def name(number: int) -> str:
    """A domain: even ones publish a document, odd ones service records."""
    return f"d{number}.batch.es"


def publish() -> None:
    """Add the domains to what the far side serves."""
    bench_discovery.NAMES.append("*.batch.es")
    for number in range(DOMAINS):
        domain = name(number)
        if number % 2:
            bench_discovery.ZONE |= {
                (f"_imaps._tcp.{domain}", "SRV"): f"0 1 993 imap.{domain}.",
                (f"_submissions._tcp.{domain}", "SRV"): f"0 1 465 smtp.{domain}.",
            }
        else:
            bench_discovery.ZONE[domain, "A"] = FAR


def resident_mib() -> float:
    """Resident memory of this process and its children; shared pages count for each."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    pages = 0
    for process in ("self", *children.read_text(encoding="utf-8").split()):
        try:
            pages += int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


@contextmanager
def measured(what: str, count: int) -> Iterator[dict[str, float]]:
    """Print one line with time, CPU and peak memory."""
    seen = {"peak": resident_mib(), "ideal": 0.0}
    started, cpu = time.perf_counter(), cpu_seconds()
    yield seen
    wall, used = time.perf_counter() - started, cpu_seconds() - cpu
    ratio = f"{wall / seen['ideal']:.2f}" if seen["ideal"] else ""
    print(
        f"| {what} | {wall:.1f} s | {count / wall:.0f}/s | {used:.1f} s | {seen['peak']:.0f} MiB "
        f"| {ratio} |",
        flush=True,
    )


async def watch_memory(seen: dict[str, float], marks: list[float]) -> None:
    """Record the memory twice a second."""
    while True:
        marks.append(resident_mib())
        seen["peak"] = max(seen["peak"], marks[-1])
        await asyncio.sleep(0.5)


async def search(folder: Path, parallel: int) -> None:
    """Search for every person; each domain is searched for once."""
    options = NetworkOptions(resolver=(FAR, 53), ca_files=(folder / "ca.pem",), use_proxy=False)
    people = [EmailAddress(f"p{n}", name(d)) for n in range(PEOPLE) for d in range(DOMAINS)]
    async with open_network(options) as net:
        searches = BatchSearch(net, parallel=parallel)
        found: dict[str, int] = {}

        async def one(address: EmailAddress) -> None:
            outcome = str((await searches.find(address)).outcome)
            found[outcome] = found.get(outcome, 0) + 1

        title = f"searching, {parallel} domains concurrently"
        with measured(title, len(people)) as seen:
            seen["ideal"] = DOMAINS * CHAIN * RTT / 1000 / parallel
            watching = asyncio.create_task(watch_memory(seen, []))
            async with asyncio.TaskGroup() as group:
                for address in people:
                    group.create_task(one(address))
            watching.cancel()
        await searches.close()
        assert found == {"found": len(people)}, found


def table(folder: Path, domain: str, count: int) -> PeopleTable:
    """``count`` people of one domain, or of all where it is ""."""
    path = folder / "people.csv"
    rows = "".join(f"Person {n} Núñez,p{n}@{domain or name(n % DOMAINS)}\n" for n in range(count))
    path.write_text("name,address\n" + rows)
    found = read_table(path)
    assert isinstance(found, PeopleTable)
    return found


async def batch(
    folder: Path, title: str, people: PeopleTable, options: RunOptions, *programs: str
) -> None:
    """A whole run without tests, into a folder."""
    plan = check_table(people, Defaults("es", programs or ("other",)))
    # Removed at the end of all runs: ext4 skips inodes freed in the last five minutes one by one,
    # which would be measured.
    out = Path(tempfile.mkdtemp(dir=folder))
    journal = RunJournal.open(out)
    assert isinstance(journal, RunJournal)
    marks: list[float] = []
    with journal, measured(title, len(plan.people)) as seen:
        runner = BatchRunner(plan, out, journal, Work(), options)
        watching = asyncio.create_task(watch_memory(seen, marks))
        assert (await runner.run()).stopped == ""
        watching.cancel()
    with measured("… its overview", len(plan.people)), RunJournal.open(out) as again:  # type: ignore[union-attr]
        assert isinstance(again, RunJournal)
        write_overview(plan, out, again, runner.fingerprint, datetime.now(UTC))
    half = len(marks) // 2
    print(f"|   memory at half and at the end | {marks[half]:.0f} and {marks[-1]:.0f} MiB |||||")


def near(folder: Path) -> None:
    """The near side of the cable."""
    for parallel in (8, 16):
        asyncio.run(search(folder, parallel))
    options = RunOptions(
        network=NetworkOptions(resolver=(FAR, 53), ca_files=(folder / "ca.pem",), use_proxy=False)
    )
    everybody = table(folder, "", DOMAINS * PEOPLE)
    asyncio.run(
        batch(folder, "10,000 people of 1,000 domains, a whole run, disk", everybody, options)
    )


def writing(place: Path | None, kind: str) -> None:
    """Writing alone: with a built-in provider, so that no server is contacted."""
    offline = RunOptions(offline=True)
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        people = table(folder, "gmail.com", 2000)
        asyncio.run(batch(folder, f"writing, sheet and guide, {kind}", people, offline))
        programs = ("outlook", "apple-mail", "thunderbird")
        title = f"writing, sheet and three programs, {kind}"
        asyncio.run(batch(folder, title, people, offline, *programs))


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=["near", "far"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--disk", type=Path, help="a folder of the disk to write on")
    arguments = parser.parse_args()
    if arguments.side == "far":
        publish()
        asyncio.run(bench_discovery.serve(arguments.folder))
        return
    if arguments.side == "near":
        near(arguments.folder)
        return
    me = [sys.executable, "-m", "tests.bench.bench_batch"]
    print("| what | time | people | CPU | memory | to the ideal |\n|---|---|---|---|---|---|")
    writing(arguments.disk, "disk")
    if MEMORY.is_dir():
        writing(MEMORY, "memory")
    with cable(RTT) as (here, there), tempfile.TemporaryDirectory() as folder:
        enter = ["ip", "netns", "exec"]
        server = subprocess.Popen([*enter, there, *me, "--side", "far", "--folder", folder])
        try:
            while not (Path(folder) / "ca.pem").exists():
                time.sleep(0.05)
            subprocess.run([*enter, here, *me, "--side", "near", "--folder", folder], check=True)
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
