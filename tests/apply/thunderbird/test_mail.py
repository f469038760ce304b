"""The real Thunderbird, with our files, against the real Dovecot and Postfix."""

import os
import shutil
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailsetup.apply.installation import Installation
from mailsetup.apply.result import AlreadyThere, ProfileApplied, UndoFailure, Undone
from mailsetup.apply.thunderbird.existing_profile import apply_existing
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.thunderbird import utf7
from mailsetup.export.programs.thunderbird_fleet import ThunderbirdFleet
from mailsetup.model.folders import Folders
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.programs import marionette
from tests.support.programs.thunderbird_profiles import thunderbird_at
from tests.support.samples.accounts import account
from tests.support.servers.real_servers import RealServers

pytestmark = [
    pytest.mark.servers,
    pytest.mark.thunderbird,
    pytest.mark.timeout(240),
    pytest.mark.skipif(
        marionette.PROGRAM is None and not os.environ.get("CI"),
        reason="Thunderbird is not installed",
    ),
]

LIBRARY = Path("/usr/lib/thunderbird")


def mailbox(
    address: str, protocol: Protocol = Protocol.IMAP, security: SocketType = SocketType.TLS
) -> Account:
    """A mailbox of the test servers, at the host of its own domain."""
    host = f"mail.{address.partition('@')[2]}"
    return account(
        address, protocol=protocol, security=security, incoming_host=host, outgoing_host=host
    )


class Person:
    """A user of a Thunderbird with one account, who types the password where needed."""

    def __init__(self, session: marionette.Session, servers: RealServers, of: Account) -> None:
        self._session, self._of = session, of
        self._word = servers.accounts[str(of.address)]

    def count(self, least: int = 0, *, typed: bool = False) -> int:
        """The number of messages in the INBOX, polled until there are enough."""
        word = self._word if typed else ""
        host = self._of.incoming.host
        found = self._session.run_async(marionette.INBOX, host, word, least)
        assert isinstance(found, int), found
        assert found >= 0
        return found

    def send(self, to: Account, *, typed: bool = False) -> None:
        """A message."""
        word = self._word if typed else ""
        sender = str(self._of.address)
        sent = self._session.run_async(marionette.SEND, sender, str(to.address), "hola", word)
        assert sent == 0, sent

    def sends_and_receives(self, *, typed: bool = False) -> None:
        """Send a message to oneself and receive it."""
        before = self.count(typed=typed)
        self.send(self._of, typed=typed)
        assert self.count(before + 1) == before + 1


def place(done: ProfileApplied) -> ThunderbirdProfile:
    assert marionette.PROGRAM is not None
    thunderbird = Installation((marionette.PROGRAM,), done.profile.parent)
    return ThunderbirdProfile(done.name, done.profile, thunderbird, True, False)


@contextmanager
def running(
    servers: RealServers,
    profile: Path,
    home: Path,
    *,
    program: Path | None = None,
    environ: dict[str, str] | None = None,
    selection: tuple[str, ...] = (),
) -> Iterator[marionette.Session]:
    """Thunderbird with this profile, online; every name resolves to the test servers."""
    selection = selection or ("--profile", str(profile))
    with marionette.thunderbird(
        profile,
        home,
        selection,
        ip=servers.ip,
        program=program or marionette.PROGRAM,
        environ=environ,
    ) as session:
        certificate = ssl.PEM_cert_to_DER_cert(servers.ca_file.read_text())
        session.run(marionette.TRUST, b64encode(certificate).decode())
        yield session


def test_a_new_profile_works_and_after_undo_thunderbird_starts_without_it(
    servers: RealServers, tmp_path: Path
) -> None:
    wanted = mailbox("ana@wellknown.test", security=SocketType.STARTTLS)
    servers.mailboxes.empty("ana@wellknown.test")
    root = tmp_path / ".thunderbird"
    root.mkdir()
    done = apply_new_profile(wanted, thunderbird_at(root))
    assert isinstance(done, ProfileApplied)
    with running(servers, done.profile, tmp_path, selection=done.command[1:]) as session:
        Person(session, servers, wanted).sends_and_receives(typed=True)
        assert session.run(marionette.PROFILE) == {"current": done.name, "all": [done.name]}
    assert servers.mailboxes.messages("ana@wellknown.test")

    undone = undo(done.profile)
    assert isinstance(undone, Undone)
    assert undone.moved_to is not None
    assert (undone.moved_to / "ImapMail" / wanted.incoming.host).is_dir()
    own = tmp_path / "own"
    own.mkdir()
    with marionette.thunderbird(own, tmp_path, ("--profile", str(own))) as session:
        assert session.run(marionette.PROFILE) == {"current": None, "all": []}


