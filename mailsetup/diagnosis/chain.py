"""The verdict: how each link stands, and which one broke first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mailsetup.diagnosis.catalogue import CATALOGUE
from mailsetup.diagnosis.symptoms import in_order_of
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.symptom import Symptom


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every link's status in the chain's order, the root cause's link, the findings that count."""

    chain: tuple[tuple[Link, Status], ...]
    first_broken: Link | None
    findings: tuple[Finding, ...]

    @property
    def root_cause(self) -> Finding | None:
        """The finding that explains the first broken link."""
        return next(
            (f for f in self.findings if f.status is Status.FAIL and f.link is self.first_broken),
            None,
        )


def diagnose(
    findings: Sequence[Finding], proven: Collection[Link], symptom: Symptom | None = None
) -> Diagnosis:
    """Weigh the findings. ``proven`` are the links that were seen to work.

    With a ``symptom`` what explains it comes first among faults that do not explain each other.

    A link is broken by a finding that fails, doubtful by one that warns, good only when it was
    proven, and otherwise not checked. Each id counts once.
    """
    ordered = sorted(_without_consequences(_once(findings)), key=_weight)
    if symptom is not None:
        ordered = list(in_order_of(symptom, ordered))
    root = next((f for f in ordered if f.status is Status.FAIL), None)
    if root is not None and CATALOGUE[root.id].cause.stops_the_rest:
        ordered = [f for f in ordered if f is root or f.link is root.link]
        proven = ()
    statuses = []
    for link in Link:
        own = {finding.status for finding in ordered if finding.link is link}
        if Status.FAIL in own:
            status = Status.FAIL
        elif Status.WARN in own:
            status = Status.WARN
        elif link in proven:
            status = Status.OK
        else:
            status = Status.UNKNOWN
        statuses.append((link, status))
    return Diagnosis(tuple(statuses), root.link if root else None, tuple(ordered))


def _weight(finding: Finding) -> tuple[bool, int]:
    """The lower, the sooner it is the root cause."""
    return finding.status is not Status.FAIL, CATALOGUE[finding.id].cause.rank


def _without_consequences(findings: list[Finding]) -> list[Finding]:
    """Without those that are a consequence of a failure among the others."""
    failed = {finding.id for finding in findings if finding.status is Status.FAIL}
    return [each for each in findings if failed.isdisjoint(CATALOGUE[each.id].cause.hidden_by)]


def _once(findings: Sequence[Finding]) -> list[Finding]:
    seen: dict[FindingId, Finding] = {}
    for finding in findings:
        known = seen.get(finding.id)
        if known is None or (known.status is not Status.FAIL and finding.status is Status.FAIL):
            seen[finding.id] = finding
    return list(seen.values())
