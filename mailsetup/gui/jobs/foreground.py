"""The one job at a time that the user waits for: a search, a check or a sign-in."""

from collections.abc import Callable
from typing import TypeVar

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.events import Event
from mailsetup.gui.bridge import Bridge, Defect, EventJob, JobEnd

T = TypeVar("T")
OnEvent = Callable[[Event], None]
OnEnd = Callable[[], None]


class ForegroundJob:
    """Starting another job cancels the last one. Events and defects are logged."""

    def __init__(self, bridge: Bridge, log: ActivityLog) -> None:
        self._bridge = bridge
        self._log = log
        self._number: int | None = None

    def start(
        self, job: EventJob[Event, T], on_end: Callable[[JobEnd[T]], None], on_event: OnEvent
    ) -> None:
        """Start a job in place of the last one; the handlers run in the window's thread."""
        self.cancel()

        def ended(end: JobEnd[T]) -> None:
            self._number = None
            if isinstance(end, Defect):
                self._log.note(f"defect: {end.kind}")
            on_end(end)

        def happened(event: Event) -> None:
            self._log.record(event)
            on_event(event)

        self._number = self._bridge.start_with_events(job, ended, happened)

    def cancel(self) -> None:
        """Cancel the job, if one runs."""
        if self._number is not None:
            self._bridge.cancel(self._number)
            self._number = None
