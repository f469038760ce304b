"""Progress of a batch on standard error: a bar on a terminal, a few lines in a log."""

from contextlib import AbstractContextManager, nullcontext

from mailsetup.batch.events import EmitBatchEvent, ignore
from mailsetup.cli.batch_log import LogLines
from mailsetup.cli.streams import Streams


def batch_progress(streams: Streams) -> AbstractContextManager[EmitBatchEvent]:
    """A listener for the events of a run: silent with JSON, else a bar or lines of a log."""
    if streams.wants_json:
        return nullcontext(ignore)
    if not streams.stderr.isatty():
        return nullcontext(LogLines(streams.stderr).on_event)
    # rich takes some 60 ms to import.
    from mailsetup.cli.batch_bar import batch_bar

    return batch_bar(streams.stderr)
