"""What a search for settings came to: values, without anything of the search itself."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsetup.model.outcome import Tried
from mailsetup.model.settings import AccountSettings, Hint
from mailsetup.model.source import Source

if TYPE_CHECKING:
    from mailsetup.model.domain_facts import DomainFacts


class DiscoveryStatus(StrEnum):
    """What a search came to, in the command line's words."""

    FOUND = "found"
    NEEDS_CONFIRMATION = "needs-confirmation"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Discovery:
    """The end of a search. ``settings`` and ``source`` are set unless nothing was found.

    ``confirm`` names the domains that the person must agree to before a password goes there; with
    no settings yet, before they are asked for settings. ``warnings`` are stable words:
    ``incomplete`` (one direction is missing), ``source-crashed`` (a defect of ours in one source),
    ``out-of-time``, those of `net.environment.EnvironmentFault`, and, where nothing was found,
    ``exchange``, ``bridge`` or ``own-app`` as in `NeedsInput`, ``unencrypted`` (servers were
    published, all without TLS) or ``plain-http`` (a document was offered over plain HTTP).
    ``file-foreign:PATH``, ``file-writable:PATH``, ``file-unreadable:PATH`` and
    ``file-unusable:PATH`` name a file (or its folder) that was ignored, as in
    `mailsetup.files.trusted_file`.
    ``hints`` say what to do about those; hints that come with settings stand in them.
    """

    outcome: DiscoveryStatus
    settings: AccountSettings | None = None
    source: Source | None = None
    confirm: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()
    warnings: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    elapsed_ms: float = 0.0
    domain_facts: "DomainFacts | None" = None
