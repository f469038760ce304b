"""How long discovery takes, in milliseconds and in round trips.

Two network namespaces joined by `tests.bench.cable` (two TUN devices and a thread that forwards
every packet after half the round trip), real sockets, real TLS:
``python -m tests.bench.bench_discovery`` as root on Linux. The far side runs a name server, a web
server and mail servers; the near side searches as the program does.
"""

import argparse
import asyncio
import base64
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import cast

import trustme

from mailsetup.discovery.find import all_sources, find
from mailsetup.model.address import EmailAddress
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.source_result import Found
from mailsetup.net.network import Network, open_network
from tests.bench.cable import FAR, NOWHERE, cable

SBIN = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
ECHO = 5300
"""The port of the echo server."""
NAMES = [
    "autoconfig.only-autoconfig.es", "only-wellknown.es", "v1.ispdb.net", "autoconfig.hoster.com",
    "imap.only-probe.es", "smtp.only-probe.es", "imap.only-srv.es", "smtp.only-srv.es",
    "autodiscover.only-autodiscover.es", "ua-auto-config.only-pacc.es",
    "imap.probe-hole.es", "smtp.probe-hole.es",
]  # fmt: skip
ZONE: dict[tuple[str, str], str] = (
    {(name, "A"): FAR for name in NAMES}
    | {
        ("_imaps._tcp.only-srv.es", "SRV"): "0 1 993 imap.only-srv.es.",
        ("_submissions._tcp.only-srv.es", "SRV"): "0 1 465 smtp.only-srv.es.",
        ("_imaps._tcp.srv-hole.es", "SRV"): "0 1 993 imap.srv-hole.es.",
        ("_submissions._tcp.srv-hole.es", "SRV"): "0 1 465 smtp.srv-hole.es.",
        ("only-mx.es", "MX"): "10 mx.hoster.com.",
    }
    | {
        (name, "A"): NOWHERE
        for domain in ("srv-hole.es", "probe-hole.es")
        for name in (f"autoconfig.{domain}", f"autodiscover.{domain}", domain)
    }
)
METHODS = {
    "pacc": "only-pacc.es",
    "autoconfig": "only-autoconfig.es",
    "well-known": "only-wellknown.es",
    "ispdb": "only-ispdb.es",
    "srv": "only-srv.es",
    "mx": "only-mx.es",
    "autodiscover": "only-autodiscover.es",
    "probe": "only-probe.es",
}
# The shortest chain of round trips that each method needs: address, TCP, TLS 1.3, document; MX
# before that; for probing greeting and capabilities in place of the document.
CHAIN = {"srv": 1, "mx": 5, "probe": 5}
PUBLISHED = 4
DOCUMENT = b"""<clientConfig version="1.1"><emailProvider id="x">
<incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port>
<socketType>SSL</socketType></incomingServer>
<outgoingServer type="smtp"><hostname>smtp.%EMAILDOMAIN%</hostname><port>465</port>
<socketType>SSL</socketType></outgoingServer></emailProvider></clientConfig>"""


PACC = b'{"protocols":{"imap":{"host":"imap.x.es"},"submit":{"host":"smtp.x.es"}}}'
ZONE["_ua-auto-config.only-pacc.es", "TXT"] = (
    f'"v=UAAC1; a=sha256; d={base64.b64encode(hashlib.sha256(PACC).digest()).decode()}"'
)
POX = b"""<Autodiscover><Response><Account><Protocol><Type>IMAP</Type><Port>993</Port>
<Server>imap.only-autodiscover.es</Server></Protocol><Protocol><Type>SMTP</Type><Port>465</Port>
<Server>smtp.only-autodiscover.es</Server></Protocol></Account></Response></Autodiscover>"""


