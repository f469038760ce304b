"""The contract of exporters, for the files for Thunderbird on many computers."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.thunderbird_fleet import ThunderbirdFleet
from mailsetup.model.settings import Account, Authentication
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.samples.accounts import ORDINARY, account

_LITERAL = re.compile(rb"(?m)^var wanted = (\{.*\});$")


class TestThunderbirdFleet(suite.ExporterContract):
    program = ThunderbirdFleet()

    def files(self, wanted: Account) -> dict[str, bytes]:
        return {file.name: file.content for file in self.exported(wanted).files}

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        files = {file.name: file.content for file in artifact.files}
        script = files["mailsetup.cfg"]
        assert script.isascii()
        assert b"</" not in script
        # All values are in one line of JSON.
        (literal,) = _LITERAL.findall(script)
        rest = script.replace(literal, b"")
        neutral = self.files(BASE)["mailsetup.cfg"]
        assert rest == neutral.replace(_LITERAL.findall(neutral)[0], b"")
        self.check_prefs(wanted, json.loads(literal)["prefs"])
        policies = json.loads(files["policies.json"])["policies"]["Preferences"]
        assert {row["Status"] for row in policies.values()} == {"default"}
        self.check_prefs(wanted, {name: row["Value"] for name, row in policies.items()})
        document = files.get(f"{wanted.address.domain}.xml")
        if document is not None:
            root = ElementTree.fromstring(document)  # noqa: S314 - our own
            hosts = [node.text for node in root.iter("hostname")]
            assert hosts == [wanted.incoming.host, wanted.outgoing.host]

    def check_prefs(self, wanted: Account, prefs: dict[str, object]) -> None:
        assert prefs["mail.identity.id9001.fullName"] == wanted.person
        assert prefs["mail.identity.id9001.useremail"] == wanted.address.ascii
        assert prefs["mail.server.server9001.userName"] == wanted.incoming.username
        assert prefs["mail.server.server9001.hostname"] == wanted.incoming.host
        assert prefs["mail.smtpserver.smtp9001.username"] == wanted.outgoing.username
        assert prefs["mail.smtpserver.smtp9001.port"] == wanted.outgoing.port

    def test_user_names_that_follow_a_rule_become_placeholders(self) -> None:
        files = self.files(account(username="ana"))
        assert b"<username>%EMAILLOCALPART%</username>" in files["bodega.example.xml"]
        (literal,) = _LITERAL.findall(files["mailsetup.cfg"])
        shared = json.loads(literal)["shared"]
        assert shared["mail.server.server9001.userName"] == "%EMAILLOCALPART%"
        assert shared["mail.identity.id9001.useremail"] == "%EMAILADDRESS%"

    def test_a_user_name_of_one_mailbox_is_refused(self) -> None:
        artifact = self.exported(ORDINARY["other-user"])
        assert "bodega.example.xml" not in {file.name for file in artifact.files}
        (literal,) = _LITERAL.findall(artifact.files[0].content)
        assert json.loads(literal)["shared"] is None
        assert any("alone" in note for note in artifact.notes)

    def test_numbers_that_a_policy_reads_as_booleans_are_left_out(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        artifact = self.exported(replace(BASE, outgoing=outgoing))
        assert "policies.json" not in {file.name for file in artifact.files}
        assert any("policies.json" in note for note in artifact.notes)
        policies = json.loads(self.files(BASE)["policies.json"])["policies"]["Preferences"]
        assert not [
            name
            for name, row in policies.items()
            if not isinstance(row["Value"], bool) and row["Value"] in (0, 1)
        ]
