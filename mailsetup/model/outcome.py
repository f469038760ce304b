"""The closed union with which every source of settings answers."""

from dataclasses import dataclass
from enum import StrEnum

from mailsetup.model.settings import AccountSettings, Hint
from mailsetup.model.source import Source


@dataclass(frozen=True, slots=True)
class Found:
    """Usable settings, where they came from, and whom the person must agree to first.

    ``vouched`` is true where the source itself proves that the hosts belong to the provider: the
    address's domain named them over HTTPS, DNSSEC signed them, or our own data holds them.
    ``warnings`` are as in `Discovery`.
    """

    settings: AccountSettings
    source: Source
    vouched: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedsInput:
    """The source can go on only after the person did something; ``question`` is a stable word.

    ``bridge``: the provider's own program is needed. ``own-app``: no other mail program gets in.
    ``exchange``: the mailbox is on an Exchange server that tells nobody of IMAP. ``redirect``: it
    leads on to another owner's host; once the person agrees to the domains in ``confirm``, asking
    again gives the settings. ``hints`` say what to do where it is known.
    """

    source: Source
    question: str
    confirm: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class NotFound:
    """The source answered and has nothing usable. ``reason`` is a stable word such as ``html``.

    ``warnings`` are as in `Discovery`.
    """

    location: str = ""
    reason: str = "absent"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The source could not be asked. ``reason`` is a stable word such as ``timeout``.

    ``warnings`` are as in `Discovery`.
    """

    location: str = ""
    reason: str = "timeout"
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Crashed:
    """A defect of ours inside one source: reported, and no other source is touched by it."""

    error: str


Outcome = Found | NeedsInput | NotFound | Unreachable | Crashed


class Fate(StrEnum):
    """What became of a source in a run, in the command line's words."""

    FOUND = "found"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"
    NEEDS_INPUT = "needs-input"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    """Not needed any more: a better answer was there."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One source's fate and how long it took, in milliseconds."""

    method: str
    fate: Fate
    elapsed_ms: float
    location: str = ""
    reason: str = ""
