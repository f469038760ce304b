"""The demo in the window, walked through to the programs: nothing of the person's changes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from mailsetup.apply.result import Undone
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.done import DonePage
from mailsetup.gui.pages.technician import TechnicianPage
from mailsetup.model.address import EmailAddress
from tests.gui.conftest import MakePerson
from tests.gui.test_batch import drops, page
from tests.support.demo_person import make_home, state
from tests.support.gui.driver import Person

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a home as Linux has it")


class PersonsKeyring(KeyringBackend):
    """A keyring that remembers what it was asked."""

    __module__ = "keyring.backends.SecretService"
    # keyring chooses among all subclasses that were ever defined: this one never by itself.
    priority = -9.0

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(f"get {service} {username}")
        return "mine"

    def set_password(self, service: str, username: str, _password: str) -> None:
        self.asked.append(f"set {service} {username}")

    def delete_password(self, service: str, username: str) -> None:
        self.asked.append(f"delete {service} {username}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's home with mail programs in use."""
    return make_home(tmp_path, monkeypatch)


@pytest.fixture
def persons_keyring() -> Iterator[PersonsKeyring]:
    """The system's keyring as long as the test runs."""
    before, made = keyring.get_keyring(), PersonsKeyring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


async def test_an_access_to_the_users_keyring_would_be_detected(
    persons_keyring: PersonsKeyring,
) -> None:
    assert Assistant().vault.load(EmailAddress("ana", "demo.test")) is not None
    assert persons_keyring.asked == ["get mailsetup ana@demo.test"]


def test_a_table_in_the_demo_gets_no_password_from_the_persons_keyring(
    home: Path, make_person: MakePerson, persons_keyring: PersonsKeyring
) -> None:
    before = state(home)
    person = make_person(Assistant())
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.demo)
    person.is_on(Page.START)
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.technician)
    technician = person.window.pages.view(Page.TECHNICIAN)
    assert isinstance(technician, TechnicianPage)
    person.clicks(technician.table)
    person.is_on(Page.BATCH)
    table = home.parent / "people.csv"
    table.write_text("name;address\nAna;ana@demo.test\n")
    drops(person, table)
    page(person).check.setChecked(True)
    person.goes_on()
    person.is_on(Page.BATCH_DONE)
    assert persons_keyring.asked == []
    assert state(home) == before


def sets_up(person: Person, chosen: str) -> DonePage:
    person.clicks(person.program.choices[chosen])
    person.is_on(Page.DONE)
    page = person.window.pages.view(Page.DONE)
    assert isinstance(page, DonePage)
    return page


def test_the_windows_demo_sets_programs_up_in_a_folder_that_it_removes(
    home: Path, make_person: MakePerson, persons_keyring: PersonsKeyring
) -> None:
    before = state(home)
    person = make_person(Assistant())
    window = person.window
    person.window.navigator.go_back()
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
    person.bot.waitUntil(lambda: bool(window.state.computer.installed.get("thunderbird")))
    assert window.state.computer.places == (), "the person's own profiles are not shown"
    done = sets_up(person, "thunderbird")
    assert window.state.setup.profile is not None
    assert window.state.setup.profile.is_relative_to(folder)
    assert "nothing on this computer was changed" in done._notes_text.text()
    assert str(folder) in done._notes_text.text()
    assert not done.another.isVisibleTo(window), "Thunderbird is not opened from the demo"
    person.clicks(done.undo)
    person.bot.waitUntil(lambda: isinstance(window.state.setup.applied, Undone))
    person.clicks(done.other_program)
    person.is_on(Page.PROGRAM)
    done = sets_up(person, "evolution")
    assert "nothing on this computer was changed" in done._notes_text.text()
    assert list(folder.glob("home/.config/evolution/sources/*.source"))
    for back in (Page.PROGRAM, Page.RESULT, Page.FOUND, Page.START, Page.WELCOME):
        window.navigator.go_back()
        person.is_on(back)
    person.clicks(person.welcome.demo)
    person.bot.waitUntil(lambda: not folder.exists())
    assert window.state.computer.temporary_home is None
    assert state(home) == before
    assert persons_keyring.asked == []
