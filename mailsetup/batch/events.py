"""What a run tells whoever watches it: frozen values of a closed union."""

from collections.abc import Callable
from dataclasses import dataclass

from mailsetup.batch.result import PersonState


@dataclass(frozen=True, slots=True)
class BatchStarted:
    """How much there is: people of the table, of those done before, domains to search for."""

    people: int
    done_before: int
    domains: int


@dataclass(frozen=True, slots=True)
class DomainSearched:
    """The search for one domain's servers has ended."""

    domain: str


@dataclass(frozen=True, slots=True)
class PersonDone:
    """What came of a person is on the disk."""

    row: int
    address: str
    state: PersonState
    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A hosting asked for a slower pace: nobody is tested there for so many seconds."""

    hosting: str
    seconds: float


BatchEvent = BatchStarted | DomainSearched | PersonDone | Paused
EmitBatchEvent = Callable[[BatchEvent], None]


def ignore(_event: BatchEvent) -> None:
    """The listener of somebody who only wants the result."""
