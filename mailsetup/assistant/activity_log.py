"""The log of a session, for the log view and the report for support.

Passwords are removed before a line is stored, so that no reader of the log has to do it.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from mailsetup.assistant.events import (
    ActivityEnded,
    ActivityStarted,
    Event,
    FindingMade,
    LinkJudged,
    SignInCode,
    SignInOpened,
)
from mailsetup.model.search_events import SettingsFound, SourceAnswered, SourceAsked
from mailsetup.model.secret import Secret, plain_without_secrets, without_secret

MAX_LINES = 2000
"""Older lines are dropped."""


class ActivityLog:
    """The latest events of the session without secrets. ``now`` returns an aware time."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._now = now
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._secrets: list[tuple[str, Secret | None]] = []

    def hide(self, username: str, secret: Secret) -> None:
        """Remove this secret from all lines to come, in each form that it may have on the wire."""
        if secret and (username, secret) not in self._secrets:
            self._secrets.append((username, secret))

    def note(self, text: str) -> None:
        """Add a line."""
        text = plain_without_secrets(text, self._secrets, 400)
        self._lines.append(f"{self._now():%H:%M:%S.%f}"[:12] + "  " + text)

    def record(self, event: Event) -> None:
        """Add the line of an event."""
        self.note(_line(event))

    def lines(self, secrets: Sequence[Secret] = ()) -> tuple[str, ...]:
        """All lines. ``secrets`` are those that were entered but not used yet."""
        lines = tuple(self._lines)
        for secret in secrets:
            lines = tuple(without_secret(line, "", secret) for line in lines)
        return lines


def _line(event: Event) -> str:
    match event:
        case SourceAsked(method=method, location=location):
            return f"discovery: ask {method} {location}"
        case SourceAnswered(tried=tried):
            where = f"{tried.location} {tried.reason}".strip()
            taken = f"in {tried.elapsed_ms:.0f} ms"
            return f"discovery: {tried.method} {tried.status} {taken} {where}".rstrip()
        case SettingsFound(settings=settings, source=source):
            servers = ", ".join(map(str, settings.servers))
            return f"discovery: best so far from {source.method}: {servers}"
        case ActivityStarted(activity=activity, detail=detail):
            return f"check: {activity} {detail}".rstrip()
        case ActivityEnded(activity=activity, status=status, elapsed_ms=elapsed):
            return f"check: {activity} {status} in {elapsed:.0f} ms"
        case FindingMade(finding=finding):
            evidence = ", ".join(f"{name}={value}" for name, value in finding.evidence.items())
            return f"finding: {finding.id} {finding.status} {evidence}".rstrip()
        case LinkJudged(link=link, status=status):
            return f"chain: {link} {status}"
        case SignInOpened(host=host):
            # The URL is not logged: it contains the state of this sign-in (RFC 6749 section 10.12).
            return f"sign-in: waiting for the page of {host}"
        case SignInCode(page=page):
            return f"sign-in: waiting for a code at {page}"
        case _:
            assert_never(event)
