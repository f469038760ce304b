"""The log of a session."""

from datetime import UTC, datetime

from mailsetup.assistant.activity_log import MAX_LINES, ActivityLog
from mailsetup.assistant.events import Activity, ActivityEnded, FindingMade, SignInOpened
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.search_events import SourceAsked
from mailsetup.model.secret import Secret
from mailsetup.model.source import Method

SECRET = Secret("correcto-17")


def log() -> ActivityLog:
    return ActivityLog(lambda: datetime(2026, 10, 7, 12, 30, 1, 250_000, tzinfo=UTC))


def test_a_line_has_its_time() -> None:
    made = log()
    made.record(SourceAsked(Method.SRV, "bodega.es"))
    made.record(ActivityEnded(Activity.SEND, Status.OK, 41.4))
    assert made.lines() == (
        "12:30:01.250  discovery: ask srv bodega.es",
        "12:30:01.250  check: send ok in 41 ms",
    )


def test_a_hidden_secret_is_in_no_line() -> None:
    made = log()
    made.hide("ana@bodega.es", SECRET)
    evidence = {"answer": f"wrong password {SECRET.reveal()}"}
    made.record(FindingMade(Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, {}, evidence)))
    (line,) = made.lines()
    assert "account.login.refused" in line
    assert SECRET.reveal() not in line


def test_a_secret_that_was_entered_but_not_used_is_removed_on_reading() -> None:
    made = log()
    made.note(f"typed {SECRET.reveal()}")
    assert SECRET.reveal() not in made.lines([SECRET])[0]


def test_the_url_of_a_sign_in_is_not_logged() -> None:
    made = log()
    made.record(SignInOpened("https://id.bodega.es/?state=s3cr3t", "id.bodega.es"))
    assert made.lines()[0].endswith("sign-in: waiting for the page of id.bodega.es")


def test_the_oldest_lines_are_dropped() -> None:
    made = log()
    for number in range(MAX_LINES + 5):
        made.note(f"line {number}")
    lines = made.lines()
    assert len(lines) == MAX_LINES
    assert lines[0].endswith("line 5")
