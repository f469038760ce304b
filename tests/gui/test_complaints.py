"""Complaints: what is asked and shown for each of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.symptoms import answer
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.symptom import Symptom
from tests.support.gui.driver import Person, Scripted
from tests.support.samples.check_results import report

MakePerson = Callable[[Assistant], Person]


def complains(person: Person, symptom: Symptom) -> None:
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.trouble)
    person.clicks(person.complaint.choices[symptom])
    person.is_on(Page.START)


def answered(symptom: Symptom, *findings: Finding) -> CheckReport:
    shown = answer(symptom, findings, proven=not findings, saw_elsewhere=False)
    return replace(report(healthy=True), findings=findings, answer=shown)


@pytest.mark.parametrize("symptom", [s for s in Symptom if not s.needs_second_mailbox])
def test_each_complaint_is_answered(make_person: MakePerson, symptom: Symptom) -> None:
    assistant = Scripted(reports=[answered(symptom)])
    person = make_person(assistant)
    complains(person, symptom)
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].symptom is symptom
    shown = assistant.reports[0].answer
    assert shown is not None
    assert person.result.sentence.text() == shown.sentence


@pytest.mark.parametrize("symptom", [s for s in Symptom if s.needs_second_mailbox])
def test_complaints_that_only_others_see_ask_for_a_second_mailbox(
    make_person: MakePerson, symptom: Symptom
) -> None:
    spf = Finding(FindingId.DNS_SPF_MISSING, Status.WARN, {"domain": "bodegasdelebro.es"})
    assistant = Scripted(reports=[answered(symptom, spf)])
    person = make_person(assistant)
    complains(person, symptom)
    person.begins_the_test("secreta")
    person.is_on(Page.SECOND)
    person.types(person.second.address.edit, "otra@bodegasdelebro.es")
    person.types(person.second.password.edit, "otra-secreta")
    person.goes_on()
    person.is_on(Page.SECOND)
    assert person.second.address.fault.isVisibleTo(person.window)
    person.types(person.second.address.edit, "ana@gratis.example")
    person.goes_on()
    person.is_on(Page.RESULT)
    second = assistant.requests[0].second
    assert second is not None
    assert str(second.account.address) == "ana@gratis.example"
    shown = assistant.reports[0].answer
    assert shown is not None
    assert person.result.lead.text() == shown.sentence
    assert person.result.title.text().startswith("To be mended")


def test_the_second_mailbox_can_be_skipped_and_given_later(
    make_person: MakePerson,
) -> None:
    assistant = Scripted(reports=[answered(Symptom.SPAM)])
    person = make_person(assistant)
    complains(person, Symptom.SPAM)
    person.begins_the_test("secreta")
    person.is_on(Page.SECOND)
    person.clicks(person.second.without)
    person.is_on(Page.RESULT)
    assert assistant.requests[0].second is None
    assert person.result.title.text() == "Nothing broken was found"
    assert person.window.footer.primary.text() == "Repeat with a second mailbox"
    assert person.result.anyway.isVisibleTo(person.window)
    person.goes_on()
    person.is_on(Page.SECOND)
    person.types(person.second.address.edit, "ana@gratis.example")
    person.types(person.second.password.edit, "otra-secreta")
    person.clicks(person.second.blocklists)
    person.goes_on()
    person.is_on(Page.RESULT)
    assert [request.blocklists for request in assistant.requests] == [False, True]
    assert assistant.requests[1].second is not None
    assert assistant.requests[1].previous is assistant.reports[0]
