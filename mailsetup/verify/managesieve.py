"""ManageSieve (RFC 5804) as far as reading the mailbox's own rules needs it: nothing is changed.

The dialogue is our own, because `sievelib` (1.6), the one free client that is kept, opens blocking
sockets itself with its own idea of trust, reads lines and literals of any length into memory, keeps
what came in clear before TLS as if it had been said under its protection, and knows no SCRAM.
"""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace

from mailsetup.model.dialogue import Confidence, DialogueFailure, DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings, SocketType
from mailsetup.model.text import has_control, plain
from mailsetup.net.connection import Connection, TooMuchDataError
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network
from mailsetup.verify.failures import DialogueGuard, DialogueRefusedError
from mailsetup.verify.replies import imap_meaning
from mailsetup.verify.sasl import SaslError, SaslExchange, Scram, decoded, encoded, exchange
from mailsetup.verify.session import FAREWELL_TIMEOUT, MailSession, token_refusals

PORT = 4190
CONNECT_TIMEOUT = 2.0
"""Seconds. The same host answers for incoming mail meanwhile: a port that is open answers as fast,
and one that a firewall swallows is not waited for. Long enough for a first packet that was lost."""
DIALOGUE_TIMEOUT = 10.0
"""Seconds. Nobody waits long for something extra."""
MAX_SCRIPT = 512 * 1024
"""Octets of a script. What people click together has some hundreds or thousands."""
_MAX_BYTES = 256 * 1024
_MAX_LITERAL = 16 * 1024
_MAX_LITERALS = 8
"""Strings with a length in front, in one response."""
_MAX_RESPONSES = 1000
_MAX_DEPTH = 4
_MAX_QUOTED = 1024
"""Octets of a quoted string (RFC 5804 section 4)."""
_MAX_NAME = 1024
_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}\Z")
_ENDS = frozenset({"OK", "NO", "BYE"})
_ATOM = re.compile(rb'[^\s()"\0]+')
_QUOTED = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"')

# RFC 5804 section 1.3, each with the same meaning in IMAP's words (RFC 5530) where there is one, so
# that one table tells what both mean. What else stands there could be anything: it is not kept.
_CODES = {
    "ACTIVE": "",
    "ALREADYEXISTS": "",
    "AUTH-TOO-WEAK": "PRIVACYREQUIRED",
    "ENCRYPT-NEEDED": "PRIVACYREQUIRED",
    "NONEXISTENT": "",
    "QUOTA": "OVERQUOTA",
    "QUOTA/MAXSCRIPTS": "OVERQUOTA",
    "QUOTA/MAXSIZE": "OVERQUOTA",
    "REFERRAL": "",
    "SASL": "",
    "TAG": "",
    "TRANSITION-NEEDED": "EXPIRED",
    "TRYLATER": "UNAVAILABLE",
    "WARNINGS": "",
}

_CLASSES = {str(each): each for each in DialogueFault}
"""By their own names, which those of faulty certificates share with `TlsFault`."""


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The script that is in force. Name and text are empty where the mailbox has none."""

    name: str = ""
    """As plain text, cut."""
    text: str = field(default="", repr=False)
    """What the person had written there: private, never part of a log or a report."""


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Nobody listens there: most hostings have no ManageSieve, or keep its port closed."""

    fault: ConnectFault


RulesOutcome = ActiveRules | NotOffered | DialogueFailure


