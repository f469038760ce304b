"""Concurrent attempts, of which the first in order is preferred."""

import asyncio
from collections.abc import Coroutine, Sequence

from mailsetup.model.source_result import Found, NeedsInput, NotFound, SourceResult, Unreachable


async def first_preferred(
    attempts: Sequence[Coroutine[None, None, SourceResult]], grace: float
) -> SourceResult:
    """The result of the first attempt that finds settings, in the order of ``attempts``.

    Once settings are found, preferred attempts get ``grace`` seconds more, so that an unresponsive
    server does not delay the result. Without settings, the most informative failure: NeedsInput
    before Unreachable before NotFound.
    """
    tasks = [asyncio.ensure_future(attempt) for attempt in attempts]
    loop = asyncio.get_running_loop()
    deadline: float | None = None
    try:
        while True:
            best = next((i for i, task in enumerate(tasks) if _has_settings(task)), None)
            pending = [task for task in tasks[:best] if not task.done()]
            if best is not None and deadline is None:
                deadline = loop.time() + grace
            left = None if deadline is None else deadline - loop.time()
            if not pending or (left is not None and left <= 0):
                break
            await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    outcomes = [task.result() for task in tasks if not task.cancelled()]
    for kind in (Found, NeedsInput, Unreachable):
        for outcome in outcomes:
            if isinstance(outcome, kind):
                return outcome
    return min(outcomes, key=_is_plain_absence)


def _is_plain_absence(outcome: SourceResult) -> bool:
    """Whether a failure only means that nothing exists there."""
    return isinstance(outcome, NotFound) and outcome.reason in ("absent", "no-such-host")


def _has_settings(task: asyncio.Future[SourceResult]) -> bool:
    return task.done() and isinstance(task.result(), Found)
