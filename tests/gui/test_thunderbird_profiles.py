"""The choice of Thunderbird's profile."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailsetup.apply.result import ApplyOutcome, ProfileApplied, Undone
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.done import DonePage
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import Account
from tests.support.gui.driver import Person
from tests.support.programs.thunderbird_profiles import installed_thunderbird
from tests.support.samples.check_results import report

MakePerson = Callable[[Assistant], Person]


def other_account() -> Account:
    mine = report(healthy=True).account
    name = "eva@otra.example"
    return replace(
        mine,
        address=EmailAddress("eva", "otra.example"),
        incoming=replace(mine.incoming, username=name),
        outgoing=replace(mine.outgoing, username=name),
    )


@pytest.mark.thunderbird
def test_an_account_is_added_to_a_profile_and_removed_again(person: Person) -> None:
    made = apply_new_profile(other_account(), installed_thunderbird())
    assert isinstance(made, ProfileApplied)
    before = (made.profile / "prefs.js").read_bytes()
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PROGRAM)
    page = person.program
    person.bot.waitUntil(lambda: page.profile.count() == 2)
    assert page.profile.currentData() == str(made.profile)
    person.clicks(page.choices["thunderbird"])
    person.is_on(Page.DONE)
    applied = person.window.state.setup.applied
    assert isinstance(applied, ProfileApplied)
    assert applied.outcome is ApplyOutcome.ADDED
    after = (made.profile / "prefs.js").read_bytes()
    assert b"eva@otra.example" in after
    assert b"ana@bodegasdelebro.es" in after
    done = person.window.pages.view(Page.DONE)
    assert isinstance(done, DonePage)
    person.clicks(done.undo)
    person.bot.waitUntil(lambda: isinstance(person.window.state.setup.applied, Undone))
    assert (made.profile / "prefs.js").read_bytes() == before


@pytest.mark.thunderbird
def test_a_new_profile_can_be_chosen_although_one_exists(person: Person) -> None:
    made = apply_new_profile(other_account(), installed_thunderbird())
    assert isinstance(made, ProfileApplied)
    before = (made.profile / "prefs.js").read_bytes()
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PROGRAM)
    page = person.program
    person.bot.waitUntil(lambda: page.profile.count() == 2)
    page.profile.setCurrentIndex(1)
    page.profile.activated.emit(1)
    person.clicks(page.choices["thunderbird"])
    person.is_on(Page.DONE)
    applied = person.window.state.setup.applied
    assert isinstance(applied, ProfileApplied)
    assert applied.outcome is ApplyOutcome.PROFILE
    assert (made.profile / "prefs.js").read_bytes() == before
