"""Reports the activities and findings of a check while it runs."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC

from mailsetup.assistant.events import (
    Activity,
    ActivityEnded,
    ActivityStarted,
    Emit,
    FindingMade,
    LinkJudged,
)
from mailsetup.assistant.redaction import Redaction
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.net.clock import Clock


class CheckProgress:
    """Emits events. ``redaction`` returns what removes the secrets in use at the moment."""

    def __init__(self, clock: Clock, emit: Emit, redaction: Callable[[], Redaction]) -> None:
        self._clock = clock
        self._emit = emit
        self._redaction = redaction
        self._started: dict[Activity, float] = {}

    def begin(self, activity: Activity, detail: str = "") -> None:
        """An activity starts; ``detail`` names its host or folder."""
        self._started[activity] = self._clock.monotonic()
        self._emit(ActivityStarted(activity, detail))

    def end(self, activity: Activity, status: Status) -> None:
        """A running activity ends. Nothing happens for one that does not run."""
        started = self._started.pop(activity, None)
        if started is not None:
            elapsed = 1000 * (self._clock.monotonic() - started)
            self._emit(ActivityEnded(activity, status, elapsed))

    def is_running(self, activity: Activity) -> bool:
        """Whether the activity has started and not ended."""
        return activity in self._started

    def end_all(self) -> None:
        """End every running activity with an unknown result."""
        for activity in tuple(self._started):
            self.end(activity, Status.UNKNOWN)

    def report(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Emit the findings; returned with the time of the report and without secrets."""
        now = self._clock.now().astimezone(UTC).isoformat(timespec="seconds")
        redaction = self._redaction()
        reported = []
        for finding in findings:
            dated = replace(finding, evidence={**finding.evidence, "time": now})
            reported.append(redaction.finding(dated))
            self._emit(FindingMade(reported[-1]))
        return tuple(reported)

    def judged(self, chain: Iterable[tuple[Link, Status]]) -> None:
        """Emit the status of links."""
        for link, status in chain:
            self._emit(LinkJudged(link, status))
