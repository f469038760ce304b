"""Whatever is typed or pasted: cleaned or explained at the field; no dialog, no crash."""

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from mailsetup.assistant.events import Emit, ignore
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Protocol
from tests.support.gui.driver import Person, Scripted, nothing_found
from tests.support.samples.check_results import report

MakePerson = Callable[[Assistant], Person]


def pastes(person: Person, edit: QLineEdit, text: str) -> None:
    edit.setFocus()
    edit.clear()
    QGuiApplication.clipboard().setText(text)
    QTest.keyClick(edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    person.bot.wait(1)


@pytest.mark.parametrize(
    ("text", "address", "name"),
    [
        ("mailto:ana@bodega.es", "ana@bodega.es", ""),
        ("MAILTO:ana@bodega.es?subject=x", "ana@bodega.es", ""),
        ("Ana Martínez <ana@bodega.es>", "ana@bodega.es", "Ana Martínez"),
        ('"Martínez, Ana" <ana@bodega.es>', "ana@bodega.es", "Martínez, Ana"),
        ("  ana@bodega.es\u00a0", "ana@bodega.es", ""),
        ("\u200bana@bodega.es\ufeff", "ana@bodega.es", ""),
        ("ana@BODEGA.es\n", "ana@bodega.es", ""),
    ],
)
def test_text_around_a_pasted_address_is_removed_at_once(
    person: Person, text: str, address: str, name: str
) -> None:
    pastes(person, person.start.address.edit, text)
    assert person.start.address.text == address
    assert person.start.person.text == name
    assert not person.start.address.fault.isVisibleTo(person.window)


def test_a_name_that_was_typed_is_not_replaced_by_a_pasted_one(person: Person) -> None:
    person.types(person.start.person.edit, "Yo misma")
    pastes(person, person.start.address.edit, "Ana <ana@bodega.es>")
    assert person.start.person.text == "Yo misma"


@pytest.mark.parametrize("text", ["ana@bodega.es", "mailto:ana@bodega.es", "Ana <ana@bodega.es>"])
def test_an_address_typed_as_the_name_is_moved_to_its_field(person: Person, text: str) -> None:
    person.start.person.edit.setFocus()
    QTest.keyClicks(person.start.person.edit, text)
    person.presses_enter()
    person.is_on(Page.FOUND)
    assert person.window.state.owner.address_text == "ana@bodega.es"
    assert person.window.state.owner.name == ("Ana" if "<" in text else "")


@pytest.mark.parametrize(
    "text",
    [
        "ana@bodega.es, eva@bodega.es",
        "ana@bodega.es eva@bodega.es",
        "ana@bodega.es;eva@bodega.es",
        "ana\u202e@bodega.es",
        "ana\x07@bodega.es",
        "x" * 10_000_000,
        "ana@bodega.es" * 100_000,
    ],
)
def test_pasted_text_that_is_not_one_address_is_explained_at_once(
    person: Person, text: str
) -> None:
    pastes(person, person.start.address.edit, text)
    person.bot.waitUntil(lambda: person.start.address.fault.isVisibleTo(person.window))
    person.presses_enter()
    assert person.window.flow.page is Page.START
    assert QApplication.activeModalWidget() is None
    pastes(person, person.start.address.edit, "ana@bodega.es")
    assert not person.start.address.fault.isVisibleTo(person.window)


@pytest.mark.parametrize(
    "text", ["ana\u202e@bodega.es", "ana@bodega.es, eva@bodega.es", "a@b.es,c@d.es"]
)
def test_text_pasted_over_longer_text_is_checked(person: Person, text: str) -> None:
    edit = person.start.address.edit
    edit.setFocus()
    for pasted in ("Ana María Martínez Fernández <mailto:ana@bodega.es>", text):
        edit.selectAll()
        QGuiApplication.clipboard().setText(pasted)
        QTest.keyClick(edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert person.start.address.fault.isVisibleTo(person.window)


@pytest.mark.parametrize("text", ["A\u202ena", "Ana\x00", "Ana\u2028Eva", "Ana\tEva"])
def test_invisible_characters_are_removed_from_a_name(person: Person, text: str) -> None:
    person.enters_address("ana@bodegasdelebro.es", text)
    person.is_on(Page.FOUND)
    assert person.window.state.owner.name.isprintable()


def test_ten_megabytes_as_a_name_are_truncated_with_a_message(person: Person) -> None:
    pastes(person, person.start.person.edit, "x" * 10_000_000)
    person.bot.waitUntil(lambda: person.start.person.fault.isVisibleTo(person.window))
    assert len(person.start.person.text) <= 200


# Servers by hand --------------------------------------------------------------------------------


@pytest.fixture
def by_hand(make_person: MakePerson) -> Callable[[Scripted], Person]:
    def go(assistant: Scripted) -> Person:
        person = make_person(assistant)
        person.enters_address("ana@bodegasdelebro.es")
        person.is_on(Page.MANUAL)
        return person

    return go


@pytest.mark.parametrize(
    "text", ["https://mail.otro.es", "mail otro.es", "ma\u202eil.otro.es", "ana@otro.es", "x" * 300]
)
def test_an_invalid_host_name_is_reported_when_the_field_loses_focus(
    by_hand: Callable[[Scripted], Person], text: str
) -> None:
    assistant = Scripted(found=nothing_found())
    person = by_hand(assistant)
    form = person.manual.incoming
    person.types(form.host.edit, text)
    form.host.edit.editingFinished.emit()
    assert form.host.fault.isVisibleTo(person.window)
    assert f"reach {text}" not in assistant.started
    person.types(form.host.edit, "mail.otro.es")
    assert not form.host.fault.isVisibleTo(person.window)


def test_a_typed_server_is_tried_without_a_password_and_the_answer_shown(
    by_hand: Callable[[Scripted], Person],
) -> None:
    away = Finding(FindingId.HOSTING_SERVER_UNRESOLVABLE, Status.FAIL, {"host": "smtp.otro.es"})
    assistant = Scripted(found=nothing_found(), unreachable={"smtp.otro.es": away})
    person = by_hand(assistant)
    page = person.manual
    person.types(page.incoming.host.edit, "imap.otro.es")
    page.incoming.host.edit.editingFinished.emit()
    person.bot.waitUntil(lambda: page.incoming.reachability.text() == "imap.otro.es answers.")
    person.types(page.outgoing.host.edit, "smtp.otro.es")
    page.outgoing.host.edit.editingFinished.emit()
    person.bot.waitUntil(lambda: "smtp.otro.es" in page.outgoing.reachability.text())
    person.bot.waitUntil(lambda: "Trying" not in page.outgoing.reachability.text())
    person.goes_on()
    person.is_on(Page.PASSWORD)


def test_an_answer_for_a_server_that_was_changed_meanwhile_is_ignored(
    by_hand: Callable[[Scripted], Person],
) -> None:
    assistant = Scripted(found=nothing_found(), forever=frozenset({"reach"}))
    person = by_hand(assistant)
    form = person.manual.incoming
    person.types(form.host.edit, "imap.otro.es")
    form.host.edit.editingFinished.emit()
    person.bot.waitUntil(lambda: "reach imap.otro.es" in assistant.started)
    person.types(form.host.edit, "imap.tercero.es")
    assert not form.reachability.isVisibleTo(person.window)


def test_a_pop3_server_can_be_entered_and_stays_one(
    by_hand: Callable[[Scripted], Person],
) -> None:
    assistant = Scripted(found=nothing_found(), reports=[report(healthy=True)])
    person = by_hand(assistant)
    form = person.manual.incoming
    form.kind.setCurrentIndex(1)
    assert form.port.text == "995"
    person.types(form.host.edit, "pop.otro.es")
    person.goes_on()
    person.is_on(Page.PASSWORD)
    account = person.window.state.servers.account
    assert account is not None
    assert account.incoming.protocol is Protocol.POP3
    person.window.navigator.go_back()
    person.is_on(Page.MANUAL)
    assert form.kind.currentData() == Protocol.POP3
    assert form.host.text == "pop.otro.es"


def test_without_any_network_the_servers_can_still_be_entered(make_person: MakePerson) -> None:
    class Offline(Scripted):
        async def discover(
            self, address: EmailAddress, emit: Emit = ignore, *, agreed: Collection[str] = ()
        ) -> Discovery:
            raise OSError("no network")

    person = make_person(Offline())
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    person.clicks(person.start.manual)
    person.is_on(Page.MANUAL)
    assert person.manual.incoming.host.text == "mail.bodegasdelebro.es"
    person.window.navigator.go_back()
    person.goes_on()
    person.is_on(Page.MANUAL)


def test_hostile_evidence_is_only_text(make_person: MakePerson) -> None:
    hostile = "<a href='x'>\u202e" + "A" * 100_000
    broken = report(healthy=False)
    refused = Finding(
        FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, {"host": "h.example"}, {"answer": hostile}
    )
    person = make_person(Scripted(reports=[replace(broken, findings=(refused,))]))
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.clicks(person.result.details.button)
    shown = person.result.details._lines
    assert shown.textFormat() is Qt.TextFormat.PlainText
    assert "\u202e" not in shown.text()
    assert len(shown.text()) < 2000
