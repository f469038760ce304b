"""discover, export, apply and the interruption of a check, against real servers."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.cli.against_servers import check, command, ids, run
from tests.support.servers.hosting import PENISCOLA
from tests.support.servers.real_servers import RealServers
from tests.support.waiting import wait_until

pytestmark = pytest.mark.servers


def test_international_domain_is_printed_in_both_forms(servers: RealServers) -> None:
    status, document, _printed = run(servers, "discover", "ana@peñíscola.test")
    assert status == 0
    assert document["address"] == "ana@peñíscola.test"
    assert document["address_ascii"] == f"ana@{PENISCOLA}"
    assert document["settings"]["incoming"][0]["username"] == f"ana@{PENISCOLA}"


def test_output_of_discover_is_accepted_as_settings(servers: RealServers, tmp_path: Path) -> None:
    _status, found, _printed = run(servers, "discover", "ana@bodega.test")
    path = tmp_path / "found.json"
    path.write_text(json.dumps(found))
    status, document = check(servers, "ana@bodega.test", "--settings", str(path), "--no-send")
    assert status == 0
    assert document["source"]["method"] == "file"
    assert document["settings"]["incoming"] == found["settings"]["incoming"]


def test_export_writes_files_and_never_overwrites(servers: RealServers, tmp_path: Path) -> None:
    words = ("export", "ana@bodega.test", "--for", "thunderbird", "--out", str(tmp_path / "x"))
    status, document, _printed = run(servers, *words)
    assert status == 0
    assert all(Path(name).is_file() for name in document["files"])
    status, document, _printed = run(servers, *words)
    assert status == 2
    assert document["error"]["id"] == "export.not-written"
    assert run(servers, *words, "--force")[0] == 0


@pytest.mark.thunderbird
def test_apply_creates_a_profile(servers: RealServers, home: Path) -> None:
    status, document, _printed = run(servers, "apply", "ana@bodega.test", "--to", "thunderbird")
    assert status == 0
    prefs = (Path(document["profile"]) / "prefs.js").read_text()
    assert "imap.bodega.test" in prefs
    assert str(home) in document["profile"]
    assert "-P" in document["command"]


@pytest.mark.fault("client.program.wrong-settings")
@pytest.mark.thunderbird
def test_wrong_settings_in_the_installed_program_are_found(
    servers: RealServers, home: Path
) -> None:
    _status, applied, _printed = run(servers, "apply", "ana@bodega.test", "--to", "thunderbird")
    prefs = Path(applied["profile"]) / "prefs.js"
    status, document = check(servers, "ana@bodega.test", "--no-send")
    assert (status, ids(document)) == (0, [])
    prefs.write_text(prefs.read_text().replace("imap.bodega.test", "imap.viejo.test"))
    status, document = check(servers, "ana@bodega.test", "--no-send")
    assert status == 5
    assert document["first_broken"] == "client"
    assert ids(document) == ["client.program.wrong-settings"]
    assert "imap.viejo.test" in document["findings"][0]["title"]


def test_ctrl_c_ends_with_status_130_and_one_document(servers: RealServers, tmp_path: Path) -> None:
    before = servers.logins(user="ana@bodega.test")
    words = ("check", "ana@bodega.test", "--json", "--password-stdin", "--attachment-mib", "8")
    running = subprocess.Popen(
        command(servers, *words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert running.stdin is not None
    running.stdin.write(b"correcto-1\n")
    running.stdin.flush()
    # Interrupt after the login and before eight mebibytes are transferred.
    wait_until(lambda: servers.logins(user="ana@bodega.test") != before, what="the login")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130, err.decode()
    assert json.loads(out)["error"]["id"] == "cancelled"
    assert b"Traceback" not in err
