"""A settings file that was opened by a double click vouches for nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from mailsetup.assistant.settings_file import SettingsFileFailure, open_settings_file
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus

ANA = EmailAddress("ana", "bodega.test")


def settings(host: str, **more: Any) -> dict[str, Any]:
    return {
        "incoming": [{"protocol": "imap", "host": host, "port": 993, "security": "tls"}],
        "outgoing": [{"protocol": "smtp", "host": host, "port": 465, "security": "tls"}],
        **more,
    }


def opened(
    tmp_path: Path, document: object, agreed: tuple[str, ...] = ()
) -> Discovery | SettingsFileFailure:
    path = tmp_path / "firma.mailsetup"
    path.write_text(json.dumps(document), encoding="utf-8")
    return open_settings_file(path, ANA, agreed)


def test_servers_of_the_addresss_own_domain_need_no_agreement(tmp_path: Path) -> None:
    found = opened(tmp_path, settings("mail.bodega.test"))
    assert isinstance(found, Discovery)
    assert (found.outcome, found.confirm) == (DiscoveryStatus.FOUND, ())


def test_servers_of_another_domain_need_agreement(tmp_path: Path) -> None:
    found = opened(tmp_path, settings("mail.atacante.test"))
    assert isinstance(found, Discovery)
    assert found.outcome is DiscoveryStatus.NEEDS_CONFIRMATION
    assert found.confirm == ("atacante.test",)


def test_agreed_domains_are_not_asked_about_again(tmp_path: Path) -> None:
    found = opened(tmp_path, settings("mail.hoster.test"), ("hoster.test",))
    assert isinstance(found, Discovery)
    assert found.confirm == ()


def test_every_server_in_the_file_is_judged(tmp_path: Path) -> None:
    document = settings("mail.bodega.test")
    document["outgoing"] += settings("smtp.atacante.test")["outgoing"]
    found = opened(tmp_path, document)
    assert isinstance(found, Discovery)
    assert found.confirm == ("atacante.test",)


def test_the_place_of_a_sign_in_and_foreign_services_are_left_out(tmp_path: Path) -> None:
    document = settings(
        "mail.bodega.test",
        services=[
            {"protocol": "caldav", "url": "https://dav.atacante.test/"},
            {"protocol": "carddav", "url": "https://dav.bodega.test/"},
        ],
        oauth2={"issuer": "login.atacante.test", "scopes": ["mail"]},
    )
    found = opened(tmp_path, document)
    assert isinstance(found, Discovery)
    assert found.settings is not None
    assert found.settings.oauth2 is None
    assert [service.place for service in found.settings.services] == ["dav.bodega.test"]


def test_user_names_are_adapted_to_the_address(tmp_path: Path) -> None:
    inner = settings("mail.bodega.test")
    inner["incoming"][0]["username"] = "luis"
    inner["outgoing"][0]["username"] = "%EMAILADDRESS%"
    document = {"address": "luis@bodega.test", "settings": inner}
    found = opened(tmp_path, document)
    assert isinstance(found, Discovery)
    assert found.settings is not None
    assert [server.username for server in found.settings.servers] == ["ana", "ana@bodega.test"]


@pytest.mark.parametrize(
    "content",
    [b"", b"no JSON", b"[]", b"{}", b'{"settings": 5}', b"\xff\xfe\x00", b"[" * 5000,
     b'{"incoming": [{"protocol": "imap", "host": "a b", "port": 993, "security": "tls"}]}'],
)  # fmt: skip
def test_a_damaged_or_foreign_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "firma.mailsetup"
    path.write_bytes(content)
    failure = open_settings_file(path, ANA)
    assert isinstance(failure, SettingsFileFailure)
    assert failure.sentence.endswith((".", "mailsetup"))
    assert "Traceback" not in failure.sentence