async def read_active_rules(
    incoming: ServerSettings,
    net: Network,
    *,
    accepted: Awaitable[tuple[str, Secret]],
    patience: float = DIALOGUE_TIMEOUT,
) -> RulesOutcome:
    """The script that is active in the mailbox, read with one login at most.

    The host of the ``incoming`` server is asked, on port 4190. Nothing secret is said there before
    ``accepted`` tells the user whom that server has accepted, and with what: the secret goes to
    nobody who does not have it already. ``patience`` is in seconds, for the opening and for what
    follows each.

    A `DialogueFailure` here says nothing about the mailbox, which works without ManageSieve: it is
    no finding, not even where the login was refused.
    """
    server = replace(incoming, port=PORT, security=SocketType.STARTTLS)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            connection = await net.connect(server.host, server.port, implicit_tls=False)
    except TimeoutError:
        return NotOffered(ConnectFault.TIMEOUT)
    if isinstance(connection, ConnectFailure):
        return NotOffered(connection.fault)
    async with ManageSieveSession(connection, server) as session:
        with DialogueGuard(server, Stage.GREETING) as opening:
            async with asyncio.timeout(patience):
                await session.greet()
                await session.upgrade()
        if opening.failure is not None:
            session.close()
            return opening.failure
        username, secret = await accepted
        deadline = asyncio.get_running_loop().time() + patience
        with DialogueGuard(server, Stage.LOGIN, secret) as login:
            async with asyncio.timeout_at(deadline):
                await session.log_in(username, secret)
        if login.failure is not None:
            session.close()
            return login.failure
        with DialogueGuard(server, Stage.MAILBOX, secret) as reading:
            async with asyncio.timeout_at(deadline):
                return await session.active_rules()
        session.close()
        return reading.required_failure()


Word = str | bytes | tuple["Word", ...]
"""An atom or number, a string's octets, or what stood in parentheses."""


@dataclass(frozen=True, slots=True)
class SieveResponse:
    """One line of an answer, its strings read.

    ``end`` is OK, NO or BYE where the answer ends with it; then ``code`` is the response code in
    upper case if it is a known one, ``argument`` its own string, ``text`` the words for people.
    """

    words: tuple[Word, ...]
    end: str = ""
    code: str = ""
    argument: bytes = b""
    text: str = ""


