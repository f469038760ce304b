"""The result of a check."""

from dataclasses import dataclass, replace

from mailsetup.assistant.redaction import Redaction
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.diagnosis.symptoms import SymptomAnswer
from mailsetup.model.dialogue import LoggedIn, RoundTrip
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.folders import NO_FOLDERS, Folders
from mailsetup.model.settings import Account


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The messages between the account and a mailbox at another company that arrived."""

    address: str
    sent: RoundTrip | None = None
    """From the account to the other mailbox."""
    received: RoundTrip | None = None
    """From the other mailbox to the account."""
    problem: Finding | None = None
    """Why the other mailbox could not be used. It is no finding about the account."""


def sending_was_tested(trip: RoundTrip | None, elsewhere: Elsewhere | None) -> bool:
    """Whether a message from the account and one to it have arrived."""
    return trip is not None or bool(elsewhere and elsewhere.sent and elsewhere.received)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What is proven and what is broken. ``chain`` has every link once, in order."""

    account: Account
    chain: tuple[tuple[Link, Status], ...]
    first_broken: Link | None
    findings: tuple[Finding, ...]
    incoming: LoggedIn | None
    outgoing: LoggedIn | None
    round_trip: RoundTrip | None
    elapsed_ms: float
    answer: SymptomAnswer | None = None
    """The answer to the complaint of the request, if any."""
    elsewhere: Elsewhere | None = None
    """The messages to and from the second mailbox."""
    folders: Folders = NO_FOLDERS
    """The special folders that programs do not find by themselves."""

    @property
    def is_healthy(self) -> bool:
        """Whether no link is broken."""
        return self.first_broken is None

    @property
    def is_proven(self) -> bool:
        """Whether every link is proven, except for warnings, by a message that arrived."""
        return self.is_in_order and sending_was_tested(self.round_trip, self.elsewhere)

    @property
    def is_in_order(self) -> bool:
        """Whether every link is proven, except for warnings, perhaps without a message."""
        return all(status in (Status.OK, Status.WARN) for _link, status in self.chain)

    def status(self, link: Link) -> Status:
        """The status of one link."""
        return dict(self.chain)[link]

    @property
    def needs_second_mailbox(self) -> bool:
        """Whether the complaint can only be judged with a mailbox elsewhere, and none took part."""
        answer = self.answer
        return self.elsewhere is None and answer is not None and answer.symptom.needs_second_mailbox

    @property
    def others(self) -> tuple[Finding, ...]:
        """Faults other than `to_act_on`."""
        about = self.to_act_on
        return tuple(f for f in self.findings if f is not about and f.status is not Status.OK)

    @property
    def to_act_on(self) -> Finding | None:
        """The finding that explains the complaint, or else the one that explains the chain."""
        answered = self.answer.finding if self.answer is not None else None
        return answered or self.root_cause

    @property
    def root_cause(self) -> Finding | None:
        """The finding that explains the first broken link."""
        return Diagnosis(self.chain, self.first_broken, self.findings).root_cause


def redacted_report(report: CheckReport, redaction: Redaction) -> CheckReport:
    """The report without secrets in texts from servers."""
    answer, elsewhere = report.answer, report.elsewhere
    if answer is not None and answer.finding is not None:
        answer = replace(answer, finding=redaction.finding(answer.finding))
    if elsewhere is not None:
        problem = elsewhere.problem
        elsewhere = replace(
            elsewhere,
            sent=redaction.round_trip(elsewhere.sent),
            received=redaction.round_trip(elsewhere.received),
            problem=redaction.finding(problem) if problem is not None else None,
        )
    return replace(
        report,
        findings=tuple(redaction.finding(finding) for finding in report.findings),
        incoming=redaction.login(report.incoming),
        outgoing=redaction.login(report.outgoing),
        round_trip=redaction.round_trip(report.round_trip),
        answer=answer,
        elsewhere=elsewhere,
    )
