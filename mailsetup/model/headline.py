"""The result of a check in words: one value for window, terminal and every kind of report."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mailsetup.model.finding import Status
from mailsetup.model.text import CleanText

STATUS_SIGNS: Final[Mapping[Status, str]] = MappingProxyType(
    {Status.OK: "✔", Status.WARN: "!", Status.FAIL: "✘", Status.UNKNOWN: "–"}
)
"""The sign for a status in text. "Not checked" is a dash, as in the window and in reports."""


@dataclass(frozen=True, slots=True)
class Headline(CleanText):
    """The verdict, what to do, and what was proven. Texts that do not apply are empty."""

    status: Status
    title: str
    sentence: str
    advice: str = ""
    who: str = ""
    """Who can act on ``advice``, as a sentence."""
    complaint: str = ""
    """The person's complaint, as a sentence."""
    answer: str = ""
    """Leads from the complaint to ``sentence``."""
    finding_id: str = ""
    """The finding that ``title``, ``sentence`` and ``advice`` are about; "" for none."""
    proof: tuple[str, ...] = ()
    """What was seen to work, a sentence each."""
    notes: tuple[str, ...] = ()
    """What servers want shown, and what could not be cleaned up, a sentence each."""
    request: tuple[str, ...] = ()
    """Lines of a message that is ready to be sent to the one who can act."""
    request_to: str = ""
    """The recipient of ``request``, as a line."""

    @property
    def line(self) -> str:
        """The verdict on one line."""
        return f"{self.title}. {self.sentence}"
