"""Reading the accounts of Thunderbird profiles without changing them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.apply.thunderbird.accounts import accounts_here, accounts_in
from mailsetup.export.programs.thunderbird import prefs_js
from mailsetup.model.settings import Protocol, SocketType
from tests.support.programs.installed import linux, program
from tests.support.samples.accounts import account

ANA = account()

PREFS = rb"""// Mozilla User Preferences
user_pref("mail.accountmanager.accounts", "account1,account2,account3");
user_pref("mail.account.account1.server", "server1");
user_pref("mail.account.account1.identities", "id1");
user_pref("mail.account.account2.server", "server2");
user_pref("mail.account.account3.server", "server3");
user_pref("mail.account.account3.identities", "id3");
user_pref("mail.identity.id1.useremail", "ana@bodega.es");
user_pref("mail.identity.id1.smtpServer", "smtp1");
user_pref("mail.identity.id3.useremail", "eva@bodega.es");
user_pref("mail.server.server1.hostname", "imap.bodega.es");
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.port", 993);
user_pref("mail.server.server1.socketType", 3);
user_pref("mail.server.server1.userName", "ana@bodega.es");
user_pref("mail.server.server2.hostname", "Local Folders");
user_pref("mail.server.server2.type", "none");
user_pref("mail.server.server3.hostname", "pop.viejo.es");
user_pref("mail.server.server3.type", "pop3");
user_pref("mail.server.server3.userName", "eva");
user_pref("mail.smtpserver.smtp1.hostname", "smtp.bodega.es");
user_pref("mail.smtpserver.smtp1.try_ssl", 2);
user_pref("mail.smtpserver.smtp1.username", "a \"quoted\" name");
"""


def test_servers_ports_and_names_are_read_with_their_defaults() -> None:
    ana, eva = accounts_in(PREFS, "default")
    assert (ana.address, ana.program, ana.place) == ("ana@bodega.es", "Thunderbird", "default")
    assert str(ana.incoming) == "imap imap.bodega.es:993 tls"
    assert ana.outgoing is not None
    assert str(ana.outgoing) == "smtp smtp.bodega.es:587 starttls"
    assert ana.outgoing.username == 'a "quoted" name'
    assert (eva.incoming.protocol, eva.incoming.port) == (Protocol.POP3, 110)
    assert eva.incoming.security is SocketType.NONE
    assert eva.outgoing is None


def test_our_own_preferences_are_read_back(tmp_path: Path) -> None:
    computer = linux(tmp_path)
    program(tmp_path / "usr/bin/thunderbird")
    root = computer.home / ".thunderbird"
    (root / "one").mkdir(parents=True)
    (root / "profiles.ini").write_bytes(b"[Profile0]\nName=one\nIsRelative=1\nPath=one\n")
    written = prefs_js(ANA)
    assert isinstance(written, bytes)
    (root / "one" / "prefs.js").write_bytes(written)
    (found,) = accounts_here(computer)
    assert found.address == str(ANA.address)
    assert str(found.incoming) == str(ANA.incoming)
    assert str(found.outgoing) == str(ANA.outgoing)


@pytest.mark.parametrize(
    "line",
    [
        b'user_pref("a", );',
        b'user_pref("a", 1e999);',
        b'user_pref("a", [1]);',
        b"\xff\xfe;",
        b'user_pref("\\ud800", "x");',
    ],
)
def test_a_malformed_line_does_not_affect_others(line: bytes) -> None:
    assert len(accounts_in(line + b"\n" + PREFS, "x")) == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_a_crash(content: bytes) -> None:
    assert isinstance(accounts_in(content, "x"), list)


def test_without_profiles_there_are_no_accounts(tmp_path: Path) -> None:
    assert accounts_here(linux(tmp_path)) == ()
