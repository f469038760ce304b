"""The real terminal programs fetch and send with exactly our files.

Only what the test servers need is added: host names (libnss_wrapper), trust in the test's
authority, and a keyring, which is a ``secret-tool`` of the tests first in the PATH.
"""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.export.exporter import Artifact, Exporter
from mailsetup.export.programs.aerc import Aerc
from mailsetup.export.programs.himalaya import Himalaya
from mailsetup.export.programs.mbsync_msmtp import MbsyncMsmtp
from mailsetup.export.programs.neomutt import Neomutt
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from tests.contract.terminal import AWKWARD_LOCALS
from tests.support.programs.terminal_user import (
    WAITING,
    Person,
    add_to_aerc,
    msmtp_options,
    msmtp_trust,
    need,
    neomutt_trust,
    on_screen,
    read_from,
    unheard,
)
from tests.support.samples.accounts import account
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers

PERSON = 'Ana "la $HOME" `id` Núñez; 100% #1'
AWKWARD_PASSWORD = "p\"a's\\s$HOME`id`%s#;& ñ"
SENDER = "ana@onlysrv.test"
BOTH = pytest.mark.parametrize("security", [SocketType.TLS, SocketType.STARTTLS])
AWKWARD_USERS = ("$HOME`id`", 'a"b\\c', "a b'c;d#e", "100%s%U", "ñ ~ €", "-x", "{a}|b&c")


def _as_parsed(local: str) -> str:
    """The local part that is parsed from these characters: in quotes where it needs them."""
    parsed = EmailAddress.parse(f"{local}@bodega.test")
    return parsed.local if isinstance(parsed, EmailAddress) else f'"{local}"'


POSSIBLE_LOCALS = [_as_parsed(local) for local in AWKWARD_LOCALS]
"""Other forms are no addresses (RFC 5322), and aerc 0.20 refuses an account with one."""


def settings(address: str, security: SocketType, protocol: Protocol = Protocol.IMAP) -> Account:
    return account(
        address,
        person=PERSON,
        protocol=protocol,
        security=security,
        incoming_host="imap.bodega.test",
        outgoing_host="smtp.bodega.test",
    )


@pytest.fixture
def person(servers: RealServers, tmp_path: Path) -> Person:
    """A mailbox for each test, with a password of characters that settings files have to quote."""
    address = f"terminal{len(servers.accounts)}@bodega.test"
    servers.add_account(address, AWKWARD_PASSWORD)
    return Person(servers, tmp_path, address, AWKWARD_PASSWORD)


@pytest.fixture
def sender(servers: RealServers, tmp_path: Path) -> Person:
    """A user that may send: Postfix maps addresses to users at its start."""
    return Person(servers, tmp_path, SENDER, servers.accounts[SENDER])


@pytest.fixture(scope="module")
def msmtp_mechanism(servers: RealServers) -> str:
    """An option for msmtp where its own choice of the authentication method fails.

    ``auth on`` prefers SCRAM. msmtp 1.8.28 with Debian 13's GNU SASL fails at it before it has sent
    anything, with any server; then it has to use PLAIN.
    """
    if shutil.which("msmtp") is None:
        return ""
    command = [
        *("msmtp", f"--host={servers.ip}", "--port=587", "--tls=on", "--tls-certcheck=off"),
        *("--auth=scram-sha-256", f"--user={SENDER}", "--passwordeval=printenv PASSWORD"),
        *(f"--from={SENDER}", "llena@bodega.test"),
    ]
    environ = {**os.environ, "PASSWORD": servers.accounts[SENDER]}
    # The mailbox is full: the login works, but nothing is delivered.
    done = subprocess.run(
        command, input="hola\n", env=environ, capture_output=True, text=True, timeout=WAITING
    )
    return "--auth=plain" if "GNU SASL: Error authenticating user" in done.stderr else ""


