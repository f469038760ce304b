"""Removal of secrets from what servers sent, before it is stored or shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mailsetup.model.dialogue import LoggedIn, RoundTrip
from mailsetup.model.finding import Fact, Finding
from mailsetup.model.secret import Secret, without_secret
from mailsetup.model.settings import Account

_OURS = frozenset({"stage", "class", "protocol", "security", "confidence", "fault", "time"})
"""Evidence that is no text from a server."""


class Redaction:
    """Replaces secrets in texts from servers. What the account itself contains stays unchanged.

    The gap would reveal a password that happens to be part of the address.
    """

    def __init__(self, account: Account, secrets: Sequence[Secret]) -> None:
        self._secrets = [secret for secret in secrets if secret]
        self._username = account.incoming.username
        self._known = {str(account.address), account.address.ascii, account.address.domain}
        for server in (account.incoming, account.outgoing):
            self._known |= {
                server.host,
                f"{server.host}:{server.port}",
                server.username,
                str(server.protocol),
                str(server.security),
            }

    def finding(self, finding: Finding) -> Finding:
        """The finding without secrets in texts from a server."""
        if not self._secrets:
            return finding
        return Finding(
            finding.id, finding.status, self._facts(finding.facts), self._facts(finding.evidence)
        )

    def _facts(self, facts: Mapping[str, Fact]) -> dict[str, Fact]:
        return {
            name: value if name in _OURS else self._fact(value) for name, value in facts.items()
        }

    def _fact(self, value: Fact) -> Fact:
        if isinstance(value, tuple):
            return tuple(self._text(item) for item in value)
        return self._text(value) if isinstance(value, str) else value

    def login(self, proof: LoggedIn | None) -> LoggedIn | None:
        """The proof of a login without secrets in texts from a server."""
        if proof is None:
            return None
        return replace(
            proof,
            capabilities=tuple(self._text(one) for one in proof.capabilities),
            alerts=tuple(self._text(one) for one in proof.alerts),
        )

    def round_trip(self, trip: RoundTrip | None) -> RoundTrip | None:
        """The round trip without secrets in the name of its folder."""
        return replace(trip, folder=self._text(trip.folder)) if trip is not None else None

    def _text(self, text: str) -> str:
        if text in self._known:
            return text
        for secret in self._secrets:
            text = without_secret(text, self._username, secret)
        return text
