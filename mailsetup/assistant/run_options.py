"""The options of a run."""

from dataclasses import dataclass, field

from mailsetup.model.network_options import NetworkOptions


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Network and trust of a run. ``agreed`` are domains that the person trusts in advance.

    ``budget`` is the time limit of a search over all sources, in seconds.
    """

    network: NetworkOptions = field(default_factory=NetworkOptions)
    agreed: tuple[str, ...] = ()
    budget: float = 20.0
    offline: bool = False
    plain_http: bool = False
    """Whether settings from plain HTTP may be proposed; they always need an agreement."""
    oauth_client_id: str = ""
    """A technician's own OAuth client id, used at every provider."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """No query was made, because the run is `RunOptions.offline`."""


class UnconfirmedError(Exception):
    """A login at hosts that the person did not agree to was requested: a defect of the caller."""
