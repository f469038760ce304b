"""Submission (RFC 6409, 4954, 5321), with limits on everything."""

import asyncio
import re
from collections.abc import Sequence

from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import Connection, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError, starttls_missing
from mailsetup.verify.replies import SmtpReply, smtp_meaning
from mailsetup.verify.sasl import encoded, exchange, with_initial
from mailsetup.verify.session import (
    COMMAND_TIMEOUT,
    GREETING_TIMEOUT,
    LOGOUT_TIMEOUT,
    SLOWEST,
    MailSession,
)

DATA_TIMEOUT = 120.0
_MAX_LINES = 100
_MAX_BYTES = 256 * 1024
_MAX_COMMAND = 510
"""Octets of a command without its line ending (RFC 5321 section 4.5.3.1.4)."""
_MAX_RESPONSE = 12286
"""Octets of a response to a 334, without its line ending (RFC 4954 section 4)."""

_CLIENT_NAME = "[127.0.0.1]"
"""An address literal, as for a client without a public name (RFC 5321 section 4.1.3); it reveals
nothing about this computer."""


class SmtpSession(MailSession):
    """A dialogue with a submission server."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: dict[str, str] = {}

    async def _log_out(self) -> None:
        async with asyncio.timeout(LOGOUT_TIMEOUT):
            await self._exchange("QUIT")

    @property
    def size_limit(self) -> int | None:
        """Octets that the server accepts (RFC 1870); None where it advertises no limit."""
        value = self.capabilities.get("SIZE", "").split()[:1]
        if value and value[0].isascii() and value[0].isdigit() and len(value[0]) < 16:
            return int(value[0]) or None
        return None

    # Opening --------------------------------------------------------------------------------

    def resume(self, words: Sequence[str]) -> None:
        """See `MailSession`; ``words`` are the lines of the response to EHLO."""
        self._connection.allow_bytes(_MAX_BYTES)
        self._learn(words)

    async def read_greeting(self) -> None:
        """See `MailSession`."""
        self._connection.allow_bytes(_MAX_BYTES)
        async with asyncio.timeout(GREETING_TIMEOUT):
            reply = await self._reply(Stage.GREETING)
        if reply.code != 220:
            raise _refused(reply, Stage.GREETING)

    async def request_tls(self) -> None:
        """See `MailSession`."""
        await self._send_ehlo()
        if "STARTTLS" not in self.capabilities:
            raise starttls_missing()
        reply = await self._exchange("STARTTLS")
        if reply.code != 220:
            raise starttls_missing(reply.shown_code, reply.text)
        self.capabilities = {}

    async def learn_capabilities(self) -> None:
        """See `MailSession`."""
        await self._send_ehlo()

    async def _send_ehlo(self) -> None:
        reply = await self._exchange(f"EHLO {_CLIENT_NAME}")
        if reply.code != 250:
            raise _refused(reply, Stage.GREETING)
        self._learn(reply.lines[1:])

    def _learn(self, lines: Sequence[str]) -> None:
        self.capabilities = {}
        for line in lines:
            # "AUTH=PLAIN" is an old form that some servers still send.
            word, _, arguments = line.strip().replace("AUTH=", "AUTH ", 1).partition(" ")
            key = word.upper()
            known = self.capabilities.get(key)
            self.capabilities[key] = f"{known} {arguments}" if known else arguments

    # Logging in -----------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """See `MailSession`."""
        self._require_safety(username, secret)
        offered = set(self.capabilities.get("AUTH", "").upper().split())
        mechanism = self._chosen(offered, secret)
        with self._checked_exchange(mechanism):
            async with asyncio.timeout(COMMAND_TIMEOUT):
                await self._authenticate(mechanism, username, secret)
        return mechanism

    async def _authenticate(self, mechanism: str, username: str, secret: Secret) -> None:
        login = exchange(mechanism, username, secret, self.server)
        line, first = with_initial(f"AUTH {mechanism}".encode(), login.initial(), _MAX_COMMAND)
        if first is not None and len(encoded(first)) > _MAX_RESPONSE:
            raise DialogueRefusedError(
                Stage.LOGIN, DialogueFault.PROTOCOL_ERROR, text="token too long"
            )
        await self._connection.write(line + b"\r\n")
        await self._respond_to_challenges(login, first, self._read_challenge)

    async def _read_challenge(self) -> str | None:
        reply = await self._reply(Stage.LOGIN)
        if reply.code == 334:
            return reply.lines[-1]
        if reply.code != 235:
            raise _refused(reply, Stage.LOGIN)
        return None

    # Sending --------------------------------------------------------------------------------

    async def send(self, sender: str, recipient: str, message: bytes) -> str:
        """Send one message with CRLF line endings; the text of the server's last reply."""
        parameters = ""
        if "SIZE" in self.capabilities:
            parameters += f" SIZE={len(message)}"
        if not (sender + recipient).isascii():
            if "SMTPUTF8" not in self.capabilities:
                # RFC 6531 section 3.2 forbids it, and the server would misunderstand it.
                raise DialogueRefusedError(Stage.SENDER, DialogueFault.ADDRESS_UNSUPPORTED)
            parameters += " SMTPUTF8 BODY=8BITMIME"
        envelope = (
            (f"MAIL FROM:<{sender}>{parameters}", (250,), Stage.SENDER),
            (f"RCPT TO:<{recipient}>", (250, 251), Stage.RECIPIENT),
            ("DATA", (354,), Stage.DATA),
        )
        if "PIPELINING" in self.capabilities:
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
        """The octets that the server really accepts, within a sixteenth; None where unknown.

        For a server that refused a message of ``refused`` octets although it advertises no limit
        or a higher one. Nothing is sent: a binary search by MAIL commands with a size (RFC 1870),
        each reset.
        """
        if "SIZE" not in self.capabilities:
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
        """Send commands in one batch (RFC 2920). Raises for the first refusal.

        A server that accepts DATA nevertheless gets an empty message, which it refuses for want of
        a recipient.
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
    """The message with dot-stuffing and the end of data (RFC 5321 section 4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", message)
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    return stuffed + b".\r\n"
