"""DNS answers and failures."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

R = TypeVar("R", covariant=True)


@dataclass(frozen=True, slots=True)
class DnsAnswer(Generic[R]):
    """Records. ``validated``: validated with DNSSEC by a resolver on this computer."""

    records: tuple[R, ...]
    validated: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The name does not exist (``nxdomain``), or has no record of this type."""

    nxdomain: bool


class DnsFault(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    SERVFAIL = "servfail"
    NO_RESOLVER = "no-resolver"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class DnsFailure:
    """The resolver did not answer, or answered with an error."""

    fault: DnsFault


Reply = DnsAnswer[R] | Absent | DnsFailure


@dataclass(frozen=True, slots=True)
class MxRecord:
    """RFC 5321 section 5: lower preference first; an empty host is a null MX (RFC 7505)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """RFC 2782. An empty target means that the service is not offered."""

    priority: int
    weight: int
    port: int
    target: str
