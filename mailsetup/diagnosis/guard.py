"""Isolation of the parts of a check: a defect in one of them does not end the others.

The result of that part is unknown then, and the report contains a finding that says so.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.net.fd_exhaustion import is_exhaustion

Result = TypeVar("Result")


class Guard:
    """Runs parts of a check and collects a finding for each one that raised an exception."""

    def __init__(self) -> None:
        self.defects: list[Finding] = []
        """One finding for each part that raised."""

    async def run(self, part: str, work: Awaitable[Result], otherwise: Result) -> Result:
        """The result of the part, or ``otherwise``. ``part`` names it for technicians."""
        try:
            return await work
        except Exception as error:  # noqa: BLE001 - a defect of ours becomes a finding
            self._record(part, error)
            return otherwise

    def call(self, part: str, work: Callable[[], Result], otherwise: Result) -> Result:
        """The same for a synchronous part."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - as above
            self._record(part, error)
            return otherwise

    def _record(self, part: str, error: Exception) -> None:
        if is_exhaustion(error):
            # A condition of this computer, which the user interfaces explain.
            raise error
        self.defects.append(incomplete(part, error))


async def guarded(part: str, work: Awaitable[tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """The findings of a part, or the one about its defect."""
    guard = Guard()
    return await guard.run(part, work, ()) or tuple(guard.defects)


def incomplete(part: str, error: Exception) -> Finding:
    """The finding about a part that raised, without the exception's text.

    The text may contain secrets; type and location are enough to find the defect.
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
