"""What the DNS says about a domain itself."""

from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.dns import DnsFault, MxRecord


class DomainState(StrEnum):
    """Whether the domain is there."""

    EXISTS = "exists"
    MISSING = "missing"
    """Nobody registered the name, or it is gone (NXDOMAIN)."""
    UNANSWERED = "unanswered"
    """No answer about it: ``fault`` says whether its servers or our resolver failed."""
    UNKNOWN = "unknown"
    """Not looked at: settings were there first."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """``exchangers`` are best first; ``unresolvable`` are those of them without an address."""

    domain: str
    state: DomainState = DomainState.UNKNOWN
    fault: DnsFault | None = None
    exchangers: tuple[MxRecord, ...] = ()
    unresolvable: tuple[str, ...] = ()
    null_mx: bool = False
    """The domain says that it takes no mail (RFC 7505)."""
    has_address: bool = False
    """Without MX, whether the domain's own address stands in for one (RFC 5321 section 5.1)."""
