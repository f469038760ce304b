"""Answers of the sources: what ranks them, and what may be taken from one for another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailsetup.model.settings import ServerSettings, SocketType
from mailsetup.model.source_result import Found


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """Settings with what decides their rank: the domains to confirm, and the source's place."""

    found: Found
    confirm: tuple[str, ...]
    place: int

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """The lower, the better: complete, without a question, from a preferred source."""
        return (not self.found.settings.is_complete, bool(self.confirm), self.place)


def completed(answer: RankedAnswer, others: Sequence[RankedAnswer]) -> RankedAnswer:
    """The answer, its missing half taken from the best other one of equal trust."""
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
    # What else the domain offers is taken from whoever may speak for it.
    others_services = (
        other.found.settings.services
        for other in others
        if (other.found.vouched or not other.confirm) and other.found.settings.services
    )
    services = settings.services or next(others_services, ())
    settings = replace(settings, services=services)
    return replace(answer, found=replace(answer.found, settings=settings))


def only_protected(found: Found) -> Found:
    """Without TLS nothing is ever set up automatically, whatever a source says."""

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
