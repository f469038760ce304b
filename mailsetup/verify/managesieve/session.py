"""A ManageSieve session (RFC 5804) that reads the rules of a mailbox and changes nothing.

The dialogue is hand-written because `sievelib` (1.6), the one maintained free client, opens
blocking sockets with its own idea of trust, reads lines and literals of any length into memory,
trusts what was received in clear before TLS, and has no SCRAM.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailsetup.model.dialogue import Confidence, DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.model.text import plain
from mailsetup.net.connection import Connection, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError, starttls_missing
from mailsetup.verify.managesieve.parser import IMAP_CODES, SieveResponse, parse, string
from mailsetup.verify.replies import imap_meaning
from mailsetup.verify.sasl import SaslError, SaslExchange, Scram, decoded, encoded, exchange
from mailsetup.verify.session import LOGOUT_TIMEOUT, MailSession, read_with_literals

MAX_SCRIPT = 512 * 1024
"""Octets of a script. Scripts that a web interface writes have some hundreds or thousands."""
_MAX_BYTES = 256 * 1024
_MAX_LITERAL = 16 * 1024
_MAX_LITERALS = 8
"""Literals in one response."""
_MAX_RESPONSES = 1000
_MAX_NAME = 1024

_FAULTS: Final[Mapping[str, DialogueFault]] = {str(each): each for each in DialogueFault}
"""By name, which those of faulty certificates share with `TlsFault`."""


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The script that is in force. Name and text are empty where the mailbox has none."""

    name: str = ""
    """As plain text, cut."""
    text: str = field(default="", repr=False)
    """The user's script: private, never part of a log or a report."""


