"""An IMAP session (RFC 9051 and 3501) as far as a check needs it."""

import asyncio
from collections.abc import Sequence

from mailsetup.model.dialogue import DialogueFault, Quota, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.net.connection import Connection
from mailsetup.verify.failures import DialogueRefusedError, starttls_missing
from mailsetup.verify.imap.dialogue import MAX_BYTES, ImapDialogue, Responses
from mailsetup.verify.imap.folder import (
    Folder,
    fullest_quota,
    listed_folders,
    next_uids,
    status_command,
    subscribed_names,
)
from mailsetup.verify.imap.parser import fetch_items, number, parse, quoted
from mailsetup.verify.sasl import LoginCommand, exchange, with_initial
from mailsetup.verify.session import COMMAND_TIMEOUT, GREETING_TIMEOUT, LOGOUT_TIMEOUT, SLOWEST

_MAX_INITIAL = 7900
"""Octets of an initial response. Servers need not accept lines of more than 8192 octets, and
clients should not send more than about 8000 (RFC 7162 section 4); a longer token is sent in a
second step."""


class ImapSession(ImapDialogue):
    """A dialogue with an IMAP server that may log in and read folders."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self._listed: Responses | None = None
        self.known_folders: tuple[Folder, ...] = ()
        """Folders of the last listing."""
        self.subscribed: frozenset[str] | None = None
        """Names on the wire of the subscribed ones; None where the server did not report any."""

    async def _log_out(self) -> None:
        await self.command("LOGOUT", timeout=LOGOUT_TIMEOUT)

    # Opening -------------------------------------------------------------------------------------

    def resume(self, words: Sequence[str]) -> None:
        """See `MailSession`; ``words`` are the capabilities."""
        self._connection.allow_bytes(MAX_BYTES)
        self.capabilities = frozenset(word.upper() for word in words)

    async def read_greeting(self) -> None:
        """See `MailSession`."""
        async with asyncio.timeout(GREETING_TIMEOUT):
            self._connection.allow_bytes(MAX_BYTES)
            line = await self._connection.read_line()
        text = line.decode("utf-8", "replace")
        upper = text.upper()
        if upper.startswith("* BYE"):
            response = parse(line, [])
            raise self._refused(response, "BYE", Stage.GREETING)
        if upper.startswith("* PREAUTH") and not self._connection.is_secure:
            # It would make STARTTLS impossible: a sign of an attempt to keep the dialogue in clear.
            raise DialogueRefusedError(Stage.GREETING, DialogueFault.INJECTION, text=text)
        if not upper.startswith(("* OK", "* PREAUTH")):
            raise DialogueRefusedError(Stage.GREETING, DialogueFault.WRONG_SERVICE, text=text)
        if self._connection.is_secure:
            self._learn(parse(line, []))

    async def request_tls(self) -> None:
        """See `MailSession`."""
        await self._read_capabilities()
        if not self.offers("STARTTLS"):
            raise starttls_missing()
        try:
            await self.command("STARTTLS", stage=Stage.STARTTLS)
        except DialogueRefusedError as refusal:
            raise starttls_missing(refusal.code, refusal.text) from None
        self.capabilities = frozenset()
        self.alerts.clear()

    async def learn_capabilities(self) -> None:
        """See `MailSession`."""
        if not self.capabilities:
            await self._read_capabilities()

    async def _read_capabilities(self) -> None:
        responses = await self.command("CAPABILITY", stage=Stage.GREETING)
        for response in responses.named("CAPABILITY"):
            self.capabilities = frozenset(str(token).upper() for token in response.tokens)

    # Logging in ----------------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """See `MailSession`."""
        self._require_safety(username, secret)
        offered = {
            name.removeprefix("AUTH=") for name in self.capabilities if name.startswith("AUTH=")
        }
        # LOGIN cannot carry anything but ASCII (RFC 9051 section 6.2.3).
        representable = username.isascii() and secret.reveal().isascii()
        command = not self.offers("LOGINDISABLED") and representable
        mechanism = self._chosen(offered, secret, login_command=command)
        self.capabilities, before = frozenset(), self.capabilities
        with self._checked_exchange(mechanism):
            if mechanism == LoginCommand().name:
                await self.command(
                    f"LOGIN {quoted(username)} {quoted(secret.reveal())}", stage=Stage.LOGIN
                )
            else:
                await self._authenticate(mechanism, username, secret, "SASL-IR" in before)
        if not self.capabilities:
            await self._read_capabilities()
        return mechanism

    async def _authenticate(
        self, mechanism: str, username: str, secret: Secret, initial_response: bool
    ) -> None:
        login = exchange(mechanism, username, secret, self.server)
        command = f"AUTHENTICATE {mechanism}".encode()
        longest = len(command) + 1 + _MAX_INITIAL if initial_response else 0
        line, first = with_initial(command, login.initial(), longest)
        tag = await self._send(line)
        responses = Responses()

        async def read_challenge() -> str | None:
            response = await self._next(responses, tag)
            if response.tag != tag:
                return response.text
            self._require_ok(response, Stage.LOGIN)
            return None

        async with asyncio.timeout(COMMAND_TIMEOUT):
            await self._respond_to_challenges(login, first, read_challenge)

    # Folders and messages ------------------------------------------------------------------------

    async def quota(self) -> Quota | None:
        """The quota of the INBOX (RFC 9208); None where the server does not report it.

        The same round trip lists the folders, because a check always needs both.
        """
        if not self.offers("QUOTA"):
            return None
        self._listed = await self._pipeline(("GETQUOTAROOT INBOX", *self._list_commands()))
        return fullest_quota(self._listed.named("QUOTA"))

    def _list_commands(self) -> tuple[str, ...]:
        """Commands that list all folders, and those that are subscribed.

        LSUB is older than ``RETURN (SUBSCRIBED)`` (RFC 5258), which Dovecot 2.3 reports unreliably.
        """
        special = self.offers("SPECIAL-USE") and self.offers("LIST-EXTENDED")
        return 'LIST "" "*"' + (" RETURN (SPECIAL-USE)" if special else ""), 'LSUB "" "*"'

    async def folders(self) -> tuple[Folder, ...]:
        """List all folders with their special uses, INBOX first, and store them as known."""
        responses, self._listed = self._listed, None
        commands = self._list_commands()
        if responses is None or not any(responses.named("LIST")):
            responses = await self._pipeline(commands, must=commands[:1], stage=Stage.MAILBOX)
        self.known_folders = listed_folders(responses.named("LIST"))
        # Without any, the server has no subscriptions or does not report them.
        self.subscribed = subscribed_names(responses.named("LSUB")) or None
        return self.known_folders

    async def next_uids(
        self, folders: Sequence[Folder], then_examine: Folder | None = None
    ) -> dict[str, int]:
        """UIDNEXT of each folder, by its name on the wire, in one round trip.

        ``then_examine`` is opened read-only in the same one. Raises `DialogueRefusedError` when
        that folder cannot be opened.
        """
        lines = [status_command(folder) for folder in folders]
        if then_examine is not None:
            lines.append(f"EXAMINE {quoted(then_examine.wire)}")
        responses = await self._pipeline(lines, must=lines[-1:] if then_examine else ())
        return next_uids(responses.named("STATUS"))

    async def examine(self, folder: Folder) -> None:
        """Open a folder read-only."""
        await self.command(f"EXAMINE {quoted(folder.wire)}", stage=Stage.MAILBOX)

    async def select(self, folder: Folder) -> None:
        """Open a folder for writing, to remove the test message."""
        await self.command(f"SELECT {quoted(folder.wire)}", stage=Stage.MAILBOX)

    async def headers_from(self, uid: int) -> dict[int, bytes]:
        """The fields that identify a test message, of all messages from a UID on, by UID."""
        fetch = f"UID FETCH {uid}:* (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-MAILSETUP-TEST)])"
        # NOOP lets the server look for new messages in a folder that is open already.
        responses = await self._pipeline(("NOOP", fetch), must=(fetch,), stage=Stage.ARRIVAL)
        found = {}
        for response in responses.named("FETCH"):
            items = fetch_items(response)
            here = number(items.get("UID"))
            body = next((v for k, v in items.items() if k.startswith("BODY[")), None)
            if here is not None and here >= uid and isinstance(body, bytes | str):
                found[here] = body if isinstance(body, bytes) else body.encode()
        return found

    async def message(
        self, uid: int, limit: int, along: Sequence[Folder] = ()
    ) -> tuple[bytes | None, dict[str, int]]:
        """A whole message, without marking it as read; None when it is gone.

        UIDNEXT of the folders ``along`` comes in the same round trip, as by `next_uids`.
        """
        fetch = f"UID FETCH {uid} (UID BODY.PEEK[])"
        responses = await self._pipeline(
            (fetch, *map(status_command, along)),
            must=(fetch,),
            stage=Stage.ATTACHMENT,
            limit=limit,
            timeout=COMMAND_TIMEOUT + limit / SLOWEST,
        )
        uids = next_uids(responses.named("STATUS"))
        for response in responses.named("FETCH"):
            body = fetch_items(response).get("BODY[]")
            if isinstance(body, bytes):
                return body, uids
        return None, uids

    async def remove(self, uids: Sequence[int]) -> bool:
        """Remove exactly these messages from the open folder; False where that is impossible.

        A server without UIDPLUS has a plain EXPUNGE only, which would also remove what other
        programs have marked (RFC 4315 section 2.1): it is never used.
        """
        if not uids or not self.offers("UIDPLUS"):
            return False
        numbers = ",".join(str(uid) for uid in uids)
        lines = (rf"UID STORE {numbers} +FLAGS.SILENT (\Deleted)", f"UID EXPUNGE {numbers}")
        await self._pipeline(lines, must=lines, stage=Stage.CLEAN_UP)
        return True

    async def idle(self, seconds: float) -> None:
        """Wait until the open folder gets a message, at most ``seconds`` (RFC 2177)."""
        tag = await self._send(b"IDLE")
        responses = Responses()
        async with asyncio.timeout(COMMAND_TIMEOUT):
            response = await self._next(responses, tag)
            if response.tag == tag:
                self._require_ok(response, Stage.ARRIVAL)
                return
        try:
            async with asyncio.timeout(seconds):
                while True:
                    response = await self._read()
                    if response.name == "EXISTS":
                        break
                    if response.name == "BYE":
                        raise self._refused(response, "BYE", Stage.ARRIVAL)
        except TimeoutError:
            pass  # no message yet: the caller searches again in any case
        await self._connection.write(b"DONE\r\n")
        async with asyncio.timeout(COMMAND_TIMEOUT):
            while (await self._next(responses, tag)).tag != tag:
                continue