def start_knot(folder: Path) -> subprocess.Popen[bytes]:
    """Everything in `ZONE` as one root zone."""
    lines = [f"{name}. {kind} {record}" for (name, kind), record in ZONE.items()]
    head = "$TTL 60\n. SOA ns. admin. 1 3600 600 86400 60\n. NS ns.test.\n"
    (folder / "root.zone").write_text(head + "\n".join(lines) + "\n")
    (folder / "knot.conf").write_text(
        f"""
server:
    rundir: "{folder}"
    listen: {FAR}@53
control:
    listen: "{folder}/knot.sock"
database:
    storage: "{folder}/knot-db"
log:
  - target: stderr
    any: error
zone:
  - domain: .
    storage: "{folder}"
    file: root.zone
    zonefile-sync: -1
"""
    )
    (folder / "knot-db").mkdir()
    return subprocess.Popen(["knotd", "-c", str(folder / "knot.conf")], env=SBIN)


def start_nginx(folder: Path) -> subprocess.Popen[bytes]:
    """Serve each document at its URL, 404 elsewhere."""
    pages = {
        "/mail/config-v1.1.xml": DOCUMENT,
        "/.well-known/autoconfig/mail/config-v1.1.xml": DOCUMENT,
        "/only-ispdb.es": DOCUMENT,
        "/autodiscover/autodiscover.xml": POX,
        "/.well-known/user-agent-configuration.json": PACC,
    }
    for path, body in pages.items():
        place = folder / "www" / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
    (folder / "nginx.conf").write_text(
        f"""
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    server {{
        listen {FAR}:443 ssl;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {folder}/chain.pem;
        ssl_certificate_key {folder}/key.pem;
        root {folder}/www;
        error_page 405 =200 $uri;
    }}
}}
"""
    )
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"]
    return subprocess.Popen(command, env=SBIN)


async def imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A greeting without capabilities, the slower of the two kinds."""
    writer.write(b"* OK ready\r\n")
    while line := await reader.readline():
        tag = line.split(b" ")[0]
        writer.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A submission server."""
    writer.write(b"220 ready\r\n")
    while await reader.readline():
        writer.write(b"250-far\r\n250 AUTH PLAIN\r\n")


