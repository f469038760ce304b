"""Evolution uses exactly our files: its registry, and its mail library (Camel)."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.apply.evolution import apply_evolution
from mailsetup.apply.result import ApplyFailure, FilesApplied
from mailsetup.export.programs.evolution import uids
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.programs.desktop import (
    EVERY_WAY,
    PERSON,
    USER,
    Desk,
    at,
    deliver,
    missing,
    need,
    subjects,
    wait_for,
)
from tests.support.samples.accounts import OAUTH2, account
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.programs

SYSTEM_PYTHON = "/usr/bin/python3"
CLIENT = Path(__file__).resolve().parents[1] / "support" / "programs" / "evolution_client.py"
BINDINGS = "import gi; [gi.require_version(n, '1.2') for n in ('EDataServer', 'Camel')]"


def need_evolution() -> None:
    """The registry, and the bindings of its libraries for the system's Python."""
    need("dbus-daemon", "gdbus")
    if not Path("/usr/libexec/evolution-source-registry").exists():
        missing("evolution-data-server")
    if subprocess.run([SYSTEM_PYTHON, "-c", BINDINGS], capture_output=True).returncode != 0:
        missing("gir1.2-edataserver-1.2, gir1.2-camel-1.2, python3-gi")


def evolution(desk: Desk, *arguments: str, password: str = "") -> dict[str, object]:
    """The output of Evolution's own libraries."""
    output = desk.run(SYSTEM_PYTHON, str(CLIENT), *arguments, given=f"{password}\n")
    found: dict[str, object] = json.loads(output)
    return found


def registered(desk: Desk, wanted: Account) -> dict[str, object]:
    """The registry's own view of the account."""
    names = uids(wanted)
    return evolution(desk, "read", names.account, names.identity, names.transport)


def expected(wanted: Account, methods: Mapping[str, str]) -> dict[str, object]:
    """The values that the registry must have."""
    names = uids(wanted)
    imap = wanted.incoming.protocol is Protocol.IMAP
    word = {
        SocketType.TLS: "ssl-on-alternate-port",
        SocketType.STARTTLS: "starttls-on-standard-port",
    }

    def head(parent: str) -> dict[str, object]:
        return {"display-name": str(wanted.address), "parent": parent, "enabled": True}

    def server(which: str) -> dict[str, object]:
        settings = wanted.incoming if which == "incoming" else wanted.outgoing
        return {
            "Authentication": {
                "host": settings.host,
                "port": settings.port,
                "user": settings.username,
                "method": methods[which],
            },
            "Security": {"method": word[settings.security]},
        }

    return {
        names.account: {
            "": head(""),
            "Mail Account": {
                "backend-name": "imapx" if imap else "pop",
                "identity-uid": names.identity,
                "needs-initial-setup": True,
            },
            "Refresh": {"enabled": True, "interval-minutes": 10},
            **server("incoming"),
        },
        # Evolution does not distinguish an empty name from a missing one.
        names.identity: {
            "": head(names.account),
            "Mail Identity": {"address": wanted.address.ascii, "name": wanted.person or None},
            "Mail Submission": {
                "transport-uid": names.transport,
                "sent-folder": None if imap else "folder://local/Sent",
            },
        },
        names.transport: {
            "": head(names.account),
            "Mail Transport": {"backend-name": "smtp"},
            **server("outgoing"),
        },
    }


def applied(wanted: Account, desk: Desk) -> FilesApplied:
    result = apply_evolution(wanted, desk.config)
    assert isinstance(result, FilesApplied), result
    return result


def test_evolutions_registry_reads_every_field_at_its_start(desk: Desk) -> None:
    need_evolution()
    password = {"incoming": "PLAIN", "outgoing": "PLAIN"}
    kinds = [
        (account(person=PERSON.strip(), username=USER.strip()), password),
        (
            account("luis@bodega.example", protocol=Protocol.POP3, security=SocketType.STARTTLS),
            {"incoming": "none", "outgoing": "PLAIN"},
        ),
        (OAUTH2, {"incoming": "Google", "outgoing": "Google"}),
        (account("eva@bodegas-peñín.example", person=""), password),
    ]
    for wanted, _methods in kinds:
        assert applied(wanted, desk).live is None
    for wanted, methods in kinds:
        assert registered(desk, wanted) == expected(wanted, methods)


def test_a_running_registry_adds_the_account_and_the_result_is_confirmed(desk: Desk) -> None:
    need_evolution()
    wanted = account(person=PERSON.strip(), username=USER.strip())
    methods = {"incoming": "PLAIN", "outgoing": "PLAIN"}
    assert set(registered(desk, wanted).values()) == {None}
    assert applied(wanted, desk).live is True
    assert registered(desk, wanted) == expected(wanted, methods)

    moved = replace(wanted, incoming=replace(wanted.incoming, host="new.bodega.example", port=143))
    before = {path: path.read_bytes() for path in desk.config.rglob("*.source")}
    assert isinstance(apply_evolution(moved, desk.config), ApplyFailure)
    assert before == {path: path.read_bytes() for path in desk.config.rglob("*.source")}
    repaired = apply_evolution(moved, desk.config, repair=True)
    assert isinstance(repaired, FilesApplied)
    assert repaired.live is True
    assert repaired.repaired
    assert registered(desk, moved) == expected(moved, methods)


def test_the_registry_ignores_files_of_a_killed_run(desk: Desk) -> None:
    need_evolution()
    wanted = account()
    done = applied(wanted, desk)
    leftover = done.files[0].parent / ".mailsetup-0123456789abcdef"
    leftover.write_bytes(done.files[0].read_bytes()[:40])
    methods = {"incoming": "PLAIN", "outgoing": "PLAIN"}
    assert registered(desk, wanted) == expected(wanted, methods)
    known = desk.bus_call(
        "org.gnome.evolution.dataserver.Sources5",
        "/org/gnome/evolution/dataserver/SourceManager",
        "org.freedesktop.DBus.ObjectManager.GetManagedObjects",
    )
    assert done.files[0].stem in known
    assert "mailsetup-" not in known


@pytest.mark.servers
@EVERY_WAY
def test_evolutions_library_fetches_and_sends_with_the_applied_account(
    desk: Desk, servers: RealServers, protocol: Protocol, security: SocketType
) -> None:
    need_evolution()
    desk.resolve_names(servers)
    address, subject = "ana@bodega.test", f"evolution {protocol} {security}"
    deliver(servers, address, subject)
    wanted = at(servers, protocol, security, person=PERSON.strip())
    assert applied(wanted, desk).live is None
    names = uids(wanted)
    result = evolution(
        desk, "mail", names.account, names.transport, str(servers.ca_file), address, subject,
        password=servers.accounts[address],
    )  # fmt: skip
    fetched = result["fetched"]
    assert isinstance(fetched, list)
    assert subject in fetched
    assert result["leaves_on_server"] is (True if protocol is Protocol.POP3 else None)
    wait_for(lambda: subjects(servers, address).count(subject) == 2)


@pytest.mark.servers
def test_evolutions_library_signs_in_with_non_ascii_letters(
    desk: Desk, servers: RealServers
) -> None:
    need_evolution()
    desk.resolve_names(servers)
    address = "eñe@bodega.test"
    deliver(servers, address, "con eñe")
    wanted = at(servers, Protocol.IMAP, SocketType.TLS, username=address)
    applied(wanted, desk)
    names = uids(wanted)
    result = evolution(
        desk, "mail", names.account, "-", str(servers.ca_file), "-", "-",
        password=servers.accounts[address],
    )  # fmt: skip
    assert result["fetched"] == ["con eñe"]
