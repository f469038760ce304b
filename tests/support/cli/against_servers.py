"""Runs the command line in a process against the real servers of the tests."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.cli.schema import valid
from tests.support.fault_table import note
from tests.support.servers.real_servers import RealServers


def command(servers: RealServers, *words: str) -> list[str]:
    """The command with the resolver and the certificate authority of the servers."""
    network = ["--resolver", servers.resolver, "--ca-file", str(servers.ca_file)]
    return [sys.executable, "-m", "mailsetup", *words, *network]


def run(servers: RealServers, *words: str, password: str = "") -> tuple[int, Any, str]:
    """Exit status, JSON document, and the whole output, which must not hold the password."""
    needs = ["--password-stdin"] if password else []
    done = subprocess.run(
        command(servers, *words, "--json", *needs),
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=100,
    )
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed
    if password:
        assert password not in printed
    document = valid(json.loads(done.stdout))
    assert document["schema"] == 1
    return done.returncode, document, printed


def check(servers: RealServers, address: str, *words: str, password: str = "") -> tuple[int, Any]:
    """Exit status and document of a check; its findings are noted for the table of faults."""
    secret = password or servers.accounts.get(address, "irrelevante")
    status, document, _printed = run(servers, "check", address, *words, password=secret)
    for finding in document.get("findings", ()):
        broken = document["first_broken"]
        if finding["link"] == broken or finding["status"] == "warn":
            note(finding["id"], broken)
    return status, document


def ids(document: Any) -> list[str]:
    """The ids of the findings of a document."""
    return [finding["id"] for finding in document["findings"]]


def settings_file(tmp_path: Path, host: str, **changes: object) -> str:
    """A settings file with this IMAP server; ``changes`` are members of it."""
    server = {"protocol": "imap", "host": host, "port": 993, "security": "tls", **changes}
    outgoing = {"protocol": "smtp", "host": "smtp.bodega.test", "port": 465, "security": "tls"}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"incoming": [server], "outgoing": [outgoing]}))
    return str(path)
