"""A user of terminal programs: their home, keyring, exported files and terminals."""

import contextlib
import os
import re
import secrets
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import Parser
from email.policy import default
from pathlib import Path

import pytest

from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.export.exporter import Artifact, Exporter
from mailsetup.export.programs.aerc import Aerc
from mailsetup.model.settings import Account
from tests.support.servers.real_servers import RealServers

if sys.platform != "win32":
    import pty

WAITING = 30.0


def need(*programs: str) -> None:
    """Missing programs fail in CI and skip elsewhere."""
    absent = [name for name in programs if shutil.which(name) is None]
    if not nss_wrapper().exists():
        absent.append("libnss-wrapper")
    if absent:
        reason = f"not installed: {', '.join(absent)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def nss_wrapper() -> Path:
    found = sorted(Path("/usr/lib").glob("*/libnss_wrapper.so"))
    return found[0] if found else Path("/usr/lib/libnss_wrapper.so")


@dataclass
class Person:
    """A user with a home, a keyring and the exported files."""

    servers: RealServers
    home: Path
    address: str
    password: str
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folder = self.home / "bin"
        folder.mkdir(parents=True)
        (self.home / "secret").write_text(self.password + "\n", encoding="utf-8")
        tool = folder / "secret-tool"
        tool.write_text(
            f"#!/bin/sh\nprintf '%s\\0' \"$@\" >> '{self.home}/asked'\n"
            f"printf '\\n' >> '{self.home}/asked'\nexec cat '{self.home}/secret'\n"
        )
        tool.chmod(0o755)
        hosts = self.home / "hosts"
        hosts.write_text(f"{self.servers.ip} imap.bodega.test smtp.bodega.test\n")
        self.environ = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "PATH": f"{folder}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "LD_PRELOAD": str(nss_wrapper()),
            "NSS_WRAPPER_HOSTS": str(hosts),
            # Then Go programs use the C library's resolver, as on most computers.
            "GODEBUG": "netdns=cgo",
            "SSL_CERT_FILE": str(self.servers.ca_file),
            "EDITOR": "true",
        }

    @property
    def asked(self) -> list[list[str]]:
        """The requests of the programs to the keyring."""
        try:
            lines = (self.home / "asked").read_bytes().split(b"\0\n")
        except FileNotFoundError:
            return []
        return [line.decode().split("\0") for line in lines if line]

    def files(self, program: Exporter, wanted: Account) -> list[Path]:
        """The export on the disk, as written by `mailsetup export`."""
        artifact = program.export(wanted)
        assert isinstance(artifact, Artifact), artifact
        written = write_artifact(artifact, self.home / "export")
        assert isinstance(written, Written)
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in written.paths)
        return list(written.paths)

    def run(
        self, *command: str, text: str = "", check: bool = True
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program of the user until it ends."""
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            env=self.environ,
            cwd=self.home,
            timeout=WAITING,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def neomutt_value(self, file: Path, name: str) -> str:
        """A setting as read by NeoMutt from a file (``-Q``).

        NeoMutt 20250510 always ends with status 1; complaints about the file are on stderr.
        """
        done = self.run("neomutt", "-F", str(file), "-Q", name, check=False)
        match = re.fullmatch(r'set [a-z_]+ = "(.*)"\n', done.stdout)
        assert match, done.stdout + done.stderr
        assert done.stderr == ""
        return re.sub(r"\\(.)", r"\1", match[1])

    def messages(self) -> list[str]:
        """The user's messages on the server."""
        return [
            path.read_text(encoding="utf-8", errors="replace")
            for path in self.servers.mailboxes.messages(self.address)
        ]

    def receive(self, subject: str) -> None:
        """Deliver a message to the user's mailbox through the server."""
        subprocess.run(
            [
                "doveadm",
                "-c",
                str(self.servers.folder / "dovecot.conf"),
                "save",
                "-u",
                self.address,
            ],
            input=f"From: {self.address}\nSubject: {subject}\n\nHola\n",
            text=True,
            check=True,
            capture_output=True,
            env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"},
        )

    def arrived(self, subject: str) -> str:
        """The message with this subject, once it has arrived."""
        deadline = time.monotonic() + WAITING
        while time.monotonic() < deadline:
            for message in self.messages():
                if f"Subject: {subject}" in message:
                    return message
            time.sleep(0.1)
        raise AssertionError(f"{subject} did not arrive:\n{self.servers.log('postfix')[-3000:]}")


def unheard() -> str:
    """A subject that no other message has."""
    return f"Berenjena{secrets.token_hex(4)}"


class Screen:
    """A program in a pseudo-terminal."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.seen = ""

    def read(self, seconds: float) -> bool:
        """Read the output so far; False at the end."""
        ready, _writable, _failed = select.select([self._descriptor], [], [], seconds)
        if not ready:
            return True
        try:
            piece = os.read(self._descriptor, 65536)
        except OSError:
            return False
        if b"\x1b[6n" in piece:
            os.write(self._descriptor, b"\x1b[1;1R")
        self.seen += piece.decode(errors="replace")
        return piece != b""

    def wait_until(self, ready: Callable[[], object]) -> None:
        """Read until this condition is true."""
        deadline = time.monotonic() + WAITING
        while not ready():
            assert time.monotonic() < deadline, self.seen[-3000:]
            assert self.read(0.1) or ready(), self.seen[-3000:]

    def wait_for(self, pattern: str) -> None:
        """Wait for this text on the screen, written since the last wait."""
        self.wait_until(lambda: re.search(pattern, self.seen))
        self.seen = ""

    def press(self, keys: str) -> None:
        """Type these keys."""
        os.write(self._descriptor, keys.encode())

    def press_until(self, keys: str, pattern: str) -> None:
        """Type, and repeat if the program was not ready yet."""
        deadline = time.monotonic() + WAITING
        while True:
            self.press(keys)
            again = time.monotonic() + 5
            while time.monotonic() < again and not re.search(pattern, self.seen):
                assert self.read(0.1), self.seen[-3000:]
            if re.search(pattern, self.seen):
                self.seen = ""
                return
            assert time.monotonic() < deadline, self.seen[-3000:]


@contextmanager
def on_screen(command: list[str], environ: Mapping[str, str], home: Path) -> Iterator[Screen]:
    """Start a program in a terminal, and end it with its children in any case."""
    child, descriptor = pty.fork()
    if child == 0:
        os.chdir(home)
        os.execvpe(command[0], command, dict(environ))  # noqa: S606 - the person's program
    import fcntl
    import struct
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        yield Screen(descriptor)
    finally:
        os.close(descriptor)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def neomutt_trust(person: Person) -> list[str]:
    return ["-e", f'set ssl_ca_certificates_file="{person.servers.ca_file}"']


def msmtp_trust(person: Person) -> str:
    return f"--tls-trust-file={person.servers.ca_file}"


def msmtp_options(person: Person, mechanism: str) -> list[str]:
    """What the test servers need in addition to the exported file."""
    return [msmtp_trust(person), *([mechanism] if mechanism else [])]


def add_to_aerc(person: Person, wanted: Account) -> None:
    (file,) = person.files(Aerc(), wanted)
    target = person.home / ".config" / "aerc" / "accounts.conf"
    target.parent.mkdir(parents=True)
    shutil.copy(file, target)


def read_from(message: str) -> tuple[str, str]:
    """The sender: name and address."""
    header = Parser(policy=default).parsestr(message, headersonly=True)["From"]
    (address,) = header.addresses
    return address.display_name, address.addr_spec
