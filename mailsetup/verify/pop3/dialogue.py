"""The exchange of POP3 commands and responses (RFC 1939, 2449), with limits on everything."""

import asyncio
import re

from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import MAX_LINE, Connection, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.replies import Pop3Reply, pop3_meaning
from mailsetup.verify.session import COMMAND_TIMEOUT, MailSession

MAX_STATUS = 16 * 1024
"""Octets. RFC 5034 section 4 wants 12288 for a challenge; RFC 2449 only 512 for all else."""
_CODE = re.compile(r"\[([A-Za-z][A-Za-z0-9/-]{0,63})(?: [^\]]*)?\]\s*(.*)\Z", re.DOTALL)


class Pop3Dialogue(MailSession):
    """Sends commands and reads their responses. Methods raise as in `MailSession`."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: dict[str, tuple[str, ...]] = {}
        """Arguments by keyword, all in upper case; ``USER`` alone where there is no CAPA."""

    async def _command(self, line: str, stage: Stage) -> Pop3Reply:
        """Send a command that the server must accept."""
        reply = await self._exchange(line, stage)
        self._require_ok(reply, stage)
        return reply

    async def _exchange(self, line: str, stage: Stage) -> Pop3Reply:
        self._connection.allow_bytes(MAX_STATUS)
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._connection.write(line.encode() + b"\r\n")
            return await self._reply(stage)

    async def _listing(
        self, line: str, stage: Stage, *, limit: int, most: int
    ) -> list[str] | Pop3Reply:
        """The lines of a multi-line response (at most ``most``), or the refusal."""
        self._connection.allow_bytes(limit)
        lines: list[str] = []
        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._connection.write(line.encode() + b"\r\n")
            reply = await self._reply(stage)
            if reply.status != "+OK":
                return reply
            while (data := await self._connection.read_line(MAX_STATUS)) != b".":
                if len(lines) >= most:
                    raise TooMuchDataError
                lines.append(_unstuffed(data).decode("utf-8", "replace"))
        return lines

    async def _content(
        self, line: str, stage: Stage, limit: int, timeout: float
    ) -> bytes | Pop3Reply:
        """A message or its header with CRLF line endings, or the refusal."""
        self._connection.allow_bytes(limit + MAX_STATUS)
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
        """The first line of a response; ``otherwise`` is the fault where it is not POP3."""
        line = (await self._connection.read_line(MAX_STATUS)).decode("utf-8", "replace")
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
        """Raise unless the command is unknown: a code means another cause."""
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
    """The line without the dot that byte-stuffing added (RFC 1939 section 3)."""
    return line[1:] if line.startswith(b".") else line
