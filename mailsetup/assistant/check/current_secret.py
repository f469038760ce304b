"""The secret of a check: which servers it fits, and its renewal where it is a token."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mailsetup.model.finding import Finding
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import AccessToken, Secret
from mailsetup.model.settings import Authentication, ServerSettings
from mailsetup.model.sign_in import SignInFailure, SignInFault

if TYPE_CHECKING:
    from mailsetup.assistant.signin.flow import SignIn

Renew = Callable[[], Awaitable[AccessToken | SignInFailure]]
"""Gets a new access token for the sign-in of the request."""


class CurrentSecret:
    """The secret in use, shared by both servers."""

    def __init__(self, secret: Secret, renew: Renew | None = None) -> None:
        self.secret = secret
        self._renew = renew
        self._renewing = asyncio.Lock()
        self._has_new_token = False
        self._failure: SignInFailure | None = None

    def fit(self, server: ServerSettings) -> bool:
        """Whether the server accepts this kind of secret."""
        return server.takes_password or isinstance(self.secret, AccessToken)

    def as_proven(self, server: ServerSettings) -> ServerSettings:
        """The server as programs are to use it: OAuth 2.0 first where a token was accepted."""
        if not isinstance(self.secret, AccessToken):
            return server
        others = tuple(kind for kind in server.authentication if kind is not Authentication.OAUTH2)
        return replace(server, authentication=(Authentication.OAUTH2, *others))

    async def has_renewed(self, refused: Secret) -> bool:
        """Whether there is another token than the refused one.

        One renewal is enough: a new token that is refused was not too old. The next renewal would
        fail where a refresh token is valid only once (RFC 9700 section 4.14.2), and look like an
        expired sign-in.
        """
        async with self._renewing:
            if self.secret is not refused:
                return True
            if self._renew is None or self._failure is not None or self._has_new_token:
                return False
            fresh = await self._renew()
            if isinstance(fresh, SignInFailure):
                self._failure = fresh
                return False
            self.secret, self._has_new_token = fresh, True
            return True

    def explained(self, finding: Finding, sign_in: "SignIn | None") -> Finding:
        """The finding about a refused token with the reason that the sign-in itself shows."""
        if finding.id is not FindingId.ACCOUNT_LOGIN_SIGN_IN_REFUSED or sign_in is None:
            return finding
        facts, evidence = dict(finding.facts), dict(finding.evidence)
        if sign_in.is_of_another:
            facts["chosen"] = evidence["chosen"] = sign_in.signed_in_as
            wrong = FindingId.ACCOUNT_LOGIN_WRONG_ACCOUNT
            return Finding(wrong, finding.status, facts, evidence)
        if self._failure is not None and self._failure.fault is SignInFault.EXPIRED:
            expired = FindingId.ACCOUNT_LOGIN_SIGN_IN_EXPIRED
            return Finding(expired, finding.status, facts, evidence)
        return finding
