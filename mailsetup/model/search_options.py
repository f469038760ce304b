"""The options of a search for settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """``agreed`` are domains (or hosts) that need no confirmation."""

    agreed: tuple[str, ...] = ()
    budget: float = 20.0
    """The time limit over all sources, in seconds."""
    offline: bool = False
    """Whether only sources without network are used."""
    plain_http: bool = False
    """Whether settings from plain HTTP may be proposed; they always need an agreement."""
