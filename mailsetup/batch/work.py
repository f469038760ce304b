"""What a run does for each person, and how it ended."""

from collections.abc import Callable
from dataclasses import dataclass

from mailsetup.batch.hosting_limits import IN_ALL, PER_HOSTING
from mailsetup.batch.welcome_sheet import Printed

PARALLEL = 8
"""Domains searched for concurrently. With more, they only wait for this computer's processor."""

MakePage = Callable[[Printed], bytes]
"""Makes a PDF of a welcome sheet; b"" where that is not possible here."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done for each person.

    ``check`` tests the login, and with ``send`` also a message to oneself of ``attachment_mib``
    MiB, waited for ``wait`` seconds. ``contact`` is a line on the welcome sheet.
    """

    check: bool = False
    send: bool = True
    attachment_mib: int = 0
    wait: float = 120.0
    pdf: bool = False
    contact: str = ""
    retry_failed: bool = False
    agreed_commands: frozenset[str] = frozenset()
    """Commands of the table that the user has seen and agreed to; no other is run."""
    parallel: int = PARALLEL
    accounts: int = IN_ALL
    per_hosting: int = PER_HOSTING

    @property
    def mark(self) -> str:
        """Distinguishes a person's results from those of a run that did something else."""
        return f"check={self.check} send={self.send} pdf={self.pdf} contact={self.contact}"


@dataclass(frozen=True, slots=True)
class Finished:
    """The run has ended. ``stopped`` is why not all could be written ("" where all was)."""

    stopped: str = ""
