"""A table with real servers: what is tested, at which pace, and what a second run repeats."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli.schema import valid
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


def batch(
    servers: RealServers, tmp_path: Path, rows: Sequence[str], *words: str, out: str = "out"
) -> tuple[int, Any]:
    """Status and report of a run; nothing secret is printed, written or visible in arguments."""
    table = tmp_path / "people.csv"
    table.write_text("address,password,password command\n" + "".join(f"{row}\n" for row in rows))
    command = [sys.executable, "-m", "mailsetup", "batch", str(table), "--out", str(tmp_path / out)]
    command += ["--json", "--resolver", servers.resolver, "--ca-file", str(servers.ca_file), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert "Traceback" not in done.stderr
    for secret in ("correcto", "canario"):
        assert secret not in done.stdout + done.stderr
        for path in (tmp_path / out).rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path
    return done.returncode, valid(json.loads(done.stdout), "batch")


def outcomes(document: Any) -> dict[str, str]:
    return {person["address"]: person["outcome"] for person in document["people"]}


def logins(servers: RealServers, domain: str) -> int:
    """Logins of this domain that Dovecot has seen, good and bad ones, by IMAP."""
    return sum(
        "imap-login" in line and f"@{domain}>" in line
        for line in servers.log("dovecot-mail").splitlines()
    )


def test_each_domain_is_checked_once_and_working_accounts_are_not_tested_again(
    servers: RealServers, tmp_path: Path
) -> None:
    accounts = ("ana@bodega.test", "ana@onlysrv.test", "ana@wellknown.test")
    rows = [f"{address},{servers.accounts[address]}," for address in accounts]
    servers.mailboxes.empty("ana@bodega.test")
    status, document = batch(servers, tmp_path, rows, "--check")
    assert outcomes(document) == dict.fromkeys(accounts, "works")
    assert status == 0
    assert document["people"][0]["source"]["method"] == "autoconfig"
    assert servers.mailboxes.messages("ana@bodega.test") == []
    before = [logins(servers, address.partition("@")[2]) for address in accounts]
    status, again = batch(servers, tmp_path, rows, "--check")
    assert (status, again["people"]) == (0, document["people"])
    assert [logins(servers, address.partition("@")[2]) for address in accounts] == before


def test_a_password_command_gets_the_address_in_place_of_placeholders(
    servers: RealServers, tmp_path: Path
) -> None:
    script = tmp_path / "give.py"
    known = {"ana@bodega.test": "correcto-1"}
    script.write_text(f"import sys; print({known!r}.get(sys.argv[1], ''))")
    give = f"'{sys.executable}' '{script}' {{address}}"
    rows = ["ana@bodega.test,,", "reglas@bodega.test,,", f"llena@bodega.test,,{sys.executable} -x"]
    status, document = batch(
        servers, tmp_path, rows,
        "--check", "--no-send", "--password-command", give, "--allow-commands",
    )  # fmt: skip
    assert outcomes(document) == {
        "ana@bodega.test": "works",
        "reglas@bodega.test": "not-tested",
        "llena@bodega.test": "not-tested",
    }
    assert status == 5


def test_a_column_of_wrong_passwords_stops_before_the_office_is_banned(
    servers: RealServers, tmp_path: Path
) -> None:
    seen = logins(servers, "mxhosted.test")
    rows = [f"u{number}@mxhosted.test,canario-{number}," for number in range(12)]
    rows.append("ana@bodega.test,correcto-1,")
    words = ("--check", "--no-send", "--trust", "hoster.test")
    status, document = batch(servers, tmp_path, rows, *words)
    found = outcomes(document)
    assert status == 5
    assert found.pop("ana@bodega.test") == "works"
    assert sorted(found.values()) == ["broken"] * 4 + ["not-tested"] * 8
    assert logins(servers, "mxhosted.test") - seen <= 2 * 4
    broken = [person for person in document["people"] if person["outcome"] == "broken"]
    assert {person["first_broken"] for person in broken} == {"account"}
    # The files of all people are written nevertheless, and a second run does not try again at once.
    assert all(person["files"] for person in document["people"])
    between = logins(servers, "mxhosted.test")
    _status, again = batch(servers, tmp_path, rows, *words)
    assert sorted(outcomes(again).values()) == ["broken"] * 4 + ["not-tested"] * 8 + ["works"]
    assert logins(servers, "mxhosted.test") == between


def test_people_whose_mail_is_hosted_elsewhere_need_an_agreement(
    servers: RealServers, tmp_path: Path
) -> None:
    rows = ["ana@foreign-srv.test,correcto-8,", "ana@bodega.test,correcto-1,"]
    status, document = batch(servers, tmp_path, rows, "--check", "--no-send")
    assert status == 4
    assert outcomes(document) == {
        "ana@foreign-srv.test": "needs-confirmation",
        "ana@bodega.test": "works",
    }
    assert document["confirm"] == ["hoster.test"]
    status, document = batch(
        servers, tmp_path, rows, "--check", "--no-send", "--trust", "hoster.test"
    )
    assert (status, outcomes(document)["ana@foreign-srv.test"]) == (0, "works")