def test_an_account_is_added_to_another_one_and_undone(
    servers: RealServers, tmp_path: Path
) -> None:
    marionette.need_version(153, "it chose the folder for sent mail later")
    pop3 = mailbox("ana@onlysrv.test", Protocol.POP3)
    imap = mailbox("ana@outlookish.test")
    drafts = "Borradóres & más"
    make_folders(servers, imap, drafts, "Papelera")
    root = tmp_path / ".thunderbird"
    root.mkdir()
    assert marionette.PROGRAM is not None
    thunderbird = Installation((marionette.PROGRAM,), root)
    word = Secret(servers.accounts[str(pop3.address)])
    done = apply_new_profile(pop3, thunderbird, password=word)
    assert isinstance(done, ProfileApplied)
    # No password is typed in this test: every login uses a stored one.
    with running(servers, done.profile, tmp_path) as session:
        Person(session, servers, pop3).sends_and_receives()

    joined = apply_existing(
        imap,
        place(done),
        password=Secret(servers.accounts[str(imap.address)]),
        folders=Folders(drafts=drafts, trash="Papelera", sent="Sent"),
    )
    assert isinstance(joined, ProfileApplied)
    assert joined.password_stored
    with running(servers, done.profile, tmp_path) as session:
        old, new = Person(session, servers, pop3), Person(session, servers, imap)
        before, theirs = old.count(), new.count()
        old.send(imap)
        new.send(pop3)
        assert old.count(before + 1) == before + 1
        assert new.count(theirs + 1) == theirs + 1
        assert session.run(marionette.FOLDERS, imap.incoming.host) == {
            "sent": "Sent",
            "drafts": utf7(drafts),
            "trash": "Papelera",
        }
        # An account that the user adds now gets its own key.
        assert session.run(marionette.NEW_ACCOUNT) == ["account1", "account2", "account3"]
    assert servers.mailboxes.messages(str(imap.address), "Sent")

    assert isinstance(apply_existing(imap, place(done)), AlreadyThere)
    refused = undo(done.profile)
    assert isinstance(refused, UndoFailure)
    assert refused.only_ours_possible
    assert isinstance(undo(done.profile, only_ours=True), Undone)
    with running(servers, done.profile, tmp_path) as session:
        assert emails(session) == ["ana@onlysrv.test"]
        Person(session, servers, pop3).sends_and_receives()


def make_folders(servers: RealServers, of: Account, *names: str) -> None:
    """Folders in a mailbox, subscribed."""
    maildir = servers.mailboxes.maildir(str(of.address))
    for name in names:
        for part in ("cur", "new", "tmp"):
            (maildir / f".{utf7(name)}" / part).mkdir(parents=True)
        with (maildir / "subscriptions").open("a") as file:
            file.write(f"{utf7(name)}\n")
    owner = (servers.folder / "mail").stat()
    for path in (maildir.parent, *maildir.parent.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


# Many computers ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def relocated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of Thunderbird's folder into which an administrator's files can be written."""
    folder = tmp_path_factory.mktemp("fleet") / "thunderbird"

    def same_or_copy(source: str, target: str) -> None:
        try:
            os.link(os.path.realpath(source), target)
        except OSError:
            shutil.copy2(source, target)

    shutil.copytree(LIBRARY, folder, copy_function=same_or_copy)
    for name in ("isp", "distribution", "defaults/pref"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def installed(folder: Path, wanted: Account, *names: str) -> None:
    """Install some of the fleet's files as the instructions say, and remove the others."""
    artifact = ThunderbirdFleet().export(wanted)
    assert isinstance(artifact, Artifact)
    places = {
        "mailsetup.cfg": folder,
        "autoconfig.js": folder / "defaults" / "pref",
        "policies.json": folder / "distribution",
        f"{wanted.address.domain}.xml": folder / "isp",
    }
    for file in artifact.files:
        target = places[file.name] / file.name
        target.unlink(missing_ok=True)
        if file.name in names:
            target.write_bytes(file.content)


def emails(session: marionette.Session, field: str = "email") -> list[str]:
    """The addresses (or another field) of the accounts."""
    accounts = session.run(marionette.ACCOUNTS)
    assert isinstance(accounts, list)
    return [found[field] for found in accounts]


def test_autoconfig_adds_each_users_account(
    servers: RealServers, tmp_path: Path, relocated: Path
) -> None:
    root = tmp_path / ".thunderbird"
    root.mkdir()
    done = apply_new_profile(mailbox("ana@onlysrv.test", Protocol.POP3), thunderbird_at(root))
    assert isinstance(done, ProfileApplied)
    wanted = mailbox("ana@pacc.test")
    shown = mailbox("muestra@pacc.test")
    installed(relocated, shown, "mailsetup.cfg", "autoconfig.js")
    program = relocated / "thunderbird-bin"
    environ = {"MAIL_ADDRESS": "ana@pacc.test", "MAIL_NAME": "Ana Pácc"}
    with running(servers, done.profile, tmp_path, program=program, environ=environ) as session:
        assert emails(session) == ["ana@onlysrv.test", "ana@pacc.test"]
        Person(session, servers, wanted).sends_and_receives(typed=True)
        assert emails(session, "name") == ["Ana Núñez", "Ana Pácc"]
        session.run(marionette.REMOVE_ACCOUNT, "account9001")
    with running(servers, done.profile, tmp_path, program=program, environ=environ) as session:
        assert emails(session) == ["ana@onlysrv.test"], "what a person removed stays removed"


def test_a_policy_and_the_isp_file_set_up_a_computer_without_accounts(
    servers: RealServers, tmp_path: Path, relocated: Path
) -> None:
    marionette.need_version(153, "the file of a provider was read through another function")
    wanted = mailbox("ana@onlyautoconfig.test")
    installed(relocated, wanted, "policies.json", "onlyautoconfig.test.xml")
    profile = tmp_path / "profile"
    profile.mkdir()
    program = relocated / "thunderbird-bin"
    with running(servers, profile, tmp_path, program=program) as session:
        assert emails(session) == ["ana@onlyautoconfig.test"]
        Person(session, servers, wanted).sends_and_receives(typed=True)
        assert session.run_async(marionette.ISP, "onlyautoconfig.test") == {
            "incoming": [wanted.incoming.host, 993, "%EMAILADDRESS%"],
            "outgoing": [wanted.outgoing.host, 465, "%EMAILADDRESS%"],
        }
    with running(servers, profile, tmp_path, program=program) as session:
        assert emails(session) == ["ana@onlyautoconfig.test"]
