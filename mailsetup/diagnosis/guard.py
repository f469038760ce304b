"""The border of each part of a check: a defect in one of them does not end the others.

What a part would have shown is not known then; the report says so and is made all the same.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.fd_exhaustion import is_exhaustion

Result = TypeVar("Result")


class Guard:
    """Runs parts of a check and collects the defects that ended some of them."""

    def __init__(self) -> None:
        self.defects: list[Finding] = []
        """One finding for each part that did not come to its end."""

    async def run(self, part: str, work: Awaitable[Result], otherwise: Result) -> Result:
        """What the part gives, or ``otherwise``. ``part`` names it for technicians."""
        try:
            return await work
        except Exception as error:  # noqa: BLE001 - the border: a defect of ours, told as a finding
            self._note(part, error)
            return otherwise

    def call(self, part: str, work: Callable[[], Result], otherwise: Result) -> Result:
        """The same for a part that waits for nothing."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - as above
            self._note(part, error)
            return otherwise

    def _note(self, part: str, error: Exception) -> None:
        if is_exhaustion(error):
            # This computer's trouble, which the faces have a sentence for.
            raise error
        self.defects.append(incomplete(part, error))


async def guarded(part: str, work: Awaitable[tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """The findings of a part, or the one that says that it did not come to its end."""
    guard = Guard()
    return await guard.run(part, work, ()) or tuple(guard.defects)


def incomplete(part: str, error: Exception) -> Finding:
    """The finding about a part that ended with an exception, without the exception's text.

    The text may hold anything; type and place are enough to find the defect.
    """
    if isinstance(error, ExceptionGroup):
        error = _first(error)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
    evidence = {"part": part, "defect": f"{type(error).__name__} at {place}"}
    return Finding(FindingId.CLIENT_CHECK_INCOMPLETE, Status.WARN, {}, evidence)


def _first(error: "ExceptionGroup[Exception]") -> Exception:
    first = error.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
