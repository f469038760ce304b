"""POP3 (RFC 1939, 2449, 2595, 5034) as far as a check needs it, with limits on everything.

A session sees the maildrop as it was at the login: what arrives later is in the next session only.
Nothing is removed before QUIT, and nothing at all when the connection ends otherwise.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence

from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import MAX_LINE, Connection, DialogueError, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.replies import Pop3Reply, pop3_meaning
from mailsetup.verify.sasl import (
    LoginCommand,
    SaslError,
    SaslExchange,
    Scram,
    decoded,
    encoded,
    exchange,
)
from mailsetup.verify.session import FAREWELL_TIMEOUT, SLOWEST, MailSession, token_refusals

GREETING_TIMEOUT = 10.0
COMMAND_TIMEOUT = 20.0
USER_AND_PASS = "USER/PASS"  # noqa: S105 - the commands' names
"""What `Pop3Session.log_in` calls a login without SASL."""

_MAX_COMMAND = 255
"""Octets of a command with its line ending (RFC 2449 section 4)."""
_MAX_STATUS = 16 * 1024
"""Octets. RFC 5034 section 4 wants 12288 for a challenge; RFC 2449 only 512 for all else."""
_MAX_CAPABILITIES = 200
_MAX_CAPABILITY_BYTES = 64 * 1024
_MAX_LISTED = 250_000
_MAX_LISTING_BYTES = 16 * 1024 * 1024
_MAX_HEADER_BYTES = 512 * 1024
_CODE = re.compile(r"\[([A-Za-z][A-Za-z0-9/-]{0,63})(?: [^\]]*)?\]\s*(.*)\Z", re.DOTALL)


class Pop3Session(MailSession):
    """A dialogue with a POP3 server. Leaving the context closes it, politely if that is quick.

    Methods raise `DialogueRefusedError`, `DialogueError` or TimeoutError.
    """

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: dict[str, tuple[str, ...]] = {}
        """Arguments by keyword, all in upper case; ``USER`` alone where there is no CAPA."""

    async def _say_goodbye(self) -> None:
        async with asyncio.timeout(FAREWELL_TIMEOUT):
            await self.quit()

    def offers(self, capability: str) -> bool:
        """Whether the server advertises a capability."""
        return capability.upper() in self.capabilities

    @property
    def login_delay(self) -> float:
        """Seconds that must lie between two logins (RFC 2449 section 6.5); 0 where none."""
        return float(_number(next(iter(self.capabilities.get("LOGIN-DELAY", ())), "")) or 0)

    @property
    def removes_what_was_read(self) -> bool:
        """Whether retrieving a message is the end of it (``EXPIRE 0``, RFC 2449 section 6.7)."""
        return self.capabilities.get("EXPIRE", ())[:1] == ("0",)

    # Opening --------------------------------------------------------------------------------

    def resume(self, words: Sequence[str]) -> None:
        """Go on where somebody else said CAPA, under TLS; ``words`` are the answer's lines."""
        self._connection.allow_bytes(_MAX_CAPABILITY_BYTES)
        self._learn(words)

    async def greet(self) -> None:
        """Read the greeting."""
        self._connection.allow_bytes(_MAX_CAPABILITY_BYTES)
        async with asyncio.timeout(GREETING_TIMEOUT):
            reply = await self._reply(Stage.GREETING, DialogueFault.WRONG_SERVICE)
        self._require_ok(reply, Stage.GREETING)

    async def ask_for_tls(self) -> None:
        """STLS up to the server's agreement; what was said so far counts for nothing."""
        if await self._read_capabilities() and not self.offers("STLS"):
            raise DialogueRefusedError(Stage.STARTTLS, DialogueFault.STARTTLS_MISSING)
        reply = await self._exchange("STLS", Stage.STARTTLS)
        if reply.status != "+OK":
            raise DialogueRefusedError(
                Stage.STARTTLS,
                DialogueFault.STARTTLS_MISSING,
                code=reply.shown_code,
                text=reply.text,
            )
        self.capabilities = {}

    async def ready(self) -> None:
        """Know what the server can do, as said under TLS."""
        if not self.capabilities:
            await self._read_capabilities()

    async def _read_capabilities(self) -> bool:
        """Ask with CAPA; False where the server does not know it and has USER and PASS only."""
        lines = await self._listing(
            "CAPA", Stage.GREETING, limit=_MAX_CAPABILITY_BYTES, most=_MAX_CAPABILITIES
        )
        if isinstance(lines, Pop3Reply):
            self._require_unknown(lines, Stage.GREETING)
            self._learn(["USER"])
            return False
        self._learn(lines)
        return True

    def _learn(self, lines: Iterable[str]) -> None:
        self.capabilities = {}
        for line in lines:
            word, *arguments = line.upper().split() or [""]
            if word:
                known = self.capabilities.get(word, ())
                self.capabilities[word] = known + tuple(arguments)

    # Logging in -----------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """Log in once, in one way; its name is returned.

        Never APOP: it rests on MD5 and on a banner that anybody may forge.
        """
        self._require_safety(username, secret)
        offered = set(self.capabilities.get("SASL", ()))
        command = self._fits_user_and_pass(username, secret)
        mechanism = self._chosen(offered, secret, login_command=command)
        if mechanism == LoginCommand().name:
            await self._user_and_pass(username, secret)
            mechanism = USER_AND_PASS
        else:
            with self._answering_rightly(mechanism):
                async with asyncio.timeout(COMMAND_TIMEOUT):
                    await self._authenticate(mechanism, username, secret)
        if any("USER" in self.capabilities.get(name, ()) for name in ("LOGIN-DELAY", "EXPIRE")):
            # Each person has values of their own, which the server tells only now.
            await self._read_capabilities()
        return mechanism

    def _fits_user_and_pass(self, username: str, secret: Secret) -> bool:
        if not self.offers("USER"):
            return False
        commands = (f"USER {username}\r\n", f"PASS {secret.reveal()}\r\n")
        return all(len(command.encode()) <= _MAX_COMMAND for command in commands) and (
            all(command.isascii() for command in commands) or self._takes_utf8_names
        )

    @property
    def _takes_utf8_names(self) -> bool:
        """Whether USER and PASS take UTF-8 once UTF8 was said (RFC 6856 section 2.2)."""
        return "USER" in self.capabilities.get("UTF8", ())

    async def _user_and_pass(self, username: str, secret: Secret) -> None:
        if not (username.isascii() and secret.reveal().isascii()):
            await self._command("UTF8", Stage.LOGIN)
        await self._command(f"USER {username}", Stage.LOGIN)
        await self._command(f"PASS {secret.reveal()}", Stage.LOGIN)

    async def _authenticate(self, mechanism: str, username: str, secret: Secret) -> None:
        """RFC 5034 section 4. An initial response that is too long is said in a second step."""
        login = exchange(mechanism, username, secret, self.server)
        first = login.initial()
        line = f"AUTH {mechanism}".encode()
        if first is not None and len(line) + 1 + len(encoded(first)) + 2 <= _MAX_COMMAND:
            line += b" " + (encoded(first) or b"=")
            first = None
        self._connection.allow_bytes(12 * _MAX_STATUS)
        await self._connection.write(line + b"\r\n")
        with token_refusals(login):
            await self._converse(login, first)

    async def _converse(self, login: SaslExchange, first: bytes | None) -> None:
        for _ in range(12):
            reply = await self._reply(Stage.LOGIN)
            if reply.status != "+":
                self._require_ok(reply, Stage.LOGIN)
                if isinstance(login, Scram) and not login.finished():
                    raise SaslError
                return
            challenge = decoded(reply.text.encode("ascii", "replace"))
            if first is not None:
                answer, first = first, None
            else:
                answer = login.respond(challenge)
            await self._connection.write(encoded(answer) + b"\r\n")
        raise SaslError

    # The maildrop ---------------------------------------------------------------------------

    async def stat(self) -> tuple[int, int]:
        """How many messages there are, and their octets together."""
        reply = await self._command("STAT", Stage.MAILBOX)
        found = _two_numbers(reply.text)
        if found is None:
            raise DialogueRefusedError(Stage.MAILBOX, DialogueFault.PROTOCOL_ERROR, text=reply.text)
        return found

    async def uidl(self) -> list[tuple[int, str]] | None:
        """Number and lasting name of every message; None where the server has no such names."""
        lines = await self._listing(
            "UIDL", Stage.MAILBOX, limit=_MAX_LISTING_BYTES, most=_MAX_LISTED
        )
        if isinstance(lines, Pop3Reply):
            self._require_unknown(lines, Stage.MAILBOX)
            return None
        pairs = (line.split()[:2] for line in lines)
        found = ((_number(pair[0]), pair[1]) for pair in pairs if len(pair) == 2)
        return [(number, uid) for number, uid in found if number]

    async def sizes(self) -> dict[int, int]:
        """Octets of every message, by number."""
        lines = await self._listing(
            "LIST", Stage.MAILBOX, limit=_MAX_LISTING_BYTES, most=_MAX_LISTED
        )
        if isinstance(lines, Pop3Reply):
            raise self._refused(lines, Stage.MAILBOX)
        pairs = (_two_numbers(line) for line in lines)
        return dict(pair for pair in pairs if pair is not None)

    async def size(self, number: int) -> int | None:
        """Octets of one message; None where the server does not say."""
        reply = await self._command(f"LIST {number}", Stage.MAILBOX)
        found = _two_numbers(reply.text)
        return found[1] if found is not None and found[0] == number else None

    async def top(self, number: int) -> bytes | None:
        """The header of a message, which stays unread; None where the server has no TOP."""
        content = await self._content(
            f"TOP {number} 0", Stage.ARRIVAL, _MAX_HEADER_BYTES, COMMAND_TIMEOUT
        )
        if isinstance(content, Pop3Reply):
            self._require_unknown(content, Stage.ARRIVAL)
            return None
        return content

    async def retrieve(self, number: int, limit: int) -> bytes:
        """A whole message. One of more than ``limit`` octets ends the dialogue."""
        content = await self._content(
            f"RETR {number}", Stage.ATTACHMENT, limit, COMMAND_TIMEOUT + limit / SLOWEST
        )
        if isinstance(content, Pop3Reply):
            raise self._refused(content, Stage.ATTACHMENT)
        return content

    async def delete(self, number: int) -> None:
        """Mark a message; it is removed by `quit` only."""
        if not self._connection.is_silent:
            # Answers and commands no longer belong together: what would be removed is unknown.
            raise DialogueError
        await self._command(f"DELE {number}", Stage.CLEAN_UP)

    async def reset(self) -> None:
        """Take all marks back."""
        await self._command("RSET", Stage.CLEAN_UP)

    async def quit(self) -> None:
        """End the dialogue; now the server removes what was marked (RFC 1939 section 6)."""
        self._ended = True
        await self._command("QUIT", Stage.CLEAN_UP)

    # The wire -------------------------------------------------------------------------------

    async def _command(self, line: str, stage: Stage) -> Pop3Reply:
        """Say something that the server has to agree to."""
        reply = await self._exchange(line, stage)
        self._require_ok(reply, stage)
        return reply

    async def _exchange(self, line: str, stage: Stage) -> Pop3Reply:
        self._connection.allow_bytes(_MAX_STATUS)
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._connection.write(line.encode() + b"\r\n")
            return await self._reply(stage)

    async def _listing(
        self, line: str, stage: Stage, *, limit: int, most: int
    ) -> list[str] | Pop3Reply:
        """The lines of an answer, or the refusal."""
        self._connection.allow_bytes(limit)
        lines: list[str] = []
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._connection.write(line.encode() + b"\r\n")
            reply = await self._reply(stage)
            if reply.status != "+OK":
                return reply
            while (data := await self._connection.read_line(_MAX_STATUS)) != b".":
                if len(lines) >= most:
                    raise TooMuchDataError
                lines.append(_unstuffed(data).decode("utf-8", "replace"))
        return lines

    async def _content(
        self, line: str, stage: Stage, limit: int, timeout: float
    ) -> bytes | Pop3Reply:
        """A message or its header with CRLF line endings, or the refusal."""
        self._connection.allow_bytes(limit + _MAX_STATUS)
        content = bytearray()
        async with asyncio.timeout(timeout):
            await self._connection.write(line.encode() + b"\r\n")
            reply = await self._reply(stage)
            if reply.status != "+OK":
                return reply
            while (data := await self._connection.read_line(MAX_LINE)) != b".":
                content += _unstuffed(data) + b"\r\n"
                if len(content) > limit:
                    raise TooMuchDataError
        return bytes(content)

    async def _reply(
        self, stage: Stage, otherwise: DialogueFault = DialogueFault.PROTOCOL_ERROR
    ) -> Pop3Reply:
        """The first line of an answer; ``otherwise`` is what anything but POP3 means."""
        line = (await self._connection.read_line(_MAX_STATUS)).decode("utf-8", "replace")
        status, _, text = line.partition(" ")
        status = status.upper()
        if status not in ("+OK", "-ERR", "+"):
            raise DialogueRefusedError(stage, otherwise, text=line)
        coded = _CODE.match(text) if status == "-ERR" else None
        if coded is None:
            return Pop3Reply(status, text)
        return Pop3Reply(status, coded.group(2), coded.group(1).upper())

    def _require_ok(self, reply: Pop3Reply, stage: Stage) -> None:
        if reply.status == "+":
            raise DialogueRefusedError(stage, DialogueFault.PROTOCOL_ERROR, text=reply.text)
        if reply.status != "+OK":
            raise self._refused(reply, stage)

    def _require_unknown(self, reply: Pop3Reply, stage: Stage) -> None:
        """A refusal with a code is about the server's state; one without is about the command."""
        if reply.code:
            raise self._refused(reply, stage)

    def _refused(self, reply: Pop3Reply, stage: Stage) -> DialogueRefusedError:
        error, confidence = pop3_meaning(
            reply, stage, marks_credentials=self.offers("AUTH-RESP-CODE")
        )
        return DialogueRefusedError(
            stage, error, code=reply.shown_code, text=reply.text, confidence=confidence
        )


def _unstuffed(line: bytes) -> bytes:
    """RFC 1939 section 3: a dot in front of a line that begins with one is the protocol's."""
    return line[1:] if line.startswith(b".") else line


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 16 else None


def _two_numbers(text: str) -> tuple[int, int] | None:
    """The two numbers with which STAT and LIST begin; what follows is for people."""
    numbers = [_number(word) for word in text.split()[:2]]
    match numbers:
        case [int(first), int(second)]:
            return first, second
        case _:
            return None
