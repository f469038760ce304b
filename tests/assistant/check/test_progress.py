"""The events of a check."""

from datetime import UTC, datetime

from mailsetup.assistant.check.progress import CheckProgress
from mailsetup.assistant.events import Activity, ActivityEnded, ActivityStarted, Event, LinkJudged
from mailsetup.assistant.redaction import Redaction
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from tests.support.fault_table import account

SECRET = Secret("correcto-17")


class ManualClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 10, 7, 12, 0, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def progress() -> tuple[CheckProgress, ManualClock, list[Event]]:
    events: list[Event] = []
    clock = ManualClock()
    redaction = Redaction(account(), [SECRET])
    return CheckProgress(clock, events.append, lambda: redaction), clock, events


def test_an_activity_ends_with_its_time() -> None:
    made, clock, events = progress()
    made.begin(Activity.SEND, "smtp.bodega.es")
    assert made.is_running(Activity.SEND)
    clock.seconds = 1.5
    made.end(Activity.SEND, Status.OK)
    assert not made.is_running(Activity.SEND)
    assert events == [
        ActivityStarted(Activity.SEND, "smtp.bodega.es"),
        ActivityEnded(Activity.SEND, Status.OK, 1500.0),
    ]


def test_the_end_of_an_activity_that_does_not_run_is_not_reported() -> None:
    made, _clock, events = progress()
    made.end(Activity.SEND, Status.OK)
    assert events == []


def test_running_activities_end_with_an_unknown_result() -> None:
    made, _clock, events = progress()
    made.begin(Activity.SEND)
    made.begin(Activity.LOOK_AT_DOMAIN)
    made.end_all()
    ended = [one for one in events if isinstance(one, ActivityEnded)]
    assert {one.activity for one in ended} == {Activity.SEND, Activity.LOOK_AT_DOMAIN}
    assert {one.status for one in ended} == {Status.UNKNOWN}


def test_findings_are_reported_with_their_time_and_without_secrets() -> None:
    made, _clock, events = progress()
    evidence = {"answer": f"no such password {SECRET.reveal()}"}
    (found,) = made.report(
        [Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, evidence=evidence)]
    )
    assert found.evidence["time"] == "2026-10-07T12:00:00+00:00"
    assert SECRET.reveal() not in repr((found, events))


def test_the_status_of_each_link_is_reported() -> None:
    made, _clock, events = progress()
    made.judged([(Link.DNS, Status.OK)])
    assert events == [LinkJudged(Link.DNS, Status.OK)]
