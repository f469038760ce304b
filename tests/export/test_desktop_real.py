"""Evolution, Claws Mail and Akonadi (KMail) use exactly our files.

Evolution is tested by its registry on a session bus of its own, and by its mail library (Camel),
which fetches and sends. Claws Mail is the whole program on its own X display. KMail is a user
interface of Akonadi, which does its work. Host names come from libnss_wrapper.
"""

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.apply.evolution import apply_evolution
from mailsetup.apply.result import ApplyFailure, FilesApplied
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.claws_mail import ClawsMail
from mailsetup.export.programs.evolution import uids
from mailsetup.export.programs.kmail import KMail
from mailsetup.formats import keyfile
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.programs.desktop_parsers import read_claws
from tests.support.samples.accounts import OAUTH2, account
from tests.support.servers.process import Server
from tests.support.servers.real_servers import World

pytestmark = pytest.mark.programs

SYSTEM_PYTHON = "/usr/bin/python3"
CLIENT = Path(__file__).resolve().parents[1] / "support" / "programs" / "evolution_client.py"
BINDINGS = "import gi; [gi.require_version(n, '1.2') for n in ('EDataServer', 'Camel')]"
WAITING = 30.0
PERSON = ' Ana "la; de\\s" Núñez \\n [x]=y Ώ 文 '
USER = " a'b\"c;d\\e=[f]#ñ "
EVERY_WAY = pytest.mark.parametrize(
    ("protocol", "security"),
    [
        (protocol, security)
        for protocol in (Protocol.IMAP, Protocol.POP3)
        for security in (SocketType.TLS, SocketType.STARTTLS)
    ],
)


def missing(*absent: str) -> None:
    """Missing programs fail in CI and skip elsewhere."""
    if not absent:
        return
    reason = f"not installed: {', '.join(absent)}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def need(*programs: str) -> None:
    """Programs of the path, and the library that answers for names."""
    absent = [program for program in programs if shutil.which(program) is None]
    if wrapper() is None:
        absent.append("libnss-wrapper")
    missing(*absent)


def need_evolution() -> None:
    """The registry, and the bindings of its libraries for the system's Python."""
    need("dbus-daemon", "gdbus")
    if not Path("/usr/libexec/evolution-source-registry").exists():
        missing("evolution-data-server")
    if subprocess.run([SYSTEM_PYTHON, "-c", BINDINGS], capture_output=True).returncode != 0:
        missing("gir1.2-edataserver-1.2, gir1.2-camel-1.2, python3-gi")


def wrapper() -> Path | None:
    """libnss_wrapper, where Debian puts it."""
    return next(iter(sorted(Path("/usr/lib").glob("*/libnss_wrapper.so"))), None)


Found = TypeVar("Found")


