"""The headline of a report: one decision for window, terminal and every format."""

import io
from dataclasses import replace

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.texts.verdict import absence_headline, headline
from mailsetup.cli.check_text import write_report
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import diagnose
from mailsetup.diagnosis.symptoms import answer
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.headline import STATUS_SIGNS, Headline
from mailsetup.model.settings import Hint
from mailsetup.model.symptom import Symptom
from mailsetup.reporting.build import report_content
from mailsetup.reporting.html import html
from mailsetup.reporting.plain_text import text
from tests.support.reporting.pages import Page
from tests.support.reporting.samples import (
    KINDS,
    NO_DMARC,
    NOW,
    chain,
    healthy,
    reports,
    speaking,
)

ADDRESS = EmailAddress("nadie", "sincorreo.test")
NOT_FOUND = Discovery(DiscoveryStatus.NOT_FOUND)


def lines(shown: Headline) -> list[str]:
    texts = [shown.title, shown.answer, shown.sentence, shown.advice, shown.who]
    return [line for line in (*texts, *shown.proof, *shown.notes, *shown.request) if line]


def folded(text: str) -> str:
    return "".join(text.split()).casefold()


def complained(symptom: Symptom, *findings: Finding, saw_elsewhere: bool = False) -> CheckReport:
    report = replace(healthy(), findings=findings)
    reply = answer(symptom, findings, proven=True, saw_elsewhere=saw_elsewhere)
    return replace(report, answer=reply)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", KINDS)
def test_terminal_text_and_page_show_the_same_headline(kind: str, language: str) -> None:
    report, out = reports()[kind], io.StringIO()
    with speaking(language):
        shown = headline(report, NOW)
        write_report(report, NOW, out)
        content = report_content(report, None, NOW)
    assert content.headline == shown
    assert f"{STATUS_SIGNS[shown.status]} {shown.title}\n" in out.getvalue()
    page, plain = Page(html(content)).text, text(content)
    for line in lines(shown):
        for written in (out.getvalue(), plain, page):
            assert folded(line) in folded(written), line


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        ("healthy", Status.OK, "Everything works"),
        ("warned", Status.OK, "Everything works"),
        ("refused", Status.FAIL, "Broken here: Account"),
        ("rejected", Status.FAIL, "Broken here: Hosting"),
        ("unknown", Status.UNKNOWN, "Nothing broken was found"),
    ],
)
def test_status_and_title_follow_the_chain(kind: str, status: Status, title: str) -> None:
    shown = headline(reports()[kind], NOW)
    assert (shown.status, shown.title) == (status, title)


def test_without_a_message_only_the_logins_work() -> None:
    shown = headline(replace(healthy(), round_trip=None), NOW)
    assert (shown.status, shown.title) == (Status.UNKNOWN, "Logging in works")
    assert shown.line == "Logging in works. Sending was not tested."


def test_a_warning_that_explains_the_complaint_is_to_be_fixed() -> None:
    report = complained(Symptom.SPAM, NO_DMARC, saw_elsewhere=True)
    shown = headline(replace(report, chain=chain(*[Status.OK] * 2, Status.WARN, Status.OK)), NOW)
    assert (shown.status, shown.title) == (Status.WARN, "To be mended: DNS")
    assert shown.finding_id == NO_DMARC.id
    assert shown.sentence == explain(NO_DMARC).title
    assert shown.answer
    assert "My mail lands in spam" in shown.complaint


def test_a_complaint_that_only_a_second_mailbox_can_judge_is_open() -> None:
    report = complained(Symptom.SPAM)
    assert report.needs_second_mailbox
    shown = headline(report, NOW)
    assert (shown.status, shown.title) == (Status.UNKNOWN, "Nothing broken was found")
    assert report.answer is not None
    assert shown.sentence == report.answer.sentence


def test_a_complaint_without_a_cause_is_answered() -> None:
    shown = headline(complained(Symptom.NOT_SENDING), NOW)
    assert shown.status is Status.OK
    assert shown.sentence.startswith("Sending works")
    assert (shown.answer, shown.finding_id) == ("", "")


def test_a_search_without_result_has_the_cause_or_an_advice() -> None:
    missing = Finding(FindingId.DNS_MX_MISSING, Status.FAIL, {"domain": ADDRESS.domain})
    broken = absence_headline(ADDRESS, NOT_FOUND, diagnose([missing], ()), NOW)
    assert (broken.status, broken.finding_id) == (Status.FAIL, missing.id)
    unclear = absence_headline(ADDRESS, NOT_FOUND, diagnose([], ()), NOW)
    assert (unclear.status, unclear.finding_id) == (Status.UNKNOWN, "")
    assert "by hand" in unclear.advice


def test_a_hint_of_the_provider_replaces_the_advice_to_enter_servers() -> None:
    found = replace(NOT_FOUND, hints=(Hint("own-app"),))
    shown = absence_headline(ADDRESS, found, diagnose([], ()), NOW)
    assert (shown.advice, shown.who) == ("", "")
