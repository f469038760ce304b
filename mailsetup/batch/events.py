"""The events of a run: frozen values of a closed union."""

from collections.abc import Callable
from dataclasses import dataclass

from mailsetup.batch.result import PersonState


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """The numbers of people, of those done by earlier runs, and of domains to search for."""

    people: int
    done_before: int
    domains: int


@dataclass(frozen=True, slots=True)
class DomainSearched:
    """The search for one domain's servers has ended."""

    domain: str


@dataclass(frozen=True, slots=True)
class PersonDone:
    """A person's result is on the disk."""

    row: int
    address: str
    state: PersonState
    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A hosting asked for a slower pace: no account is tested there for so many seconds."""

    hosting: str
    seconds: float


BatchEvent = BatchStarted | DomainSearched | PersonDone | Paused
EmitBatchEvent = Callable[[BatchEvent], None]


def ignore(_event: BatchEvent) -> None:
    """Discard all events."""
