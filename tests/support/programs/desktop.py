"""A desktop session for real mail programs: a home, a session bus, names of the test servers."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.samples.accounts import account
from tests.support.servers.process import Server
from tests.support.servers.real_servers import RealServers

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
    """Programs in the PATH, and the library that resolves names."""
    absent = [program for program in programs if shutil.which(program) is None]
    if wrapper() is None:
        absent.append("libnss-wrapper")
    missing(*absent)


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

    def resolve_names(self, servers: RealServers) -> None:
        """Resolve these names to the test servers."""
        hosts = ("imap.bodega.test", "smtp.bodega.test", "mail.wrongcert.test")
        (self.home / "hosts").write_text(f"{servers.ip} {' '.join(hosts)}\n")
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


def desk_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The home of a desktop session in this folder."""
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


def at(
    servers: RealServers,
    protocol: Protocol,
    security: SocketType,
    *,
    person: str = "Ana Núñez",
    username: str = "",
    incoming_host: str = "imap.bodega.test",
) -> Account:
    """Ana of the test servers."""
    return account(
        "ana@bodega.test",
        person=person,
        protocol=protocol,
        security=security,
        username=username,
        incoming_host=incoming_host,
        outgoing_host="smtp.bodega.test",
    )


def deliver(servers: RealServers, address: str, subject: str) -> None:
    """Deliver a message to the inbox."""
    home = servers.mailboxes.maildir(address)
    for part in ("tmp", "new", "cur"):
        (home / part).mkdir(parents=True, exist_ok=True)
    message = f"From: b@bodega.test\r\nTo: {address}\r\nSubject: {subject}\r\n\r\nhola\r\n"
    (home / "new" / f"{time.time_ns()}.1.x").write_text(message)
    for path in (home.parent, home, *home.rglob("*")):
        shutil.chown(path, "mail", "mail")


def subjects(servers: RealServers, address: str) -> list[str]:
    """The subjects of the messages in the inbox."""
    texts = [path.read_text(errors="replace") for path in servers.mailboxes.messages(address)]
    lines = [line for text in texts for line in text.splitlines()]
    return [line.removeprefix("Subject: ") for line in lines if line.startswith("Subject: ")]


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
