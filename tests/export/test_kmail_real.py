"""KMail's files are exactly those that Akonadi uses, which fetches and sends for it."""

import contextlib
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.kmail import KMail
from mailsetup.formats import keyfile
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.programs.desktop import (
    PERSON,
    USER,
    Desk,
    Screen,
    at,
    deliver,
    need,
    wait_for,
)
from tests.support.samples.accounts import account
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.programs


CONTROL = ("org.freedesktop.Akonadi.Control", "/AgentManager")
AGENTS = "org.freedesktop.Akonadi.AgentManager"
AGENT = "org.freedesktop.Akonadi.Agent"
# Qt searches the system's authorities in fixed folders. The test's authority is there in a mount
# namespace of Akonadi's own.
TRUSTING = """
mount -t tmpfs none /etc/ssl/certs && cp "$CA" /etc/ssl/certs/ &&
openssl rehash /etc/ssl/certs && exec akonadi_control
"""


@contextlib.contextmanager
def akonadi(desk: Desk, trusted: Path | None = None, platform: str = "offscreen") -> Iterator[None]:
    """Akonadi with its own database; it trusts this authority only."""
    settings = desk.config / "akonadi/akonadiserverrc"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[%General]\nDriver=QSQLITE3\n")
    desk.environment["QT_QPA_PLATFORM"] = platform
    if trusted is None:
        desk.start("akonadi", "akonadi_control")
    else:
        desk.start("akonadi", "unshare", "--mount", "sh", "-c", TRUSTING, CA=str(trusted))
    # A call before it runs makes the bus start another one.
    wait_for(lambda: desk.has("org.freedesktop.Akonadi.Control"), 60)
    wait_for(lambda: desk.has("org.freedesktop.Akonadi"), 60)
    yield
    with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
        desk.run("akonadictl", "stop", "--wait")


def installed_for_kmail(desk: Desk, wanted: Account) -> str:
    """Install the files as the instructions say; returns the name of the resource."""
    artifact = KMail().export(wanted)
    assert isinstance(artifact, Artifact)
    written = write_artifact(artifact, desk.home / "export")
    assert isinstance(written, Written)
    for value in artifact.steps[1].values[1:]:
        desk.run("sh", "-c", f"cd export && {value.value}")
    names = [path.name.removesuffix("rc") for path in written.paths]
    return next(name for name in names if name.startswith("akonadi_"))


