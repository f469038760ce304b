"""Claws Mail uses exactly our files: the complete program, on its own X display."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.claws_mail import ClawsMail
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.programs.desktop import (
    EVERY_WAY,
    PERSON,
    Desk,
    Screen,
    at,
    deliver,
    subjects,
    wait_for,
)
from tests.support.programs.desktop_parsers import read_claws
from tests.support.samples.accounts import account
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.programs


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
        """The number of messages; by POP they are local files."""
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
    desk: Desk, screen: Screen, servers: RealServers, protocol: Protocol, security: SocketType
) -> None:
    desk.resolve_names(servers)
    desk.environment["SSL_CERT_FILE"] = str(servers.ca_file)
    address, subject = "ana@bodega.test", f"claws {protocol} {security}"
    deliver(servers, address, subject)
    before = len(servers.mailboxes.messages(address))
    wanted = at(servers, protocol, security, person=PERSON)
    with claws(desk, screen, wanted) as program:
        assert program.received(protocol) == 0
        program.ask("--receive-all")
        program.sign_in(servers.accounts[address])
        wait_for(lambda: program.received(protocol) == before)
        message = desk.home / "message"
        message.write_text(f"To: {address}\nSubject: {subject}\n\nhola\n")
        program.ask("--compose-from-file", str(message))
        compose = wait_for(lambda: screen.window("Compose message"))
        screen.press(compose, "ctrl+Return")
        program.sign_in(servers.accounts[address])
        wait_for(lambda: subjects(servers, address).count(subject) == 2)
        wait_for(lambda: list((desk.home / "Mail/sent").glob("[0-9]*")))
    assert len(servers.mailboxes.messages(address)) == before + 1, "nothing was deleted"
    written = read_claws((program.folder / "accountrc").read_bytes())["Account: 1"]
    exported = read_claws((desk.home / "export/accountrc").read_bytes())["Account: 1"]
    # The program rewrote the file from what it had read.
    assert len(written) > 2 * len(exported)
    changed = {key for key, value in exported.items() if written[key] != value}
    assert changed == {"config_version"}


@pytest.mark.servers
def test_claws_mail_asks_before_it_trusts_a_certificate_for_another_name(
    desk: Desk, screen: Screen, servers: RealServers
) -> None:
    desk.resolve_names(servers)
    desk.environment["SSL_CERT_FILE"] = str(servers.ca_file)
    wanted = at(servers, Protocol.IMAP, SocketType.TLS, incoming_host="mail.wrongcert.test")
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
