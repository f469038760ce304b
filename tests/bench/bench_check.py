"""How long a whole check takes on real servers, in milliseconds and in round trips: root, Linux.

``python -m tests.bench.bench_check``. Dovecot, Postfix, knot and nginx run at the far end of a
cable (`tests.bench.cable`); the near side checks as the program does, with given settings. Every
run has a new network: no open connection and an empty DNS cache.
"""

import argparse
import asyncio
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.model.address import EmailAddress
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from tests.bench.cable import FAR, cable, sh
from tests.support.servers.availability import missing
from tests.support.servers.real_servers import RealServers

ROUNDS = 7
ADDRESS = EmailAddress("ana", "bodega.test")
CHAINS = {"logins": 12, "small": 16, "1 MiB": 28}
"""Round trips that wait for each other; see README.md."""


def account(security: SocketType = SocketType.TLS) -> Account:
    """The servers of the address."""
    imap = ServerSettings(Protocol.IMAP, "imap.bodega.test", 993, security, ADDRESS.ascii)
    smtp = ServerSettings(Protocol.SMTP, "smtp.bodega.test", 465, security, ADDRESS.ascii)
    return Account(ADDRESS, imap, smtp)


async def far_side(folder: Path) -> None:
    """Run the servers until SIGTERM."""
    servers = RealServers(FAR)
    sh(f"ip addr add {servers.sign_in_ip}/32 dev lo")
    servers.start()
    try:
        servers_data = {"ca": str(servers.ca_file), "password": servers.accounts[ADDRESS.ascii]}
        (folder / "servers.part").write_text(json.dumps(servers_data))
        (folder / "servers.part").rename(folder / "servers.json")
        ended = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
        await ended.wait()
    finally:
        servers.stop()


async def near_side(folder: Path) -> dict[str, list[float]]:
    """Milliseconds of each run, by kind of check."""
    far = json.loads((folder / "servers.json").read_text())
    options = NetworkOptions(resolver=(FAR, 53), ca_files=(Path(far["ca"]),), use_proxy=False)
    secret = Secret(far["password"])
    requests = {
        "logins": CheckRequest(account(), secret, send=False),
        "small": CheckRequest(account(), secret, attachment_mib=0),
        "1 MiB": CheckRequest(account(), secret, attachment_mib=1),
    }
    taken: dict[str, list[float]] = {name: [] for name in requests}
    for round_number in range(ROUNDS + 1):
        for name, request in requests.items():
            report = await once(options, request)
            if round_number:  # the first one pays for the imports
                taken[name].append(report.elapsed_ms)
    return taken


async def once(options: NetworkOptions, request: CheckRequest) -> CheckReport:
    """One check. Raises RuntimeError where a link is not proven."""
    report = await Assistant(RunOptions(network=options), programs_here=tuple).check(request)
    if not report.is_in_order:
        raise RuntimeError(str(report.findings))
    return report


def measured(rtt: float) -> tuple[dict[str, float], int]:
    """Median milliseconds by kind of check, and the near side's peak memory in MiB."""
    me = [sys.executable, "-m", "tests.bench.bench_check"]
    enter = ["ip", "netns", "exec"]
    with cable(rtt) as (near, far), tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([*enter, far, *me, "--side", "far", "--folder", folder])
        try:
            while not (Path(folder) / "servers.json").exists():
                time.sleep(0.05)
            side = ["--side", "near", "--folder", folder]
            done = subprocess.run(
                [*enter, near, *me, *side], check=True, stdout=subprocess.PIPE, text=True
            )
        finally:
            server.terminate()
            server.wait()
    result = json.loads(done.stdout)
    return {name: median(runs) for name, runs in result["taken"].items()}, result["mib"]


def show(rtts: Sequence[float]) -> None:
    """One line for each kind of check.

    The round trips are computed from the difference between the longest and the shortest delay;
    the rest is the time of the servers and of this computer.
    """
    runs = {rtt: measured(rtt) for rtt in sorted(rtts)}
    delays = " | ".join(f"{rtt:.0f} ms" for rtt in runs)
    print(f"| check | {delays} | round trips | longest chain | ratio | servers |")
    print("|---" * (len(runs) + 5) + "|")
    (near, (at_near, _)), *_between, (far, (at_far, mib)) = runs.items()
    for name, chain in CHAINS.items():
        trips = (at_far[name] - at_near[name]) / (far - near)
        cells = " | ".join(f"{taken[name]:.0f} ms" for taken, _mib in runs.values())
        servers = at_near[name] - trips * near
        print(
            f"| {name} | {cells} | {trips:.1f} | {chain} | {trips / chain:.2f} | {servers:.0f} ms |"
        )
    print(f"peak memory of the checking process: {mib} MiB")


def main() -> None:
    """Measure for each delay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rtt", type=float, nargs="*", default=[20.0, 50.0, 100.0])
    parser.add_argument("--side", choices=["near", "far"])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if len(set(arguments.rtt)) < 2:
        parser.error("--rtt needs two different delays")
    reason = missing()
    if reason is not None:
        sys.exit(reason)
    match arguments.side:
        case "far":
            asyncio.run(far_side(arguments.folder))
        case "near":
            taken = asyncio.run(near_side(arguments.folder))
            mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(json.dumps({"taken": taken, "mib": mib}))
        case _:
            show(arguments.rtt)


if __name__ == "__main__":
    main()
