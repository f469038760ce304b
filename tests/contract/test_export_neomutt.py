"""The contract of exporters, for NeoMutt."""

from dataclasses import replace

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.neomutt import Neomutt
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE, with_server
from tests.contract.terminal import OAUTH2_ONLY, TerminalContract, outgoing_without_login
from tests.support.programs.terminal_parsers import Command, Url, read_neomutt, read_url
from tests.support.samples.accounts import ORDINARY, account


class TestNeomutt(TerminalContract, suite.ExporterContract):
    program = Neomutt()
    reads_pop = True

    def may_refuse(self, wanted: Account, refused: ExportFailure) -> bool:
        return "too long" in refused.reason and any(
            len(server.username.encode()) > 127 for server in (wanted.incoming, wanted.outgoing)
        )

    def read(self, artifact: Artifact) -> dict[str, str | Command]:
        (file,) = artifact.files
        return read_neomutt(file.content)

    def words(self, artifact: Artifact) -> list[list[str]]:
        values = self.read(artifact).values()
        return [value.words for value in values if isinstance(value, Command)]

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        values = self.read(artifact)
        assert set(values) <= KNOWN
        assert values["from"] == wanted.address.ascii
        assert values["realname"] == wanted.person
        assert values["ssl_force_tls"] == values["ssl_starttls"] == "yes"
        assert values["ssl_verify_host"] == values["ssl_verify_dates"] == "yes"
        incoming, outgoing = wanted.incoming, wanted.outgoing
        tls = {SocketType.TLS: "s", SocketType.STARTTLS: ""}[incoming.security]
        if incoming.protocol is Protocol.POP3:
            expected = Url(f"pop{tls}", "", incoming.host, incoming.port)
            assert self.url(values, "pop_host") == self.url(values, "spoolfile") == expected
            assert values["pop_user"] == incoming.username
            assert values["pop_delete"] == "no"
            assert isinstance(values["pop_pass"], Command)
        else:
            expected = Url(f"imap{tls}", "", incoming.host, incoming.port)
            assert self.url(values, "folder") == expected
            assert values["spoolfile"] == "+INBOX"
            assert values["imap_user"] == incoming.username
        assert self.url(values, "smtp_url") == Url(
            "smtps" if outgoing.security is SocketType.TLS else "smtp",
            outgoing.username,
            outgoing.host,
            outgoing.port,
        )

    def url(self, values: dict[str, str | Command], name: str) -> Url:
        value = values[name]
        assert isinstance(value, str)
        return read_url(value)

    def test_neomutt_chooses_the_mechanism_for_encrypted_passwords(self) -> None:
        values = self.read(
            self.exported(account(authentication=(Authentication.PASSWORD_ENCRYPTED,)))
        )
        assert "imap_authenticators" not in values
        assert self.read(self.exported(BASE))["imap_authenticators"] == "plain:login"
        assert "pop_authenticators" not in self.read(self.exported(ORDINARY["pop3-tls"]))

    def test_a_token_comes_from_a_command(self) -> None:
        values = self.read(self.exported(OAUTH2_ONLY))
        assert values["imap_oauth_refresh_command"] == "oama access ana@outlook.com"
        assert values["smtp_oauth_refresh_command"] == "oama access ana@outlook.com"
        assert "imap_pass" not in values
        assert self.words(self.exported(OAUTH2_ONLY)) == []

    def test_a_token_is_not_enough_for_pop(self) -> None:
        incoming = replace(OAUTH2_ONLY.incoming, protocol=Protocol.POP3, port=110)
        self.refused(replace(OAUTH2_ONLY, incoming=incoming))

    def test_sending_without_a_login_writes_no_user(self) -> None:
        values = self.read(self.exported(outgoing_without_login()))
        assert values["smtp_url"] == "smtps://smtp.bodega.example:465/"
        assert "smtp_pass" not in values

    def test_a_user_name_that_would_be_truncated_is_refused(self) -> None:
        for wanted in with_server(BASE, username="ñ" * 63 + "x"):
            self.check(wanted, self.exported(wanted))
        for wanted in with_server(BASE, username="ñ" * 64):
            assert "too long" in self.refused(wanted)

    def test_pop_has_a_note_that_messages_stay(self) -> None:
        assert any("stay" in note for note in self.exported(ORDINARY["pop3-tls"]).notes)

    def test_an_ipv6_address_is_in_brackets(self) -> None:
        wanted = replace(BASE, incoming=replace(BASE.incoming, host="2001:db8::1"))
        assert self.read(self.exported(wanted))["folder"] == "imaps://[2001:db8::1]:993/"


KNOWN = {
    *("config_charset", "from", "realname", "use_from", "folder", "spoolfile", "smtp_url"),
    *("ssl_force_tls", "ssl_starttls", "ssl_verify_dates", "ssl_verify_host"),
    *("pop_host", "pop_delete"),
    *("imap_user", "imap_pass", "imap_authenticators", "pop_user", "pop_pass"),
    *("smtp_pass", "smtp_authenticators"),
}
