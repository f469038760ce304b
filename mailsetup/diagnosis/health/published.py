"""Whether programs can find the domain's settings by themselves."""

from collections.abc import Sequence

from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.outcome import Fate, Tried
from mailsetup.model.source import Method

_AUTOMATIC = frozenset(
    {
        Method.PACC,
        Method.AUTOCONFIG,
        Method.WELL_KNOWN,
        Method.ISPDB,
        Method.SRV,
        Method.MX,
        Method.AUTODISCOVER,
        Method.BUILTIN,
    }
)
"""Everything that needs neither guessing nor a person. What programs know of the hosting by heart
counts: nobody has to publish what they know already."""
_MUST_BE_ANSWERED = frozenset({Method.AUTOCONFIG, Method.SRV, Method.ISPDB})
"""Silence from the other ones proves little, as most domains have no server for them at all."""


def findings(tried: Sequence[Tried]) -> tuple[Finding, ...]:
    """Judged on what a search tried.

    Nothing is said where an automatic source found settings or led to a question, where one was
    not asked to its end, or where nothing was searched for.
    """
    automatic = [row for row in tried if row.method in _AUTOMATIC]
    absent = {row.method for row in automatic if row.fate is Fate.ABSENT}
    for row in automatic:
        silent = row.fate is Fate.UNREACHABLE and row.method not in _MUST_BE_ANSWERED
        if row.fate is not Fate.ABSENT and not silent:
            return ()
    if not absent >= _MUST_BE_ANSWERED:
        return ()
    shown = tuple(f"{row.method}: {row.fate}" for row in automatic)
    return (Finding(FindingId.DNS_SETTINGS_UNPUBLISHED, Status.WARN, {}, {"tried": shown}),)
