"""The contract of exporters, for aerc."""

from dataclasses import replace

import pytest

from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.aerc import Aerc
from mailsetup.model.settings import Account, Authentication, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.contract.terminal import (
    OAUTH2_ONLY,
    TerminalContract,
    outgoing_without_login,
    with_local,
)
from tests.support.programs.terminal_parsers import (
    Command,
    Url,
    read_go_ini,
    read_mailbox,
    read_url,
)
from tests.support.samples.accounts import ORDINARY, account


class TestAerc(TerminalContract, suite.ExporterContract):
    program = Aerc()

    def read(self, artifact: Artifact) -> dict[str, str]:
        (file,) = artifact.files
        ((name, values),) = read_go_ini(file.content).items()
        assert file.name == f"aerc-{name}.conf"
        return values

    def words(self, artifact: Artifact) -> list[list[str]]:
        values = self.read(artifact)
        return [Command(values[f"{side}-cred-cmd"]).words for side in ("source", "outgoing")]

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        values = self.read(artifact)
        assert set(values) <= KNOWN
        incoming, outgoing = wanted.incoming, wanted.outgoing
        assert read_url(values["source"]) == Url(
            "imaps" if incoming.security is SocketType.TLS else "imap",
            incoming.username,
            incoming.host,
            incoming.port,
        )
        tls = outgoing.security is SocketType.TLS
        assert read_url(values["outgoing"]) == Url(
            "smtps" if tls else "smtp", outgoing.username, outgoing.host, outgoing.port
        )
        assert values.get("smtp-starttls") == (None if tls else "yes")
        if wanted.address.local.isalnum() and wanted.address.local.isascii():
            assert read_mailbox(values["from"]) == (wanted.person, wanted.address.ascii)
        else:
            assert values["from"].endswith(f" <{wanted.address.ascii}>")

    def test_a_name_with_a_placeholder_is_written_as_an_encoded_word(self) -> None:
        for person in ("%(source)s", "Ana %(outgoing-cred-cmd)s `id`"):
            wanted = replace(BASE, person=person)
            artifact = self.exported(wanted)
            self.check(wanted, artifact)
            assert b"%(" not in artifact.files[0].content

    @pytest.mark.parametrize(
        ("person", "written"),
        [
            ("Ana Núñez", "Ana Núñez <ana@bodega.example>"),
            ("Núñez, Ana", '"Núñez, Ana" <ana@bodega.example>'),
            ('Ana "la\\de"', '"Ana \\"la\\\\de\\"" <ana@bodega.example>'),
            ("", "ana@bodega.example"),
        ],
    )
    def test_names_are_quoted_as_in_a_message(self, person: str, written: str) -> None:
        assert self.read(self.exported(replace(BASE, person=person)))["from"] == written

    def test_an_address_with_a_placeholder_is_refused(self) -> None:
        assert "%(" in self.refused(with_local('"%(source)s"'))

    def test_tokens_where_tls_comes_first_and_never_after_starttls(self) -> None:
        assert "STARTTLS" in self.refused(OAUTH2_ONLY)
        incoming = replace(OAUTH2_ONLY.incoming, port=993, security=SocketType.TLS)
        values = self.read(self.exported(replace(OAUTH2_ONLY, incoming=incoming)))
        assert read_url(values["source"]).scheme == "imaps+xoauth2"
        assert read_url(values["outgoing"]).scheme == "smtp+xoauth2"
        assert values["smtp-starttls"] == "yes"
        assert values["source-cred-cmd"] == "oama access ana@outlook.com"

    def test_only_cleartext_passwords_are_supported(self) -> None:
        self.refused(account(authentication=(Authentication.PASSWORD_ENCRYPTED,)))

    def test_sending_without_a_login_writes_no_user(self) -> None:
        values = self.read(self.exported(outgoing_without_login()))
        assert values["outgoing"] == "smtps+none://smtp.bodega.example:465"
        assert "outgoing-cred-cmd" not in values

    def test_pop_is_refused_with_an_alternative(self) -> None:
        assert "IMAP" in self.refused(ORDINARY["pop3-tls"])

    def test_an_outgoing_server_without_a_name_is_refused(self) -> None:
        self.refused(replace(BASE, outgoing=replace(BASE.outgoing, host="2001:db8::1")))


KNOWN = {
    *("source", "source-cred-cmd", "outgoing", "outgoing-cred-cmd", "smtp-starttls"),
    *("from", "default"),
}
