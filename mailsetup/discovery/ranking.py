"""Ranking of the sources' settings, and completion of one by another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailsetup.model.settings import ServerSettings, SocketType
from mailsetup.model.source_result import Found


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """Settings with the domains to confirm and the source's index in the order of preference."""

    found: Found
    confirm: tuple[str, ...]
    place: int

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Lower is better: complete, without confirmation, from a preferred source."""
        return (not self.found.settings.is_complete, bool(self.confirm), self.place)


def completed(answer: RankedAnswer, others: Sequence[RankedAnswer]) -> RankedAnswer:
    """The answer, with a missing direction taken from the best other one of equal trust."""
    settings = answer.found.settings
    for other in others:
        if settings.is_complete:
            break
        if other is answer or set(other.confirm) != set(answer.confirm):
            continue
        settings = replace(
            settings,
            incoming=settings.incoming or other.found.settings.incoming,
            outgoing=settings.outgoing or other.found.settings.outgoing,
        )
    # Services are taken from a source that may name hosts for the domain.
    others_services = (
        other.found.settings.services
        for other in others
        if (other.found.vouched or not other.confirm) and other.found.settings.services
    )
    services = settings.services or next(others_services, ())
    settings = replace(settings, services=services)
    return replace(answer, found=replace(answer.found, settings=settings))


def only_protected(found: Found) -> Found:
    """The settings without servers that have no TLS: those are never set up automatically."""

    def protected(servers: Sequence[ServerSettings]) -> tuple[ServerSettings, ...]:
        return tuple(server for server in servers if server.security is not SocketType.NONE)

    settings = found.settings
    return replace(
        found,
        settings=replace(
            settings,
            incoming=protected(settings.incoming),
            outgoing=protected(settings.outgoing),
        ),
    )