class ManageSieveSession(MailSession):
    """A dialogue with a ManageSieve server that only reads."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: dict[str, str] = {}
        """The latest capabilities of the server, by name in upper case."""

    async def _log_out(self) -> None:
        async with asyncio.timeout(LOGOUT_TIMEOUT):
            await self._command(b"LOGOUT", Stage.MAILBOX)

    # Opening -------------------------------------------------------------------------------------

    async def read_greeting(self) -> None:
        """See `MailSession`. The greeting lists the capabilities (RFC 5804 section 1.7)."""
        self._connection.allow_bytes(_MAX_BYTES)
        await self._read_capabilities()

    async def start_tls(self) -> None:
        """STARTTLS; only the capabilities that the server lists after it count (section 2.2)."""
        if "STARTTLS" not in self.capabilities:
            raise starttls_missing()
        self.capabilities = {}
        try:
            await self._command(b"STARTTLS", Stage.STARTTLS)
        except DialogueRefusedError as refusal:
            raise starttls_missing(refusal.code, refusal.text) from None
        failure = await self._connection.start_tls()
        if failure is not None:
            raise DialogueRefusedError(
                Stage.TLS,
                _FAULTS.get(str(failure.fault), DialogueFault.TLS_FAILED),
                text=failure.detail,
                certificate=failure.certificate,
            )
        await self.read_greeting()

    async def _read_capabilities(self) -> None:
        lines, end = await self._response_lines(Stage.GREETING, first=DialogueFault.WRONG_SERVICE)
        found: dict[str, str] = {}
        for line in lines:
            strings = (word for word in line.words if isinstance(word, bytes))
            values = [string.decode("utf-8", "replace") for string in strings]
            if values:
                found[values[0].upper()] = " ".join(values[1:])
        if "IMPLEMENTATION" not in found and "SIEVE" not in found:
            # Both are mandatory (section 1.7): a bare OK is another protocol.
            raise DialogueRefusedError(Stage.GREETING, DialogueFault.WRONG_SERVICE, text=end.text)
        self.capabilities = found

    # Logging in ----------------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """See `MailSession`."""
        self._require_safety(username, secret)
        offered = set(self.capabilities.get("SASL", "").upper().split())
        mechanism = self._chosen(offered, secret)
        with self._checked_exchange(mechanism):
            await self._authenticate(exchange(mechanism, username, secret, self.server))
        return mechanism

    async def _authenticate(self, login: SaslExchange) -> None:
        """RFC 5804 section 2.1: challenges and responses are strings of base64."""
        first = login.initial()
        line = b'AUTHENTICATE "' + login.name.encode() + b'"'
        if first is not None:
            line += b" " + string(encoded(first))
        await self._send(line)

        async def read_challenge() -> bytes | None:
            response = await self._line(Stage.LOGIN)
            if not response.end:
                if len(response.words) != 1 or not isinstance(response.words[0], bytes):
                    raise SaslError
                return response.words[0]
            self._require_ok(response, Stage.LOGIN)
            if isinstance(login, Scram) and response.code == "SASL":
                login.accept_final(decoded(response.argument))
            return None

        await self._respond_to_challenges(login, None, read_challenge)

    @staticmethod
    def _sasl_line(response: bytes) -> bytes:
        return string(response) + b"\r\n"

    # The scripts ---------------------------------------------------------------------------------

    async def active_rules(self) -> ActiveRules:
        """The rules that are in force."""
        name = await self.active_script()
        text = await self.script(name) if name is not None else None
        if name is None or text is None:
            return ActiveRules()
        return ActiveRules(plain(name.decode("utf-8", "replace"), 80), text)

    async def active_script(self) -> bytes | None:
        """The active script's name in octets, or None where none is active."""
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
        """The text of a script, or None where it does not exist any more."""
        command = b"GETSCRIPT " + string(name)
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

    # The wire ------------------------------------------------------------------------------------

    async def _command(
        self, line: bytes, stage: Stage, *, literal: int = _MAX_LITERAL
    ) -> Sequence[SieveResponse]:
        await self._send(line, room=literal)
        lines, _end = await self._response_lines(stage, literal=literal)
        return lines

    async def _send(self, line: bytes, *, room: int = 0) -> None:
        self._connection.allow_bytes(_MAX_BYTES + room)
        await self._connection.write(line + b"\r\n")

    async def _response_lines(
        self,
        stage: Stage,
        *,
        literal: int = _MAX_LITERAL,
        first: DialogueFault = DialogueFault.PROTOCOL_ERROR,
    ) -> tuple[Sequence[SieveResponse], SieveResponse]:
        """The lines of a response without its last one, and the last one.

        Raises `DialogueRefusedError` for NO and BYE; ``first`` is the fault where the first line
        cannot be parsed.
        """
        lines: list[SieveResponse] = []
        while len(lines) <= _MAX_RESPONSES:
            wrong = DialogueFault.PROTOCOL_ERROR if lines else first
            response = await self._line(stage, literal=literal, wrong=wrong)
            if response.end:
                self._require_ok(response, stage)
                return lines, response
            lines.append(response)
        raise TooMuchDataError

    async def _line(
        self,
        stage: Stage,
        *,
        literal: int = _MAX_LITERAL,
        wrong: DialogueFault = DialogueFault.PROTOCOL_ERROR,
    ) -> SieveResponse:
        """Read one line of a response with its literals."""
        whole, strings = await read_with_literals(
            self._connection, size=literal, count=_MAX_LITERALS
        )
        response = parse(whole, strings)
        if response is None:
            raise DialogueRefusedError(stage, wrong, text=whole.decode("utf-8", "replace"))
        return response

    def _require_ok(self, response: SieveResponse, stage: Stage) -> None:
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
    """The fault that NO or BYE with a response code (RFC 5804 section 1.3) means."""
    if response.code == "REFERRAL":
        # A referral is not followed: the password is not meant for another server.
        return DialogueFault.WRONG_SERVICE, Confidence.CERTAIN
    code = IMAP_CODES.get(response.code, "")
    return imap_meaning(code, response.text, status=response.end, stage=stage)
