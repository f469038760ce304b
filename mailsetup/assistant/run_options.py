"""How the assistant goes about its work: values that both faces and the tables hand in."""

from dataclasses import dataclass, field

from mailsetup.model.network_options import NetworkOptions


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run reaches the outside. ``agreed`` are domains that the person trusts beforehand.

    ``budget`` is in seconds, for finding settings, all sources together.
    """

    network: NetworkOptions = field(default_factory=NetworkOptions)
    agreed: tuple[str, ...] = ()
    budget: float = 20.0
    offline: bool = False
    plain_http: bool = False
    """Whether settings that came over plain HTTP may be proposed; they are always asked about."""
    oauth_client_id: str = ""
    """A technician's own id for sign-ins in the browser, at whichever provider it is."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """What would have had to be asked outside was not, because the run is `RunOptions.offline`."""
