"""Complaints: what explains them, and the verdict as an answer."""

import pytest

from mailsetup.diagnosis.chain import judge
from mailsetup.diagnosis.symptoms import SymptomAnswer, answer, complaint, explains, in_order_of
from mailsetup.i18n import set_language
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.symptom import WORDS, Symptom, parse_symptom

FULL = Finding(FindingId.ACCOUNT_QUOTA_FULL, Status.FAIL)
REFUSED = Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, {"host": "x"})
NOT_OURS = Finding(FindingId.ACCOUNT_SEND_SENDER_NOT_ALLOWED, Status.FAIL, {"address": "x"})
NO_DMARC = Finding(FindingId.DNS_DMARC_MISSING, Status.WARN)
NO_MX = Finding(FindingId.DNS_MX_MISSING, Status.FAIL, {"domain": "x"})
IN_SPAM = Finding(FindingId.ACCOUNT_MAIL_IN_SPAM, Status.WARN, {"folder": "Spam"})
OFFLINE = Finding(FindingId.CLIENT_NETWORK_OFFLINE, Status.FAIL)


def asked(
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
def test_both_languages_name_a_complaint(word: str, symptom: Symptom | None) -> None:
    assert parse_symptom(word) is symptom


def test_the_words_of_the_command_line_are_understood() -> None:
    assert None not in {parse_symptom(word) for word in WORDS}
    assert len(WORDS) == len(set(WORDS))


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
def test_the_cause_that_explains_the_complaint_is_the_answer(
    symptom: Symptom, findings: tuple[Finding, ...], cause: Finding
) -> None:
    assert asked(symptom, *findings).finding is cause


def test_a_fault_that_does_not_explain_it_is_told_as_such() -> None:
    set_language("en")
    said = asked(Symptom.SPAM, FULL)
    assert said.finding is FULL
    assert "does not explain" in said.sentence


def test_with_everything_proven_the_answer_says_so_and_what_to_do_next() -> None:
    set_language("en")
    assert "does reach this mailbox" in asked(Symptom.NOT_RECEIVING).sentence
    assert asked(Symptom.NOT_RECEIVING).finding is None
    assert "not everything" in asked(Symptom.NOT_RECEIVING, proven=False).sentence


@pytest.mark.parametrize("symptom", [Symptom.SPAM, Symptom.NOT_DELIVERED])
def test_what_only_a_second_mailbox_shows_is_never_called_fine_without_one(
    symptom: Symptom,
) -> None:
    set_language("en")
    assert "second address" in asked(symptom).sentence
    assert "second address" not in asked(symptom, second=True).sentence


def test_the_complaint_decides_which_of_two_independent_faults_comes_first() -> None:
    both = (NO_MX, NOT_OURS)
    assert judge(both, (), Symptom.NOT_RECEIVING).first_broken is Link.DNS
    assert judge(both, (), Symptom.NOT_SENDING).first_broken is Link.ACCOUNT
    assert judge(both, ()).first_broken is Link.DNS


def test_a_warning_never_goes_before_a_fault() -> None:
    ordered = in_order_of(Symptom.NOT_RECEIVING, (IN_SPAM, NOT_OURS))
    assert ordered == (NOT_OURS, IN_SPAM)


@pytest.mark.parametrize("symptom", list(Symptom))
def test_no_network_explains_every_complaint(symptom: Symptom) -> None:
    assert explains(symptom, OFFLINE)
    assert complaint(symptom)
