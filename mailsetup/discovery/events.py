"""Progress events of a search."""

from dataclasses import dataclass

from mailsetup.model.settings import AccountSettings
from mailsetup.model.source import Method, Source
from mailsetup.model.source_result import SourceAttempt


@dataclass(frozen=True, slots=True)
class SourceStarted:
    """A source was started; ``location`` as in `DiscoverySource.location`."""

    method: Method
    location: str


@dataclass(frozen=True, slots=True)
class SourceEnded:
    """A source ended, or was cancelled."""

    tried: SourceAttempt


@dataclass(frozen=True, slots=True)
class Improved:
    """The best settings so far; better ones may follow."""

    settings: AccountSettings
    source: Source


Progress = SourceStarted | SourceEnded | Improved
