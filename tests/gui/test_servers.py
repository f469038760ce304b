"""The servers: found, to be agreed to, or entered by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.gui.pages.testing import TestingPage
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import HostAlias
from tests.support.gui.driver import Person, Scripted, nothing_found
from tests.support.samples.check_results import discovery

MakePerson = Callable[[Assistant], Person]


def test_an_unproven_company_needs_agreement_first(make_person: MakePerson) -> None:
    assistant = Scripted(found=discovery(confirm=True))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert not person.window.footer.primary.isEnabled()
    person.has_seen_the_page()
    person.presses_enter()
    assert person.window.flow.page is Page.FOUND
    person.found.agree.setChecked(True)
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].agreed == ("correo-iberico.es",)


def test_agreement_for_one_address_is_none_for_another(make_person: MakePerson) -> None:
    person = make_person(Scripted(found=discovery(confirm=True)))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.found.agree.setChecked(True)
    person.window.navigator.go_back()
    person.enters_address("eva@otrodominio.es")
    person.is_on(Page.FOUND)
    assert not person.found.agree.isChecked()
    assert not person.window.footer.primary.isEnabled()


def test_a_company_that_the_domain_refers_to_is_asked_only_after_agreement(
    make_person: MakePerson,
) -> None:
    assistant = Scripted(needs_agreement=("hoster.com",))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "hoster.com"
    assert not person.window.footer.primary.isEnabled()
    person.found.agree.setChecked(True)
    person.goes_on()
    person.bot.waitUntil(lambda: person.window.state.servers.account is None, timeout=5000)
    person.bot.waitUntil(lambda: person.found.domains.text() != "hoster.com", timeout=5000)
    assert assistant.started == ["discover", "discover"]
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].agreed == ("hoster.com",)


@pytest.mark.parametrize(
    ("word", "said"), [("exchange", "Exchange"), ("bridge", "Bridge"), ("own-app", "its own app")]
)
def test_a_mailbox_without_usual_servers_is_explained(
    make_person: MakePerson, word: str, said: str
) -> None:
    class Silent(Scripted):
        async def explain_absence(
            self, address: EmailAddress, discovery: Discovery | None = None
        ) -> Diagnosis:
            return diagnose((), ())

    person = make_person(Silent(found=replace(nothing_found(), warnings=(word,))))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    assert said in person.manual._lead.text()


def test_a_name_from_the_certificate_is_explained(make_person: MakePerson) -> None:
    made = discovery(confirm=True)
    assert made.settings is not None
    alias = HostAlias("mail.bodegasdelebro.es", "srv12.hoster.com")
    made = replace(made, settings=replace(made.settings, aliases=(alias,)))
    person = make_person(Scripted(found=made))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert "srv12.hoster.com" in person.found._aliases.text()
    assert person.found._aliases.isVisibleTo(person.window)


def test_with_nothing_found_the_servers_are_entered_by_hand(make_person: MakePerson) -> None:
    guess = "mail.bodegasdelebro.es"
    away = Finding(FindingId.HOSTING_SERVER_UNRESOLVABLE, Status.FAIL, {"host": guess})
    assistant = Scripted(found=nothing_found(), unreachable={guess: away})
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    page = person.manual
    assert page.incoming.host.text == "mail.bodegasdelebro.es"
    person.bot.waitUntil(lambda: "does not exist" in page.incoming.reachability.text())
    person.types(page.incoming.host.edit, 'evil"host')
    person.types(page.incoming.port.edit, "0")
    person.goes_on()
    assert person.window.flow.page is Page.MANUAL
    assert page.incoming.host.fault.isVisibleTo(person.window)
    assert page.incoming.port.fault.isVisibleTo(person.window)
    person.types(page.incoming.host.edit, "imap.otro.es")
    person.types(page.incoming.port.edit, "993")
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].account.incoming.host == "imap.otro.es"
    assert assistant.requests[0].discovery is None


def test_the_standard_port_follows_the_encryption(make_person: MakePerson) -> None:
    person = make_person(Scripted(found=nothing_found()))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    form = person.manual.outgoing
    assert form.port.text == "465"
    form.security.setCurrentIndex(1)
    assert form.port.text == "587"
    person.types(form.port.edit, "2525")
    form.security.setCurrentIndex(0)
    assert form.port.text == "2525"


def test_the_servers_can_be_changed_during_a_check(make_person: MakePerson) -> None:
    assistant = Scripted(forever=frozenset({"check"}))
    person = make_person(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.TESTING)
    view = person.window.pages.view(Page.TESTING)
    assert isinstance(view, TestingPage)
    person.bot.waitUntil(lambda: "check" in assistant.started)
    person.clicks(view.servers)
    person.is_on(Page.MANUAL)
    person.bot.waitUntil(lambda: assistant.cancelled == ["check"])
