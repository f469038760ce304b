"""Secrets taken out of what servers said, before it is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailsetup.assistant.check.report import CheckReport
from mailsetup.model.dialogue import LoggedIn, RoundTrip
from mailsetup.model.finding import Fact, Finding
from mailsetup.model.secret import Secret, without_secret
from mailsetup.model.settings import Account

_OURS = frozenset({"stage", "class", "protocol", "security", "confidence", "fault", "time"})
"""Evidence in words of our own."""


class Redacted:
    """Takes secrets out of what servers said; what we know ourselves stays as it is.

    A password that happens to be part of the address would be told by its blank.
    """

    def __init__(self, account: Account, secrets: Sequence[Secret]) -> None:
        self._secrets = [secret for secret in secrets if secret]
        self._username = account.incoming.username
        self._known = {str(account.address), account.address.ascii, account.address.domain}
        for server in (account.incoming, account.outgoing):
            self._known |= {
                server.host,
                f"{server.host}:{server.port}",
                server.username,
                str(server.protocol),
                str(server.security),
            }

    def report(self, report: CheckReport) -> CheckReport:
        """The same report, where nothing that a server said holds a secret."""
        if not self._secrets:
            return report
        answer, elsewhere = report.answer, report.elsewhere
        if answer is not None and answer.finding is not None:
            answer = replace(answer, finding=self.finding(answer.finding))
        if elsewhere is not None:
            elsewhere = replace(
                elsewhere,
                sent=self._trip(elsewhere.sent),
                received=self._trip(elsewhere.received),
                problem=self.finding(elsewhere.problem) if elsewhere.problem else None,
            )
        return replace(
            report,
            findings=tuple(self.finding(finding) for finding in report.findings),
            incoming=self._proof(report.incoming),
            outgoing=self._proof(report.outgoing),
            round_trip=self._trip(report.round_trip),
            answer=answer,
            elsewhere=elsewhere,
        )

    def finding(self, finding: Finding) -> Finding:
        """The same finding, where nothing that a server said holds a secret."""
        if not self._secrets:
            return finding
        return Finding(
            finding.id, finding.status, self._facts(finding.facts), self._facts(finding.evidence)
        )

    def _facts(self, facts: Mapping[str, Fact]) -> dict[str, Fact]:
        return {
            name: value if name in _OURS else self._fact(value) for name, value in facts.items()
        }

    def _fact(self, value: Fact) -> Fact:
        if isinstance(value, tuple):
            return tuple(self._text(item) for item in value)
        return self._text(value) if isinstance(value, str) else value

    def _proof(self, proof: LoggedIn | None) -> LoggedIn | None:
        if proof is None:
            return None
        return replace(
            proof,
            capabilities=tuple(self._text(one) for one in proof.capabilities),
            alerts=tuple(self._text(one) for one in proof.alerts),
        )

    def _trip(self, trip: RoundTrip | None) -> RoundTrip | None:
        return replace(trip, folder=self._text(trip.folder)) if trip is not None else None

    def _text(self, said: str) -> str:
        if said in self._known:
            return said
        for secret in self._secrets:
            said = without_secret(said, self._username, secret)
        return said
