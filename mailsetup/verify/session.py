"""The part of a dialogue that is common to all mail protocols."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence, Set
from typing import Self

from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import Connection, DialogueError, TooMuchDataError
from mailsetup.net.tls import certificate_facts
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.sasl import Bearer, SaslError, SaslExchange, choose, decoded, encoded, is_safe

GREETING_TIMEOUT = 10.0
COMMAND_TIMEOUT = 20.0
LOGOUT_TIMEOUT = 0.5
"""Seconds for the command that ends a session in an orderly way."""
SLOWEST = 32 * 1024
"""Octets a second of a line on which large messages still get through."""
_MAX_CHALLENGES = 12
_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}\Z")


class MailSession:
    """A dialogue with one server. Leaving the context ends it, orderly if that is quick.

    Methods raise `DialogueRefusedError`, `DialogueError` or TimeoutError.
    """

    capabilities: Collection[str]
    """Of the server, in upper case."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        self._connection = connection
        self._ended = False
        self.server = server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *details: object) -> None:
        if kind is None:
            await self.end()
        self.close()

    async def end(self) -> None:
        """Log out, if that is quick, and close the connection."""
        if not self._ended:
            with contextlib.suppress(DialogueError, DialogueRefusedError, TimeoutError):
                await self._log_out()
        self.close()

    async def _log_out(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection at once."""
        self._ended = True
        self._connection.close()

    # Opening: these in order, or `resume` -------------------------------------------------------

    async def read_greeting(self) -> None:
        """Read the greeting."""
        raise NotImplementedError

    async def request_tls(self) -> None:
        """Send STARTTLS and read the server's agreement. Capabilities up to here are discarded."""
        raise NotImplementedError

    async def learn_capabilities(self) -> None:
        """Ask for the capabilities, under TLS, unless the greeting listed them."""
        raise NotImplementedError

    def offers(self, capability: str) -> bool:
        """Whether the server advertises a capability."""
        return capability.upper() in self.capabilities

    def resume(self, words: Sequence[str]) -> None:
        """Use a connection whose greeting and capabilities (``words``) were read under TLS."""
        raise NotImplementedError

    async def log_in(self, username: str, secret: Secret) -> str:
        """Log in once, with one mechanism; its name is returned."""
        raise NotImplementedError

    @property
    def tls_version(self) -> str:
        """The version of the verified TLS session, such as ``TLSv1.3``."""
        return self._connection.tls.version if self._connection.tls else ""

    @property
    def certificate(self) -> CertificateFacts | None:
        """The verified certificate; None where it cannot be read."""
        tls = self._connection.tls
        return certificate_facts(tls.certificate) if tls is not None else None

    def _require_safety(self, username: str, secret: Secret) -> None:
        """Check, before credentials are sent: verified TLS, no control characters."""
        if not self._connection.is_secure:
            raise RuntimeError("a password is never sent without verified TLS")
        if not is_safe(username, secret):
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.AUTH_WRONG, text="control characters in name or password"
            )

    def _chosen(self, offered: Set[str], secret: Secret, *, login_command: bool = False) -> str:
        """The mechanism to log in with. Raises `DialogueRefusedError` where none may be used.

        ``login_command``: the protocol's own command may be used as well.
        """
        mechanism = choose(
            offered, self.server.authentication, login_command=login_command, secret=secret
        )
        if mechanism is None:
            oauth = {"XOAUTH2", "OAUTHBEARER"} & offered
            error = DialogueFault.AUTH_OAUTH_NEEDED if oauth else DialogueFault.NO_COMMON_MECHANISM
            raise DialogueRefusedError(Stage.LOGIN, error, text=" ".join(sorted(offered)))
        return mechanism

    async def _respond_to_challenges(
        self,
        login: SaslExchange,
        first: bytes | None,
        read_challenge: Callable[[], Awaitable[str | bytes | None]],
    ) -> None:
        """Respond until the server has accepted the login; ``first`` is an unsent initial response.

        ``read_challenge`` returns base64, or None for success. Raises `SaslError`.
        """
        with token_refusals(login):
            for _ in range(_MAX_CHALLENGES):
                challenge = await read_challenge()
                if challenge is None:
                    break
                if isinstance(challenge, str):
                    challenge = challenge.encode("ascii", "replace")
                data = decoded(challenge)
                response, first = (login.respond(data) if first is None else first), None
                await self._connection.write(self._sasl_line(encoded(response)))
            if challenge is not None or not login.finished():
                raise SaslError

    @staticmethod
    def _sasl_line(response: bytes) -> bytes:
        """The line that carries a response in base64."""
        return response + b"\r\n"

    @staticmethod
    @contextlib.contextmanager
    def _checked_exchange(mechanism: str) -> Iterator[None]:
        """Turn a challenge that the mechanism does not allow into a refusal of the login."""
        try:
            yield
        except SaslError:
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.PROTOCOL_ERROR, text=f"{mechanism}: wrong answer"
            ) from None


@contextlib.contextmanager
def token_refusals(login: SaslExchange) -> Iterator[None]:
    """Report a refused token as such, with the error that the server sent as a challenge.

    Servers refuse a token with the same text as a password; another password would not help.
    """
    try:
        yield
    except DialogueRefusedError as refused:
        if not isinstance(login, Bearer) or refused.error not in _MAY_MEAN_TOKEN:
            raise
        error = login.failure
        scope = error is not None and error.status == "insufficient_scope"
        raise DialogueRefusedError(
            refused.stage,
            DialogueFault.AUTH_SCOPE_MISSING if scope else DialogueFault.AUTH_TOKEN_REFUSED,
            code=refused.code,
            text=f"{error.text}: {refused.text}" if error is not None else refused.text,
            confidence=refused.confidence,
        ) from None


_MAY_MEAN_TOKEN = frozenset(
    {
        DialogueFault.AUTH_WRONG,
        DialogueFault.AUTH_OAUTH_NEEDED,
        DialogueFault.AUTH_APP_PASSWORD,
        DialogueFault.PROTOCOL_ERROR,
    }
)


async def read_with_literals(
    connection: Connection, *, size: int, count: int = 10**6
) -> tuple[bytes, list[bytes]]:
    """Read a line and its literals (RFC 9051 section 4.3), of which a NUL takes the place.

    At most ``count`` literals of ``size`` octets; raises `TooMuchDataError` beyond that.
    """
    text = bytearray()
    literals: list[bytes] = []
    while True:
        # NUL is not allowed in a line.
        line = (await connection.read_line()).replace(b"\0", b"")
        match = _LITERAL.search(line)
        if match is None:
            return bytes(text + line), literals
        announced = int(match.group(1))
        if announced > size or len(literals) == count:
            raise TooMuchDataError
        text += line[: match.start()] + b"\0"
        literals.append(await connection.read_exactly(announced))


class OpenSessions:
    """Sessions that are ended concurrently, so that their log-outs do not add up."""

    def __init__(self) -> None:
        self._sessions: list[MailSession] = []

    def add(self, session: MailSession) -> None:
        """Add a session that is to be ended with the others."""
        self._sessions.append(session)

    async def end(self) -> None:
        """End all sessions concurrently."""
        await asyncio.gather(*(session.end() for session in self._sessions))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *details: object) -> None:
        try:
            await asyncio.gather(*(session.__aexit__(kind, *details) for session in self._sessions))
        finally:
            for session in self._sessions:
                session.close()
