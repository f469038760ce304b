"""How far a table is, on standard error: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, assert_never

from mailsetup.batch.events import (
    BatchEvent,
    BatchStarted,
    DomainSearched,
    EmitBatchEvent,
    Paused,
    PersonDone,
    ignore,
)
from mailsetup.batch.result import FAILED
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.i18n.numbers import decimal

_LINES = 10
"""Lines of a run that nobody watches."""
_WIDE = 60
"""Columns of a terminal that has room for a bar beside the numbers."""


@contextmanager
def batch_progress(streams: Streams) -> Iterator[EmitBatchEvent]:
    """A listener that fits who reads: nobody, a log, a person."""
    stderr = streams.stderr
    if streams.wants_json:
        yield ignore
    elif not stderr.isatty():
        yield _Lines(stderr).take
    else:
        with _bar(stderr) as emit:
            yield emit


class _Lines:
    """For a log: each tenth of the people."""

    def __init__(self, stderr: TextIO) -> None:
        self._stderr = stderr
        self._people = 0
        self._done = 0

    def take(self, event: BatchEvent) -> None:
        match event:
            case BatchStarted(people=people, done_before=before):
                self._people, self._done = people, before
                if before:
                    self._say(
                        _("{count} of {people} are done already.").format(
                            count=before, people=people
                        )
                    )
            case PersonDone():
                self._done += 1
                step = max(1, self._people // _LINES)
                if self._done % step == 0 or self._done == self._people:
                    self._say(f"{self._done}/{self._people}")
            case Paused(hosting=hosting, seconds=seconds):
                self._say(_pause(hosting, seconds))
            case DomainSearched():
                return
            case _:
                assert_never(event)

    def _say(self, text: str) -> None:
        self._stderr.write(f"{text}\n")
        self._stderr.flush()


@contextmanager
def _bar(stderr: TextIO) -> Iterator[EmitBatchEvent]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Things a second, or a minute where they are slow."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            if not speed:
                return Text("")
            if speed < 1:
                return Text(_("{rate}/min").format(rate=f"{60 * speed:.0f}"))
            shown = decimal(speed) if speed < 10 else f"{speed:.0f}"
            return Text(_("{rate}/s").format(rate=shown))

    console = Console(file=stderr, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        # Where there is no room, numbers tell more.
        *((BarColumn(),) if console.width >= _WIDE else ()),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, speed_estimate_period=60.0) as progress:
        domains = progress.add_task(escape(_("Servers")), total=None, visible=False)
        people = progress.add_task(escape(_("Mailboxes")), total=None)

        def draw(event: BatchEvent) -> None:
            match event:
                case BatchStarted(people=count, done_before=before, domains=searches):
                    progress.update(people, total=count, completed=before)
                    progress.update(domains, total=searches, visible=searches > 0)
                case DomainSearched():
                    progress.advance(domains)
                case PersonDone(state=state, address=address, reason=reason):
                    progress.advance(people)
                    if state in FAILED:
                        progress.console.print(escape(f"{address}: {reason}"))
                case Paused(hosting=hosting, seconds=seconds):
                    progress.console.print(escape(_pause(hosting, seconds)))
                case _:
                    assert_never(event)

        yield draw


def _pause(hosting: str, seconds: float) -> str:
    return _("{hosting} asks for a slower pace: waiting {seconds} s").format(
        hosting=hosting, seconds=f"{seconds:.0f}"
    )
