"""Progress events of a search for settings."""

from dataclasses import dataclass

from mailsetup.model.settings import AccountSettings
from mailsetup.model.source import Method, Source
from mailsetup.model.source_result import SourceAttempt


@dataclass(frozen=True, slots=True)
class SourceAsked:
    """A source was started; ``location`` as in `DiscoverySource.location`."""

    method: Method
    location: str


@dataclass(frozen=True, slots=True)
class SourceAnswered:
    """A source ended, or was cancelled."""

    tried: SourceAttempt


@dataclass(frozen=True, slots=True)
class SettingsFound:
    """The best settings so far; better ones may follow."""

    settings: AccountSettings
    source: Source


SearchEvent = SourceAsked | SourceAnswered | SettingsFound