async def serve(folder: Path) -> None:
    """Run the far side until it is ended."""
    authority = trustme.CA()
    certificate = authority.issue_cert(*NAMES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    (folder / "chain.pem").write_bytes(b"".join(b.bytes() for b in certificate.cert_chain_pems))
    (folder / "key.pem").write_bytes(certificate.private_key_pem.bytes())
    loop = asyncio.get_running_loop()
    # The near side closes connections without a TLS close_notify, as the program does.
    loop.set_exception_handler(lambda _loop, _context: None)
    for handler, port in ((imap, 993), (smtp, 465)):
        await asyncio.start_server(handler, FAR, port, ssl=context)
    await loop.create_datagram_endpoint(Echo, local_addr=(FAR, ECHO))
    servers = [start_knot(folder), start_nginx(folder)]
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await asyncio.sleep(1.0)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    await ended.wait()
    for server in servers:
        server.terminate()
        server.wait()


def mailbox(domain: str) -> EmailAddress:
    """An address under the domain."""
    address = EmailAddress.parse(f"ana@{domain}")
    assert isinstance(address, EmailAddress)
    return address


@dataclass(frozen=True)
class Taken:
    """Milliseconds: the median and the minimum of the runs, and the median CPU time."""

    middle: float
    quickest: float
    computing: float


async def timed(
    options: NetworkOptions, work: Callable[[Network], Awaitable[None]], repeats: int = 7
) -> Taken:
    """Every run starts without connections and without answers.

    Setting up the network (loading the system's certificates) is not counted.
    """
    taken, computing = [], []
    for _ in range(repeats):
        async with open_network(options) as net:
            started, cpu = time.perf_counter(), time.process_time()
            await work(net)
            taken.append(1000 * (time.perf_counter() - started))
            computing.append(1000 * (time.process_time() - cpu))
    return Taken(median(taken), min(taken), median(computing))


async def one_source(method: str, net: Network) -> None:
    """A source without competitors."""
    source = next(source for source in all_sources() if str(source.method) == method)
    outcome = await source.discover(mailbox(METHODS[method]), net)
    assert isinstance(outcome, Found), outcome


async def whole(domain: str, expected: str, net: Network) -> None:
    """The race, in which only one source has anything."""
    discovery = await find(mailbox(domain), net)
    assert discovery.source is not None, discovery
    assert str(discovery.source.method) == expected, discovery


async def echo(rtt: float) -> None:
    """The round trip of one packet over the cable."""
    loop = asyncio.get_running_loop()
    taken = []
    for _ in range(9):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.connect((FAR, ECHO))
            started = time.perf_counter()
            sock.send(b"x")
            await loop.sock_recv(sock, 10)
            taken.append(1000 * (time.perf_counter() - started))
    print(f"| {rtt:.0f} | the wire alone | {median(taken):.1f} | {min(taken):.1f} | | | |")


class Echo(asyncio.DatagramProtocol):
    """Echoes every packet."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(data, addr)


async def ask(folder: Path, rtt: float, repeats: int) -> None:
    """The near side: one line a method."""
    options = NetworkOptions(resolver=(FAR, 53), ca_files=(folder / "ca.pem",), use_proxy=False)

    def line(name: str, taken: Taken, method: str = "") -> None:
        trips = taken.middle / rtt
        ratios = ""
        if method:
            chain = rtt * CHAIN.get(method, PUBLISHED)
            ratios = f"{taken.middle / chain:.2f} ({taken.quickest / chain:.2f})"
        print(
            f"| {rtt:.0f} | {name} | {taken.middle:.0f} | {taken.quickest:.0f} | {trips:.1f} "
            f"| {ratios} | {taken.computing:.0f} |",
            flush=True,
        )

    await echo(rtt)
    # The first runs include the imports.
    await timed(options, partial(one_source, "autoconfig"), 1)
    await timed(options, partial(whole, METHODS["probe"], "probe"), 1)
    for method in METHODS:
        work = partial(one_source, method)
        line(f"{method}, alone", await timed(options, work, repeats), method)
    clear: dict[str, Taken] = {}
    for method, domain in METHODS.items():
        clear[method] = await timed(options, partial(whole, domain, method), repeats)
        line(f"{method}, in the race", clear[method], method)
    for method in ("srv", "probe"):
        hole = await timed(options, partial(whole, f"{method}-hole.es", method), repeats)
        line(f"{method}, three web hosts swallow packets", hole)
        later = hole.middle - clear[method].middle
        print(f"| {rtt:.0f} | … later by | {later:.0f} | | | | |", flush=True)


def main() -> None:
    """Measure for each delay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rtt", type=float, nargs="*", default=[20.0, 50.0, 150.0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--side", choices=["near", "far"])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.side == "far":
        asyncio.run(serve(arguments.folder))
        return
    if arguments.side == "near":
        asyncio.run(ask(arguments.folder, arguments.rtt[0], arguments.repeats))
        return
    me = [sys.executable, "-m", "tests.bench.bench_discovery"]
    head = "round trip, ms | what | ms | quickest | round trips | ratio (quickest) | computing, ms"
    print(f"| {head} |\n{'|---' * 7}|", flush=True)
    for rtt in arguments.rtt:
        with cable(rtt) as (near, far), tempfile.TemporaryDirectory() as folder:
            enter = ["ip", "netns", "exec"]
            server = subprocess.Popen([*enter, far, *me, "--side", "far", "--folder", folder])
            try:
                while not (Path(folder) / "ca.pem").exists():
                    time.sleep(0.05)
                side = ["--side", "near", "--folder", folder, "--rtt", str(rtt)]
                side += ["--repeats", str(arguments.repeats)]
                subprocess.run([*enter, near, *me, *side], check=True)
            finally:
                server.terminate()
                server.wait()


if __name__ == "__main__":
    main()