@BOTH
@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3])
def test_neomutt_fetches_the_message(
    person: Person, security: SocketType, protocol: Protocol
) -> None:
    need("neomutt")
    (file,) = person.files(Neomutt(), settings(person.address, security, protocol))
    person.receive("Zanahoria")
    box = person.home / "box"
    keys = f"<tag-pattern>~A<enter><tag-prefix><copy-message>{box}<enter><quit>"
    command = ["neomutt", "-F", str(file), *neomutt_trust(person)]
    command += ["-e", "set confirmappend=no confirmcreate=no mbox_type=mbox quit=yes"]
    command += ["-e", f'push "{keys}"']
    with on_screen(command, person.environ, person.home) as screen:
        screen.wait_until(lambda: box.exists() and "Subject: Zanahoria" in box.read_text())
    assert person.asked[0] == ["lookup", "service", "mailsetup", "username", person.address]


@BOTH
def test_neomutt_sends_a_message_that_arrives(sender: Person, security: SocketType) -> None:
    need("neomutt")
    (file,) = sender.files(Neomutt(), settings(sender.address, security))
    command = ["neomutt", "-F", str(file), *neomutt_trust(sender)]
    subject = unheard()
    sender.run(*command, "-s", subject, "--", sender.address, text="Hola\n")
    name, address = read_from(sender.arrived(subject))
    assert (name, address) == (PERSON, sender.address)


@BOTH
def test_neomutt_refuses_a_server_that_it_cannot_trust(
    sender: Person, security: SocketType
) -> None:
    need("neomutt")
    (file,) = sender.files(Neomutt(), settings(sender.address, security))
    before = sender.servers.log("postfix")
    command = ["neomutt", "-F", str(file), "-s", "Hola", "--", sender.address]
    assert sender.run(*command, text="Hola\n", check=False).returncode != 0
    log = sender.servers.log("postfix").removeprefix(before)
    assert "connect from" in log
    assert "sasl_username" not in log
    assert "auth=" not in log


@pytest.mark.parametrize("username", AWKWARD_USERS)
def test_neomutt_reads_awkward_names_unchanged(
    tmp_path: Path, servers: RealServers, username: str
) -> None:
    need("neomutt")
    person = Person(servers, tmp_path, "ana@bodega.test", "x")
    wanted = settings("ana@bodega.test", SocketType.TLS)
    wanted = replace(
        wanted,
        person=username,
        incoming=replace(wanted.incoming, username=username),
        outgoing=replace(wanted.outgoing, username=username),
    )
    (file,) = person.files(Neomutt(), wanted)
    for name in ("imap_user", "realname"):
        assert person.neomutt_value(file, name) == username


@BOTH
def test_mbsync_fetches_the_message_into_a_maildir(person: Person, security: SocketType) -> None:
    need("mbsync")
    file, _other = person.files(MbsyncMsmtp(), settings(person.address, security))
    person.receive("Zanahoria")
    channel = file.name.removeprefix("mbsync-").removesuffix(".conf")
    local = person.home / "Mail" / channel
    local.mkdir(parents=True)
    person.run("mbsync", "-c", str(file), channel)
    (message,) = (local / "INBOX" / "new").iterdir()
    assert "Subject: Zanahoria" in message.read_text()
    assert person.asked == [["lookup", "service", "mailsetup", "username", person.address]]


@BOTH
def test_mbsync_refuses_a_server_that_it_cannot_trust(person: Person, security: SocketType) -> None:
    need("mbsync")
    file, _other = person.files(MbsyncMsmtp(), settings(person.address, security))
    del person.environ["SSL_CERT_FILE"]
    channel = file.name.removeprefix("mbsync-").removesuffix(".conf")
    (person.home / "Mail" / channel).mkdir(parents=True)
    assert person.run("mbsync", "-c", str(file), channel, check=False).returncode != 0
    assert person.asked == []


