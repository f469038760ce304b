"""What a round trip tells while it goes on: frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sending:
    """The message is being handed to the outgoing server."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The outgoing server took the message."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not there yet: looking in ``folder``, for so many seconds by now."""

    folder: str
    seconds: float


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """The message was found in ``folder``."""

    folder: str


@dataclass(frozen=True, slots=True)
class Comparing:
    """The attachment is being fetched and compared."""


@dataclass(frozen=True, slots=True)
class CleaningUp:
    """Our message is being removed again."""


TripProgress = Sending | Sent | Waiting | MessageArrived | Comparing | CleaningUp
