"""Whether mail programs can discover the domain's settings automatically."""

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
"""Every source that needs neither guessing nor user input. Settings that are built into programs
count as well: they need not be published."""
_CONCLUSIVE = frozenset({Method.AUTOCONFIG, Method.SRV, Method.ISPDB})
"""An unreachable server of another source proves little: most domains have none for it."""


def findings(tried: Sequence[Tried]) -> tuple[Finding, ...]:
    """``tried`` are the rows of a search.

    Nothing is reported where an automatic source found settings or needs a confirmation, where one
    was not finished, or where there was no search.
    """
    automatic = [row for row in tried if row.method in _AUTOMATIC]
    absent = {row.method for row in automatic if row.fate is Fate.ABSENT}
    for row in automatic:
        silent = row.fate is Fate.UNREACHABLE and row.method not in _CONCLUSIVE
        if row.fate is not Fate.ABSENT and not silent:
            return ()
    if not absent >= _CONCLUSIVE:
        return ()
    shown = tuple(f"{row.method}: {row.fate}" for row in automatic)
    return (Finding(FindingId.DNS_SETTINGS_UNPUBLISHED, Status.WARN, {}, {"tried": shown}),)
