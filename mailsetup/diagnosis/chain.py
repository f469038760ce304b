"""The verdict: how each link stands, and which one broke first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mailsetup.diagnosis.symptoms import Symptom, in_order_of
from mailsetup.model.finding import Finding, Link, Status

_CAUSES: tuple[str, ...] = (
    "client.address",
    "client.network",
    "client.dns",
    "client.clock",
    "client.tls",
    "dns.domain",
    "dns.mx.null",
    "hosting.server",
    "hosting.tls",
    "hosting.starttls",
    "hosting.login",
    "account.login",
    "account.imap",
    "account.pop3",
    "account.smtp",
    "dns.mx",
    "account.quota",
    "account.mailbox",
    "account.send",
    "hosting.address",
    "hosting.size",
    "hosting.message",
    "hosting.attachment",
    "hosting.sender",
    "account.filter",
    "account.mail",
    "account.vacation",
    "account.folders",
    "dns.spf",
    "dns.dkim",
    "dns.dmarc",
    "dns.mta-sts",
    "dns.dane",
    "dns.settings",
    "client.program",
    "client.check",
)
"""What causes what: an earlier fault explains a later one, never the other way round."""

_GATES = ("client.address", "client.network", "client.dns", "dns.domain")
"""While one of these fails, nothing behind it can be judged at all."""

_NO_GATE = frozenset({"client.network.port-blocked"})
"""One closed door, while the rest of the way can be seen."""

_EXPLAINED_BY = {
    "client.clock": ("hosting.tls",),
    "client.tls": ("hosting.tls",),
    "client.network.port-blocked": ("hosting.server",),
    "account.filter": ("hosting.message.not-arrived",),
}
"""What only looks like a fault of its own while the cause stands."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every link's status in the chain's order, the root cause's link, the findings that count."""

    chain: tuple[tuple[Link, Status], ...]
    first_broken: Link | None
    findings: tuple[Finding, ...]


def cause_rank(finding: Finding) -> int:
    """The lower, the earlier in the order of causes."""
    for rank, prefix in enumerate(_CAUSES):
        if finding.id == prefix or finding.id.startswith(prefix + "."):
            return rank
    return len(_CAUSES)


def judge(
    findings: Sequence[Finding], proven: Collection[Link], symptom: Symptom | None = None
) -> Diagnosis:
    """Weigh the findings. ``proven`` are the links that were seen to work.

    With a ``symptom`` what explains it comes first among faults that do not explain each other.

    A link is broken by a finding that fails, doubtful by one that warns, good only when it was
    proven, and otherwise not checked. Each id counts once.
    """
    ordered = sorted(
        _unexplained(_once(findings)), key=lambda f: (f.status is not Status.FAIL, cause_rank(f))
    )
    if symptom is not None:
        ordered = list(in_order_of(symptom, ordered))
    root = next((f for f in ordered if f.status is Status.FAIL), None)
    if root is not None and root.id not in _NO_GATE and root.id.startswith(_GATES):
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


def _unexplained(findings: list[Finding]) -> list[Finding]:
    """Without those that another finding explains."""
    explained = tuple(
        consequence
        for finding in findings
        if finding.status is Status.FAIL
        for cause, consequences in _EXPLAINED_BY.items()
        if finding.id.startswith(cause)
        for consequence in consequences
    )
    return [finding for finding in findings if not finding.id.startswith(explained or ("-",))]


def _once(findings: Sequence[Finding]) -> list[Finding]:
    seen: dict[str, Finding] = {}
    for finding in findings:
        known = seen.get(finding.id)
        if known is None or (known.status is not Status.FAIL and finding.status is Status.FAIL):
            seen[finding.id] = finding
    return list(seen.values())
