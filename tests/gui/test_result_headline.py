"""The result page shows the same headline as terminal and reports."""

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.texts.verdict import headline
from mailsetup.gui.widgets.status_icon import StatusLight
from tests.gui.conftest import MakePerson
from tests.support.gui.driver import Scripted
from tests.support.reporting.samples import KINDS, NOW, reports


@pytest.mark.parametrize("kind", KINDS)
def test_the_result_page_shows_the_headline(make_person: MakePerson, kind: str) -> None:
    report = reports()[kind]
    shown = headline(report, NOW)
    person = make_person(Scripted(reports=[report]))
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    page = person.result
    assert page.status_icon.light is StatusLight(shown.status)
    assert page.title.text() == shown.title
    assert page.lead.text() == shown.answer
    assert page.sentence.text() == shown.sentence
    assert page.message.isVisibleTo(person.window) is bool(shown.request)
    if shown.advice:
        assert page.advice.text() == shown.advice