@BOTH
def test_msmtp_sends_a_message_that_arrives(
    sender: Person, security: SocketType, msmtp_mechanism: str
) -> None:
    need("msmtp")
    _other, file = sender.files(MbsyncMsmtp(), settings(sender.address, security))
    subject = unheard()
    text = f"To: {sender.address}\nSubject: {subject}\n\nHola\n"
    sender.run("msmtp", "-C", str(file), *msmtp_options(sender, msmtp_mechanism), "-t", text=text)
    assert f"Return-Path: <{sender.address}>" in sender.arrived(subject)
    assert sender.asked == [["lookup", "service", "mailsetup", "username", sender.address]]


def test_msmtp_signs_in_with_an_awkward_password(person: Person, msmtp_mechanism: str) -> None:
    need("msmtp")
    _other, file = person.files(MbsyncMsmtp(), settings(person.address, SocketType.TLS))
    options = msmtp_options(person, msmtp_mechanism)
    command = ["msmtp", "-C", str(file), *options, "ana@bodega.test"]
    done = person.run(*command, text="Hola\n", check=False)
    # Postfix answers so after the login: new mailboxes may not send here.
    assert f"not owned by user {person.address}" in done.stderr


@BOTH
def test_msmtp_refuses_a_server_that_it_cannot_trust(sender: Person, security: SocketType) -> None:
    need("msmtp")
    _other, file = sender.files(MbsyncMsmtp(), settings(sender.address, security))
    done = sender.run("msmtp", "-C", str(file), sender.address, text="Hola\n", check=False)
    assert done.returncode != 0
    assert "certificate" in done.stderr


@pytest.mark.parametrize("username", AWKWARD_USERS)
def test_msmtp_reads_awkward_names_unchanged(
    tmp_path: Path, servers: RealServers, username: str
) -> None:
    need("msmtp")
    person = Person(servers, tmp_path, "ana@bodega.test", "x")
    wanted = settings("ana@bodega.test", SocketType.TLS)
    wanted = replace(wanted, outgoing=replace(wanted.outgoing, username=username))
    _other, file = person.files(MbsyncMsmtp(), wanted)
    shown = person.run("msmtp", "-C", str(file), "-P", "ana@bodega.test").stdout
    assert f"\nuser = {username}\n" in shown
    assert "\ntls_certcheck = on\n" in shown
    assert "\ntls_trust_file = system\n" in shown


@BOTH
def test_aerc_shows_the_message(person: Person, security: SocketType) -> None:
    need("aerc")
    add_to_aerc(person, settings(person.address, security))
    person.receive("Zanahoria")
    with on_screen(["aerc"], person.environ, person.home) as screen:
        screen.wait_for("Zanahoria")
    assert person.asked[0] == ["lookup", "service", "mailsetup", "username", person.address]


@BOTH
def test_aerc_sends_a_message_that_arrives(sender: Person, security: SocketType) -> None:
    need("aerc")
    add_to_aerc(sender, settings(sender.address, security))
    subject = unheard()
    with on_screen(["aerc"], sender.environ, sender.home) as screen:
        screen.wait_for("INBOX")
        command = f':compose -H "To: {sender.address}" -H "Subject: {subject}"\r'
        screen.press_until(command, "(?i)send this")
        screen.press("y")
        name, address = read_from(sender.arrived(subject))
    # aerc replaces double quotes in names by single ones in every message.
    assert (name, address) == (PERSON.replace('"', "'"), sender.address)


