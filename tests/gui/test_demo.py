"""The demo in the window, walked through to the programs: nothing of the person's changes."""

import sys
from pathlib import Path

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.done import DonePage
from tests.demo.person import make_home, state
from tests.gui.conftest import MakePerson
from tests.gui.driver import Person

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a home as Linux has it")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home with mail programs in use."""
    return make_home(tmp_path, monkeypatch)


def sets_up(person: Person, chosen: str) -> DonePage:
    person.clicks(person.program.choices[chosen])
    person.is_on(Page.DONE)
    page = person.window.page_view(Page.DONE)
    assert isinstance(page, DonePage)
    return page


def test_the_windows_demo_sets_programs_up_in_a_folder_that_it_removes(
    home: Path,
    somebody: MakePerson,
) -> None:
    before = state(home)
    person = somebody(Assistant())
    window = person.window
    person.window.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.demo)
    person.is_on(Page.START)
    (folder,) = home.parent.glob("mailsetup-demo-*")
    person.enters_address("ana@demo.test")
    person.is_on(Page.FOUND)
    person.enters_password("hola-ana")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PROGRAM)
    person.bot.waitUntil(lambda: bool(window.session.installed.get("thunderbird")))
    assert window.session.places == (), "the person's own profiles are not shown"
    done = sets_up(person, "thunderbird")
    assert window.session.profile is not None
    assert window.session.profile.is_relative_to(folder)
    assert "nothing on this computer was changed" in done._notes_text.text()
    assert str(folder) in done._notes_text.text()
    assert not done.another.isVisibleTo(window), "Thunderbird is not opened from the demo"
    person.clicks(done.undo)
    person.bot.waitUntil(lambda: window.session.applied == "undone")
    person.clicks(done.other_program)
    person.is_on(Page.PROGRAM)
    done = sets_up(person, "evolution")
    assert "nothing on this computer was changed" in done._notes_text.text()
    assert list(folder.glob("home/.config/evolution/sources/*.source"))
    for page in (Page.PROGRAM, Page.RESULT, Page.FOUND, Page.START, Page.WELCOME):
        window.go_back()
        person.is_on(page)
    person.clicks(person.welcome.demo)
    person.bot.waitUntil(lambda: not folder.exists())
    assert not window.session.computer.temporary
    assert state(home) == before
