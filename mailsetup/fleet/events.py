"""What a run tells whoever watches it: frozen values of a closed union."""

from collections.abc import Callable
from dataclasses import dataclass

from mailsetup.fleet.result import State


@dataclass(frozen=True, slots=True)
class Begun:
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
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A hosting asked for a slower pace: nobody is tested there for so many seconds."""

    hosting: str
    seconds: float


Event = Begun | DomainSearched | PersonDone | Paused
Emit = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The listener of somebody who only wants the result."""
