"""What happened while the program ran, line by line: for the log view and for whoever helps.

Passwords are blanked out before a line is kept, so that nothing later can forget to do it.
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
    SettingsFound,
    SignInCode,
    SignInOpened,
    SourceAnswered,
    SourceAsked,
)
from mailsetup.model.secret import Secret, plain_without_secrets, without_secret

MOST = 2000
"""Lines that are kept; the oldest go first."""


class ActivityLog:
    """``now`` gives an aware time; ``secrets`` are those in use at the moment, with user names."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._now = now
        self._lines: deque[str] = deque(maxlen=MOST)
        self._secrets: list[tuple[str, Secret | None]] = []

    def guard(self, username: str, secret: Secret) -> None:
        """A secret that must not appear, also not with an answer that comes much later."""
        if secret and (username, secret) not in self._secrets:
            self._secrets.append((username, secret))

    def note(self, text: str) -> None:
        """Something of our own, in technical words."""
        text = plain_without_secrets(text, self._secrets, 400)
        self._lines.append(f"{self._now():%H:%M:%S.%f}"[:12] + "  " + text)

    def take(self, event: Event) -> None:
        """Something happened in the engine."""
        self.note(_words(event))

    def lines(self, secrets: Sequence[Secret] = ()) -> tuple[str, ...]:
        """Everything so far. ``secrets`` are those that were typed but not used yet."""
        lines = tuple(self._lines)
        for secret in secrets:
            lines = tuple(without_secret(line, "", secret) for line in lines)
        return lines


def _words(event: Event) -> str:
    match event:
        case SourceAsked(method=method, location=location):
            return f"discovery: ask {method} {location}"
        case SourceAnswered(tried=tried):
            where = f"{tried.location} {tried.reason}".strip()
            taken = f"in {tried.elapsed_ms:.0f} ms"
            return f"discovery: {tried.method} {tried.fate} {taken} {where}".rstrip()
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
            # The address carries what ties the answer to this sign-in: it is nobody else's.
            return f"sign-in: waiting for the page of {host}"
        case SignInCode(page=page):
            return f"sign-in: waiting for a code at {page}"
        case _:
            assert_never(event)
