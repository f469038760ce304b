"""The result of a check: remedies, the report, the message to others."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from tests.support.gui.driver import Person, Scripted
from tests.support.samples.check_results import report

MakePerson = Callable[[Assistant], Person]


@pytest.mark.parametrize("name", ["informe.pdf", "informe.html", "informe.txt"])
def test_the_report_is_saved_without_the_password(
    person: Person, tmp_path: Path, name: str
) -> None:
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    path = tmp_path / name
    person.window.services.dialogs.new_file = lambda _parent, _proposed: str(path)
    person.clicks(person.result.save_report)
    person.bot.waitUntil(path.exists, timeout=20_000)
    assert b"canario-secreto" not in path.read_bytes()
    person.bot.waitUntil(lambda: name in person.result._saved.text())


def test_a_report_that_cannot_be_saved_shows_why(person: Person, tmp_path: Path) -> None:
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    (tmp_path / "no").write_text("a file where a folder should be")
    person.window.services.dialogs.new_file = lambda _parent, _proposed: str(
        tmp_path / "no" / "informe.pdf"
    )
    person.clicks(person.result.save_report)
    person.bot.waitUntil(lambda: person.result._saved.isVisibleTo(person.window))
    assert not person.result._saved.text().startswith("Saved")


def test_another_password_repeats_the_whole_check(make_person: MakePerson) -> None:
    assistant = Scripted(reports=[report(healthy=False), report(healthy=True)])
    person = make_person(assistant)
    person.begins_the_test("equivocada")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.enters_password("correcta")
    person.is_on(Page.RESULT)
    assert assistant.requests[1].previous is None


def test_a_refused_address_can_be_tried_once_as_the_short_name(make_person: MakePerson) -> None:
    assistant = Scripted(reports=[report(healthy=False)])
    person = make_person(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert "ana" in person.result.short_name.text()
    person.clicks(person.result.short_name)
    person.bot.waitUntil(lambda: len(assistant.requests) == 2, timeout=5000)
    again = assistant.requests[1]
    assert {again.account.incoming.username, again.account.outgoing.username} == {"ana"}
    assert again.one_login_at_a_time
    assert not assistant.requests[0].one_login_at_a_time
    person.is_on(Page.RESULT)
    assert not person.result.short_name.isVisibleTo(person.window)


def test_the_host_name_in_the_certificate_can_be_used_by_one_click(make_person: MakePerson) -> None:
    broken = report(healthy=False)
    wrong = Finding(
        FindingId.HOSTING_TLS_CERTIFICATE_WRONG_NAME,
        Status.FAIL,
        {"host": broken.account.incoming.host, "names": ("x",), "fitting": "srv12.hoster.com"},
        {"proven_name": "srv12.hoster.com"},
    )
    assistant = Scripted(
        reports=[
            replace(broken, findings=(wrong,), first_broken=Link.HOSTING),
            report(healthy=True),
        ]
    )
    person = make_person(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.clicks(person.result.use_name)
    person.bot.waitUntil(lambda: len(assistant.requests) == 2, timeout=5000)
    account = assistant.requests[1].account
    assert account.incoming.host == "srv12.hoster.com"
    assert account.outgoing.host != "srv12.hoster.com" or broken.account.outgoing.host == (
        broken.account.incoming.host
    )


def test_a_wrong_password_is_reported_and_can_be_replaced(make_person: MakePerson) -> None:
    assistant = Scripted(reports=[report(healthy=False), report(healthy=True)])
    person = make_person(assistant)
    person.begins_the_test("mala")
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.FAIL
    assert "does not accept" in person.result.sentence.text()
    person.clicks(person.result.other_servers)
    person.is_on(Page.MANUAL)
    person.window.navigator.go_back()
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    entry = person.password.entry
    assert "did not accept" in entry.field.fault.text()
    assert entry.edit.hasSelectedText()
    person.enters_password("buena")
    assert entry.field.fault.text() == ""
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.OK
    assert not person.result.message.isVisibleTo(person.window)
    assert [r.secret.reveal() for r in assistant.requests] == ["mala", "buena"]


def test_a_successful_result_has_no_cancel_button(make_person: MakePerson) -> None:
    person = make_person(Scripted(reports=[report(healthy=False), report(healthy=True)]))
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert person.window.footer.cancel.isVisible()
    person.goes_on()
    person.enters_password("secreta")
    person.bot.waitUntil(lambda: person.result.primary_text() == "Choose my program")
    assert not person.window.footer.cancel.isVisible()
    assert person.window.footer.primary.isVisible()


def test_escape_does_not_discard_a_success(person: Person) -> None:
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.presses_escape()
    assert person.window.flow.page is Page.RESULT
    assert person.window.state.check.report is not None


def test_the_message_to_the_responsible_has_the_facts_and_no_password(
    make_person: MakePerson,
) -> None:
    refused = Finding(
        FindingId.HOSTING_MESSAGE_REJECTED,
        Status.FAIL,
        {"host": "smtp.correo-iberico.es"},
        {"server": "smtp.correo-iberico.es:465", "code": "554 5.7.1", "answer": "No"},
    )
    broken = replace(report(healthy=False), findings=(refused,), first_broken=Link.HOSTING)
    person = make_person(Scripted(reports=[broken]))
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    box = person.result.message
    assert box.isVisibleTo(person.window)
    texts = [label.text() for label in box.findChildren(QLabel)]
    (shown,) = (text for text in texts if "554 5.7.1" in text)
    person.clicks(person.result.copy)
    message = QGuiApplication.clipboard().text()
    assert message == shown
    assert "ana@bodegasdelebro.es" in message
    assert "554 5.7.1" in message
    assert "canario-secreto" not in message
