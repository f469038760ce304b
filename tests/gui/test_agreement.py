"""A password goes only where the person agreed to, and only that of this address."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.model.discovery import Discovery
from mailsetup.model.settings import AccountSettings, Protocol, ServerSettings, SocketType
from tests.support.gui.driver import Person, Scripted
from tests.support.samples.check_results import discovery

MakePerson = Callable[[Assistant], Person]


def plainly(confirm: tuple[str, ...] = ()) -> Discovery:
    """Found servers without anything to be read first."""
    found = discovery(confirm=bool(confirm))
    assert isinstance(found.settings, AccountSettings)
    return replace(found, settings=replace(found.settings, hints=()), confirm=confirm)


def sent(assistant: Scripted) -> list[tuple[str, str]]:
    """Which password went for which address."""
    return [(r.account.address.ascii, r.secret.reveal()) for r in assistant.requests]


def test_changing_the_servers_by_hand_still_requires_agreement(
    make_person: MakePerson,
) -> None:
    assistant = Scripted(found=plainly(("correo-iberico.es",)))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.clicks(person.found.edit)
    person.is_on(Page.MANUAL)
    assert not person.window.footer.primary.isEnabled()
    assert "correo-iberico.es" in person.manual._domains.text()
    person.presses_enter()
    assert person.window.flow.page is Page.MANUAL
    person.manual.agree.setChecked(True)
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].agreed == ("correo-iberico.es",)


def test_servers_that_the_user_typed_need_no_agreement(make_person: MakePerson) -> None:
    assistant = Scripted(found=plainly(("correo-iberico.es",)))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.clicks(person.found.edit)
    for form in (person.manual.incoming, person.manual.outgoing):
        person.types(form.host.edit, "mail.bodegasdelebro.es")
    assert not person.manual._question.isVisibleTo(person.window)
    assert person.window.footer.primary.isEnabled()


def test_without_agreement_the_engine_sends_nothing(
    make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = Scripted(found=plainly(("correo-iberico.es",)))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.clicks(person.found.edit)
    monkeypatch.setattr(person.manual, "is_ready", lambda: True)
    person.window.navigator.refresh_footer()
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests == []
    assert person.window.state.check.defect == "UnconfirmedError"


def test_agreement_to_one_company_is_none_to_another_found_later(make_person: MakePerson) -> None:
    assistant = Scripted(found=plainly(("correo-iberico.es",)))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.found.agree.setChecked(True)
    person.window.navigator.go_back()
    assistant.found = plainly(("evil.example",))
    person.goes_on()
    person.is_on(Page.FOUND)
    assert not person.found.agree.isChecked()
    assert not person.window.footer.primary.isEnabled()


@pytest.mark.parametrize(("second", "kept"), [("eva@otrodominio.es", ""), ("eva@x.es", "secreta")])
def test_a_password_is_not_offered_to_the_servers_of_another_domain(
    make_person: MakePerson, second: str, kept: str
) -> None:
    assistant = Scripted(found=plainly())
    person = make_person(assistant)
    person.enters_address("ana@x.es")
    person.is_on(Page.FOUND)
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    while person.window.flow.page is not Page.START:
        person.window.navigator.go_back()
    person.enters_address(second)
    person.is_on(Page.FOUND)
    assert person.found.entry.text == kept
    assert person.window.state.credentials.keep is False
    assert sent(assistant) == [("ana@x.es", "secreta")]


@pytest.mark.parametrize("way", ["by hand", "early", "found"])
def test_a_changed_password_does_not_count_as_proven(make_person: MakePerson, way: str) -> None:
    with DemoMailSystem() as system:
        person = make_person(Assistant(RunOptions(network=system.options)))
        person.enters_address("ana@demo.test")
        person.is_on(Page.FOUND)
        person.enters_password("hola-ana")
        person.is_on(Page.RESULT)
        assert person.result.primary_text() == "Choose my program"
        person.window.navigator.go_back()
        person.is_on(Page.FOUND)
        match way:
            case "by hand":
                person.types(person.found.entry.edit, "WRONG")
                person.clicks(person.found.edit)
                person.is_on(Page.MANUAL)
                person.goes_on()
                person.is_on(Page.PASSWORD)
                assert person.password.entry.text == "WRONG"
                assert person.password.entry.field.fault.text() == ""
                person.goes_on()
            case "early":
                person.window.navigator.go_back()
                person.is_on(Page.START)
                person.window.state.set_password("WRONG")
                person.goes_on()
                person.is_on(Page.FOUND)
                person.goes_on()
            case _:
                person.enters_password("WRONG")
        person.is_on(Page.RESULT)
        assert person.window.state.check.password_was_refused


def test_typed_text_is_restored_after_going_back(make_person: MakePerson) -> None:
    person = make_person(Scripted(found=plainly()))
    person.enters_address("ana@bodegasdelebro.es", "Ana")
    person.is_on(Page.FOUND)
    person.types(person.found.entry.edit, "half-a-pass")
    person.window.navigator.go_back()
    person.is_on(Page.START)
    person.types(person.start.person.edit, "Ana María")
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.set_up)
    assert person.start.person.text == "Ana María"
    person.goes_on()
    person.is_on(Page.FOUND)
    assert person.found.entry.text == "half-a-pass"


def test_cancelling_a_check_returns_to_where_the_password_was_typed(
    make_person: MakePerson,
) -> None:
    person = make_person(Scripted(found=plainly(), forever=frozenset({"check"})))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.enters_password("secreta")
    person.is_on(Page.TESTING)
    person.presses_escape()
    person.is_on(Page.FOUND)
    assert person.found.entry.text == "secreta"


def test_the_providers_hint_is_shown_again_after_the_servers_page(
    make_person: MakePerson,
) -> None:
    person = make_person(Scripted())
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert not person.found.entry.isVisibleTo(person.window)
    person.clicks(person.found.edit)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.window.navigator.go_back()
    person.window.navigator.go_back()
    person.is_on(Page.FOUND)
    assert not person.found.entry.isVisibleTo(person.window)


def at_several_companies() -> Discovery:
    """Mail goes out at another company, and a third one would stand in for the first."""
    found = plainly()
    assert found.settings is not None
    name, tls = "ana@bodegasdelebro.es", SocketType.TLS
    more = ServerSettings(Protocol.IMAP, "imap.xn--correo--b0a.example", 993, tls, name)
    out = ServerSettings(Protocol.SMTP, "smtp.envios.example", 465, tls, name)
    kept = replace(found.settings, incoming=(*found.settings.incoming, more), outgoing=(out,))
    return replace(found, settings=kept)


def test_all_receivers_of_the_password_are_named_where_it_is_typed(make_person: MakePerson) -> None:
    person = make_person(Scripted(found=at_several_companies()))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    said = person.found._sent_to.text()
    for domain in ("correo-iberico.es", "envios.example", "(xn--correo--b0a.example)"):
        assert domain in said
    assert "imap." not in said
    person.clicks(person.found.edit)
    person.is_on(Page.MANUAL)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    said = person.password._lead.text()
    assert "servers of correo-iberico.es, envios.example only" in said
    assert "xn--" not in said, "no alternatives are shown for servers that were entered by hand"
