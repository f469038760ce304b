"""What the engine tells while it looks for settings: frozen values."""

from dataclasses import dataclass

from mailsetup.model.settings import AccountSettings
from mailsetup.model.source import Method, Source
from mailsetup.model.source_result import SourceAttempt


@dataclass(frozen=True, slots=True)
class SourceStarted:
    """A source is being asked; ``location`` as in `DiscoverySource.location`."""

    method: Method
    location: str


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """A source came to its end, also by cancellation."""

    tried: SourceAttempt


@dataclass(frozen=True, slots=True)
class Improved:
    """The best settings so far; better ones may still replace them."""

    settings: AccountSettings
    source: Source


Progress = SourceStarted | SourceEnded | Improved
