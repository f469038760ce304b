"""The options of a run."""

from dataclasses import dataclass, field

from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.search_options import SearchOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(SearchOptions):
    """Network and trust of a run. ``agreed`` are domains that the person trusts in advance."""

    network: NetworkOptions = field(default_factory=NetworkOptions)
    oauth_client_id: str = ""
    """A technician's own OAuth client id, used at every provider."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """No query was made, because the run is `RunOptions.offline`."""


class UnconfirmedError(Exception):
    """A login at hosts that the person did not agree to was requested: a defect of the caller."""