class ManageSieveSession(MailSession):
    """A dialogue with a ManageSieve server; reads only."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: dict[str, str] = {}
        """What the server said last, by name in upper case."""

    async def _say_goodbye(self) -> None:
        async with asyncio.timeout(FAREWELL_TIMEOUT):
            await self._command(b"LOGOUT", Stage.MAILBOX)

    # Opening --------------------------------------------------------------------------------

    async def greet(self) -> None:
        """Read the greeting, which lists what the server can do (RFC 5804 section 1.7)."""
        self._connection.allow_bytes(_MAX_BYTES)
        await self._read_capabilities()

    async def upgrade(self) -> None:
        """STARTTLS; the server lists anew what it can do, and only that counts (section 2.2)."""
        if "STARTTLS" not in self.capabilities:
            raise DialogueRefusedError(Stage.STARTTLS, DialogueFault.STARTTLS_MISSING)
        self.capabilities = {}
        try:
            await self._command(b"STARTTLS", Stage.STARTTLS)
        except DialogueRefusedError as refusal:
            raise DialogueRefusedError(
                Stage.STARTTLS,
                DialogueFault.STARTTLS_MISSING,
                code=refusal.code,
                text=refusal.text,
            ) from None
        failure = await self._connection.start_tls()
        if failure is not None:
            raise DialogueRefusedError(
                Stage.TLS,
                _CLASSES.get(str(failure.fault), DialogueFault.TLS_FAILED),
                text=failure.detail,
                certificate=failure.certificate,
            )
        await self.greet()

    async def _read_capabilities(self) -> None:
        lines, end = await self._answer(Stage.GREETING, first=DialogueFault.WRONG_SERVICE)
        found: dict[str, str] = {}
        for line in lines:
            strings = (word for word in line.words if isinstance(word, bytes))
            values = [string.decode("utf-8", "replace") for string in strings]
            if values:
                found[values[0].upper()] = " ".join(values[1:])
        if "IMPLEMENTATION" not in found and "SIEVE" not in found:
            # Both are mandatory (section 1.7): whoever says only OK speaks something else.
            raise DialogueRefusedError(Stage.GREETING, DialogueFault.WRONG_SERVICE, text=end.text)
        self.capabilities = found

    # Logging in -----------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """Log in once, with one mechanism; its name is returned."""
        self._require_safety(username, secret)
        offered = set(self.capabilities.get("SASL", "").upper().split())
        mechanism = self._chosen(offered, secret)
        with self._answering_rightly(mechanism):
            await self._authenticate(exchange(mechanism, username, secret, self.server))
        return mechanism

    async def _authenticate(self, login: SaslExchange) -> None:
        """RFC 5804 section 2.1: what either side says is a string with base64 in it."""
        first = login.initial()
        line = b'AUTHENTICATE "' + login.name.encode() + b'"'
        if first is not None:
            line += b" " + _string(encoded(first))
        await self._send(line)
        with token_refusals(login):
            await self._converse(login)

    async def _converse(self, login: SaslExchange) -> None:
        for _ in range(12):
            response = await self._response(Stage.LOGIN)
            if response.end:
                self._conclude(response, Stage.LOGIN)
                if isinstance(login, Scram):
                    if response.code == "SASL":
                        login.accept_final(decoded(response.argument))
                    if not login.finished():
                        raise SaslError
                return
            if len(response.words) != 1 or not isinstance(response.words[0], bytes):
                raise SaslError
            answer = login.respond(decoded(response.words[0]))
            await self._connection.write(_string(encoded(answer)) + b"\r\n")
        raise SaslError

    # The scripts ----------------------------------------------------------------------------

    async def active_rules(self) -> ActiveRules:
        """The rules that are in force, with their text."""
        name = await self.active_script()
        text = await self.script(name) if name is not None else None
        if name is None or text is None:
            return ActiveRules()
        return ActiveRules(plain(name.decode("utf-8", "replace"), 80), text)

    async def active_script(self) -> bytes | None:
        """The active script's name as the server writes it, or None where none is active."""
        for line in await self._command(b"LISTSCRIPTS", Stage.MAILBOX):
            match line.words:
                case (bytes() as name, str() as mark) if mark.upper() == "ACTIVE":
                    if len(name) > _MAX_NAME:
                        raise TooMuchDataError
                    return name or None
                case _:
                    continue
        return None

    async def script(self, name: bytes) -> str | None:
        """A script's text, or None where it is gone by now."""
        command = b"GETSCRIPT " + _string(name)
        try:
            lines = await self._command(command, Stage.MAILBOX, literal=MAX_SCRIPT)
        except DialogueRefusedError as refusal:
            if refusal.code == "NO NONEXISTENT":
                return None
            raise
        content = next((w for line in lines for w in line.words if isinstance(w, bytes)), None)
        if content is None:
            raise DialogueRefusedError(Stage.MAILBOX, DialogueFault.PROTOCOL_ERROR)
        return content.decode("utf-8", "replace")

    # The wire -------------------------------------------------------------------------------

    async def _command(
        self, line: bytes, stage: Stage, *, literal: int = _MAX_LITERAL
    ) -> Sequence[SieveResponse]:
        await self._send(line, room=literal)
        lines, _end = await self._answer(stage, literal=literal)
        return lines

    async def _send(self, line: bytes, *, room: int = 0) -> None:
        self._connection.allow_bytes(_MAX_BYTES + room)
        await self._connection.write(line + b"\r\n")

    async def _answer(
        self,
        stage: Stage,
        *,
        literal: int = _MAX_LITERAL,
        first: DialogueFault = DialogueFault.PROTOCOL_ERROR,
    ) -> tuple[Sequence[SieveResponse], SieveResponse]:
        """All lines up to the one that ends the answer, and that one. Raises
        `DialogueRefusedError`.

        ``first`` is what it means when already the first line fits nothing.
        """
        lines: list[SieveResponse] = []
        while len(lines) <= _MAX_RESPONSES:
            wrong = DialogueFault.PROTOCOL_ERROR if lines else first
            response = await self._response(stage, literal=literal, wrong=wrong)
            if response.end:
                self._conclude(response, stage)
                return lines, response
            lines.append(response)
        raise TooMuchDataError

    async def _response(
        self,
        stage: Stage,
        *,
        literal: int = _MAX_LITERAL,
        wrong: DialogueFault = DialogueFault.PROTOCOL_ERROR,
    ) -> SieveResponse:
        """One response with its literals."""
        whole = bytearray()
        strings: list[bytes] = []
        while True:
            # NUL is nowhere allowed in a line; below it stands for a literal.
            line = (await self._connection.read_line()).replace(b"\0", b"")
            match = _LITERAL.search(line)
            if match is None:
                whole += line
                break
            size = int(match.group(1))
            if size > literal or len(strings) == _MAX_LITERALS:
                raise TooMuchDataError
            whole += line[: match.start()] + b"\0"
            strings.append(await self._connection.read_exactly(size))
        response = _parse(bytes(whole), strings)
        if response is None:
            raise DialogueRefusedError(stage, wrong, text=whole.decode("utf-8", "replace"))
        return response

    def _conclude(self, response: SieveResponse, stage: Stage) -> None:
        if response.end == "OK":
            return
        if response.end == "BYE":
            self._ended = True
        error, confidence = _meaning(response, stage)
        raise DialogueRefusedError(
            stage,
            error,
            code=f"{response.end} {response.code}".strip(),
            text=response.text,
            confidence=confidence,
        )


