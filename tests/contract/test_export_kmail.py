"""The contract of exporters, for KMail."""

import re
import tempfile
from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings

from mailsetup.export.exporter import Artifact, ArtifactFile, ExportFailure
from mailsetup.export.programs.kmail import KMail, config_files
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.programs.desktop_parsers import Sections, read_kconfig
from tests.support.samples.accounts import ORDINARY, account

SAFETY = {SocketType.TLS: "SSL", SocketType.STARTTLS: "STARTTLS"}
ENCRYPTION = {SocketType.TLS: "SSL", SocketType.STARTTLS: "TLS"}


def only(sections: Sections, pattern: str) -> tuple[str, dict[str, str]]:
    """The only group of a file, which has this name."""
    ((name, values),) = ((name, values) for name, values in sections.items() if name)
    assert re.fullmatch(pattern, name)
    return name, values


def read_name(content: bytes) -> object:
    """An agent's name, as read by Qt itself."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return QSettings(file.name, QSettings.Format.IniFormat).value("Agent/Name")


class TestKMail(suite.ExporterContract):
    program = KMail()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        assert all(file.private for file in artifact.files)
        files = {file.name: file for file in artifact.files}
        kind = "imap" if wanted.incoming.protocol is Protocol.IMAP else "pop3"
        (resource,) = (name for name in files if name.startswith("akonadi_"))
        instance = resource.removesuffix("rc")
        assert re.fullmatch(rf"akonadi_{kind}_resource_1\d{{6}}", instance)
        assert read_name(files[f"agent_config_{instance}"].content) == str(wanted.address)
        assert files["agentsrc"].content.decode() == (
            f"[Instances]\n{instance}\\AgentType=akonadi_{kind}_resource\n"
        )
        transport, sending = only(
            read_kconfig(files["mailtransports"].content), r"Transport [1-9]\d{0,9}"
        )
        assert sending == {
            "id": transport.removeprefix("Transport "),
            "name": str(wanted.address),
            "identifier": "SMTP",
            "host": wanted.outgoing.host,
            "port": str(wanted.outgoing.port),
            "encryption": ENCRYPTION[wanted.outgoing.security],
            "auth": "true",
            "authtype": "PLAIN",
            "user": wanted.outgoing.username,
        }
        assert int(sending["id"]) < 2**31
        _name, who = only(read_kconfig(files["emailidentities"].content), r"Identity #\d+")
        assert {key: value for key, value in who.items() if key != "uoid"} == {
            "Identity": str(wanted.address),
            "Name": wanted.person,
            "Email Address": wanted.address.ascii,
            "Transport": sending["id"],
        }
        self.check_resource(wanted, files[resource], who["uoid"])

    def check_resource(self, wanted: Account, file: ArtifactFile, identity: str) -> None:
        sections = read_kconfig(file.content)
        server = wanted.incoming
        if server.protocol is Protocol.IMAP:
            assert sections["network"] == {
                "ImapServer": server.host,
                "ImapPort": str(server.port),
                "Safety": SAFETY[server.security],
                "UserName": server.username,
                "Authentication": "1",
            }
            assert sections["cache"] == {
                "UseDefaultIdentity": "false",
                "AccountIdentity": identity,
            }
            return
        tls = server.security is SocketType.TLS
        assert sections["General"] == {
            "name": str(wanted.address),
            "host": server.host,
            "port": str(server.port),
            "login": server.username,
            "useSSL": str(tls).lower(),
            "useTLS": str(not tls).lower(),
            "authenticationMethod": "7",
            "leaveOnServer": "true",
        }

    @pytest.mark.parametrize("name", ORDINARY)
    def test_files_are_read_back_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    @pytest.mark.parametrize(
        "local", ["o'hara", "a,b", 'a"b\\', "ñaña", "a%b;c=d", "𐍈f", "@Rect(1)"]
    )
    def test_any_name_is_read_back(self, local: str) -> None:
        wanted = replace(BASE, address=EmailAddress(local, "bodegas-peñín.example"))
        content = config_files(wanted)
        name = next(each for each in content if each.startswith("agent_config_"))
        assert content[name].isascii()
        assert read_name(content[name]) == str(wanted.address)

    def test_the_files_are_noted_as_experimental_and_have_a_guide(self) -> None:
        artifact = self.exported(BASE)
        assert any("experimental" in note for note in artifact.notes)
        assert artifact.files[0].name.endswith(".html")
        assert artifact.files[0].name in artifact.steps[0].text

    def test_the_lines_to_enter_are_the_same_for_every_name(self) -> None:
        def lines(wanted: Account) -> list[str]:
            return [value.value for value in self.exported(wanted).steps[1].values]

        hostile = replace(BASE, person="$(touch x); `id` '\"")
        hostile = replace(hostile, incoming=replace(hostile.incoming, username="a; rm -r ~"))
        assert lines(hostile) == lines(BASE)
        assert all(re.fullmatch(r"[A-Za-z0-9_ .~/>-]+", line) for line in lines(BASE))

    def test_every_address_has_its_own_numbers(self) -> None:
        others = [account(f"{name}@bodega.example") for name in ("ana", "luis", "eva")]
        names = [file.name for other in others for file in self.exported(other).files]
        assert len({name for name in names if name.startswith("akonadi_")}) == 3

    def test_the_sign_in_has_kmails_number_and_name(self) -> None:
        files = self.exported(account(authentication=(Authentication.PASSWORD_ENCRYPTED,))).files
        contents = {file.name.split("_")[0]: file.content for file in files}
        assert b"Authentication=2\n" in contents["akonadi"]
        assert b"authtype=CRAM_MD5\n" in contents["mailtransports"]

    def test_a_browser_sign_in_is_refused(self) -> None:
        result = self.program.export(account(authentication=(Authentication.OAUTH2,)))
        assert isinstance(result, ExportFailure)

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        files = self.exported(replace(BASE, outgoing=outgoing)).files
        content = next(file.content for file in files if file.name == "mailtransports")
        assert b"auth=false\n" in content
        assert b"user=" not in content
        incoming = replace(BASE.incoming, authentication=(Authentication.NONE,))
        assert isinstance(self.program.export(replace(BASE, incoming=incoming)), ExportFailure)
