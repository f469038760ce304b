"""The contract of exporters, for Evolution."""

import re
from dataclasses import replace

import pytest

from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.evolution import Evolution, sources
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.programs.desktop_parsers import Sections, read_glib
from tests.support.samples.accounts import OAUTH2, ORDINARY, account

SECURITY = {
    SocketType.TLS: "ssl-on-alternate-port",
    SocketType.STARTTLS: "starttls-on-standard-port",
}


def by_part(artifact: Artifact) -> dict[str, tuple[str, Sections]]:
    """The files by their part of the account, with the UID of each."""
    found = {}
    for file in artifact.files:
        sections = read_glib(file.content)
        uid, suffix = file.name.split(".")
        assert suffix == "source"
        assert file.private
        (part,) = {"Mail Account", "Mail Identity", "Mail Transport"} & set(sections)
        found[part] = (uid, sections)
    return found


class TestEvolution(suite.ExporterContract):
    program = Evolution()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        parts = by_part(artifact)
        assert set(parts) == {"Mail Account", "Mail Identity", "Mail Transport"}
        account_uid, main = parts["Mail Account"]
        identity_uid, identity = parts["Mail Identity"]
        transport_uid, transport = parts["Mail Transport"]
        imap = wanted.incoming.protocol is Protocol.IMAP
        assert main["Mail Account"]["BackendName"] == ("imapx" if imap else "pop")
        assert main["Mail Account"]["IdentityUid"] == identity_uid
        assert identity["Mail Submission"]["TransportUid"] == transport_uid
        for child in (identity, transport):
            assert child["Data Source"]["Parent"] == account_uid
        assert main["Data Source"]["Parent"] == ""
        assert identity["Mail Identity"] == {
            "Address": wanted.address.ascii,
            "Name": wanted.person,
        }
        assert transport["Mail Transport"] == {"BackendName": "smtp"}
        for sections, server in ((main, wanted.incoming), (transport, wanted.outgoing)):
            assert sections["Data Source"]["DisplayName"] == str(wanted.address)
            assert sections["Data Source"]["Enabled"] == "true"
            assert sections["Authentication"]["Host"] == server.host
            assert sections["Authentication"]["Port"] == str(server.port)
            assert sections["Authentication"]["User"] == server.username
            assert sections["Security"] == {"Method": SECURITY[server.security]}

    def parts(self, wanted: Account) -> dict[str, Sections]:
        artifact = self.exported(wanted)
        return {part: sections for part, (_uid, sections) in by_part(artifact).items()}

    @pytest.mark.parametrize("name", ORDINARY)
    def test_files_are_read_back_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    def test_every_address_has_files_of_its_own(self) -> None:
        names = [file.name for wanted in ORDINARY.values() for file in self.exported(wanted).files]
        addresses = {wanted.address.ascii for wanted in ORDINARY.values()}
        assert len(set(names)) == 3 * len(addresses)
        assert all(re.fullmatch(r"[0-9a-f]{32}\.source", name) for name in names)

    def test_changed_servers_keep_the_files_names(self) -> None:
        moved = account(incoming_host="new.bodega.example", person="Otra")
        assert [file.name for file in self.exported(moved).files] == [
            file.name for file in self.exported(BASE).files
        ]

    def test_the_file_that_makes_the_account_comes_last(self) -> None:
        made = sources(BASE)
        assert not isinstance(made, ExportFailure)
        assert ["Mail Account" in source.groups for source in made] == [False, False, True]

    def test_pop3_leaves_messages_on_the_server_with_a_note(self) -> None:
        main = self.parts(ORDINARY["pop3-tls"])["Mail Account"]
        assert main["Pop Backend"] == {"KeepOnServer": "true"}
        assert self.exported(ORDINARY["pop3-tls"]).notes
        assert not self.exported(BASE).notes

    def test_a_blank_that_evolution_drops_from_the_user_name_is_noted(self) -> None:
        assert self.exported(account(username="ana ")).notes

    def test_imap_asks_the_server_for_its_special_folders(self) -> None:
        main = self.parts(BASE)["Mail Account"]
        assert main["Mail Account"]["NeedsInitialSetup"] == "true"

    @pytest.mark.parametrize(
        ("kind", "method"),
        [
            (Authentication.PASSWORD_CLEARTEXT, "PLAIN"),
            (Authentication.PASSWORD_ENCRYPTED, "CRAM-MD5"),
            (Authentication.NTLM, "NTLM"),
            (Authentication.GSSAPI, "GSSAPI"),
        ],
    )
    def test_the_sign_in_is_named_as_evolution_names_it(
        self, kind: Authentication, method: str
    ) -> None:
        parts = self.parts(account(authentication=(kind,)))
        assert parts["Mail Account"]["Authentication"]["Method"] == method
        assert parts["Mail Transport"]["Authentication"]["Method"] == method

    def test_oauth2_is_used_where_evolution_has_a_registration(self) -> None:
        assert self.parts(OAUTH2)["Mail Account"]["Authentication"]["Method"] == "Google"
        outlook = account(
            "ana@outlook.com",
            authentication=(Authentication.OAUTH2,),
            incoming_host="imap-mail.outlook.com",
            outgoing_host="smtp-mail.outlook.com",
        )
        assert self.parts(outlook)["Mail Account"]["Authentication"]["Method"] == "Outlook"
        assert self.exported(outlook).notes
        both = (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)
        parts = self.parts(account(authentication=both))
        assert parts["Mail Account"]["Authentication"]["Method"] == "PLAIN"
        only = account(authentication=(Authentication.OAUTH2,))
        assert isinstance(self.program.export(only), ExportFailure)

    def test_microsoft_365_uses_evolutions_registration(self) -> None:
        result = self.program.export(
            account(
                authentication=(Authentication.OAUTH2,),
                incoming_host="outlook.office365.com",
                outgoing_host="smtp.office365.com",
            )
        )
        assert isinstance(result, ExportFailure)
        assert "evolution-ews" in result.reason

    def test_a_client_certificate_is_refused(self) -> None:
        only = account(authentication=(Authentication.TLS_CLIENT_CERT,))
        assert isinstance(self.program.export(only), ExportFailure)

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        transport = self.parts(replace(BASE, outgoing=outgoing))["Mail Transport"]
        assert transport["Authentication"]["Method"] == "none"
        assert transport["Authentication"]["User"] == ""
        incoming = replace(BASE.incoming, authentication=(Authentication.NONE,))
        assert isinstance(self.program.export(replace(BASE, incoming=incoming)), ExportFailure)
