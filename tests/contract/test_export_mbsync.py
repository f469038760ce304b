"""The contract of exporters, for mbsync and msmtp."""

from dataclasses import replace

import pytest

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.mbsync_msmtp import MbsyncMsmtp
from mailsetup.model.settings import Account, Authentication, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE, with_server
from tests.contract.terminal import (
    OAUTH2_ONLY,
    TerminalContract,
    outgoing_without_login,
    with_local,
)
from tests.support.programs.terminal_parsers import Command, read_mbsync, read_msmtp
from tests.support.samples.accounts import ORDINARY, account


class TestMbsyncMsmtp(TerminalContract, suite.ExporterContract):
    program = MbsyncMsmtp()

    def may_refuse(self, wanted: Account, refused: ExportFailure) -> bool:
        return "too long" in refused.reason and any(
            len(server.username.encode()) > 400 for server in (wanted.incoming, wanted.outgoing)
        )

    def mbsync(self, artifact: Artifact) -> dict[str, dict[str, str]]:
        sections = read_mbsync(artifact.files[0].content)
        assert all(len(dict(section)) == len(section) for section in sections)
        return {section[0][0]: dict(section) for section in sections}

    def msmtp(self, artifact: Artifact) -> dict[str, str]:
        first, *commands, last = read_msmtp(artifact.files[1].content)
        assert first[0] == "account"
        assert last == ("account", f"default : {first[1]}")
        assert artifact.files[1].name == f"msmtp-{first[1]}.conf"
        assert len(dict(commands)) == len(commands)
        return dict(commands)

    def words(self, artifact: Artifact) -> list[list[str]]:
        fetch = self.mbsync(artifact)["IMAPAccount"]["PassCmd"]
        return [Command(fetch).words, Command(self.msmtp(artifact)["passwordeval"]).words]

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        fetch, send = self.mbsync(artifact), self.msmtp(artifact)
        server = fetch["IMAPAccount"]
        name = server["IMAPAccount"]
        assert artifact.files[0].name == f"mbsync-{name}.conf"
        incoming, outgoing = wanted.incoming, wanted.outgoing
        assert server["Host"] == incoming.host
        assert server["Port"] == str(incoming.port)
        assert server["User"] == incoming.username
        assert server["SystemCertificates"] == "yes"
        assert server["SSLType"] == ("IMAPS" if incoming.security is SocketType.TLS else "STARTTLS")
        assert fetch["IMAPStore"]["Account"] == name
        assert fetch["Channel"]["Far"] == f":{fetch['IMAPStore']['IMAPStore']}:"
        assert fetch["Channel"]["Near"] == f":{fetch['MaildirStore']['MaildirStore']}:"
        assert fetch["Channel"]["Expunge"] == "None"
        assert fetch["MaildirStore"]["Path"] == f"~/Mail/{name}/"
        assert send["host"] == outgoing.host
        assert send["port"] == str(outgoing.port)
        assert send["user"] == outgoing.username
        assert send["from"] == wanted.address.ascii
        assert send["tls"] == "on"
        assert send["tls_starttls"] == ("off" if outgoing.security is SocketType.TLS else "on")
        assert send["tls_trust_file"] == "system"
        assert send["auth"] == "on"

    def test_mbsync_chooses_the_mechanism_for_encrypted_passwords(self) -> None:
        wanted = account(authentication=(Authentication.PASSWORD_ENCRYPTED,))
        assert "AuthMechs" not in self.mbsync(self.exported(wanted))["IMAPAccount"]
        assert self.mbsync(self.exported(BASE))["IMAPAccount"]["AuthMechs"] == "PLAIN LOGIN"

    def test_mbsync_signs_in_with_a_password_only_and_msmtp_also_with_a_token(self) -> None:
        assert "mbsync" in self.refused(OAUTH2_ONLY)
        mixed = replace(OAUTH2_ONLY, incoming=BASE.incoming)
        send = self.msmtp(self.exported(mixed))
        assert send["auth"] == "xoauth2"
        assert send["passwordeval"] == "oama access ana@outlook.com"

    def test_sending_without_a_login_writes_no_user(self) -> None:
        send = self.msmtp(self.exported(outgoing_without_login()))
        assert send["auth"] == "off"
        assert "user" not in send

    @pytest.mark.parametrize("local", ["a%U", "%Hana", "%C", "a%Mb"])
    def test_an_address_that_msmtp_would_change_is_refused(self, local: str) -> None:
        assert "msmtp" in self.refused(with_local(local))

    def test_lines_that_would_be_truncated_are_refused(self) -> None:
        outgoing = replace(BASE.outgoing, username="文" * 165)
        assert "msmtp" in self.refused(replace(BASE, outgoing=outgoing))
        incoming = replace(BASE.incoming, username='"' * 320)
        self.check(
            replace(BASE, incoming=incoming), self.exported(replace(BASE, incoming=incoming))
        )
        incoming = replace(BASE.incoming, username="\U0001f600" * 260)
        assert "mbsync" in self.refused(replace(BASE, incoming=incoming))
        for wanted in with_server(BASE, username="文" * 164):
            self.check(wanted, self.exported(wanted))

    def test_pop_is_refused_with_an_alternative(self) -> None:
        assert "IMAP" in self.refused(ORDINARY["pop3-tls"])
