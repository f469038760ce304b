"""The contract of exporters, for Apple Mail."""

import plistlib
from dataclasses import replace
from typing import Any

import pytest

from mailsetup import i18n
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs.apple_mail import MEDIA_TYPE, AppleMail, mobileconfig
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.programs.apple_schema import MAIL, TOP_LEVEL, faults
from tests.support.samples.accounts import OAUTH2, ORDINARY, account


def read(content: bytes | ExportFailure) -> tuple[dict[str, Any], dict[str, Any]]:
    """A profile and the one payload in it."""
    assert isinstance(content, bytes), content
    profile = plistlib.loads(content, fmt=plistlib.FMT_XML)
    (payload,) = profile["PayloadContent"]
    return profile, payload


class TestAppleMail(suite.ExporterContract):
    program = AppleMail()

    def check_files(self, wanted: Account, artifact: Artifact) -> None:
        file = artifact.files[0]
        assert file.name.endswith(".mobileconfig")
        assert file.media_type == MEDIA_TYPE
        assert file.private
        profile, payload = read(file.content)
        assert faults(profile, TOP_LEVEL) == []
        assert faults(payload, MAIL) == []
        assert not {"IncomingPassword", "OutgoingPassword"} & set(payload)
        assert payload["EmailAddress"] == wanted.address.ascii
        assert payload.get("EmailAccountName", "") == wanted.person
        for side, server in (("Incoming", wanted.incoming), ("Outgoing", wanted.outgoing)):
            parsed = {
                key.removeprefix(f"{side}MailServer"): value for key, value in payload.items()
            }
            assert parsed["HostName"] == server.host
            assert parsed["PortNumber"] == server.port
            # Apple's default is off, which would send the password unencrypted.
            assert parsed["UseSSL"] is True
            assert parsed["Username"] == server.username

    @pytest.mark.parametrize("name", ORDINARY)
    def test_profiles_follow_apples_schema_for_every_kind_of_account(self, name: str) -> None:
        self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    def payload(self, wanted: Account) -> dict[str, Any]:
        return read(mobileconfig(wanted))[1]

    def test_the_complete_payload_of_an_ordinary_account(self) -> None:
        payload = self.payload(BASE)
        uuid = payload.pop("PayloadUUID")
        identifier = payload.pop("PayloadIdentifier")
        assert payload == {
            "PayloadType": "com.apple.mail.managed",
            "PayloadVersion": 1,
            "PayloadDisplayName": "ana@bodega.example",
            "EmailAccountType": "EmailTypeIMAP",
            "EmailAccountDescription": "ana@bodega.example",
            "EmailAccountName": "Ana Núñez",
            "EmailAddress": "ana@bodega.example",
            "IncomingMailServerAuthentication": "EmailAuthPassword",
            "IncomingMailServerHostName": "mail.bodega.example",
            "IncomingMailServerPortNumber": 993,
            "IncomingMailServerUseSSL": True,
            "IncomingMailServerUsername": "ana@bodega.example",
            "OutgoingMailServerAuthentication": "EmailAuthPassword",
            "OutgoingMailServerHostName": "smtp.bodega.example",
            "OutgoingMailServerPortNumber": 465,
            "OutgoingMailServerUseSSL": True,
            "OutgoingMailServerUsername": "ana@bodega.example",
            "OutgoingPasswordSameAsIncomingPassword": True,
        }
        assert uuid == uuid.upper()
        assert identifier.startswith("example.bodega.mailsetup.")
        assert identifier.endswith(".mail")

    def test_a_second_profile_for_the_address_replaces_the_first(self) -> None:
        def identity(wanted: Account) -> tuple[str, ...]:
            profile, payload = read(mobileconfig(wanted))
            return tuple(
                one[key]
                for one in (profile, payload)
                for key in ("PayloadIdentifier", "PayloadUUID")
            )

        first = identity(BASE)
        assert len(set(first)) == 4
        moved = replace(BASE, incoming=replace(BASE.incoming, host="other.example"), person="A")
        assert identity(moved) == first
        assert not set(identity(account("otra@bodega.example"))) & set(first)

    def test_pop3_has_its_own_type_and_a_note(self) -> None:
        wanted = account(protocol=Protocol.POP3)
        assert self.payload(wanted)["EmailAccountType"] == "EmailTypePOP"
        assert self.exported(wanted).notes

    def test_starttls_stays_encrypted_with_a_note(self) -> None:
        wanted = account(security=SocketType.STARTTLS)
        payload = self.payload(wanted)
        assert payload["IncomingMailServerPortNumber"] == 143
        assert payload["OutgoingMailServerPortNumber"] == 587
        assert payload["IncomingMailServerUseSSL"] is payload["OutgoingMailServerUseSSL"] is True
        assert any("STARTTLS" in note for note in self.exported(wanted).notes)
        assert not self.exported(BASE).notes

    def test_two_user_names_are_asked_for_two_passwords(self) -> None:
        other = replace(BASE, outgoing=replace(BASE.outgoing, username="someone"))
        assert "OutgoingPasswordSameAsIncomingPassword" not in self.payload(other)

    def test_sending_without_a_login_writes_no_user_name(self) -> None:
        outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
        payload = self.payload(replace(BASE, outgoing=outgoing))
        assert payload["OutgoingMailServerAuthentication"] == "EmailAuthNone"
        assert "OutgoingMailServerUsername" not in payload
        assert "OutgoingPasswordSameAsIncomingPassword" not in payload

    @pytest.mark.parametrize(
        ("kind", "word"),
        [
            (Authentication.PASSWORD_ENCRYPTED, "EmailAuthCRAMMD5"),
            (Authentication.NTLM, "EmailAuthNTLM"),
        ],
    )
    def test_authentication_uses_apples_names(self, kind: Authentication, word: str) -> None:
        payload = self.payload(account(authentication=(kind,)))
        assert payload["IncomingMailServerAuthentication"] == word

    @pytest.mark.parametrize(
        "kind",
        [
            Authentication.OAUTH2,
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

    def test_a_provider_with_its_own_sign_in_gets_a_note(self) -> None:
        assert self.payload(OAUTH2)["IncomingMailServerAuthentication"] == "EmailAuthPassword"
        assert any("app password" in note for note in self.exported(OAUTH2).notes)

    def test_displayed_texts_are_in_the_current_language(self) -> None:
        for language in LANGUAGES:
            i18n.set_language(language)
            shown = i18n._("Mail: {address}").format(address="ana@bodega.example")
            profile, _payload = read(mobileconfig(BASE))
            assert profile["PayloadDisplayName"] == shown
            assert "ana@bodega.example" in profile["PayloadDescription"]

    def test_displayed_addresses_are_unicode_and_transmitted_ones_ascii(self) -> None:
        payload = self.payload(ORDINARY["international"])
        assert payload["EmailAccountDescription"] == "ana@bodegas-peñín.example"
        assert payload["EmailAddress"] == "ana@xn--bodegas-pen-xcb5c.example"
        assert payload["PayloadIdentifier"].isascii()


def test_the_check_against_apples_schema_finds_faults() -> None:
    _profile, payload = read(mobileconfig(BASE))
    for change, fault in (
        ({"EmailAccountType": "EmailTypeJMAP"}, "must not be"),
        ({"IncomingMailServerPortNumber": "993"}, "is a str"),
        ({"IncomingMailServerUseSSL": 1}, "is a int"),
        ({"IncomingMailServerUseTLS": True}, "unknown"),
        ({"SMIMESigningCertificateUUID": "x"}, "form"),
    ):
        (found,) = faults({**payload, **change}, MAIL)
        assert fault in found
    del payload["OutgoingMailServerHostName"]
    assert faults(payload, MAIL) == ["OutgoingMailServerHostName is missing"]
