"""The progress of a search or check on standard error, for a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import assert_never

from mailsetup.assistant.events import (
    ActivityEnded,
    ActivityStarted,
    Emit,
    Event,
    FindingMade,
    LinkJudged,
    SignInCode,
    SignInOpened,
    ignore,
)
from mailsetup.assistant.texts.common import activity_sentence
from mailsetup.assistant.texts.search import source_asked_sentence
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.search_events import SettingsFound, SourceAnswered, SourceAsked
from mailsetup.model.source_result import SourceStatus


@contextmanager
def live_progress(streams: Streams) -> Iterator[Emit]:
    """A listener that shows the current activity on a terminal, and is silent elsewhere."""
    if streams.wants_json or not streams.stderr.isatty():
        yield ignore
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(file=streams.stderr, highlight=False)
    with console.status(escape(_("Starting"))) as status:

        def on_event(event: Event) -> None:
            match event:
                case SourceAsked(method=method):
                    status.update(escape(source_asked_sentence(method)))
                case SourceAnswered(tried=tried):
                    if tried.status is SourceStatus.FOUND:
                        status.update(escape(_("An answer came; comparing with the others")))
                case ActivityStarted(activity=activity, detail=detail):
                    status.update(escape(activity_sentence(activity, detail)))
                case SettingsFound() | ActivityEnded() | FindingMade() | LinkJudged():
                    return
                case SignInOpened() | SignInCode():
                    return  # printed by `credentials`, also without a terminal
                case _:
                    assert_never(event)

        yield on_event
