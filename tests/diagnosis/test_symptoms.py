"""Complaints: which findings explain them, and the answer."""

import pytest

from mailsetup.diagnosis.chain import diagnose
from mailsetup.diagnosis.symptoms import SymptomAnswer, answer, complaint, explains, in_order_of
from mailsetup.i18n import set_language
from mailsetup.i18n.languages import LANGUAGES, parse_symptom
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.symptom import Symptom

FULL = Finding(FindingId.ACCOUNT_QUOTA_FULL, Status.FAIL)
REFUSED = Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, {"host": "x"})
NOT_OURS = Finding(FindingId.ACCOUNT_SEND_SENDER_NOT_ALLOWED, Status.FAIL, {"address": "x"})
NO_DMARC = Finding(FindingId.DNS_DMARC_MISSING, Status.WARN)
NO_MX = Finding(FindingId.DNS_MX_MISSING, Status.FAIL, {"domain": "x"})
IN_SPAM = Finding(FindingId.ACCOUNT_MAIL_IN_SPAM, Status.WARN, {"folder": "Spam"})
OFFLINE = Finding(FindingId.CLIENT_NETWORK_OFFLINE, Status.FAIL)


def answer_to(
    symptom: Symptom, *findings: Finding, proven: bool = True, second: bool = False
) -> SymptomAnswer:
    return answer(symptom, findings, proven=proven, saw_elsewhere=second)


@pytest.mark.parametrize(
    ("word", "symptom"),
    [
        ("no-llega", Symptom.NOT_RECEIVING),
        ("NOT-SENDING", Symptom.NOT_SENDING),
        ("migracion", Symptom.MIGRATION),
        ("spam", Symptom.SPAM),
        ("toothache", None),
    ],
)
def test_complaint_words_of_both_languages(word: str, symptom: Symptom | None) -> None:
    assert parse_symptom(word) is symptom


def test_every_symptom_has_a_word_in_every_language() -> None:
    for row in LANGUAGES.values():
        assert set(row.symptom_words.values()) == set(Symptom)


@pytest.mark.parametrize(
    ("symptom", "findings", "cause"),
    [
        (Symptom.NOT_RECEIVING, (NOT_OURS, FULL), FULL),
        (Symptom.NOT_SENDING, (FULL, NOT_OURS), NOT_OURS),
        (Symptom.NOT_RECEIVING, (NO_DMARC, IN_SPAM), IN_SPAM),
        (Symptom.SPAM, (IN_SPAM, NO_DMARC), NO_DMARC),
        (Symptom.MIGRATION, (REFUSED, NO_MX), NO_MX),
        (Symptom.ATTACHMENTS, (OFFLINE,), OFFLINE),
        (Symptom.UNSURE, (NO_DMARC, FULL), FULL),
    ],
)
def test_answer_is_the_cause_that_explains_the_complaint(
    symptom: Symptom, findings: tuple[Finding, ...], cause: Finding
) -> None:
    assert answer_to(symptom, *findings).finding is cause


def test_fault_that_does_not_explain_the_complaint_is_introduced_so() -> None:
    set_language("en")
    answered = answer_to(Symptom.SPAM, FULL)
    assert answered.finding is FULL
    assert "does not explain" in answered.sentence


def test_answer_when_everything_is_proven() -> None:
    set_language("en")
    assert "does reach this mailbox" in answer_to(Symptom.NOT_RECEIVING).sentence
    assert answer_to(Symptom.NOT_RECEIVING).finding is None
    assert "not everything" in answer_to(Symptom.NOT_RECEIVING, proven=False).sentence


@pytest.mark.parametrize("symptom", [Symptom.SPAM, Symptom.NOT_DELIVERED])
def test_complaints_about_recipients_need_a_second_mailbox(
    symptom: Symptom,
) -> None:
    set_language("en")
    assert "second address" in answer_to(symptom).sentence
    assert "second address" not in answer_to(symptom, second=True).sentence


def test_complaint_decides_the_order_of_independent_faults() -> None:
    both = (NO_MX, NOT_OURS)
    assert diagnose(both, (), Symptom.NOT_RECEIVING).first_broken is Link.DNS
    assert diagnose(both, (), Symptom.NOT_SENDING).first_broken is Link.ACCOUNT
    assert diagnose(both, ()).first_broken is Link.DNS


def test_warning_never_comes_before_a_failure() -> None:
    ordered = in_order_of(Symptom.NOT_RECEIVING, (IN_SPAM, NOT_OURS))
    assert ordered == (NOT_OURS, IN_SPAM)


@pytest.mark.parametrize("symptom", list(Symptom))
def test_missing_network_explains_every_complaint(symptom: Symptom) -> None:
    assert explains(symptom, OFFLINE)
    assert complaint(symptom)