@pytest.mark.parametrize("local", POSSIBLE_LOCALS)
@pytest.mark.parametrize("program", ["neomutt", "mbsync", "msmtp", "aerc"])
def test_the_keyring_is_asked_for_the_exact_address(
    servers: RealServers, tmp_path: Path, program: str, local: str
) -> None:
    need(program)
    person = Person(servers, tmp_path, "ana@bodega.test", "correcto-1")
    wanted = replace(
        settings("ana@bodega.test", SocketType.TLS), address=EmailAddress(local, "bodega.test")
    )
    wanted = replace(wanted, outgoing=_with_name(wanted.outgoing))
    match program:
        case "neomutt":
            (file,) = person.files(Neomutt(), wanted)
            person.neomutt_value(file, "imap_user")
        case "aerc":
            add_to_aerc(person, wanted)
            with on_screen(["aerc"], person.environ, person.home) as screen:
                screen.wait_for("INBOX")
        case "mbsync":
            file, _other = person.files(MbsyncMsmtp(), wanted)
            (person.home / "Mail" / file.stem.removeprefix("mbsync-")).mkdir(parents=True)
            person.run("mbsync", "-c", str(file), "-l", "-a")
        case "msmtp":
            _other, file = person.files(MbsyncMsmtp(), wanted)
            # The server expects another sender; the keyring is asked before.
            command = ["msmtp", "-C", str(file), msmtp_trust(person), "x@bodega.test"]
            person.run(*command, text="x", check=False)
        case _other:
            raise AssertionError(program)
    asked = ["lookup", "service", "mailsetup", "username", wanted.address.ascii]
    assert person.asked
    assert all(words == asked for words in person.asked)
    assert {path.name for path in person.home.iterdir()} <= {
        *("bin", "secret", "asked", "hosts", "export", ".config", ".cache", ".local", "Mail")
    }, "something was run"


@pytest.mark.parametrize(
    ("program", "target"),
    [
        (Neomutt(), ".config/neomutt/neomutt-ana-bodega.test.rc"),
        (Aerc(), ".config/aerc/accounts.conf"),
        (Himalaya(), ".config/himalaya/config.toml"),
        (MbsyncMsmtp(), ".mbsyncrc"),
        (MbsyncMsmtp(), ".msmtprc"),
    ],
    ids=["neomutt", "aerc", "himalaya", "mbsync", "msmtp"],
)
def test_the_commands_of_the_steps_install_the_file_and_preserve_existing_ones(
    servers: RealServers, tmp_path: Path, program: Exporter, target: str
) -> None:
    person = Person(servers, tmp_path, "ana@bodega.test", "correcto-1")
    wanted = settings("ana@bodega.test", SocketType.TLS)
    place = person.home / target
    mine = "# mine\n"
    if not isinstance(program, Neomutt):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(mine)
    else:
        mine = ""
    files = person.files(program, wanted)
    for command in commands(program, wanted):
        if command.startswith("("):
            subprocess.run(
                ["sh", "-ec", command], cwd=files[0].parent, env=person.environ, check=True
            )
    assert place.read_text() in [mine + file.read_text() for file in files]
    assert place.stat().st_mode & 0o777 == 0o600


def test_the_commands_of_the_steps_fetch_and_send(sender: Person, msmtp_mechanism: str) -> None:
    need("mbsync", "msmtp")
    program, wanted = MbsyncMsmtp(), settings(sender.address, SocketType.TLS)
    folder = sender.files(program, wanted)[0].parent
    _store, *rest, send = commands(program, wanted)
    for command in rest:
        subprocess.run(["sh", "-ec", command], cwd=folder, env=sender.environ, check=True)
    assert list((sender.home / "Mail").glob("*/INBOX/cur")) != []
    subject = unheard()
    sender.run(
        *("sh", "-ec", " ".join([send, *msmtp_options(sender, msmtp_mechanism)])),
        text=f"To: {sender.address}\nSubject: {subject}\n\nHola\n",
    )
    sender.arrived(subject)


def commands(program: Exporter, wanted: Account) -> list[str]:
    """The commands in the steps."""
    artifact = program.export(wanted)
    assert isinstance(artifact, Artifact)
    return [value.value for step in artifact.steps for value in step.values]


def _with_name(server: ServerSettings) -> ServerSettings:
    return replace(server, username="ana@bodega.test")
