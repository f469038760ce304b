"""The contract of exporters, for the guide for any other program."""

from xml.etree import ElementTree

from mailsetup.export.exporter import Artifact, ArtifactFile
from mailsetup.export.programs.other import Other
from mailsetup.model.settings import Account
from tests.contract import exporters as suite
from tests.contract.exporters import BASE, Page
from tests.support.samples.accounts import ORDINARY

SVG = "{http://www.w3.org/2000/svg}"


def card_values(file: ArtifactFile) -> list[str]:
    """The values of a card, each put together from its lines."""
    root = ElementTree.fromstring(file.content)  # noqa: S314 - our own
    return [
        "".join(line.text or "" for line in group.iter(f"{SVG}text"))
        for group in root.iter(f"{SVG}g")
    ]


def message_values(file: ArtifactFile) -> list[tuple[str, str]]:
    """The lines of a message that name a value."""
    lines = file.content.decode().split("\n")
    return [
        (name, value) for name, colon, value in (line.partition(": ") for line in lines) if colon
    ]


class TestOther(suite.ExporterContract):
    program = Other()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        page, message, card = artifact.files
        assert page.name.endswith(".html")
        assert all(file.private for file in artifact.files)
        servers = (wanted.incoming, wanted.outgoing)
        security = {"tls": "SSL/TLS", "starttls": "STARTTLS"}
        expected = [("E-mail address", str(wanted.address))]
        drawn = [str(wanted.address)]
        for server in servers:
            name = security[server.security]
            expected += [
                ("Kind", server.protocol.upper()),
                ("Server", server.host),
                ("Port", str(server.port)),
                ("Encryption", name),
            ]
            drawn += [server.host, f"{server.port} · {name}"]
            if server.username:
                expected.append(("User name", server.username))
                drawn.append(server.username)
        assert message_values(message) == expected
        assert card_values(card) == drawn

    def test_the_card_has_its_size_and_no_active_content(self) -> None:
        root = ElementTree.fromstring(self.exported(BASE).files[2].content)  # noqa: S314 - our own
        assert (root.get("width"), root.get("height")) == ("85mm", "55mm")
        assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
            "svg",
            "title",
            "rect",
            "path",
            "g",
            "text",
        }
        assert not any("href" in name for element in root.iter() for name in element.attrib)

    def test_values_have_the_largest_letters(self) -> None:
        page = Page(self.exported(BASE).files[0].content.decode())
        assert ("section", {"class": "card large"}) in page.tags

    def test_ordinary_accounts_are_read_back(self) -> None:
        for wanted in ORDINARY.values():
            self.check(wanted, self.exported(wanted))
