"""Progress of a round trip: frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sending:
    """The message is being sent to the outgoing server."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The outgoing server accepted the message."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The message is not in ``folder`` yet, ``seconds`` after it was sent."""

    folder: str
    seconds: float


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """The message was found in ``folder``."""

    folder: str


@dataclass(frozen=True, slots=True)
class Comparing:
    """The message is being fetched and its attachment compared."""


@dataclass(frozen=True, slots=True)
class CleaningUp:
    """The message is being removed again."""


TripProgress = Sending | Sent | Waiting | MessageArrived | Comparing | CleaningUp
