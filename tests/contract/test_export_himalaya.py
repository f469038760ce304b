"""The contract of exporters, for himalaya.

It is in no Debian release, so its file is checked against the tables of its source
(``src/config.rs``, version 2.2) instead of by the program.
"""

import tomllib
from dataclasses import replace

import pytest

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.himalaya import Himalaya
from mailsetup.model.settings import Account, Authentication, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE, with_server
from tests.contract.terminal import OAUTH2_ONLY, TerminalContract, outgoing_without_login
from tests.support.programs.terminal_parsers import HimalayaServer, Url, read_himalaya
from tests.support.samples.accounts import ORDINARY, account


class TestHimalaya(TerminalContract, suite.ExporterContract):
    program = Himalaya()

    def may_refuse(self, wanted: Account, refused: ExportFailure) -> bool:
        return "folder" in refused.reason and wanted.incoming.username.startswith("~")

    def account(self, artifact: Artifact) -> dict[str, object]:
        (file,) = artifact.files
        document = tomllib.loads(file.content.decode())
        assert set(document) == {"accounts"}
        ((name, values),) = document["accounts"].items()
        assert file.name == f"himalaya-{name}.toml"
        assert isinstance(values, dict)
        return values

    def servers(self, artifact: Artifact) -> tuple[HimalayaServer, HimalayaServer]:
        values = self.account(artifact)
        return read_himalaya(values, "imap"), read_himalaya(values, "smtp")

    def words(self, artifact: Artifact) -> list[list[str]]:
        return [list(server.command) for server in self.servers(artifact)]

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        values = self.account(artifact)
        assert values["email"] == wanted.address.ascii
        assert values["display-name"] == wanted.person
        written = self.servers(artifact)
        for server, found in zip((wanted.incoming, wanted.outgoing), written, strict=True):
            starttls = server.security is SocketType.STARTTLS
            scheme = str(server.protocol) if starttls else f"{server.protocol}s"
            assert found.url == Url(scheme, "", server.host, server.port)
            assert found.starttls is starttls
            assert (found.mechanism, found.secret) == ("plain", "password")
            assert found.username == server.username

    def test_a_name_that_looks_like_a_variable_is_escaped(self) -> None:
        for username in ("$HOME", "a${PATH}b", "$$", "x$", "$ñ$_1"):
            for wanted in with_server(BASE, username=username):
                self.check(wanted, self.exported(wanted))

    @pytest.mark.parametrize("username", ["~", "~/ana"])
    def test_a_user_name_that_becomes_a_folder_is_refused(self, username: str) -> None:
        for wanted in with_server(BASE, username=username):
            assert "folder" in self.refused(wanted)
        for wanted in with_server(BASE, username="~ana"):
            self.check(wanted, self.exported(wanted))

    def test_encrypted_passwords_use_scram(self) -> None:
        wanted = account(authentication=(Authentication.PASSWORD_ENCRYPTED,))
        incoming, outgoing = self.servers(self.exported(wanted))
        assert incoming.mechanism == outgoing.mechanism == "scram-sha-256"

    def test_a_token_comes_from_a_command(self) -> None:
        incoming, outgoing = self.servers(self.exported(OAUTH2_ONLY))
        assert incoming.mechanism == outgoing.mechanism == "xoauth2"
        assert incoming.secret == "token"
        assert incoming.command == outgoing.command == ("oama", "access", "ana@outlook.com")

    def test_sending_without_a_login_has_no_sasl(self) -> None:
        _incoming, outgoing = self.servers(self.exported(outgoing_without_login()))
        assert outgoing.mechanism == ""

    def test_pop_is_refused_with_an_alternative(self) -> None:
        assert "IMAP" in self.refused(ORDINARY["pop3-tls"])

    def test_an_ipv6_address_is_in_brackets(self) -> None:
        wanted = replace(BASE, incoming=replace(BASE.incoming, host="2001:db8::1"))
        self.check(wanted, self.exported(wanted))
