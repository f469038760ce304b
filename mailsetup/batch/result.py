"""The results of a run: values that can be stored."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mailsetup.assistant.check.report import CheckReport
from mailsetup.batch.table_check import Person
from mailsetup.diagnosis.catalogue import explain
from mailsetup.i18n import N_, _
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Status
from mailsetup.model.settings import Account
from mailsetup.model.settings_json import Json, server_to_json


class PersonState(StrEnum):
    """The state of a person; the value is its word in ``report.json``."""

    READY = "ready"
    """The files are written; no test was requested."""
    WORKS = "works"
    BROKEN = "broken"
    NOT_TESTED = "not-tested"
    """The files are written; the account was not tested."""
    NO_SETTINGS = "no-settings"
    NEEDS_CONFIRMATION = "needs-confirmation"
    NOT_WRITTEN = "not-written"
    """The account is not valid for any file."""
    OPEN = "open"
    """Not done yet."""


DONE = frozenset(
    {PersonState.READY, PersonState.WORKS, PersonState.BROKEN, PersonState.NOT_WRITTEN}
)
"""States in which a later run does nothing for a person."""
FAILED = frozenset({PersonState.BROKEN, PersonState.NOT_WRITTEN})

_WORDS: Final[Mapping[PersonState, str]] = {
    PersonState.READY: N_("ready"),
    PersonState.WORKS: N_("works"),
    PersonState.BROKEN: N_("broken"),
    PersonState.NOT_TESTED: N_("not tested"),
    PersonState.NO_SETTINGS: N_("no settings found"),
    PersonState.NEEDS_CONFIRMATION: N_("must be confirmed"),
    PersonState.NOT_WRITTEN: N_("cannot be written"),
    PersonState.OPEN: N_("still to do"),
}


def state_word(state: PersonState) -> str:
    """The state in the current language."""
    return _(_WORDS[state])


@dataclass(frozen=True, slots=True)
class PersonResult:
    """The result of one person; ``reason`` is a sentence, or ""."""

    person: Person
    state: PersonState
    reason: str = ""
    discovery: Discovery | None = None
    account: Account | None = None
    report: CheckReport | None = None
    """Without secrets."""

    def entry(self) -> dict[str, Json]:
        """The part of it that is in the journal and in ``report.json``, without files."""
        discovery, account = self.discovery, self.account
        source = discovery.source if discovery else None
        findings = self.report.findings if self.report else ()
        return {
            "address": self.person.address.ascii,
            "outcome": str(self.state),
            "reason": self.reason,
            "source": (
                {
                    "method": str(source.method),
                    "location": source.location,
                    "channel": str(source.channel),
                }
                if source
                else None
            ),
            "confirm": list(discovery.confirm) if discovery else [],
            "incoming": server_to_json(account.incoming) if account else None,
            "outgoing": server_to_json(account.outgoing) if account else None,
            "first_broken": (
                str(self.report.first_broken)
                if self.report is not None and self.report.first_broken is not None
                else None
            ),
            "findings": [_finding(one) for one in findings if one.status is not Status.OK],
        }


def _finding(finding: Finding) -> Json:
    explanation = explain(finding)
    return {
        "id": finding.id,
        "status": str(finding.status),
        "who": str(explanation.who),
        "title": explanation.title,
        "advice": explanation.advice,
    }


@dataclass
class Totals:
    """How many people are in which state."""

    states: Counter[PersonState] = field(default_factory=Counter)

    def add(self, states: Iterable[PersonState]) -> None:
        """Count these states."""
        self.states.update(states)

    def __getitem__(self, state: PersonState) -> int:
        return self.states[state]

    def to_json(self) -> dict[str, Json]:
        """The number of people in every state, also 0."""
        return {str(state): self.states[state] for state in PersonState}
