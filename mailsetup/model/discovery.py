"""The result of a search for settings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mailsetup.model.settings import AccountSettings, Hint
from mailsetup.model.source import Source
from mailsetup.model.source_result import SourceAttempt

if TYPE_CHECKING:
    from mailsetup.model.domain_facts import DomainFacts


class DiscoveryStatus(StrEnum):
    """The result in one word, in the command line's words."""

    FOUND = "found"
    NEEDS_CONFIRMATION = "needs-confirmation"
    NOT_FOUND = "not-found"


@dataclass(frozen=True, slots=True)
class Discovery:
    """The result of a search. ``settings`` and ``source`` are set unless nothing was found.

    ``confirm`` names the domains that the user must agree to before a password is sent there; with
    no settings yet, before they are asked for settings. ``warnings`` are stable words:
    ``incomplete`` (one direction is missing), ``source-crashed`` (a defect in one source),
    ``out-of-time``, those of `net.environment.EnvironmentFault`, and, where nothing was found,
    ``exchange``, ``bridge`` or ``own-app`` as in `NeedsInput`, ``unencrypted`` (servers were
    published, all without TLS) or ``plain-http`` (a document was offered over plain HTTP).
    ``file-foreign:PATH``, ``file-writable:PATH``, ``file-unreadable:PATH`` and
    ``file-unusable:PATH`` name a file (or its folder) that was ignored, as in
    `mailsetup.files.trusted_file`.
    ``hints`` say what to do about those; hints that belong to settings are in ``settings``.
    """

    outcome: DiscoveryStatus
    settings: AccountSettings | None = None
    source: Source | None = None
    confirm: tuple[str, ...] = ()
    tried: tuple[SourceAttempt, ...] = ()
    warnings: tuple[str, ...] = ()
    hints: tuple[Hint, ...] = ()
    elapsed_ms: float = 0.0
    domain_facts: "DomainFacts | None" = None
