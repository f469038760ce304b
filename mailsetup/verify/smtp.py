"""Submission (RFC 6409, 4954, 5321), with limits on everything."""

import asyncio
import re
from collections.abc import Sequence

from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import Connection, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.replies import SmtpReply, smtp_meaning
from mailsetup.verify.sasl import SaslError, SaslExchange, Scram, decoded, encoded, exchange
from mailsetup.verify.session import FAREWELL_TIMEOUT, SLOWEST, MailSession, token_refusals

GREETING_TIMEOUT = 10.0
COMMAND_TIMEOUT = 20.0
DATA_TIMEOUT = 120.0
_MAX_LINES = 100
_MAX_BYTES = 256 * 1024
_MAX_COMMAND = 510
"""Octets of a command without its line ending (RFC 5321 section 4.5.3.1.4)."""
_MAX_RESPONSE = 12286
"""Octets of what follows a 334, without its line ending (RFC 4954 section 4)."""

# An address literal, as for a client without a public name of its own (RFC 5321 section 4.1.3);
# it tells the server nothing about this computer.
_OUR_NAME = "[127.0.0.1]"


class SmtpSession(MailSession):
    """A dialogue with a submission server. Leaving the context closes it.

    Methods raise `DialogueRefusedError`, `DialogueError` or TimeoutError.
    """

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.extensions: dict[str, str] = {}

    async def _say_goodbye(self) -> None:
        async with asyncio.timeout(FAREWELL_TIMEOUT):
            await self._exchange("QUIT")

    @property
    def size_limit(self) -> int | None:
        """Octets that the server takes (RFC 1870); None where it does not say."""
        value = self.extensions.get("SIZE", "").split()[:1]
        if value and value[0].isascii() and value[0].isdigit() and len(value[0]) < 16:
            return int(value[0]) or None
        return None

    # Opening --------------------------------------------------------------------------------

    def resume(self, words: Sequence[str]) -> None:
        """Go on where somebody else said EHLO, under TLS; ``words`` are the answer's lines."""
        self._connection.allow_bytes(_MAX_BYTES)
        self._learn(words)

    async def greet(self) -> None:
        """Read the greeting."""
        self._connection.allow_bytes(_MAX_BYTES)
        async with asyncio.timeout(GREETING_TIMEOUT):
            reply = await self._reply(Stage.GREETING)
        if reply.code != 220:
            raise _refused(reply, Stage.GREETING)

    async def ask_for_tls(self) -> None:
        """STARTTLS up to the server's agreement; what was said so far counts for nothing."""
        await self._hello()
        if "STARTTLS" not in self.extensions:
            raise DialogueRefusedError(Stage.STARTTLS, DialogueFault.STARTTLS_MISSING)
        reply = await self._exchange("STARTTLS")
        if reply.code != 220:
            raise DialogueRefusedError(
                Stage.STARTTLS,
                DialogueFault.STARTTLS_MISSING,
                code=reply.shown_code,
                text=reply.text,
            )
        self.extensions = {}

    async def ready(self) -> None:
        """Know what the server can do, as said under TLS."""
        await self._hello()

    async def _hello(self) -> None:
        reply = await self._exchange(f"EHLO {_OUR_NAME}")
        if reply.code != 250:
            raise _refused(reply, Stage.GREETING)
        self._learn(reply.lines[1:])

    def _learn(self, lines: Sequence[str]) -> None:
        self.extensions = {}
        for line in lines:
            # "AUTH=PLAIN" is an old form that some servers still send.
            word, _, arguments = line.strip().replace("AUTH=", "AUTH ", 1).partition(" ")
            key = word.upper()
            known = self.extensions.get(key)
            self.extensions[key] = f"{known} {arguments}" if known else arguments

    # Logging in -----------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """Log in once, with one mechanism; its name is returned."""
        self._require_safety(username, secret)
        offered = set(self.extensions.get("AUTH", "").upper().split())
        mechanism = self._chosen(offered, secret)
        with self._answering_rightly(mechanism):
            async with asyncio.timeout(COMMAND_TIMEOUT):
                await self._authenticate(mechanism, username, secret)
        return mechanism

    async def _authenticate(self, mechanism: str, username: str, secret: Secret) -> None:
        login = exchange(mechanism, username, secret, self.server)
        first = login.initial()
        line = f"AUTH {mechanism}".encode()
        if first is not None and len(line) + 1 + len(encoded(first)) <= _MAX_COMMAND:
            line += b" " + (encoded(first) or b"=")
            first = None
        if first is not None and len(encoded(first)) > _MAX_RESPONSE:
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.PROTOCOL_ERROR, text="token too long"
            )
        await self._connection.write(line + b"\r\n")
        with token_refusals(login):
            await self._converse(login, first)

    async def _converse(self, login: SaslExchange, first: bytes | None) -> None:
        for _ in range(12):
            reply = await self._reply(Stage.LOGIN)
            if reply.code == 235:
                if isinstance(login, Scram) and not login.finished():
                    raise SaslError
                return
            if reply.code != 334:
                raise _refused(reply, Stage.LOGIN)
            challenge = decoded(reply.lines[-1].strip().encode("ascii", "replace"))
            if first is not None:
                answer, first = first, None
            else:
                answer = login.respond(challenge)
            await self._connection.write(encoded(answer) + b"\r\n")
        raise SaslError

    # Sending --------------------------------------------------------------------------------

    async def send(self, sender: str, recipient: str, message: bytes) -> str:
        """Hand over one message; what the server answered is returned.

        ``message`` has CRLF line endings.
        """
        parameters = ""
        if "SIZE" in self.extensions:
            parameters += f" SIZE={len(message)}"
        if not (sender + recipient).isascii():
            if "SMTPUTF8" not in self.extensions:
                # What RFC 6531 section 3.2 forbids to say, the server would only misunderstand.
                raise DialogueRefusedError(Stage.SENDER, DialogueFault.ADDRESS_UNSUPPORTED)
            parameters += " SMTPUTF8 BODY=8BITMIME"
        envelope = (
            (f"MAIL FROM:<{sender}>{parameters}", (250,), Stage.SENDER),
            (f"RCPT TO:<{recipient}>", (250, 251), Stage.RECIPIENT),
            ("DATA", (354,), Stage.DATA),
        )
        if "PIPELINING" in self.extensions:
            await self._expect_all(envelope)
        else:
            for line, codes, stage in envelope:
                await self._expect(line, codes, stage)
        async with asyncio.timeout(DATA_TIMEOUT + len(message) / SLOWEST):
            await self._connection.write(dot_stuffed(message))
            reply = await self._reply(Stage.DATA)
        if reply.code != 250:
            raise _refused(reply, Stage.DATA)
        return reply.text

    async def largest(self, sender: str, refused: int) -> int | None:
        """Octets that the server takes in truth, found by asking; None where it does not tell.

        For a server that refused a message of ``refused`` octets although it names no limit, or a
        higher one. Nothing is sent: each question is a MAIL command with a size (RFC 1870), taken
        back. The answer is right to a sixteenth.
        """
        if "SIZE" not in self.extensions:
            return None
        fits, too_much = 0, refused
        await self._exchange("RSET")
        while too_much - fits > max(too_much // 16, 1024):
            middle = (fits + too_much) // 2
            reply = await self._exchange(f"MAIL FROM:<{sender}> SIZE={middle}")
            if reply.code == 250:
                fits = middle
                await self._exchange("RSET")
            elif smtp_meaning(reply, Stage.SENDER)[0] is DialogueFault.TOO_LARGE:
                too_much = middle
            else:
                return None
        return fits or None

    async def _expect_all(self, commands: Sequence[tuple[str, tuple[int, ...], Stage]]) -> None:
        """Say several commands at once (RFC 2920); the first refusal counts.

        Where the server wants the message in spite of it, it gets an empty one, which it then
        refuses for want of a recipient.
        """
        self._connection.allow_bytes(_MAX_BYTES)
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._connection.write("".join(f"{c[0]}\r\n" for c in commands).encode())
            replies = [await self._reply(Stage.GREETING) for _ in commands]
            refusals = [
                _refused(reply, stage)
                for reply, (_line, codes, stage) in zip(replies, commands, strict=True)
                if reply.code not in codes
            ]
            if refusals and replies[-1].code == 354:
                await self._connection.write(b".\r\n")
                await self._reply(Stage.DATA)
        if refusals:
            raise refusals[0]

    async def _expect(self, line: str, codes: tuple[int, ...], stage: Stage) -> None:
        reply = await self._exchange(line)
        if reply.code not in codes:
            raise _refused(reply, stage)

    # The wire -------------------------------------------------------------------------------

    async def _exchange(self, line: str) -> SmtpReply:
        self._connection.allow_bytes(_MAX_BYTES)
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._connection.write(line.encode() + b"\r\n")
            return await self._reply(Stage.GREETING)

    async def _reply(self, stage: Stage) -> SmtpReply:
        lines: list[str] = []
        for _ in range(_MAX_LINES):
            line = (await self._connection.read_line()).decode("utf-8", "replace")
            match = re.match(r"([2-5]\d\d)([ -]|\Z)(.*)\Z", line, re.DOTALL)
            if match is None:
                wrong = DialogueFault.PROTOCOL_ERROR if lines else DialogueFault.WRONG_SERVICE
                raise DialogueRefusedError(stage, wrong, text=line)
            lines.append(match.group(3))
            if match.group(2) != "-":
                return SmtpReply(int(match.group(1)), tuple(lines))
        raise TooMuchDataError


def _refused(reply: SmtpReply, stage: Stage) -> DialogueRefusedError:
    error, confidence = smtp_meaning(reply, stage)
    return DialogueRefusedError(
        stage, error, code=reply.shown_code, text=reply.text, confidence=confidence
    )


def dot_stuffed(message: bytes) -> bytes:
    """The message as DATA wants it, with its end (RFC 5321 section 4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed + b".\r\n"