def fetched(desk: Desk) -> str:
    """The messages that Akonadi has stored."""
    store = desk.home / ".local/share/akonadi/akonadi.db"
    if not store.exists():
        return ""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        try:
            rows = database.execute("SELECT data FROM PartTable").fetchall()
        except sqlite3.OperationalError:
            return ""
    return "".join(bytes(row[0]).decode(errors="replace") for row in rows if row[0])


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3])
def test_akonadi_reads_the_files_for_kmail_field_by_field(desk: Desk, protocol: Protocol) -> None:
    need("gdbus", "akonadi_control", "akonadi_imap_resource")
    wanted = account(
        "eva@bodegas-peñín.example",
        protocol=protocol,
        security=SocketType.STARTTLS,
        person=PERSON,
        username=USER,
    )
    existing = desk.config / "akonadi/agentsrc"
    existing.parent.mkdir(parents=True)
    existing.write_text(
        "[Instances]\nakonadi_archivemail_agent\\AgentType=akonadi_archivemail_agent\n\n"
        "[InstanceCounters]\nakonadi_imap_resource\\InstanceCounter=3\n"
    )
    instance = installed_for_kmail(desk, wanted)
    place = (f"org.freedesktop.Akonadi.Resource.{instance}", "/Settings")
    kind = "Imap" if protocol is Protocol.IMAP else "POP3"

    def setting(name: str) -> str:
        return desk.bus_call(*place, f"org.kde.Akonadi.{kind}.Settings.{name}")

    with akonadi(desk):
        wait_for(lambda: setting("userName" if kind == "Imap" else "login"), 60)
        agents = desk.bus_call(*CONTROL, f"{AGENTS}.agentInstances")
        assert f"'{instance}'" in agents
        assert "'akonadi_archivemail_agent'" in agents
        name = desk.bus_call(*CONTROL, f"{AGENTS}.agentInstanceName", instance)
        assert name == f"('{wanted.address}',)"
        escaped = USER.replace("\\", "\\\\").replace('"', '\\"')
        text = f'("{escaped}",)'
        if protocol is Protocol.IMAP:
            assert setting("imapServer") == f"('{wanted.incoming.host}',)"
            assert setting("imapPort") == "(143,)"
            assert setting("safety") == "('STARTTLS',)"
            assert setting("userName") == text
            assert setting("authentication") == "(1,)"
        else:
            assert setting("host") == f"('{wanted.incoming.host}',)"
            assert setting("port") == "(uint32 110,)"
            assert setting("login") == text
            assert (setting("useTLS"), setting("useSSL")) == ("(true,)", "(false,)")
            assert setting("authenticationMethod") == "(7,)"
            assert setting("leaveOnServer") == "(true,)"
        # KDE's own library of identities rewrites its file, with ours as the default.
        identities = desk.config / "emailidentities"
        wait_for(lambda: b"Default Identity=" in identities.read_bytes())
    groups = keyfile.read(identities.read_bytes())
    assert groups is not None
    ours = next(
        group for group in groups.values() if group.get("Email Address") == wanted.address.ascii
    )
    assert ours["Name"] == wanted.person
    assert groups["General"]["Default Identity"] == ours["uoid"]
    transports = keyfile.read((desk.config / "mailtransports").read_bytes())
    assert transports is not None
    assert transports[f"Transport {ours['Transport']}"]["user"] == USER


@pytest.mark.servers
@pytest.mark.parametrize(
    ("protocol", "security"),
    [(Protocol.IMAP, SocketType.TLS), (Protocol.POP3, SocketType.STARTTLS)],
)
def test_akonadi_fetches_with_the_exported_account(
    desk: Desk, screen: Screen, servers: RealServers, protocol: Protocol, security: SocketType
) -> None:
    need("gdbus", "akonadi_control", f"akonadi_{protocol}_resource", "unshare", "openssl")
    if {name for _index, name in socket.if_nameindex()} <= {"lo"}:
        pytest.skip("Akonadi takes a computer that has nothing but loopback for offline")
    desk.resolve_names(servers)
    address, subject = "ana@bodega.test", f"kmail {protocol}"
    deliver(servers, address, subject)
    before = len(servers.mailboxes.messages(address))
    instance = installed_for_kmail(desk, at(servers, protocol, security))
    # Without a wallet it asks in a window, or waits offline until it gets the password.
    (desk.config / "kwalletrc").write_text("[Wallet]\nEnabled=false\nFirst Use=false\n")
    resource = (f"org.freedesktop.Akonadi.Resource.{instance}", "/")
    with akonadi(desk, trusted=servers.ca_file, platform="xcb"):
        wait_for(lambda: desk.has(resource[0]), 60)
        answered: set[str] = set()

        def arrived() -> bool:
            # It may ask more than once, each time in a new window with the account's name.
            window = screen.window(address)
            if window is not None and window not in answered:
                answered.add(window)
                screen.press(window, "Return", text=servers.accounts[address])
            if desk.bus_call(*resource, f"{AGENT}.Status.isOnline") == "(false,)":
                answered.add("no window")
                wallet = "org.kde.Akonadi.Imap.Wallet.setPassword"
                desk.bus_call(resource[0], "/Settings", wallet, servers.accounts[address])
                desk.bus_call(*resource, f"{AGENT}.Status.setOnline", "true")
            desk.bus_call(*resource, "org.freedesktop.Akonadi.Resource.synchronize")
            return subject in fetched(desk)

        wait_for(arrived, 60)
        assert answered
    assert len(servers.mailboxes.messages(address)) == before, "nothing was deleted on the server"
