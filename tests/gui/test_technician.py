"""The quiet ways of the first page: the technician's page and the demo."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.technician import TechnicianPage
from mailsetup.model.network_options import NetworkOptions
from tests.support.gui import gallery
from tests.support.gui.driver import Person, Scripted, nothing_found
from tests.support.gui.gallery import SIZE

MakePerson = Callable[[Assistant], Person]

SETTINGS = {
    "incoming": [{"protocol": "imap", "host": "imap.own.test", "port": 993, "security": "tls"}],
    "outgoing": [{"protocol": "smtp", "host": "smtp.own.test", "port": 465, "security": "tls"}],
}


def at_the_technicians_page(person: Person) -> TechnicianPage:
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.technician)
    person.is_on(Page.TECHNICIAN)
    view = person.window.pages.view(Page.TECHNICIAN)
    assert isinstance(view, TechnicianPage)
    return view


def test_options_reach_the_engine_and_can_be_dropped_again(make_person: MakePerson) -> None:
    assistant = Scripted()
    person = make_person(assistant)
    page = at_the_technicians_page(person)
    person.types(page.resolver.edit, "127.0.0.9:5353")
    person.types(page.trust.edit, "hoster.com")
    person.types(page.client_id.edit, "mi-programa")
    page.plain_http.setChecked(True)
    person.goes_on()
    person.is_on(Page.START)
    assert person.start.without_options.isVisibleTo(person.window)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    asked = NetworkOptions(resolver=("127.0.0.9", 5353))
    assert assistant.options == RunOptions(
        network=asked, agreed=("hoster.com",), plain_http=True, oauth_client_id="mi-programa"
    )
    person.window.navigator.go_back()
    person.clicks(person.start.without_options)
    person.goes_on()
    person.is_on(Page.FOUND)
    assert assistant.options == RunOptions()


def test_a_wrong_option_is_explained_at_its_field(person: Person) -> None:
    page = at_the_technicians_page(person)
    person.types(page.seconds.edit, "soon")
    person.goes_on()
    assert person.window.flow.page is Page.TECHNICIAN
    assert page.seconds.fault.isVisibleTo(person.window)
    person.types(page.seconds.edit, "9")
    assert not page.seconds.fault.isVisibleTo(person.window)


def test_servers_from_a_file_are_used_without_a_search(
    make_person: MakePerson, tmp_path: Path
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(SETTINGS))
    assistant = Scripted()
    person = make_person(assistant)
    page = at_the_technicians_page(person)
    person.window.services.dialogs.file = lambda _parent, _title: str(path)
    person.clicks(page.settings_file)
    person.goes_on()
    person.enters_address("ana@own.test")
    person.is_on(Page.FOUND)
    assert "discover" not in assistant.started
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].account.incoming.host == "imap.own.test"


@pytest.mark.parametrize("content", ["no JSON", None])
def test_an_unusable_settings_file_is_reported_on_the_address_page(
    make_person: MakePerson, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "settings.json"
    if content is not None:
        path.write_text(content)
    person = make_person(Scripted())
    page = at_the_technicians_page(person)
    person.window.services.dialogs.file = lambda _parent, _title: str(path)
    person.clicks(page.settings_file)
    person.goes_on()
    person.enters_address("ana@own.test")
    person.bot.waitUntil(lambda: person.start._problem.isVisibleTo(person.window))
    assert person.window.flow.page is Page.START
    assert str(path) in person.start._problem.text()


def test_the_demo_opens_from_the_first_page_and_is_left_again(make_person: MakePerson) -> None:
    person = make_person(Scripted())
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.demo)
    person.is_on(Page.START)
    assert person.window.footer.badge.isVisibleTo(person.window)
    person.enters_address("ana@demo.test")
    person.is_on(Page.FOUND)
    person.enters_password("hola-ana")
    person.is_on(Page.RESULT)
    assert person.result.title.text() == "Everything works"
    for page in (Page.FOUND, Page.START, Page.WELCOME):
        person.window.navigator.go_back()
        person.is_on(page)
    person.clicks(person.welcome.demo)
    assert not person.window.state.demo.people
    assert not person.window.footer.badge.isVisibleTo(person.window)
    assert person.window.state.owner.address is None


def test_the_technicians_page_needs_no_scrolling(make_person: MakePerson) -> None:
    person = make_person(Scripted())
    person.window.resize(SIZE)
    for spoken in ("es", "en"):
        person.window.header.languages.setCurrentIndex(
            person.window.header.languages.findData(spoken)
        )
        gallery.show(person.window, "technician")
        person.bot.wait(50)
        assert person.window.navigator.area.verticalScrollBar().maximum() == 0, spoken


class Real(Scripted):
    """Asks servers as the real assistant does."""

    reach = Assistant.reach


def test_offline_the_guessed_servers_are_shown_as_not_tried(
    make_person: MakePerson,
) -> None:
    person = make_person(Real(found=nothing_found()))
    page = at_the_technicians_page(person)
    page.offline.setChecked(True)
    person.types(page.resolver.edit, "127.0.0.9:5353")
    person.goes_on()
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    form = person.manual.incoming
    person.bot.waitUntil(lambda: form.reachability.text() == "Not tried: nobody is to be asked.")
    assert form.reachability.isVisibleTo(person.window)
