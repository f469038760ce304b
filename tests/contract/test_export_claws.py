"""The contract of exporters, for Claws Mail."""

from dataclasses import replace

import pytest

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.claws_mail import ClawsMail
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.programs.desktop_parsers import read_claws, read_claws_folders
from tests.support.samples.accounts import OAUTH2, ORDINARY, account

SECURITY = {SocketType.TLS: "1", SocketType.STARTTLS: "2"}


class TestClawsMail(suite.ExporterContract):
    program = ClawsMail()

    def section(self, artifact: Artifact) -> dict[str, str]:
        content = next(file.content for file in artifact.files if file.name == "accountrc")
        sections = read_claws(content)
        assert set(sections) == {"Account: 1"}
        return sections["Account: 1"]

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        assert [file.name for file in artifact.files] == ["accountrc", "folderlist.xml"]
        assert all(file.private for file in artifact.files)
        imap = wanted.incoming.protocol is Protocol.IMAP
        kind = "imap" if imap else "pop"
        expected = {
            "account_name": str(wanted.address),
            "config_version": "1",
            "is_default": "1",
            "name": wanted.person,
            "address": wanted.address.ascii,
            "protocol": "1" if imap else "0",
            "receive_server": wanted.incoming.host,
            "user_id": wanted.incoming.username,
            f"ssl_{kind}": SECURITY[wanted.incoming.security],
            f"set_{kind}port": "1",
            f"{kind}_port": str(wanted.incoming.port),
            "smtp_server": wanted.outgoing.host,
            "ssl_smtp": SECURITY[wanted.outgoing.security],
            "set_smtpport": "1",
            "smtp_port": str(wanted.outgoing.port),
            "ssl_certs_auto_accept": "1",
            "use_smtp_auth": "1",
            "smtp_user_id": wanted.outgoing.username,
        }
        if not imap:
            expected |= {"remove_mail": "0", "inbox": "#mh/Mail/inbox"}
        assert self.section(artifact) == expected
        mailboxes = read_claws_folders(artifact.files[1].content)
        local, items = mailboxes[0]
        assert local == {"type": "mh", "name": "Mail", "path": "Mail"}
        assert {item["type"] for item in items} == {"inbox", "outbox", "draft", "queue", "trash"}
        remote = [folder for folder, _items in mailboxes[1:]]
        named = {"type": "imap", "name": str(wanted.address), "account_id": "1"}
        assert remote == ([named] if imap else [])

    @pytest.mark.parametrize("name", ORDINARY)
    def test_files_are_read_back_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    def test_pop3_leaves_messages_on_the_server_with_a_note(self) -> None:
        artifact = self.exported(ORDINARY["pop3-tls"])
        assert self.section(artifact)["remove_mail"] == "0"
        assert any("server" in note for note in artifact.notes)

    def test_a_server_that_takes_no_password_is_refused(self) -> None:
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), ExportFailure)
        assert self.section(self.exported(OAUTH2))["use_smtp_auth"] == "1"

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        section = self.section(self.exported(replace(BASE, outgoing=outgoing)))
        assert section["use_smtp_auth"] == "0"
        assert "smtp_user_id" not in section
        incoming = replace(BASE.incoming, authentication=(Authentication.NONE,))
        assert isinstance(self.program.export(replace(BASE, incoming=incoming)), ExportFailure)
