"""The diagnosis of the chain: the status of each link, and which one broke first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mailsetup.diagnosis.catalogue import CATALOGUE
from mailsetup.diagnosis.symptoms import in_order_of
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.symptom import Symptom


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``chain`` is in the order of `Link`; ``first_broken`` is the link of the root cause.

    ``findings`` start with the root cause; those that are mere consequences are left out.
    """

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
    """Order the findings and derive the status of each link. ``proven`` links were seen to work.

    With a ``symptom`` the findings that explain it come first. A link fails or warns with its worst
    finding; without one it is good only if proven, and otherwise unknown. Each id counts once.
    """
    ordered = sorted(_without_consequences(_once(findings)), key=_weight)
    if symptom is not None:
        ordered = list(in_order_of(symptom, ordered))
    root = next((f for f in ordered if f.status is Status.FAIL), None)
    if root is not None and CATALOGUE[root.id].cause.stops_the_rest:
        ordered = [f for f in ordered if f is root or f.link is root.link]
        proven = ()
    chain = tuple((link, _status_of(link, ordered, proven)) for link in Link)
    return Diagnosis(chain, root.link if root else None, tuple(ordered))


def _status_of(link: Link, findings: Sequence[Finding], proven: Collection[Link]) -> Status:
    own = {finding.status for finding in findings if finding.link is link}
    for worst in (Status.FAIL, Status.WARN):
        if worst in own:
            return worst
    return Status.OK if link in proven else Status.UNKNOWN


def _weight(finding: Finding) -> tuple[bool, int]:
    """The lower, the sooner it is the root cause."""
    return finding.status is not Status.FAIL, CATALOGUE[finding.id].cause.rank


def _without_consequences(findings: list[Finding]) -> list[Finding]:
    """Without those that are a consequence of a failure among the others."""
    failed = {finding.id for finding in findings if finding.status is Status.FAIL}
    return [each for each in findings if failed.isdisjoint(CATALOGUE[each.id].cause.hidden_by)]


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each id: the first that fails, else the first."""
    found: dict[FindingId, Finding] = {}
    for finding in findings:
        known = found.get(finding.id)
        if known is None or (known.status is not Status.FAIL and finding.status is Status.FAIL):
            found[finding.id] = finding
    return list(found.values())
