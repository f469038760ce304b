"""The contract of exporters, for Thunderbird for Android and K-9 Mail."""

import re
from dataclasses import replace
from ipaddress import IPv6Address
from uuid import UUID

import pytest

from mailsetup import i18n
from mailsetup.export.exporter import Artifact, ArtifactFile, ExportFailure
from mailsetup.export.guide.qr import QUIET_ZONE, QrMatrix
from mailsetup.export.programs.k9_settings import qr_payload, settings_file
from mailsetup.export.programs.thunderbird_android import ThunderbirdAndroid, qr_matrix
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.settings import Account, Authentication, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.programs.k9_rules import (
    FileServer,
    is_user_address,
    read_code,
    read_settings_file,
)
from tests.support.programs.qr_reader import decoded_png, decoded_svg
from tests.support.samples.accounts import OAUTH2, ORDINARY, account


def in_full(host: str) -> str:
    """IPv6 in the form that passes the app's own check: with every group."""
    return IPv6Address(host).exploded if ":" in host else host


class TestThunderbirdAndroid(suite.ExporterContract):
    program = ThunderbirdAndroid()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        files = {file.name.rpartition(".")[2]: file for file in artifact.files}
        assert all(file.private for file in files.values())
        payload = qr_payload(wanted)
        assert isinstance(payload, str)
        self.check_code(wanted, payload)
        self.check_settings(wanted, files["k9s"])
        assert decoded_png(files["png"].content) == payload

    def check_code(self, wanted: Account, payload: str) -> None:
        code = read_code(payload)
        assert code.sequence == (1, 1)
        (account,) = code.accounts
        ((outgoing),) = account.outgoing
        for parsed, server in (
            (account.incoming, wanted.incoming),
            (outgoing.server, wanted.outgoing),
        ):
            assert (parsed.host, parsed.port) == (in_full(server.host), server.port)
            assert parsed.security == {SocketType.TLS: 3, SocketType.STARTTLS: 2}[server.security]
            assert parsed.username == server.username
            assert parsed.password is None
        assert account.name in (None, str(wanted.address))
        assert outgoing.identities == ((wanted.address.ascii, wanted.person),)

    def check_settings(self, wanted: Account, file: ArtifactFile) -> None:
        assert file.content.startswith(b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>')
        assert b"<password" not in file.content
        (parsed,) = read_settings_file(file.content)
        assert parsed.name == str(wanted.address)
        assert parsed.identities == ((wanted.address.ascii, wanted.person),)
        for server, meant in (
            (parsed.incoming, wanted.incoming),
            (parsed.outgoing, wanted.outgoing),
        ):
            security = {
                SocketType.TLS: "SSL_TLS_REQUIRED",
                SocketType.STARTTLS: "STARTTLS_REQUIRED",
            }
            assert server == FileServer(
                str(meant.protocol).upper(),
                in_full(meant.host),
                meant.port,
                security[meant.security],
                server.authentication,
                meant.username,
                None,
            )

    def test_the_guide_shows_the_code_itself(self) -> None:
        page = next(file for file in self.exported(BASE).files if file.name.endswith(".html"))
        (drawn,) = re.findall(rb"<svg [^>]*shape-rendering.*?</svg>", page.content)
        assert b"black" not in drawn
        svg = drawn.replace(b"<svg ", b'<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        assert decoded_svg(svg, ground="black") == qr_payload(BASE)

    @pytest.mark.parametrize("name", ORDINARY)
    def test_code_and_file_pass_the_apps_rules_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    def code(self, wanted: Account) -> str:
        payload = qr_payload(wanted)
        assert isinstance(payload, str), payload
        return payload

    def test_the_code_is_as_short_as_the_format_allows(self) -> None:
        assert self.code(BASE) == (
            '[1,[1,1],[0,"mail.bodega.example",993,3,1,"ana@bodega.example"],'
            '[[[0,"smtp.bodega.example",465,3,1,"ana@bodega.example"],'
            '["ana@bodega.example","Ana Núñez"]]]]'
        )

    def test_protocols_encryption_and_authentication_have_the_formats_numbers(self) -> None:
        pop3 = read_code(self.code(ORDINARY["pop3-starttls"])).accounts[0].incoming
        assert (pop3.protocol, pop3.port, pop3.security, pop3.authentication) == (1, 110, 2, 1)
        encrypted = account(authentication=(Authentication.PASSWORD_ENCRYPTED,))
        assert read_code(self.code(encrypted)).accounts[0].incoming.authentication == 2
        (file,) = read_settings_file(self.file(encrypted))
        assert file.incoming.authentication == "CRAM_MD5"

    def file(self, wanted: Account) -> bytes:
        content = settings_file(wanted)
        assert isinstance(content, bytes), content
        return content

    def test_deleted_messages_are_deleted_on_imap_servers_only(
        self,
    ) -> None:
        for name, policy in (("imap-tls", "DELETE"), ("pop3-tls", "NEVER")):
            (parsed,) = read_settings_file(self.file(ORDINARY[name]))
            assert parsed.settings == {"deletePolicy": policy}
        assert self.exported(ORDINARY["pop3-tls"]).notes

    def test_oauth2_is_used_at_known_hosts_and_the_password_elsewhere(self) -> None:
        code = read_code(self.code(OAUTH2)).accounts[0]
        assert code.incoming.authentication == code.outgoing[0].server.authentication == 6
        assert read_settings_file(self.file(OAUTH2))[0].incoming.authentication == "XOAUTH2"
        both = account(authentication=(Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT))
        assert read_code(self.code(both)).accounts[0].incoming.authentication == 1

    @pytest.mark.parametrize(
        "kind",
        [
            Authentication.OAUTH2,
            Authentication.NTLM,
            Authentication.GSSAPI,
            Authentication.TLS_CLIENT_CERT,
            Authentication.NONE,
        ],
    )
    def test_an_unsupported_authentication_method_is_refused_naming_the_server(
        self, kind: Authentication
    ) -> None:
        refused = self.program.export(account(authentication=(kind,)))
        assert isinstance(refused, ExportFailure)
        assert "mail.bodega.example" in refused.reason

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        wanted = replace(BASE, outgoing=outgoing)
        server = read_code(self.code(wanted)).accounts[0].outgoing[0].server
        assert (server.authentication, server.username) == (0, "")
        (parsed,) = read_settings_file(self.file(wanted))
        assert (parsed.outgoing.authentication, parsed.outgoing.username) == ("NONE", "")

    @pytest.mark.parametrize("address", ["ñandú@a.example", '"a b"@a.example', "a..b@a.example"])
    def test_an_address_that_the_app_does_not_take_is_refused(self, address: str) -> None:
        assert not is_user_address(address)
        assert isinstance(self.program.export(account(address)), ExportFailure)

    @pytest.mark.parametrize("host", ["::1", "2001:db8::1", "::ffff:1.2.3.4", "192.0.2.1"])
    def test_an_ip_address_as_host_is_written_in_the_apps_form(self, host: str) -> None:
        read_code(self.code(account(incoming_host=host)))

    @pytest.mark.parametrize("host", ["::", "fe80::1%eth0"])
    def test_an_address_that_the_app_does_not_take_as_host_is_refused(self, host: str) -> None:
        assert isinstance(qr_payload(account(incoming_host=host)), ExportFailure)

    def test_the_readable_form_of_an_international_address_is_the_accounts_name(self) -> None:
        parsed = read_code(self.code(ORDINARY["international"])).accounts[0]
        assert parsed.name == "ana@bodegas-peñín.example"
        assert parsed.outgoing[0].identities[0][0] == "ana@xn--bodegas-pen-xcb5c.example"

    def test_the_uuid_belongs_to_the_address(self) -> None:
        def uuid(wanted: Account) -> UUID:
            return read_settings_file(self.file(wanted))[0].uuid

        assert uuid(BASE) == uuid(replace(BASE, person="Somebody else"))
        assert uuid(BASE) != uuid(account("otra@bodega.example"))
        assert uuid(BASE).version == 5

    def test_the_matrix_for_the_window_equals_the_picture(self) -> None:
        matrix = qr_matrix(BASE)
        assert isinstance(matrix, QrMatrix)
        assert len(matrix.rows) == matrix.size
        assert {len(row) for row in matrix.rows} == {matrix.size}
        # The upper left finder pattern (ISO/IEC 18004, section 6.3.3).
        assert [[matrix.rows[y][x] for x in range(7)] for y in (0, 1, 2)] == [
            [True] * 7,
            [True, False, False, False, False, False, True],
            [True, False, True, True, True, False, True],
        ]
        assert len(list(matrix.dark())) == sum(map(sum, matrix.rows))
        assert QUIET_ZONE == 4
        refused = account(authentication=(Authentication.NTLM,))
        assert isinstance(qr_matrix(refused), ExportFailure)

    def test_an_account_too_long_for_a_code_gets_the_settings_file_and_a_note(self) -> None:
        wanted = account(person="😀" * 190, username="😀" * 320)
        artifact = self.exported(wanted)
        assert [file.name.rpartition(".")[2] for file in artifact.files] == ["k9s", "html"]
        assert any("QR" in note for note in artifact.notes)
        assert isinstance(qr_matrix(wanted), ExportFailure)
        self.check_settings(wanted, artifact.files[0])

    def test_a_code_that_is_hard_to_scan_has_a_note(self) -> None:
        assert not self.exported(BASE).notes
        assert self.exported(account(person="a" * 200, username="u" * 320)).notes

    def test_steps_are_translated(self) -> None:
        guides = []
        for language in LANGUAGES:
            i18n.set_language(language)
            guides.append(self.exported(BASE).files[-1].content)
        assert guides[0] != guides[1]
