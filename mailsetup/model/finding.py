"""What a check saw, as values; the sentences stand in `mailsetup.diagnosis.catalogue`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailsetup.model.finding_id import FindingId


class Octets(int):
    """A fact that is a size: people read it with a unit."""


Fact = str | int | float | bool | tuple[str, ...]


class Link(StrEnum):
    """The links of the chain, in the order in which mail depends on them."""

    HOSTING = "hosting"
    ACCOUNT = "account"
    DNS = "dns"
    CLIENT = "client"


class Status(StrEnum):
    """How a link or a finding stands. ``unknown`` means "not checked", never good and never bad."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Actor(StrEnum):
    """Who can fix it."""

    YOU = "you"
    HOSTING = "hosting"
    RECIPIENT = "recipient"
    TECHNICIAN = "technician"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be (or is worth knowing).

    ``id`` is stable, ``link.subject.state``. ``facts`` fill the sentences of the catalogue;
    ``evidence`` is what a technician wants to see (server line, code, host), redacted and cut.
    """

    id: FindingId
    status: Status
    facts: Mapping[str, Fact] = field(default_factory=dict)
    evidence: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def link(self) -> Link:
        """The link of the chain that the id names."""
        return Link(self.id.split(".", 1)[0])
