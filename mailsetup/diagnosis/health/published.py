"""Whether mail programs can discover the domain's settings automatically."""

from collections.abc import Sequence

from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceAttempt, SourceStatus

_CONCLUSIVE = frozenset({Method.AUTOCONFIG, Method.SRV, Method.ISPDB})
"""An unreachable server of another source proves little: most domains have none for it."""


def findings(tried: Sequence[SourceAttempt]) -> tuple[Finding, ...]:
    """``tried`` are the rows of a search. Settings that are built into programs count as found.

    Nothing is reported where an automatic source found settings or needs a confirmation, where one
    was not finished, or where there was no search.
    """
    automatic = [row for row in tried if row.method.is_automatic]
    absent = {row.method for row in automatic if row.status is SourceStatus.ABSENT}
    for row in automatic:
        silent = row.status is SourceStatus.UNREACHABLE and row.method not in _CONCLUSIVE
        if row.status is not SourceStatus.ABSENT and not silent:
            return ()
    if not absent >= _CONCLUSIVE:
        return ()
    shown = tuple(f"{row.method}: {row.status}" for row in automatic)
    return (Finding(FindingId.DNS_SETTINGS_UNPUBLISHED, Status.WARN, {}, {"tried": shown}),)
