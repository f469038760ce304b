"""What the DNS says about a mail domain."""

from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.dns import DnsFault, MxRecord


class DomainState(StrEnum):
    """Whether the domain exists."""

    EXISTS = "exists"
    MISSING = "missing"
    """The name does not exist (NXDOMAIN)."""
    UNANSWERED = "unanswered"
    """No answer: ``fault`` says whether its name servers or the resolver failed."""
    UNKNOWN = "unknown"
    """Not queried, because settings were found first."""


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """``exchangers`` are in order of preference; ``unresolvable`` are those without an address."""

    domain: str
    state: DomainState = DomainState.UNKNOWN
    fault: DnsFault | None = None
    exchangers: tuple[MxRecord, ...] = ()
    unresolvable: tuple[str, ...] = ()
    null_mx: bool = False
    """The domain accepts no mail (null MX, RFC 7505)."""
    has_address: bool = False
    """Without MX: whether the domain has an address record (implicit MX, RFC 5321 section 5.1)."""
