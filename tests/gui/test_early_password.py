"""The password may be typed while the search still goes on."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from mailsetup.assistant.events import Emit, Event, ignore
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.searching import SearchingPage
from mailsetup.gui.pages.testing import TestingPage
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.i18n import set_language
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Link
from mailsetup.model.search_events import SettingsFound, SourceAnswered, SourceAsked
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceAttempt, SourceStatus
from tests.support.gui.driver import Person, Scripted, nothing_found
from tests.support.samples.check_results import discovery

MakePerson = Callable[[Assistant], Person]


def without_hints() -> Discovery:
    made = discovery(confirm=False)
    assert made.settings is not None
    return replace(made, settings=replace(made.settings, hints=()))


@dataclass
class Slow(Scripted):
    """Finds nothing before it is allowed to."""

    may_find: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None

    async def discover(
        self, address: EmailAddress, emit: Emit = ignore, *, agreed: Collection[str] = ()
    ) -> Discovery:
        self.loop = asyncio.get_running_loop()
        await self.may_find.wait()
        return await super().discover(address, emit, agreed=agreed)

    def let_find(self) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.may_find.set)


Search = Callable[[Discovery], tuple[Slow, Person, SearchingPage]]


@pytest.fixture
def searching(make_person: MakePerson) -> Search:
    """Begins a search that finds this as soon as it is allowed to."""

    def begin(found: Discovery) -> tuple[Slow, Person, SearchingPage]:
        assistant = Slow(found=found)
        person = make_person(assistant)
        person.enters_address("ana@bodegasdelebro.es")
        person.is_on(Page.SEARCHING)
        person.bot.waitUntil(lambda: assistant.loop is not None)
        view = person.window.navigator.shown
        assert isinstance(view, SearchingPage)
        assert person.window.focusWidget() is view.entry.edit
        return assistant, person, view

    return begin


@pytest.fixture
def typed_early(searching: Search) -> Search:
    """The same, found once the password is typed and Enter pressed."""

    def begin(found: Discovery) -> tuple[Slow, Person, SearchingPage]:
        assistant, person, view = searching(found)
        person.types(view.entry.edit, "secreta")
        person.presses_enter()
        assistant.let_find()
        return assistant, person, view

    return begin


def test_a_password_typed_during_the_search_leads_to_the_check(searching: Search) -> None:
    assistant, person, view = searching(without_hints())
    person.types(view.entry.edit, "secreta")
    assistant.let_find()
    person.bot.waitUntil(lambda: view.has_ended)
    assert person.window.flow.page is Page.SEARCHING
    person.presses_enter()
    person.is_on(Page.FOUND)
    assert assistant.requests == []
    assert person.window.footer.primary.text() == "Try it out"
    person.has_seen_the_page()
    person.presses_enter()
    person.is_on(Page.RESULT)
    assert assistant.requests[0].secret.reveal() == "secreta"


def test_enter_during_the_search_goes_on_when_it_ends(searching: Search) -> None:
    assistant, person, view = searching(without_hints())
    person.types(view.entry.edit, "secreta")
    person.presses_enter()
    assert person.window.flow.page is Page.SEARCHING
    assert not person.window.footer.primary.isEnabled()
    assistant.let_find()
    person.is_on(Page.FOUND)


def test_an_impatient_second_enter_does_not_skip_where_the_mail_is_kept(
    typed_early: Search,
) -> None:
    assistant, person, _view = typed_early(without_hints())
    person.window.navigator.reading_timer.setInterval(3_600_000)
    person.is_on(Page.FOUND)
    person.presses_enter()
    person.window.footer.primary.setFocus()
    person.presses_enter()
    assert person.window.flow.page is Page.FOUND
    assert assistant.requests == []
    person.has_seen_the_page()
    person.presses_enter()
    person.is_on(Page.RESULT)


def test_two_quick_enters_after_the_search_do_not_skip_where_the_mail_is_kept(
    searching: Search,
) -> None:
    assistant, person, view = searching(without_hints())
    person.window.navigator.reading_timer.setInterval(3_600_000)
    person.types(view.entry.edit, "secreta")
    assistant.let_find()
    person.bot.waitUntil(lambda: view.has_ended)
    person.presses_enter()
    person.presses_enter()
    assert person.window.flow.page is Page.FOUND


@pytest.mark.parametrize("on_the_button", [False, True])
def test_an_enter_key_that_is_held_down_goes_on_once(
    typed_early: Search, on_the_button: bool
) -> None:
    assistant, person, _view = typed_early(without_hints())
    person.is_on(Page.FOUND)
    person.has_seen_the_page()
    if on_the_button:
        person.window.footer.primary.setFocus()
    person.holds_enter()
    assert person.window.flow.page is Page.FOUND
    assert assistant.requests == []


def test_the_mouse_need_not_wait(typed_early: Search) -> None:
    _assistant, person, _view = typed_early(without_hints())
    person.window.navigator.reading_timer.setInterval(3_600_000)
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.RESULT)


def test_without_a_typed_password_the_search_goes_on_at_once(searching: Search) -> None:
    assistant, person, _view = searching(without_hints())
    assert not person.window.footer.primary.isVisibleTo(person.window)
    assistant.let_find()
    person.is_on(Page.FOUND)
    assert person.window.focusWidget() is person.found.entry.edit
    assert not person.window.footer.primary.isEnabled()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].secret.reveal() == "secreta"


def test_a_password_typed_on_the_found_page_remains_after_other_servers(
    make_person: MakePerson,
) -> None:
    person = make_person(Scripted(found=without_hints()))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.types(person.found.entry.edit, "secreta")
    person.clicks(person.found.edit)
    person.is_on(Page.MANUAL)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    assert person.password.entry.text == "secreta"


def test_an_invalid_password_is_reported_at_its_field(make_person: MakePerson) -> None:
    assistant = Scripted(found=without_hints())
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.enters_password("sec\x07reta")
    assert person.window.flow.page is Page.FOUND
    assert person.found.entry.field.fault.isVisibleTo(person.window)
    assert assistant.requests == []


@pytest.mark.parametrize("found", [discovery(confirm=True), discovery(confirm=False)])
def test_hints_and_questions_come_before_the_password(
    make_person: MakePerson, found: Discovery
) -> None:
    person = make_person(Scripted(found=found))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert not person.found.entry.isVisibleTo(person.window)


def test_where_the_provider_wants_another_password_it_is_asked_for_again(
    typed_early: Search,
) -> None:
    _assistant, person, _view = typed_early(discovery(confirm=False))
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    assert person.password.entry.text == "secreta"
    assert person.password._hint.isVisibleTo(person.window)
    assert "3." in person.password._provider_text.text()


def test_a_foreign_company_is_confirmed_before_the_early_password_goes_there(
    typed_early: Search,
) -> None:
    assistant, person, _view = typed_early(discovery(confirm=True))
    person.is_on(Page.FOUND)
    person.has_seen_the_page()
    person.presses_enter()
    assert person.window.flow.page is Page.FOUND
    assert assistant.requests == []


def test_an_early_password_remains_after_entering_servers_by_hand(
    typed_early: Search,
) -> None:
    _assistant, person, _view = typed_early(nothing_found())
    person.is_on(Page.MANUAL)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    assert person.password.entry.text == "secreta"


def test_entering_servers_by_hand_cancels_the_search(searching: Search) -> None:
    assistant, person, view = searching(without_hints())
    person.clicks(view.manual)
    person.is_on(Page.MANUAL)
    assistant.let_find()
    person.bot.wait(30)
    assert person.window.flow.page is Page.MANUAL


# What is shown while it looks ---------------------------------------------------------------------


def test_the_searching_page_has_its_texts_at_once(make_person: MakePerson) -> None:
    person = make_person(Scripted(forever=frozenset({"discover"})))
    person.enters_address("ana@bodegasdelebro.es")
    # The loop has not run since the click: nothing of the engine can have come yet.
    view = person.window.navigator.shown
    assert isinstance(view, SearchingPage)
    assert view.isVisible()
    assert view.chain.light(Link.DNS) is StatusLight.WORKING
    words = [label.text() for label in view.findChildren(QLabel) if label.isVisible()]
    assert any("bodegasdelebro.es" in text for text in words)
    assert list(view.steps.steps) == []
    person.bot.waitUntil(lambda: bool(view.steps.steps))
    (first,) = view.steps.steps
    assert first.light is StatusLight.WORKING
    assert first.text
    assert view.steps.isVisible()


@pytest.mark.parametrize("language", ["es", "en"])
def test_existing_widgets_do_not_move_when_events_arrive(searching: Search, language: str) -> None:
    _assistant, person, view = searching(without_hints())
    set_language(language)
    person.window.resize(800, 600)
    person.window.retranslate()
    person.bot.wait(50)

    def places() -> dict[str, QRect]:
        for _turn in range(24):
            QApplication.processEvents()
        stays = (view.title, view.chain, view.entry, *view.entry.findChildren(QWidget))
        return {
            f"{number} {type(one).__name__}": QRect(one.mapTo(view, QPoint()), one.size())
            for number, one in enumerate(stays)
            if one.isVisible()
        }

    before = places()
    assert len(before) > 4
    found = without_hints()
    assert found.settings is not None
    assert found.source is not None
    methods = (Method.BUILTIN, Method.AUTOCONFIG, Method.ISPDB, Method.SRV, Method.MX)
    events: list[Event] = [SourceAsked(method, "bodegasdelebro.es") for method in methods]
    events += [
        SourceAnswered(SourceAttempt(method, SourceStatus.FOUND, 40.0)) for method in methods
    ]
    events += [SettingsFound(found.settings, replace(found.source, method=one)) for one in methods]
    for event in events:
        view.on_event(event)
        assert places() == before, event


# Another language in between ----------------------------------------------------------------------


def test_the_language_can_be_switched_during_the_search_with_half_a_password(
    searching: Search,
) -> None:
    assistant, person, view = searching(without_hints())
    person.types(view.entry.edit, "secr")
    person.window.header.languages.setCurrentIndex(0)
    assert view.title.text() == "Buscando tus servidores de correo"
    assert view.entry.text == "secr"
    assert person.window.footer.primary.text() == "Continuar"
    view.entry.edit.insert("eta")
    assistant.let_find()
    person.bot.waitUntil(lambda: view.has_ended)
    assert person.window.flow.page is Page.SEARCHING
    person.goes_on()
    person.is_on(Page.FOUND)
    assert person.found.title.text() == "Encontrado"
    assert person.window.state.credentials.password == "secreta"


def test_the_language_can_be_switched_during_a_test_and_nothing_typed_is_lost(
    make_person: MakePerson,
) -> None:
    assistant = Scripted(forever=frozenset({"check"}))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "secr")
    person.window.header.languages.setCurrentIndex(0)
    assert person.password.entry.text == "secr"
    person.password.entry.edit.insert("eta")
    person.goes_on()
    person.is_on(Page.TESTING)
    view = person.window.navigator.shown
    assert isinstance(view, TestingPage)
    person.bot.waitUntil(lambda: bool(view.steps.steps))
    spanish = view.title.text(), view.steps.steps[0].text
    person.window.header.languages.setCurrentIndex(1)
    assert view.title.text() == "Trying it out for real" != spanish[0]
    assert view.steps.steps[0].text != spanish[1]
    assert assistant.cancelled == []
    person.window.navigator.go_back()
    person.is_on(Page.PASSWORD)
    assert person.password.entry.text == "secreta"
