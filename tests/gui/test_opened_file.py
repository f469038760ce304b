"""The window that a double click on a settings file opens."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.app import open_settings
from tests.support.gui.driver import Person, Scripted

MakePerson = Callable[[Assistant], Person]


def write(path: Path, host: str, address: str = "ana@bodega.test") -> Path:
    settings = {
        "incoming": [{"protocol": "imap", "host": host, "port": 993, "security": "tls"}],
        "outgoing": [{"protocol": "smtp", "host": host, "port": 465, "security": "tls"}],
    }
    document = {"address": address, "settings": settings}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_file_gives_address_and_servers_so_that_name_and_password_remain(
    make_person: MakePerson, tmp_path: Path
) -> None:
    assistant = Scripted()
    person = make_person(assistant)
    open_settings(person.window, write(tmp_path / "firma.mailsetup", "mail.bodega.test"))
    person.is_on(Page.START)
    assert person.start.address.text == "ana@bodega.test"
    person.types(person.start.person.edit, "Ana Gil")
    person.goes_on()
    person.is_on(Page.FOUND)
    assert "discover" not in assistant.started
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].account.incoming.host == "mail.bodega.test"


def test_servers_of_another_domain_are_asked_about_before_the_password(
    make_person: MakePerson, tmp_path: Path
) -> None:
    assistant = Scripted()
    person = make_person(assistant)
    open_settings(person.window, write(tmp_path / "firma.mailsetup", "mail.atacante.test"))
    person.goes_on()
    person.is_on(Page.FOUND)
    assert person.window.state.search.to_agree == ("atacante.test",)
    assert not person.window.footer.primary.isEnabled()
    person.presses_enter()
    assert person.window.flow.page is Page.FOUND
    assert assistant.requests == []


def test_another_persons_address_adapts_the_user_names(
    make_person: MakePerson, tmp_path: Path
) -> None:
    assistant = Scripted()
    person = make_person(assistant)
    open_settings(person.window, write(tmp_path / "firma.mailsetup", "mail.bodega.test"))
    person.enters_address("luis@bodega.test")
    person.is_on(Page.FOUND)
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].account.incoming.username == "luis@bodega.test"


@pytest.mark.parametrize("content", [b"not JSON", b"\x00\xff", None])
def test_a_damaged_or_missing_file_is_named_and_the_search_is_offered(
    make_person: MakePerson, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "firma.mailsetup"
    if content is not None:
        path.write_bytes(content)
    person = make_person(Scripted())
    open_settings(person.window, path)
    person.is_on(Page.START)
    assert str(path) in person.start._problem.text()
    assert person.window.state.technician.settings_file is None
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
