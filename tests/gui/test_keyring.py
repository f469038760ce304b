"""Whether the password is stored in the keyring."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.vault import VaultState
from tests.support.gui.driver import Person, Scripted
from tests.support.samples.check_results import discovery, report

MakePerson = Callable[[Assistant], Person]


def test_the_password_is_stored_only_if_checked_and_proven(make_person: MakePerson) -> None:
    keyring = VaultState(True, "Secret Service")
    assistant = Scripted(
        keyring=keyring, reports=[report(healthy=False), report(healthy=True), report(healthy=True)]
    )
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.bot.waitUntil(person.password.keep.isEnabled)
    assert not person.password.keep.isChecked()
    person.password.keep.setChecked(True)
    person.enters_password("mala")
    person.is_on(Page.RESULT)
    assert assistant.stored_passwords == {}
    person.clicks(person.result.again)
    person.bot.waitUntil(lambda: bool(assistant.stored_passwords))
    assert list(assistant.stored_passwords) == ["ana@bodegasdelebro.es"]


@dataclass
class LateKeyring(Scripted):
    """Its keyring answers when the test lets it."""

    may_answer: threading.Event = field(default_factory=threading.Event)

    def keyring_state(self) -> VaultState:
        self.may_answer.wait(20)
        return self.keyring


def test_a_keyring_that_answers_late_is_offered_with_what_was_found(
    make_person: MakePerson,
) -> None:
    found = discovery(confirm=False)
    assert found.settings is not None
    found = replace(found, settings=replace(found.settings, hints=()))
    assistant = LateKeyring(found=found, keyring=VaultState(True, "Secret Service"))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.types(person.found.entry.edit, "secreta")
    assert not person.found.keep.isVisibleTo(person.window)
    assistant.may_answer.set()
    person.bot.waitUntil(lambda: person.found.keep.isVisibleTo(person.window))
    assert person.found.entry.text == "secreta"


def test_without_a_keyring_the_check_box_is_disabled_with_a_reason(person: Person) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.bot.waitUntil(lambda: person.window.state.computer.keyring_known)
    assert not person.password.keep.isEnabled()
    assert "no keyring" in person.password._keyring.text()
