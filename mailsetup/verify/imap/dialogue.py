"""The exchange of IMAP commands and responses (RFC 9051 and 3501), with limits on everything."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailsetup.model.dialogue import Stage
from mailsetup.model.settings import ServerSettings
from mailsetup.model.text import plain
from mailsetup.net.connection import Connection, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.imap.parser import ImapResponse, parse
from mailsetup.verify.replies import imap_meaning
from mailsetup.verify.session import COMMAND_TIMEOUT, MailSession, read_with_literals

MAX_BYTES = 4 * 1024 * 1024
_MAX_RESPONSES = 5000
_MAX_LITERAL = 1024 * 1024


@dataclass
class Responses:
    """The untagged responses to one or more commands."""

    untagged: list[ImapResponse] = field(default_factory=list)

    def named(self, name: str) -> Iterable[ImapResponse]:
        """Those with this name, in their order."""
        return (response for response in self.untagged if response.name == name)


class ImapDialogue(MailSession):
    """Sends commands and collects their responses. Methods raise as in `MailSession`."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: frozenset[str] = frozenset()
        self.alerts: list[str] = []
        self._count = 0

    async def command(
        self,
        line: str,
        *,
        stage: Stage = Stage.MAILBOX,
        timeout: float = COMMAND_TIMEOUT,
    ) -> Responses:
        """Send a command and return its responses. Raises `DialogueRefusedError` for NO and BAD."""
        tag = await self._send(line.encode())
        responses = Responses()
        async with asyncio.timeout(timeout):
            while True:
                response = await self._next(responses, tag)
                if response.tag == tag:
                    self._require_ok(response, stage)
                    return responses

    async def _pipeline(
        self,
        lines: Sequence[str],
        *,
        must: Sequence[str] = (),
        stage: Stage = Stage.MAILBOX,
        limit: int = 0,
        timeout: float = COMMAND_TIMEOUT,
    ) -> Responses:
        """Send commands that do not depend on each other in one batch, and await all of them.

        Their responses are returned together; a literal may have ``limit`` octets where that is
        more than usual. Raises `DialogueRefusedError` for the first refused command that is one
        of ``must``; other refusals are ignored.
        """
        tags = {await self._send(line.encode()): line for line in lines}
        self._connection.allow_bytes(MAX_BYTES + limit)
        responses = Responses()
        refused: list[ImapResponse] = []
        async with asyncio.timeout(timeout):
            waiting = set(tags)
            while waiting:
                response = await self._next(responses, *waiting, literal=max(limit, _MAX_LITERAL))
                waiting.discard(response.tag)
                if response.name != "OK" and tags.get(response.tag) in must:
                    refused.append(response)
        for response in refused:
            self._require_ok(response, stage)
        return responses

    async def _send(self, line: bytes) -> str:
        self._count += 1
        tag = f"m{self._count}"
        self._connection.allow_bytes(MAX_BYTES)
        await self._connection.write(tag.encode() + b" " + line + b"\r\n")
        return tag

    async def _next(
        self, responses: Responses, *tags: str, literal: int = _MAX_LITERAL
    ) -> ImapResponse:
        """The next response with one of these tags, or the next continuation request."""
        while True:
            response = await self._read(literal)
            if response.tag in tags or response.tag == "+":
                return response
            if response.tag != "*":
                continue
            if response.name == "BYE" and "LOGOUT" not in response.text.upper():
                self._ended = True
                raise self._refused(response, "BYE", Stage.GREETING)
            self._learn(response)
            responses.untagged.append(response)
            if len(responses.untagged) > _MAX_RESPONSES:
                raise TooMuchDataError

    async def _read(self, literal_limit: int = _MAX_LITERAL) -> ImapResponse:
        """Read one response with its literals."""
        return parse(*await read_with_literals(self._connection, size=literal_limit))

    def _require_ok(self, response: ImapResponse, stage: Stage) -> None:
        self._learn(response)
        if response.name != "OK":
            raise self._refused(response, response.name, stage)

    def _learn(self, response: ImapResponse) -> None:
        if response.code == "CAPABILITY":
            self.capabilities = frozenset(response.arguments.upper().split())
        elif response.code == "ALERT" and self._connection.is_secure and len(self.alerts) < 5:
            self.alerts.append(plain(response.text))

    def _refused(self, response: ImapResponse, status: str, stage: Stage) -> DialogueRefusedError:
        error, confidence = imap_meaning(
            response.code, f"{response.arguments} {response.text}", status=status, stage=stage
        )
        return DialogueRefusedError(
            stage,
            error,
            code=f"{status} {response.code}".strip(),
            text=response.text,
            confidence=confidence,
        )
