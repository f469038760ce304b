"""The flow through the window, with a scripted assistant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.events import Emit, Event, ignore
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.pages.done import DonePage
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.i18n import language
from mailsetup.model.finding import Link
from mailsetup.model.search_events import SourceAsked
from mailsetup.model.source import Method
from tests.support.gui.driver import Person, Scripted, folder_chooser

MakePerson = Callable[[Assistant], Person]


def test_from_the_address_to_a_guide_everything_works(person: Person, tmp_path: Path) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "correo-iberico.es"
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.OK
    assert person.result.sentence.text() == "Your mail comes in and goes out."
    person.goes_on()
    person.is_on(Page.PROGRAM)
    person.clicks(person.program.choices["gmail"])
    person.is_on(Page.DONE)
    done = person.window.pages.view(Page.DONE)
    assert isinstance(done, DonePage)
    person.window.services.dialogs.folder = folder_chooser(tmp_path)
    person.clicks(done.save)
    person.bot.waitUntil(lambda: bool(person.window.state.setup.saved))
    assert all(path.exists() for path in person.window.state.setup.saved)
    person.goes_on()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.set_up)
    assert person.start.address.text == ""
    assert person.window.state.credentials.password == ""


def test_enter_presses_the_focused_card_of_the_first_page(make_person: MakePerson) -> None:
    person = make_person(Scripted())
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.welcome.trouble.setFocus()
    person.presses_enter()
    person.is_on(Page.COMPLAINT)
    person.presses_escape()
    person.is_on(Page.WELCOME)


def test_the_flow_can_be_completed_by_keyboard(person: Person) -> None:
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    person.presses_enter()
    person.is_on(Page.FOUND)
    person.has_seen_the_page()
    person.presses_enter()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "secreta")
    person.presses_enter()
    person.is_on(Page.RESULT)
    person.presses_enter()
    person.is_on(Page.PROGRAM)


@pytest.mark.parametrize(
    "text", ["ana", "ana@", "a@b@c.es", "an a@b.es", "ana@b", "ana@[192.0.2.1]", "a@b.es, c@d.es"]
)
def test_an_invalid_address_is_explained_at_the_field_and_stays(person: Person, text: str) -> None:
    person.enters_address(text)
    assert person.window.flow.page is Page.START
    assert person.start.address.fault.isVisibleTo(person.window)
    assert person.start.address.text == text
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    assert not person.start.address.fault.isVisibleTo(person.window)


def test_a_pasted_address_is_unwrapped(person: Person) -> None:
    person.enters_address("Ana <mailto:ana@bodegasdelebro.es>")
    person.is_on(Page.FOUND)
    assert person.window.state.owner.address_text == "ana@bodegasdelebro.es"


def test_an_international_domain_is_shown_in_both_forms(person: Person) -> None:
    person.types(person.start.address.edit, "ana@peñíscola.es")
    assert "xn--pescola-8ya9a.es" in person.start._form.text()


@pytest.mark.parametrize(("step", "page"), [("discover", Page.SEARCHING), ("check", Page.TESTING)])
@pytest.mark.parametrize("way", ["escape", "back"])
def test_a_job_that_never_ends_can_be_cancelled(
    make_person: MakePerson, step: str, page: Page, way: str
) -> None:
    assistant = Scripted(forever=frozenset({step}))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    if step == "check":
        person.is_on(Page.FOUND)
        person.goes_on()
        person.enters_password("secreta")
    person.is_on(page)
    person.bot.waitUntil(lambda: step in assistant.started)
    if way == "escape":
        person.presses_escape()
    else:
        person.window.navigator.go_back()
    assert person.window.flow.page is (Page.START if step == "discover" else Page.PASSWORD)
    person.bot.waitUntil(lambda: assistant.cancelled == [step])
    assert person.start.address.text == "ana@bodegasdelebro.es"


def test_closing_the_window_during_a_test_ends_the_engine(make_person: MakePerson) -> None:
    assistant = Scripted(forever=frozenset({"check"}))
    person = make_person(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.TESTING)
    person.bot.waitUntil(lambda: "check" in assistant.started)
    person.window.close()
    assert assistant.cancelled == ["check"]
    assert not person.window.services.bridge.is_running


def test_going_back_preserves_typed_text(person: Person) -> None:
    person.enters_address("ana@bodegasdelebro.es", "Ana")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "secreta")
    person.goes_on()
    person.is_on(Page.RESULT)
    person.window.navigator.go_back()
    person.is_on(Page.PASSWORD)
    assert person.password.entry.text == "secreta"
    person.window.navigator.go_back()
    person.window.navigator.go_back()
    person.is_on(Page.START)
    assert person.start.person.text == "Ana"
    assert person.start.address.text == "ana@bodegasdelebro.es"


def test_the_language_can_be_switched_on_any_page(person: Person) -> None:
    person.types(person.start.person.edit, "Ana")
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    person.window.header.languages.setCurrentIndex(0)
    assert language() == "es"
    assert person.window.footer.primary.text() == "Buscar mi correo"
    assert person.start.address.text == "ana@bodegasdelebro.es"
    person.goes_on()
    person.is_on(Page.FOUND)
    assert person.found.title.text() == "Encontrado"
    person.window.header.languages.setCurrentIndex(1)
    assert person.found.title.text() == "Found"
    assert person.found.domains.text() == "correo-iberico.es"


def test_blanks_of_a_pasted_app_password_can_be_removed(person: Person) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "abcd efgh ijkl mnop")
    assert person.password.entry.remove_blanks.isVisibleTo(person.window)
    person.clicks(person.password.entry.remove_blanks)
    assert person.password.entry.text == "abcdefghijklmnop"


def test_an_exception_of_the_engine_is_reported_and_nothing_is_lost(
    make_person: MakePerson,
) -> None:
    class Broken(Scripted):
        async def check(self, request: CheckRequest, emit: Emit = ignore) -> CheckReport:
            raise ZeroDivisionError

    person = make_person(Broken())
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert "ZeroDivisionError" in person.result.sentence.text()
    person.window.navigator.go_back()
    assert person.password.entry.text == "secreta"


def test_thousands_of_events_arrive_in_order_in_the_windows_thread(person: Person) -> None:
    seen: list[str] = []
    ends: list[JobEnd[str]] = []
    bridge: Bridge = person.window.services.bridge

    async def job(emit: Callable[[Event], None]) -> str:
        for number in range(5000):
            emit(SourceAsked(Method.PROBE, str(number)))
        return "done"

    def take(event: Event) -> None:
        assert isinstance(event, SourceAsked)
        seen.append(event.location)

    bridge.start_with_events(job, ends.append, take)
    person.bot.waitUntil(lambda: bool(ends), timeout=20_000)
    assert seen == [str(number) for number in range(5000)]
    assert ends == ["done"]
