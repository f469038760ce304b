"""The contract of exporters, for Thunderbird."""

import io
import zipfile
from dataclasses import replace

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.thunderbird import Thunderbird
from mailsetup.model.settings import Account, Authentication
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.programs.parsers import read_prefs
from tests.support.samples.accounts import OAUTH2, ORDINARY, account


class TestThunderbird(suite.ExporterContract):
    program = Thunderbird()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        (file,) = artifact.files
        assert file.private
        with zipfile.ZipFile(io.BytesIO(file.content)) as package:
            assert package.namelist() == ["prefs.js"]
            prefs = read_prefs(package.read("prefs.js"))
        assert prefs["mail.identity.id1.fullName"] == wanted.person
        assert prefs["mail.identity.id1.useremail"] == wanted.address.ascii
        assert prefs["mail.server.server1.userName"] == wanted.incoming.username
        assert prefs["mail.server.server1.hostname"] == wanted.incoming.host
        assert prefs["mail.server.server1.port"] == wanted.incoming.port
        assert prefs["mail.smtpserver.smtp1.username"] == wanted.outgoing.username
        assert prefs["mail.smtpserver.smtp1.hostname"] == wanted.outgoing.host
        assert set(prefs) <= KNOWN_PREFS

    def prefs(self, wanted: Account) -> dict[str, str | int | bool]:
        with zipfile.ZipFile(io.BytesIO(self.exported(wanted).files[0].content)) as package:
            return read_prefs(package.read("prefs.js"))

    def test_starttls_and_tls_have_thunderbirds_numbers(self) -> None:
        starttls = self.prefs(ORDINARY["imap-starttls"])
        assert starttls["mail.server.server1.socketType"] == 2
        assert starttls["mail.smtpserver.smtp1.try_ssl"] == 2
        tls = self.prefs(ORDINARY["imap-tls"])
        assert tls["mail.server.server1.socketType"] == 3
        assert tls["mail.smtpserver.smtp1.try_ssl"] == 3

    def test_pop3_leaves_messages_on_the_server_with_a_note(self) -> None:
        prefs = self.prefs(ORDINARY["pop3-tls"])
        assert prefs["mail.server.server1.type"] == "pop3"
        assert prefs["mail.server.server1.leave_on_server"] is True
        assert self.exported(ORDINARY["pop3-tls"]).notes

    def test_oauth2_is_used_at_known_hosts_and_the_password_elsewhere(self) -> None:
        assert self.prefs(OAUTH2)["mail.server.server1.authMethod"] == 10
        both = (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)
        assert self.prefs(account(authentication=both))["mail.server.server1.authMethod"] == 3
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), ExportFailure)

    def test_a_host_with_the_suffix_of_a_known_host_is_unknown(self) -> None:
        lookalike = account(
            authentication=(Authentication.OAUTH2,),
            incoming_host="imap.notgmail.com",
            outgoing_host="gmail.com.example",
        )
        assert isinstance(self.program.export(lookalike), ExportFailure)

    def test_a_non_ascii_smtp_user_name_has_a_note(self) -> None:
        assert self.exported(account(username="jürgen")).notes
        assert not self.exported(BASE).notes

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        prefs = self.prefs(replace(BASE, outgoing=outgoing))
        assert prefs["mail.smtpserver.smtp1.authMethod"] == 1
        assert "mail.smtpserver.smtp1.username" not in prefs


KNOWN_PREFS = {
    *(f"mail.accountmanager.{key}" for key in ("accounts", "defaultaccount")),
    *("mail.smtpservers", "mail.smtp.defaultserver"),
    *(f"mail.account.account1.{key}" for key in ("server", "identities")),
    *(
        f"mail.server.server1.{key}"
        for key in (
            *("type", "hostname", "port", "socketType", "authMethod", "userName", "name"),
            *("login_at_startup", "check_new_mail"),
        )
    ),
    *(
        f"mail.identity.id1.{key}"
        for key in ("fullName", "useremail", "smtpServer", "reply_on_top", "valid")
    ),
    *(
        f"mail.smtpserver.smtp1.{key}"
        for key in ("type", "hostname", "port", "try_ssl", "authMethod", "description", "username")
    ),
}
