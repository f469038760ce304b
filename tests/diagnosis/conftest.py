"""Fixtures for the tests of the diagnosis."""

import os
from collections.abc import Iterator

import pytest

from tests.support.samples.signed_zones import SignedZoneServers, write_web, write_zones
from tests.support.servers.availability import missing
from tests.support.servers.process import Server, answers, free_loopback_address, with_sbin


@pytest.fixture(scope="session")
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedZoneServers]:
    reason = missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("health")
    ip = free_loopback_address()
    anchor = write_zones(folder, ip)
    ca_file = write_web(folder, ip)
    servers = [
        Server(
            "knotd", ["knotd", "-c", str(folder / "knot.conf")], folder / "knot.log", with_sbin()
        ),
        Server(
            "nginx",
            ["nginx", "-c", str(folder / "nginx.conf"), "-g", "daemon off;"],
            folder / "nginx.log",
            with_sbin(),
        ),
    ]
    try:
        servers[0].wait_until(lambda: answers(ip, 53))
        servers[1].wait_until(lambda: answers(ip, 443))
        yield SignedZoneServers(ip, ca_file, anchor)
    finally:
        for server in servers:
            server.stop()
