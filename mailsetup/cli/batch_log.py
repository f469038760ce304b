"""The progress of a batch as a few lines of text, for a log."""

from typing import TextIO, assert_never

from mailsetup.batch.events import BatchEvent, BatchStarted, DomainSearched, Paused, PersonDone
from mailsetup.i18n import _

_LINES = 10
"""Lines in the log of a run."""


class LogLines:
    """A line for each tenth of the people."""

    def __init__(self, stderr: TextIO) -> None:
        self._stderr = stderr
        self._people = 0
        self._done = 0

    def on_event(self, event: BatchEvent) -> None:
        """Write a line where the event completes a tenth, or delays the run."""
        match event:
            case BatchStarted(people=people, done_before=before):
                self._people, self._done = people, before
                if before:
                    self._write(
                        _("{count} of {people} are done already.").format(
                            count=before, people=people
                        )
                    )
            case PersonDone():
                self._done += 1
                step = max(1, self._people // _LINES)
                if self._done % step == 0 or self._done == self._people:
                    self._write(f"{self._done}/{self._people}")
            case Paused(hosting=hosting, seconds=seconds):
                self._write(pause_sentence(hosting, seconds))
            case DomainSearched():
                return
            case _:
                assert_never(event)

    def _write(self, text: str) -> None:
        self._stderr.write(f"{text}\n")
        self._stderr.flush()


def pause_sentence(hosting: str, seconds: float) -> str:
    """For a hosting that limits the rate of connections."""
    return _("{hosting} asks for a slower pace: waiting {seconds} s").format(
        hosting=hosting, seconds=f"{seconds:.0f}"
    )
