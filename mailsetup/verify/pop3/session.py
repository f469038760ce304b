"""A POP3 session (RFC 1939, 2449, 2595, 5034) as far as a check needs it.

A session sees the maildrop as it was at the login: what arrives later is in the next session only.
Nothing is removed before QUIT, and nothing at all when the connection ends otherwise.
"""

import asyncio
from collections.abc import Iterable, Sequence

from mailsetup.model.dialogue import DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.net.connection import DialogueError
from mailsetup.verify.failures import DialogueRefusedError, starttls_missing
from mailsetup.verify.pop3.dialogue import MAX_STATUS, Pop3Dialogue
from mailsetup.verify.replies import Pop3Reply
from mailsetup.verify.sasl import LoginCommand, exchange, with_initial
from mailsetup.verify.session import COMMAND_TIMEOUT, GREETING_TIMEOUT, LOGOUT_TIMEOUT, SLOWEST

USER_AND_PASS = "USER/PASS"  # noqa: S105 - the commands' names
"""The name of a login without SASL."""

_MAX_COMMAND = 255
"""Octets of a command with its line ending (RFC 2449 section 4)."""
_MAX_CAPABILITIES = 200
_MAX_CAPABILITY_BYTES = 64 * 1024
_MAX_LISTED = 250_000
_MAX_LISTING_BYTES = 16 * 1024 * 1024
_MAX_HEADER_BYTES = 512 * 1024


class Pop3Session(Pop3Dialogue):
    """A dialogue with a POP3 server that may log in and read the maildrop."""

    async def _log_out(self) -> None:
        async with asyncio.timeout(LOGOUT_TIMEOUT):
            await self.quit()

    @property
    def login_delay(self) -> float:
        """Minimum seconds between two logins (RFC 2449 section 6.5); 0 for none."""
        return float(_number(next(iter(self.capabilities.get("LOGIN-DELAY", ())), "")) or 0)

    @property
    def removes_what_was_read(self) -> bool:
        """Whether a retrieved message is removed (``EXPIRE 0``, RFC 2449 section 6.7)."""
        return self.capabilities.get("EXPIRE", ())[:1] == ("0",)

    # Opening -------------------------------------------------------------------------------------

    def resume(self, words: Sequence[str]) -> None:
        """See `MailSession`; ``words`` are the lines of the response to CAPA."""
        self._connection.allow_bytes(_MAX_CAPABILITY_BYTES)
        self._learn(words)

    async def read_greeting(self) -> None:
        """See `MailSession`."""
        self._connection.allow_bytes(_MAX_CAPABILITY_BYTES)
        async with asyncio.timeout(GREETING_TIMEOUT):
            reply = await self._reply(Stage.GREETING, DialogueFault.WRONG_SERVICE)
        self._require_ok(reply, Stage.GREETING)

    async def request_tls(self) -> None:
        """See `MailSession`. The command is STLS."""
        if await self._read_capabilities() and not self.offers("STLS"):
            raise starttls_missing()
        reply = await self._exchange("STLS", Stage.STARTTLS)
        if reply.status != "+OK":
            raise starttls_missing(reply.shown_code, reply.text)
        self.capabilities = {}

    async def learn_capabilities(self) -> None:
        """See `MailSession`."""
        if not self.capabilities:
            await self._read_capabilities()

    async def _read_capabilities(self) -> bool:
        """Send CAPA; False where the server does not know it and has USER and PASS only."""
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

    # Logging in ----------------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """See `MailSession`.

        APOP is never used: it rests on MD5 and on a banner that an attacker may forge.
        """
        self._require_safety(username, secret)
        offered = set(self.capabilities.get("SASL", ()))
        command = self._fits_user_and_pass(username, secret)
        mechanism = self._chosen(offered, secret, login_command=command)
        if mechanism == LoginCommand().name:
            await self._user_and_pass(username, secret)
            mechanism = USER_AND_PASS
        else:
            with self._checked_exchange(mechanism):
                async with asyncio.timeout(COMMAND_TIMEOUT):
                    await self._authenticate(mechanism, username, secret)
        if any("USER" in self.capabilities.get(name, ()) for name in ("LOGIN-DELAY", "EXPIRE")):
            # The values differ between users: the server reports them after the login only.
            await self._read_capabilities()
        return mechanism

    def _fits_user_and_pass(self, username: str, secret: Secret) -> bool:
        if not self.offers("USER"):
            return False
        commands = (f"USER {username}\r\n", f"PASS {secret.reveal()}\r\n")
        return all(len(command.encode()) <= _MAX_COMMAND for command in commands) and (
            all(command.isascii() for command in commands) or self._accepts_utf8_names
        )

    @property
    def _accepts_utf8_names(self) -> bool:
        """Whether USER and PASS accept UTF-8 after the command UTF8 (RFC 6856 section 2.2)."""
        return "USER" in self.capabilities.get("UTF8", ())

    async def _user_and_pass(self, username: str, secret: Secret) -> None:
        if not (username.isascii() and secret.reveal().isascii()):
            await self._command("UTF8", Stage.LOGIN)
        await self._command(f"USER {username}", Stage.LOGIN)
        await self._command(f"PASS {secret.reveal()}", Stage.LOGIN)

    async def _authenticate(self, mechanism: str, username: str, secret: Secret) -> None:
        """RFC 5034 section 4. An initial response that is too long is sent in a second step."""
        login = exchange(mechanism, username, secret, self.server)
        command = f"AUTH {mechanism}".encode()
        line, first = with_initial(command, login.initial(), _MAX_COMMAND - len("\r\n"))
        self._connection.allow_bytes(12 * MAX_STATUS)
        await self._connection.write(line + b"\r\n")
        await self._respond_to_challenges(login, first, self._read_challenge)

    async def _read_challenge(self) -> str | None:
        reply = await self._reply(Stage.LOGIN)
        if reply.status == "+":
            return reply.text
        self._require_ok(reply, Stage.LOGIN)
        return None

    # The maildrop --------------------------------------------------------------------------------

    async def stat(self) -> tuple[int, int]:
        """The number of messages, and their total octets."""
        reply = await self._command("STAT", Stage.MAILBOX)
        found = _two_numbers(reply.text)
        if found is None:
            raise DialogueRefusedError(Stage.MAILBOX, DialogueFault.PROTOCOL_ERROR, text=reply.text)
        return found

    async def uidl(self) -> list[tuple[int, str]] | None:
        """Number and unique id of every message; None where the server has no unique ids."""
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
        """Octets of one message; None where the server does not report them."""
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
        """Mark a message for deletion by `quit`."""
        if not self._connection.is_idle:
            # Responses and commands are out of step: it is unknown what would be removed.
            raise DialogueError
        await self._command(f"DELE {number}", Stage.CLEAN_UP)

    async def reset(self) -> None:
        """Unmark all messages."""
        await self._command("RSET", Stage.CLEAN_UP)

    async def quit(self) -> None:
        """End the dialogue; the server removes the marked messages now (RFC 1939 section 6)."""
        self._ended = True
        await self._command("QUIT", Stage.CLEAN_UP)


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 16 else None


def _two_numbers(text: str) -> tuple[int, int] | None:
    """The two numbers at the beginning of a STAT or LIST response; the rest is free text."""
    numbers = [_number(word) for word in text.split()[:2]]
    match numbers:
        case [int(first), int(second)]:
            return first, second
        case _:
            return None
