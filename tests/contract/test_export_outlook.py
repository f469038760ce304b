"""The contract of exporters, for Outlook."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from mailsetup.export.exporter import Artifact, ArtifactFile, ExportFailure
from mailsetup.export.programs.outlook import Outlook
from mailsetup.export.programs.outlook_files import FOLDER
from mailsetup.model.settings import Account, Authentication, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE, Page
from tests.support.programs.parsers import read_prf, read_reg
from tests.support.samples.accounts import OAUTH2, ORDINARY, account


class TestOutlook(suite.ExporterContract):
    program = Outlook()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        by_end = {file.name.rpartition(".")[2]: file for file in artifact.files}
        if "prf" in by_end:
            self.check_prf(wanted, by_end["prf"])
        if "xml" in by_end:
            self.check_autodiscover(wanted, by_end["xml"])
            on, off = (
                read_reg(file.content) for file in artifact.files if file.name.endswith(".reg")
            )
            outlook = "HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Outlook\\"
            assert on[outlook + "AutoDiscover"] == {
                "PreferLocalXML": "dword:00000001",
                wanted.address.domain: f"{FOLDER}\\{by_end['xml'].name}",
            }
            assert {key: set(values) for key, values in off.items()} == {
                key: set(values) for key, values in on.items()
            }
            assert {value for values in off.values() for value in values.values()} == {"-"}

    def check_prf(self, wanted: Account, file: ArtifactFile) -> None:
        sections = read_prf(file.content)
        kind = sections["Internet Account List"]["Account1"]
        given = sections["Account1"]
        assert set(given) <= set(sections[kind]), "a property without a tag is dropped silently"
        assert given["EmailAddress"] == wanted.address.ascii
        assert given["DisplayName"] == (wanted.person or wanted.address.ascii)
        assert wanted.incoming.username in (given.get("IMAPUserName"), given.get("POP3UserName"))
        assert sections["General"]["DefaultProfile"] == "No"
        assert sections["General"]["OverwriteProfile"] == "Append"

    def check_autodiscover(self, wanted: Account, file: ArtifactFile) -> None:
        response = (
            "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
        )
        root = ElementTree.fromstring(file.content)  # noqa: S314 - we wrote it
        protocols = [
            {element.tag.removeprefix(response): element.text for element in protocol}
            for protocol in root.iter(response + "Protocol")
        ]
        assert [protocol["Server"] for protocol in protocols] == [
            wanted.incoming.host,
            wanted.outgoing.host,
        ]
        assert protocols[0]["LoginName"] == wanted.incoming.username
        assert protocols[0]["Port"] == str(wanted.incoming.port)
        for protocol, server in zip(protocols, (wanted.incoming, wanted.outgoing), strict=True):
            tls = server.security is SocketType.TLS
            assert (protocol["SSL"], protocol["Encryption"]) == (
                ("on", "SSL") if tls else ("off", "TLS")
            )

    @pytest.mark.parametrize("name", [name for name in ORDINARY if name != "oauth2"])
    def test_files_are_read_back_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    def endings(self, wanted: Account) -> set[str]:
        return {file.name.rpartition(".")[2] for file in self.exported(wanted).files}

    def test_a_prf_is_made_only_where_the_format_can_express_the_account(self) -> None:
        assert "prf" in self.endings(BASE)
        assert "prf" in self.endings(ORDINARY["pop3-tls"])
        for name in ("imap-starttls", "pop3-starttls", "international"):
            assert "prf" not in self.endings(ORDINARY[name])
            assert self.exported(ORDINARY[name]).notes
        other = replace(BASE, outgoing=replace(BASE.outgoing, username="someone"))
        assert "prf" not in self.endings(other)

    def test_a_provider_with_its_own_sign_in_gets_the_guide_only(self) -> None:
        artifact = self.exported(OAUTH2)
        assert self.endings(OAUTH2) == {"html"}
        assert artifact.notes

    def test_an_unknown_oauth2_only_server_is_refused(self) -> None:
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), ExportFailure)

    def test_a_user_name_that_is_not_the_address_takes_the_form_that_asks_for_it(self) -> None:
        def shown(wanted: Account) -> set[str]:
            return {value.value for step in self.exported(wanted).steps for value in step.values}

        assert "w0138f2e-ana" in shown(ORDINARY["other-user"])
        assert BASE.incoming.host in shown(BASE)

    def test_the_guide_warns_how_new_outlook_stores_the_password(self) -> None:
        page = Page(self.exported(BASE).files[0].content.decode())
        assert any("Microsoft's servers" in text for text in page.text)
