"""``check --domain`` with and without ``--since`` against real servers."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailsetup.assistant.domain_watch import EXPIRING, watch
from mailsetup.assistant.run_options import RunOptions
from mailsetup.model.network_options import NetworkOptions
from mailsetup.net.clock import SystemClock
from mailsetup.net.network import open_network
from tests.support.cli.schema import valid
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


def check(servers: RealServers, domain: str, *words: str) -> tuple[int, str, str]:
    network = ["--resolver", servers.resolver, "--ca-file", str(servers.ca_file)]
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", "check", "--domain", domain, *words, *network],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def document(servers: RealServers, domain: str, *words: str) -> tuple[int, Any]:
    status, out, _err = check(servers, domain, "--json", *words)
    return status, valid(json.loads(out), "error" if status == 2 else "watch")


def test_healthy_domain_is_reported_with_servers_and_certificates(
    servers: RealServers,
) -> None:
    before = servers.logins(), servers.log("dovecot-mail").count("auth failed")
    status, found = document(servers, "bodega.test")
    assert status == 0
    assert found["domain"] == "bodega.test"
    assert found["first_broken"] is None
    assert {(one["protocol"], one["finding"]) for one in found["servers"]} >= {
        ("imap", None),
        ("smtp", None),
    }
    for one in found["servers"]:
        assert one["certificate"]["days_left"] > 100
        assert "PLAIN" in one["authentication"]
    assert found["changes"] is None
    assert "since" not in found
    # There was no login.
    assert (servers.logins(), servers.log("dovecot-mail").count("auth failed")) == before


@pytest.mark.parametrize(
    ("domain", "finding"),
    [
        ("expired.test", "hosting.tls.certificate-expired"),
        ("wrongcert.test", "hosting.tls.certificate-wrong-name"),
    ],
)
def test_servers_are_compared_with_the_published_settings(
    servers: RealServers, domain: str, finding: str
) -> None:
    status, found = document(servers, domain)
    assert status == 5
    assert finding in {one["finding"]["id"] for one in found["servers"] if one["finding"]}
    assert found["first_broken"] == "hosting"


def test_servers_are_compared_with_settings_of_a_file(servers: RealServers, tmp_path: Path) -> None:
    # TLS from the first byte, where the server waits for STARTTLS.
    server = {"protocol": "imap", "host": "imap.bodega.test", "port": 143}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"incoming": [{**server, "security": "tls"}]}))
    status, found = document(servers, "bodega.test", "--settings", str(path))
    assert status == 5
    assert [one["finding"]["id"] for one in found["servers"]] == ["hosting.server.wrong-security"]


def test_domain_without_mail_has_status_3(servers: RealServers) -> None:
    status, found = document(servers, "dead.test")
    assert status in (3, 5)
    assert found["outcome"] == "not-found"
    assert found["servers"] == []


def test_since_prints_changes_only(servers: RealServers, tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    status, first, _err = check(servers, "bodega.test", "--since", state)
    assert status == 0
    assert "imap.bodega.test" in first
    assert check(servers, "bodega.test", "--since", state)[:2] == (0, "")
    with servers.name_server.temporary("bodega.test. MX 20 mx.elsewhere.test."):
        status, printed, _err = check(servers, "bodega.test", "--since", state)
        assert "finding dns." in printed
        _status, again = document(servers, "bodega.test", "--since", state)
        assert again["changes"] == []
    _status, mended = document(servers, "bodega.test", "--since", state)
    assert {change["now"] for change in mended["changes"]} == {None}


def test_result_is_printed_where_the_state_cannot_be_written(servers: RealServers) -> None:
    # No user can create a file there, not even root.
    status, found = document(servers, "bodega.test", "--since", "/proc/state")
    assert status == 1
    assert found["first_broken"] is None
    assert found["since"]["written"] is False
    assert "/proc" in found["since"]["reason"]
    status, out, err = check(servers, "bodega.test", "--since", "/proc/state")
    assert status == 1
    assert "imap.bodega.test" in out
    assert "/proc" in err


def test_other_file_is_not_overwritten_by_the_state(servers: RealServers, tmp_path: Path) -> None:
    state = tmp_path / "notes.txt"
    state.write_text("precious")
    status, found = document(servers, "bodega.test", "--since", str(state))
    assert (status, found["error"]["id"]) == (2, "since.unusable")
    assert state.read_text() == "precious"


class Later(SystemClock):
    """A clock that is ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


@pytest.mark.fault("hosting.tls.certificate-expiring")
async def test_certificate_that_expires_soon_is_a_warning(servers: RealServers) -> None:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as net:
        report = await watch("bodega.test", net, RunOptions())
        certificate = report.servers[0].certificate
        assert certificate is not None
        ahead = certificate.not_after - net.clock.now() - timedelta(days=EXPIRING - 1)
    async with open_network(options) as net:
        later = replace(net, clock=Later(ahead))
        report = await watch("bodega.test", later, RunOptions())
    assert {one.finding.id for one in report.servers if one.finding} == {
        "hosting.tls.certificate-expiring"
    }
    assert report.servers[0].days_left == EXPIRING - 2
    assert report.is_healthy