def wait_for(what: Callable[[], Found | None], seconds: float = WAITING) -> Found:
    """The function's first true result."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing after {seconds} s")


@dataclass
class Desk:
    """A home with a session bus; all its processes end with it."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    running: list[Server] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """``XDG_CONFIG_HOME``."""
        return self.home / ".config"

    def start(self, name: str, *command: str, **extra: str) -> Server:
        """Start a program that runs until the end."""
        log = self.home / f"{name}.log"
        server = Server(name, command, log, {**self.environment, **extra})
        self.running.append(server)
        return server

    def run(self, *command: str, given: str = "", seconds: float = WAITING) -> str:
        """A program's output; it must succeed."""
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            timeout=seconds,
            env={**os.environ, **self.environment},
            cwd=self.home,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        """End all programs, the last one first."""
        for server in reversed(self.running):
            server.stop()

    def knows(self, world: World) -> None:
        """Resolve these names to the test servers."""
        hosts = ("imap.bodega.test", "smtp.bodega.test", "mail.wrongcert.test")
        (self.home / "hosts").write_text(f"{world.ip} {' '.join(hosts)}\n")
        self.environment |= {
            "LD_PRELOAD": str(wrapper()),
            "NSS_WRAPPER_HOSTS": str(self.home / "hosts"),
        }

    def bus_call(self, name: str, path: str, method: str, *arguments: str) -> str:
        """A method's answer on the session bus, as GVariant text; empty when it failed."""
        command = ["gdbus", "call", "--session", "-d", name, "-o", path, "-m", method, *arguments]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=WAITING,
            env={**os.environ, **self.environment},
        )
        return done.stdout.strip()

    def has(self, name: str) -> bool:
        """Whether a program of this name is on the bus; this call does not start it."""
        bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus")
        return self.bus_call(*bus, "org.freedesktop.DBus.NameHasOwner", name) == "(true,)"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A home with a session bus, which is also the bus of the code under test."""
    need("dbus-daemon")
    # A socket's path is limited to 107 bytes, of which Akonadi's own part needs 30: pytest's
    # folders are too deep.
    with tempfile.TemporaryDirectory(prefix="desk-", ignore_cleanup_errors=True) as folder:
        yield from _desk_in(Path(folder), monkeypatch)


def _desk_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    runtime = home / "run"
    runtime.mkdir(parents=True, mode=0o700)
    address = f"unix:path={runtime}/bus"
    here = Desk(home)
    here.environment = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_RUNTIME_DIR": str(runtime),
        "DBUS_SESSION_BUS_ADDRESS": address,
        "GSETTINGS_BACKEND": "memory",
        "LANG": "C.UTF-8",
        "NO_AT_BRIDGE": "1",
    }
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    command = ("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}")
    with contextlib.ExitStack() as stack:
        stack.callback(here.stop)
        bus = here.start("dbus-daemon", *command)
        bus.wait_until((runtime / "bus").exists)
        yield here


def at(world: World, protocol: Protocol, security: SocketType, **changes: str) -> Account:
    """Ana of the test servers."""
    return account(
        changes.pop("address", "ana@bodega.test"),
        protocol=protocol,
        security=security,
        incoming_host=changes.pop("incoming_host", "imap.bodega.test"),
        outgoing_host="smtp.bodega.test",
        **changes,  # type: ignore[arg-type]  # names are checked at run time
    )


def deliver(world: World, address: str, subject: str) -> None:
    """Deliver a message to the inbox."""
    home = world.maildir(address)
    for part in ("tmp", "new", "cur"):
        (home / part).mkdir(parents=True, exist_ok=True)
    message = f"From: b@bodega.test\r\nTo: {address}\r\nSubject: {subject}\r\n\r\nhola\r\n"
    (home / "new" / f"{time.time_ns()}.1.x").write_text(message)
    for path in (home.parent, home, *home.rglob("*")):
        shutil.chown(path, "mail", "mail")


def subjects(world: World, address: str) -> list[str]:
    """The subjects of the messages in the inbox."""
    texts = [path.read_text(errors="replace") for path in world.messages(address)]
    lines = [line for text in texts for line in text.splitlines()]
    return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]


# Evolution ---------------------------------------------------------------------------------------


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
        names.identity: {
            "": head(names.account),
            "Mail Identity": {"address": wanted.address.ascii, "name": wanted.person},
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
        # Evolution does not distinguish an empty name from a missing one.
        wanted = replace(wanted, person=wanted.person or None)  # type: ignore[arg-type]
        assert registered(desk, wanted) == expected(wanted, methods)


def test_a_running_registry_adds_the_account_and_the_result_is_live(desk: Desk) -> None:
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
    desk: Desk, world: World, protocol: Protocol, security: SocketType
) -> None:
    need_evolution()
    desk.knows(world)
    address, subject = "ana@bodega.test", f"evolution {protocol} {security}"
    deliver(world, address, subject)
    wanted = at(world, protocol, security, person=PERSON.strip())
    assert applied(wanted, desk).live is None
    names = uids(wanted)
    result = evolution(
        desk, "mail", names.account, names.transport, str(world.ca_file), address, subject,
        password=world.accounts[address],
    )  # fmt: skip
    fetched = result["fetched"]
    assert isinstance(fetched, list)
    assert subject in fetched
    assert result["keeps"] is (True if protocol is Protocol.POP3 else None)
    wait_for(lambda: subjects(world, address).count(subject) == 2)


@pytest.mark.servers
def test_evolutions_library_signs_in_with_non_ascii_letters(desk: Desk, world: World) -> None:
    need_evolution()
    desk.knows(world)
    address = "eñe@bodega.test"
    deliver(world, address, "con eñe")
    wanted = at(world, Protocol.IMAP, SocketType.TLS, username=address)
    applied(wanted, desk)
    names = uids(wanted)
    result = evolution(
        desk, "mail", names.account, "-", str(world.ca_file), "-", "-",
        password=world.accounts[address],
    )  # fmt: skip
    assert result["fetched"] == ["con eñe"]


# Claws Mail --------------------------------------------------------------------------------------


@dataclass
class Screen:
    """An X display, read and typed on through xdotool."""

    desk: Desk

    def answers(self) -> bool:
        """Whether the display is ready."""
        return self._xdotool("getdisplaygeometry") != ""

    def titles(self) -> dict[str, str]:
        """The windows: title → number."""
        found = self._xdotool("search", "--onlyvisible", "--name", ".").split()
        return {self._xdotool("getwindowname", window).strip(): window for window in found}

    def window(self, words: str) -> str | None:
        """The window with these words in its title."""
        return next((number for title, number in self.titles().items() if words in title), None)

    def press(self, window: str, *keys: str, text: str = "") -> None:
        """Type into a window."""
        self._xdotool("windowfocus", "--sync", window)
        if text:
            self._xdotool("type", "--delay", "20", text)
        for key in keys:
            self._xdotool("key", key)

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            capture_output=True,
            text=True,
            timeout=WAITING,
            env={**os.environ, **self.desk.environment},
        )
        return done.stdout


@pytest.fixture
def screen(desk: Desk) -> Screen:
    """A virtual X server."""
    need("Xvfb", "xdotool", "claws-mail")
    # A fixed number: Xvfb's choice of a free one fails where another is just ending. Without
    # -noreset it resets, and refuses programs, whenever its only client ends.
    display = f":{100 + os.getpid() % 50_000}"
    options = ("-noreset", "-nolisten", "tcp", "-screen", "0", "1024x768x24")
    server = desk.start("xvfb", "Xvfb", display, *options)
    desk.environment["DISPLAY"] = display
    here = Screen(desk)
    server.wait_until(here.answers)
    return here


@dataclass
class Claws:
    """The running Claws Mail with the exported account."""

    desk: Desk
    screen: Screen
    folder: Path

    def ask(self, *arguments: str) -> str:
        """The answer of the running program."""
        return self.desk.run("claws-mail", *arguments)

    def sign_in(self, password: str) -> None:
        """Type the password where it is asked for."""
        window = wait_for(lambda: self.screen.window("Input password"))
        self.screen.press(window, "Return", text=password)
        wait_for(lambda: self.screen.window("Input password") is None)

    def received(self, protocol: Protocol) -> int:
        """The number of messages; by POP they are files of its own."""
        if protocol is Protocol.POP3:
            return len(list((self.desk.home / "Mail/inbox").glob("[0-9]*")))
        return int(self.ask("--status").split()[2])


@contextlib.contextmanager
def claws(desk: Desk, screen: Screen, wanted: Account) -> Iterator[Claws]:
    """Claws Mail, set up as the first step says."""
    artifact = ClawsMail().export(wanted)
    assert isinstance(artifact, Artifact)
    assert isinstance(write_artifact(artifact, desk.home / "export"), Written)
    line = artifact.steps[0].values[0].value
    desk.run("sh", "-c", f"cd export && {line}")
    folder = desk.home / ".claws-mail"
    # There is no dictionary here, which it would report in a window.
    (folder / "clawsrc").write_text("[Common]\nconfig_version=4\nenable_aspell=0\n")
    server = desk.start("claws-mail", "claws-mail")
    server.wait_until(lambda: screen.window("Claws Mail") is not None)
    yield Claws(desk, screen, folder)
    desk.run("claws-mail", "--quit")
    wait_for(lambda: screen.window("Claws Mail") is None)


@pytest.mark.servers
@EVERY_WAY
def test_claws_mail_fetches_and_sends_with_the_exported_account(
    desk: Desk, screen: Screen, world: World, protocol: Protocol, security: SocketType
) -> None:
    desk.knows(world)
    desk.environment["SSL_CERT_FILE"] = str(world.ca_file)
    address, subject = "ana@bodega.test", f"claws {protocol} {security}"
    deliver(world, address, subject)
    kept = len(world.messages(address))
    wanted = at(world, protocol, security, person=PERSON)
    with claws(desk, screen, wanted) as program:
        assert program.received(protocol) == 0
        program.ask("--receive-all")
        program.sign_in(world.accounts[address])
        wait_for(lambda: program.received(protocol) == kept)
        message = desk.home / "message"
        message.write_text(f"To: {address}\nSubject: {subject}\n\nhola\n")
        program.ask("--compose-from-file", str(message))
        compose = wait_for(lambda: screen.window("Compose message"))
        screen.press(compose, "ctrl+Return")
        program.sign_in(world.accounts[address])
        wait_for(lambda: subjects(world, address).count(subject) == 2)
        wait_for(lambda: list((desk.home / "Mail/sent").glob("[0-9]*")))
    assert len(world.messages(address)) == kept + 1, "nothing was deleted on the server"
    written = read_claws((program.folder / "accountrc").read_bytes())["Account: 1"]
    exported = read_claws((desk.home / "export/accountrc").read_bytes())["Account: 1"]
    # The program rewrote the file from what it had read.
    assert len(written) > 2 * len(exported)
    changed = {key for key, value in exported.items() if written[key] != value}
    assert changed == {"config_version"}


@pytest.mark.servers
def test_claws_mail_asks_before_it_trusts_a_certificate_for_another_name(
    desk: Desk, screen: Screen, world: World
) -> None:
    desk.knows(world)
    desk.environment["SSL_CERT_FILE"] = str(world.ca_file)
    wanted = at(world, Protocol.IMAP, SocketType.TLS, incoming_host="mail.wrongcert.test")
    with claws(desk, screen, wanted) as program:
        program.ask("--receive-all")
        asked = wait_for(lambda: screen.window("certificate") or screen.window("password"))
        assert "ertificate" in next(
            title for title, number in screen.titles().items() if number == asked
        )
        screen.press(asked, "Escape")
        wait_for(lambda: screen.window("certificate") is None)
        with contextlib.suppress(AssertionError):
            screen.press(wait_for(lambda: screen.window("rror"), 3), "Escape")


def test_claws_mail_reads_the_longest_lines_that_we_write(desk: Desk, screen: Screen) -> None:
    wanted = account(person="𐍈" * 200, username="𐍈" * 320)
    with claws(desk, screen, wanted) as program:
        before = (program.folder / "accountrc").read_bytes()
    after = (program.folder / "accountrc").read_bytes()
    assert after != before, "the program rewrote it"
    written = read_claws(after)["Account: 1"]
    assert written["name"] == wanted.person
    assert written["user_id"] == written["smtp_user_id"] == wanted.incoming.username


# KMail -------------------------------------------------------------------------------------------


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
    desk: Desk, screen: Screen, world: World, protocol: Protocol, security: SocketType
) -> None:
    need("gdbus", "akonadi_control", f"akonadi_{protocol}_resource", "unshare", "openssl")
    if {name for _index, name in socket.if_nameindex()} <= {"lo"}:
        pytest.skip("Akonadi takes a computer that has nothing but loopback for offline")
    desk.knows(world)
    address, subject = "ana@bodega.test", f"kmail {protocol}"
    deliver(world, address, subject)
    kept = len(world.messages(address))
    instance = installed_for_kmail(desk, at(world, protocol, security))
    # Without a wallet it asks in a window, or waits offline until it gets the password.
    (desk.config / "kwalletrc").write_text("[Wallet]\nEnabled=false\nFirst Use=false\n")
    resource = (f"org.freedesktop.Akonadi.Resource.{instance}", "/")
    with akonadi(desk, trusted=world.ca_file, platform="xcb"):
        wait_for(lambda: desk.has(resource[0]), 60)
        answered: set[str] = set()

        def arrived() -> bool:
            # It may ask more than once, each time in a new window with the account's name.
            window = screen.window(address)
            if window is not None and window not in answered:
                answered.add(window)
                screen.press(window, "Return", text=world.accounts[address])
            if desk.bus_call(*resource, f"{AGENT}.Status.isOnline") == "(false,)":
                answered.add("no window")
                wallet = "org.kde.Akonadi.Imap.Wallet.setPassword"
                desk.bus_call(resource[0], "/Settings", wallet, world.accounts[address])
                desk.bus_call(*resource, f"{AGENT}.Status.setOnline", "true")
            desk.bus_call(*resource, "org.freedesktop.Akonadi.Resource.synchronize")
            return subject in fetched(desk)

        wait_for(arrived, 60)
        assert answered
    assert len(world.messages(address)) == kept, "nothing was deleted on the server"