def _meaning(response: SieveResponse, stage: Stage) -> tuple[DialogueFault, Confidence]:
    """What NO or BYE with a response code (RFC 5804 section 1.3) means."""
    if response.code == "REFERRAL":
        # Another server's name from this server's mouth: the password does not go there.
        return DialogueFault.WRONG_SERVICE, Confidence.CERTAIN
    code = _CODES.get(response.code, "")
    return imap_meaning(code, response.text, status=response.end, stage=stage)


# Reading and writing lines ------------------------------------------------------------------


def _string(data: bytes) -> bytes:
    """A string for the server: quoted where that is possible, else with its length in front."""
    text = data.decode("utf-8", "replace")
    if len(data) > _MAX_QUOTED or text.encode() != data or has_control(text):
        return b"{%d+}\r\n" % len(data) + data
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _parse(line: bytes, strings: Sequence[bytes]) -> SieveResponse | None:
    """A line in which NUL stands where a literal was; None when it fits nothing."""
    words = _words(line, strings)
    if not words:
        return None
    first, rest = words[0], words[1:]
    if isinstance(first, bytes):
        return SieveResponse(words)
    if isinstance(first, tuple) or first.upper() not in _ENDS:
        return None
    code, argument, text = "", b"", b""
    if rest and isinstance(rest[0], tuple):
        inside = rest[0]
        word = inside[0].upper() if inside and isinstance(inside[0], str) else ""
        code = word if word in _CODES else ""
        argument = next((word for word in inside if isinstance(word, bytes)), b"")
    text = next((word for word in rest if isinstance(word, bytes)), b"")
    return SieveResponse(words, first.upper(), code, argument, text.decode("utf-8", "replace"))


def _words(line: bytes, strings: Sequence[bytes]) -> tuple[Word, ...]:
    """The words of a line; empty when it is not made of words."""
    stack: list[list[Word]] = [[]]
    waiting = list(reversed(strings))
    position = 0
    while position < len(line):
        char = line[position : position + 1]
        if char in b" \t\r":
            position += 1
        elif char == b"(":
            if len(stack) > _MAX_DEPTH:
                return ()
            stack.append([])
            position += 1
        elif char == b")":
            if len(stack) == 1:
                return ()
            inner = tuple(stack.pop())
            stack[-1].append(inner)
            position += 1
        elif char == b"\0":
            stack[-1].append(waiting.pop())
            position += 1
        else:
            match = (_QUOTED if char == b'"' else _ATOM).match(line, position)
            if match is None:
                return ()
            stack[-1].append(_unquoted(match) if char == b'"' else _atom(match))
            position = match.end()
    return tuple(stack[0]) if len(stack) == 1 else ()


def _unquoted(match: re.Match[bytes]) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", match.group(1))


def _atom(match: re.Match[bytes]) -> str:
    return match.group().decode("utf-8", "replace")
