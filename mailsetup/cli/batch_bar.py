"""The progress bar of a batch on a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO, assert_never

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

from mailsetup.batch.events import (
    BatchEvent,
    BatchStarted,
    DomainSearched,
    EmitBatchEvent,
    Paused,
    PersonDone,
)
from mailsetup.batch.result import FAILED
from mailsetup.cli.batch_log import pause_sentence
from mailsetup.i18n import _
from mailsetup.i18n.numbers import decimal

_MIN_BAR_WIDTH = 60
"""Columns of a terminal that has room for a bar next to the numbers."""


class _RateColumn(ProgressColumn):
    """Steps per second, or per minute where they are slow."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        if speed < 1:
            return Text(_("{rate}/min").format(rate=f"{60 * speed:.0f}"))
        shown = decimal(speed) if speed < 10 else f"{speed:.0f}"
        return Text(_("{rate}/s").format(rate=shown))


@contextmanager
def batch_bar(stderr: TextIO) -> Iterator[EmitBatchEvent]:
    """A listener that draws a bar for domains and one for mailboxes."""
    console = Console(file=stderr, highlight=False)
    columns = (
        TextColumn("{task.description}"),
        *((BarColumn(),) if console.width >= _MIN_BAR_WIDTH else ()),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, speed_estimate_period=60.0) as progress:
        domains = progress.add_task(escape(_("Servers")), total=None, visible=False)
        people = progress.add_task(escape(_("Mailboxes")), total=None)

        def on_event(event: BatchEvent) -> None:
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
                    progress.console.print(escape(pause_sentence(hosting, seconds)))
                case _:
                    assert_never(event)

        yield on_event
