"""What the dialogues with incoming and outgoing servers have in common."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence, Set
from types import TracebackType
from typing import Self

from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import Connection, DialogueError
from mailsetup.net.tls import certificate_facts
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.sasl import Bearer, SaslError, SaslExchange, choose, is_sayable

FAREWELL_TIMEOUT = 0.5
"""Seconds for a polite end; nobody waits longer for a goodbye."""


SLOWEST = 32 * 1024
"""Octets a second of a line on which large messages still get through."""


class MailSession:
    """A dialogue with one server. Leaving the context closes it, politely if that is quick.

    Methods raise `DialogueRefusedError`, `DialogueError` or TimeoutError.
    """

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        self._connection = connection
        self._ended = False
        self.server = server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            await self.end()
        self.close()

    async def end(self) -> None:
        """Say goodbye, if that is quick, and close."""
        if not self._ended:
            with contextlib.suppress(DialogueError, DialogueRefusedError, TimeoutError):
                await self._say_goodbye()
        self.close()

    def resume(self, words: Sequence[str]) -> None:
        """Go on with a connection whose greeting was read and whose abilities were asked for."""
        raise NotImplementedError

    async def _say_goodbye(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """End it at once."""
        self._ended = True
        self._connection.close()

    @property
    def tls_version(self) -> str:
        """The version of the verified TLS session, such as ``TLSv1.3``."""
        return self._connection.tls.version if self._connection.tls else ""

    @property
    def certificate(self) -> CertificateFacts | None:
        """What the verified certificate says; None where it cannot be read."""
        tls = self._connection.tls
        return certificate_facts(tls.certificate) if tls is not None else None

    def _require_safety(self, username: str, secret: Secret) -> None:
        """Before any credential: verified TLS, and nothing in it that could end a line."""
        if not self._connection.is_secure:
            raise RuntimeError("a password is never said without verified TLS")
        if not is_sayable(username, secret):
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.AUTH_WRONG, text="control characters in name or password"
            )

    def _chosen(self, offered: Set[str], secret: Secret, *, login_command: bool = False) -> str:
        """The mechanism to log in with; `DialogueRefusedError` where the server has none that may
        be used.

        ``login_command`` is whether the protocol's own command may be used as well.
        """
        mechanism = choose(
            offered, self.server.authentication, login_command=login_command, secret=secret
        )
        if mechanism is None:
            oauth = {"XOAUTH2", "OAUTHBEARER"} & offered
            error = DialogueFault.AUTH_OAUTH_NEEDED if oauth else DialogueFault.NO_COMMON_MECHANISM
            raise DialogueRefusedError(Stage.LOGIN, error, text=" ".join(sorted(offered)))
        return mechanism

    @staticmethod
    @contextlib.contextmanager
    def _answering_rightly(mechanism: str) -> Iterator[None]:
        """A challenge that the mechanism does not allow ends the login."""
        try:
            yield
        except SaslError:
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.PROTOCOL_ERROR, text=f"{mechanism}: wrong answer"
            ) from None


@contextlib.contextmanager
def token_refusals(login: SaslExchange) -> Iterator[None]:
    """Where a token is refused, tell that, and what the server said of it before its refusal.

    Servers refuse a token with the same words as a password; another password would not help.
    """
    try:
        yield
    except DialogueRefusedError as refused:
        if not isinstance(login, Bearer) or refused.error not in _OF_TOKENS:
            raise
        said = login.refusal
        scope = said is not None and said.status == "insufficient_scope"
        raise DialogueRefusedError(
            refused.stage,
            DialogueFault.AUTH_SCOPE_MISSING if scope else DialogueFault.AUTH_TOKEN_REFUSED,
            code=refused.code,
            text=f"{said.text}: {refused.text}" if said is not None else refused.text,
            confidence=refused.confidence,
        ) from None


_OF_TOKENS = frozenset(
    {
        DialogueFault.AUTH_WRONG,
        DialogueFault.AUTH_OAUTH_NEEDED,
        DialogueFault.AUTH_APP_PASSWORD,
        DialogueFault.PROTOCOL_ERROR,
    }
)


class OpenSessions:
    """Sessions that are ended together, so that nobody waits for two goodbyes in a row."""

    def __init__(self) -> None:
        self._sessions: list[MailSession] = []

    def add(self, session: MailSession) -> None:
        """From now on it is ended along with the others."""
        self._sessions.append(session)

    async def end(self) -> None:
        """Say goodbye everywhere at the same time, if that is quick, and close."""
        await asyncio.gather(*(session.end() for session in self._sessions))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await asyncio.gather(
                *(session.__aexit__(kind, error, trace) for session in self._sessions)
            )
        finally:
            for session in self._sessions:
                session.close()
