"""What a source of settings returns, and how it is listed in a search's result."""

from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.settings import AccountSettings, Hint
from mailsetup.model.source import Method, Source


@dataclass(frozen=True, slots=True)
class Found:
    """Usable settings and where they came from.

    ``vouched`` is true where the source proves that the hosts belong to the provider: the address's
    domain named them over HTTPS, DNSSEC signed them, or the built-in list has them. ``warnings``
    are as in `Discovery`.
    """

    settings: AccountSettings
    source: Source
    vouched: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsInput:
    """The source can continue only after the user did something; ``question`` is a stable word.

    ``bridge``: the provider's own program is needed. ``own-app``: the provider admits no other mail
    program. ``exchange``: the mailbox is on an Exchange server that announces no IMAP.
    ``redirect``: the source leads to another owner's host; once the user agrees to the domains in
    ``confirm``, a second search gives the settings. ``hints`` are the provider's, if any.
    """

    source: Source
    question: str
    confirm: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class NotFound:
    """The source answered with nothing usable. ``reason`` is a stable word such as ``html``.

    ``warnings`` are as in `Discovery`.
    """

    location: str = ""
    reason: str = "absent"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The source did not answer. ``reason`` is a stable word such as ``timeout``.

    ``warnings`` are as in `Discovery`.
    """

    location: str = ""
    reason: str = "timeout"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceCrashed:
    """A source raised an unexpected exception, which is a defect of this program."""

    error: str
    """The exception's type."""


SourceResult = Found | NeedsInput | NotFound | Unreachable | SourceCrashed


class SourceStatus(StrEnum):
    """How a source ended in a search, in the command line's words."""

    FOUND = "found"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"
    NEEDS_INPUT = "needs-input"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    """Not needed any more: better settings had been found."""


@dataclass(frozen=True, slots=True)
class SourceAttempt:
    """How one source ended and how long it took, in milliseconds."""

    method: Method
    status: SourceStatus
    elapsed_ms: float
    location: str = ""
    reason: str = ""
