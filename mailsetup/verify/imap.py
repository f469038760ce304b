"""IMAP (RFC 9051 and 3501) as far as a check needs it, with limits on everything."""

import asyncio
import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailsetup.model.dialogue import DialogueFault, Quota, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings
from mailsetup.model.text import plain
from mailsetup.net.connection import Connection, TooMuchDataError
from mailsetup.verify.failures import DialogueRefusedError
from mailsetup.verify.replies import imap_meaning
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
_MAX_RESPONSES = 5000
_MAX_BYTES = 4 * 1024 * 1024
_MAX_LITERAL = 1024 * 1024
_MAX_DEPTH = 12
_MAX_INITIAL = 7900
"""Octets of an initial response. Servers need not take lines of more than 8192 octets, and clients
should not send more than about 8000 (RFC 7162 section 4); a longer token goes in a second step."""
_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}\Z")

Token = str | bytes | list["Token"]

_JUNK_NAMES = re.compile(
    r"(^|[./])(spam|junk( e-?mail)?|bulk( mail)?|correo (no deseado|basura)|no deseado)\Z", re.I
)


@dataclass(frozen=True, slots=True)
class ImapResponse:
    """One response. ``tag`` is ``*`` for untagged data, ``+`` for a continuation."""

    tag: str
    name: str
    """The first word after the tag in upper case; for ``* 3 EXISTS`` it is ``EXISTS``."""
    tokens: tuple[Token, ...]
    """What follows the name (for numbered responses: the number, then the rest)."""
    text: str = ""
    """For status responses: the text for people."""
    code: str = ""
    """For status responses: the first word in brackets, in upper case."""
    arguments: str = ""
    """For status responses: the other words in the brackets."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A mailbox. ``wire`` is its name as the server writes it (modified UTF-7)."""

    wire: str
    name: str
    flags: frozenset[str]
    delimiter: str = field(default="", compare=False)
    """What stands between levels in the name; empty where the server has none."""

    @property
    def is_junk(self) -> bool:
        r"""Whether this is the folder for spam: by ``\Junk`` (RFC 6154) or by its usual names."""
        return r"\junk" in self.flags or bool(_JUNK_NAMES.search(self.name))

    @property
    def is_selectable(self) -> bool:
        """Whether messages can be in it."""
        return not self.flags & {r"\noselect", r"\nonexistent"}


@dataclass
class _Collected:
    untagged: list[ImapResponse] = field(default_factory=list)

    def named(self, name: str) -> Iterable[ImapResponse]:
        return (response for response in self.untagged if response.name == name)


class ImapSession(MailSession):
    """A dialogue with an IMAP server. Leaving the context closes it, politely if that is quick."""

    def __init__(self, connection: Connection, server: ServerSettings) -> None:
        super().__init__(connection, server)
        self.capabilities: frozenset[str] = frozenset()
        self.alerts: list[str] = []
        self._count = 0
        self._listed: _Collected | None = None
        self.known_folders: tuple[Folder, ...] = ()
        """Those of the last listing."""
        self.subscribed: frozenset[str] | None = None
        """Their names as the server writes them; None where it did not tell."""

    async def _say_goodbye(self) -> None:
        await self.command("LOGOUT", timeout=FAREWELL_TIMEOUT)

    def offers(self, capability: str) -> bool:
        """Whether the server advertises a capability."""
        return capability.upper() in self.capabilities

    # Opening --------------------------------------------------------------------------------

    def resume(self, words: Sequence[str]) -> None:
        """Go on where somebody else asked for the capabilities, under TLS."""
        self._connection.allow_bytes(_MAX_BYTES)
        self.capabilities = frozenset(word.upper() for word in words)

    async def greet(self) -> None:
        """Read the greeting."""
        async with asyncio.timeout(GREETING_TIMEOUT):
            self._connection.allow_bytes(_MAX_BYTES)
            line = await self._connection.read_line()
        text = line.decode("utf-8", "replace")
        upper = text.upper()
        if upper.startswith("* BYE"):
            response = _parse(line, [])
            raise self._refused(response, "BYE", Stage.GREETING)
        if upper.startswith("* PREAUTH") and not self._connection.is_secure:
            # It would make STARTTLS impossible: somebody wants us to talk in clear.
            raise DialogueRefusedError(Stage.GREETING, DialogueFault.INJECTION, text=text)
        if not upper.startswith(("* OK", "* PREAUTH")):
            raise DialogueRefusedError(Stage.GREETING, DialogueFault.WRONG_SERVICE, text=text)
        if self._connection.is_secure:
            self._learn(_parse(line, []))

    async def ask_for_tls(self) -> None:
        """STARTTLS up to the server's agreement; what was said so far counts for nothing."""
        await self._read_capabilities()
        if not self.offers("STARTTLS"):
            raise DialogueRefusedError(Stage.STARTTLS, DialogueFault.STARTTLS_MISSING)
        try:
            await self.command("STARTTLS", stage=Stage.STARTTLS)
        except DialogueRefusedError as refusal:
            raise DialogueRefusedError(
                Stage.STARTTLS,
                DialogueFault.STARTTLS_MISSING,
                code=refusal.code,
                text=refusal.text,
            ) from None
        self.capabilities = frozenset()
        self.alerts.clear()

    async def ready(self) -> None:
        """Know what the server can do, as said under TLS."""
        if not self.capabilities:
            await self._read_capabilities()

    async def _read_capabilities(self) -> None:
        collected = await self.command("CAPABILITY", stage=Stage.GREETING)
        for response in collected.named("CAPABILITY"):
            self.capabilities = frozenset(str(token).upper() for token in response.tokens)

    # Logging in -----------------------------------------------------------------------------

    async def log_in(self, username: str, secret: Secret) -> str:
        """Log in once, with one mechanism; its name is returned."""
        self._require_safety(username, secret)
        offered = {
            name.removeprefix("AUTH=") for name in self.capabilities if name.startswith("AUTH=")
        }
        # LOGIN cannot carry anything but ASCII (RFC 9051 section 6.2.3).
        sayable = username.isascii() and secret.reveal().isascii()
        command = not self.offers("LOGINDISABLED") and sayable
        mechanism = self._chosen(offered, secret, login_command=command)
        self.capabilities, before = frozenset(), self.capabilities
        with self._answering_rightly(mechanism):
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
        first = login.initial()
        line = f"AUTHENTICATE {mechanism}".encode()
        if first is not None and initial_response and len(encoded(first)) <= _MAX_INITIAL:
            line += b" " + (encoded(first) or b"=")
            first = None
        tag = await self._send(line)
        collected = _Collected()
        with token_refusals(login):
            await self._converse(login, first, tag, collected)

    async def _converse(
        self, login: SaslExchange, first: bytes | None, tag: str, collected: _Collected
    ) -> None:
        async with asyncio.timeout(COMMAND_TIMEOUT):
            for _ in range(12):
                response = await self._next(collected, tag)
                if response.tag == tag:
                    self._conclude(response, Stage.LOGIN)
                    if isinstance(login, Scram) and not login.finished():
                        raise SaslError
                    return
                challenge = decoded(response.text.encode("ascii", "replace"))
                if first is not None:
                    answer, first = first, None
                else:
                    answer = login.respond(challenge)
                await self._connection.write(encoded(answer) + b"\r\n")
        raise SaslError

    # The mailbox ----------------------------------------------------------------------------

    async def quota(self) -> Quota | None:
        """What the INBOX may hold (RFC 9208), where the server tells.

        The list of folders is asked for along with it, as a check always needs both.
        """
        if not self.offers("QUOTA"):
            return None
        collected = await self._all_of(("GETQUOTAROOT INBOX", *self._list_commands()))
        self._listed = collected
        fullest: Quota | None = None
        for response in collected.named("QUOTA"):
            resources = response.tokens[-1] if response.tokens else None
            if not isinstance(resources, list):
                continue
            for index in range(0, len(resources) - 2, 3):
                name, used, limit = resources[index : index + 3]
                resource = str(name).upper()
                if resource not in ("STORAGE", "MESSAGE"):
                    continue
                if _is_number(used) and _is_number(limit):
                    found = Quota(int(str(used)), int(str(limit)), resource == "MESSAGE")
                    if fullest is None or found.share > fullest.share:
                        fullest = found
        return fullest

    def _list_commands(self) -> tuple[str, ...]:
        """All folders, and which of them are subscribed.

        LSUB is older than ``RETURN (SUBSCRIBED)`` (RFC 5258), but Dovecot 2.3 forgets the latter.
        """
        special = self.offers("SPECIAL-USE") and self.offers("LIST-EXTENDED")
        return 'LIST "" "*"' + (" RETURN (SPECIAL-USE)" if special else ""), 'LSUB "" "*"'

    async def folders(self) -> tuple[Folder, ...]:
        """All folders with their special uses, INBOX first; they are `known_folders` then."""
        collected, self._listed = self._listed, None
        commands = self._list_commands()
        if collected is None or not any(collected.named("LIST")):
            collected = await self._all_of(commands, must=commands[:1], stage=Stage.MAILBOX)
        found: dict[str, Folder] = {}
        for response in collected.named("LIST"):
            if len(response.tokens) < 3 or not isinstance(response.tokens[0], list):
                continue
            wire = _wire(response.tokens[2])
            if any(ord(char) < 32 for char in wire):
                continue
            flags = frozenset(str(flag).lower() for flag in response.tokens[0])
            told = response.tokens[1]
            delimiter = told if isinstance(told, str) and len(told) == 1 else ""
            found[wire] = Folder(wire, from_modified_utf7(wire), flags, delimiter)
        found.setdefault("INBOX", Folder("INBOX", "INBOX", frozenset()))
        subscribed = {_wire(line.tokens[2]) for line in collected.named("LSUB") if line.tokens[2:]}
        # A server that tells of none keeps no subscriptions, or does not say so.
        self.subscribed = frozenset(subscribed) or None
        in_order = sorted(found.values(), key=lambda f: (f.wire.upper() != "INBOX", f.name))
        self.known_folders = tuple(in_order)
        return self.known_folders

    async def next_uids(
        self, folders: Sequence[Folder], then_examine: Folder | None = None
    ) -> dict[str, int]:
        """UIDNEXT of each folder, by its wire name. All are asked for at once.

        ``then_examine`` is opened for looking by the same token. Raises `DialogueRefusedError`
        when that folder cannot be opened.
        """
        lines = [_status(folder) for folder in folders]
        if then_examine is not None:
            lines.append(f"EXAMINE {quoted(then_examine.wire)}")
        return _next_uids(await self._all_of(lines, must=lines[-1:] if then_examine else ()))

    async def examine(self, folder: Folder) -> None:
        """Open a folder for looking only."""
        await self.command(f"EXAMINE {quoted(folder.wire)}", stage=Stage.MAILBOX)

    async def select(self, folder: Folder) -> None:
        """Open a folder for removing our own message."""
        await self.command(f"SELECT {quoted(folder.wire)}", stage=Stage.MAILBOX)

    async def headers_from(self, uid: int) -> dict[int, bytes]:
        """Message-ID and our own mark of all messages from a UID on, by UID."""
        fetch = f"UID FETCH {uid}:* (UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID X-MAILSETUP-TEST)])"
        # NOOP lets the server look for new messages in a folder that is open already.
        collected = await self._all_of(("NOOP", fetch), must=(fetch,), stage=Stage.ARRIVAL)
        found = {}
        for response in collected.named("FETCH"):
            items = _fetch_items(response)
            here = items.get("UID")
            body = next((v for k, v in items.items() if k.startswith("BODY[")), None)
            if _is_number(here) and int(str(here)) >= uid and isinstance(body, bytes | str):
                found[int(str(here))] = body if isinstance(body, bytes) else body.encode()
        return found

    async def message(
        self, uid: int, limit: int, along: Sequence[Folder] = ()
    ) -> tuple[bytes | None, dict[str, int]]:
        """A whole message, without marking it as read; None when it is gone.

        With it comes UIDNEXT of the folders ``along``, as `next_uids` tells it.
        """
        fetch = f"UID FETCH {uid} (UID BODY.PEEK[])"
        collected = await self._all_of(
            (fetch, *map(_status, along)),
            must=(fetch,),
            stage=Stage.ATTACHMENT,
            limit=limit,
            timeout=COMMAND_TIMEOUT + limit / SLOWEST,
        )
        next_uids = _next_uids(collected)
        for response in collected.named("FETCH"):
            body = _fetch_items(response).get("BODY[]")
            if isinstance(body, bytes):
                return body, next_uids
        return None, next_uids

    async def remove(self, uids: Sequence[int]) -> bool:
        """Remove just these messages from the open folder; False where that cannot be done.

        Without UIDPLUS only a plain EXPUNGE is left, which would also remove what other programs
        have marked: never that (RFC 4315 section 2.1).
        """
        if not uids or not self.offers("UIDPLUS"):
            return False
        numbers = ",".join(str(uid) for uid in uids)
        lines = (rf"UID STORE {numbers} +FLAGS.SILENT (\Deleted)", f"UID EXPUNGE {numbers}")
        await self._all_of(lines, must=lines, stage=Stage.CLEAN_UP)
        return True

    async def idle(self, seconds: float) -> None:
        """Wait until the open folder gets a message, at most so long (RFC 2177)."""
        tag = await self._send(b"IDLE")
        collected = _Collected()
        async with asyncio.timeout(COMMAND_TIMEOUT):
            response = await self._next(collected, tag)
            if response.tag == tag:
                self._conclude(response, Stage.ARRIVAL)
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
            pass  # nothing came: the caller looks again anyway
        await self._connection.write(b"DONE\r\n")
        async with asyncio.timeout(COMMAND_TIMEOUT):
            while (await self._next(collected, tag)).tag != tag:
                continue

    # The wire -------------------------------------------------------------------------------

    async def command(
        self,
        line: str,
        *,
        stage: Stage = Stage.MAILBOX,
        timeout: float = COMMAND_TIMEOUT,
    ) -> _Collected:
        """Send a command and collect its responses. Raises `DialogueRefusedError` for NO."""
        tag = await self._send(line.encode())
        collected = _Collected()
        async with asyncio.timeout(timeout):
            while True:
                response = await self._next(collected, tag)
                if response.tag == tag:
                    self._conclude(response, stage)
                    return collected

    async def _all_of(
        self,
        lines: Sequence[str],
        *,
        must: Sequence[str] = (),
        stage: Stage = Stage.MAILBOX,
        limit: int = 0,
        timeout: float = COMMAND_TIMEOUT,
    ) -> _Collected:
        """Send commands that do not depend on each other at once, and wait for all of them.

        What they bring is collected together; a string in it may have ``limit`` octets, where that
        is more than usual. Raises `DialogueRefusedError` for the first of ``must`` that is
        refused; the others may be.
        """
        tags = {await self._send(line.encode()): line for line in lines}
        self._connection.allow_bytes(_MAX_BYTES + limit)
        collected = _Collected()
        refused: list[ImapResponse] = []
        async with asyncio.timeout(timeout):
            waiting = set(tags)
            while waiting:
                response = await self._next(collected, *waiting, literal=max(limit, _MAX_LITERAL))
                waiting.discard(response.tag)
                if response.name != "OK" and tags.get(response.tag) in must:
                    refused.append(response)
        for response in refused:
            self._conclude(response, stage)
        return collected

    async def _send(self, line: bytes) -> str:
        self._count += 1
        tag = f"m{self._count}"
        self._connection.allow_bytes(_MAX_BYTES)
        await self._connection.write(tag.encode() + b" " + line + b"\r\n")
        return tag

    async def _next(
        self, collected: _Collected, *tags: str, literal: int = _MAX_LITERAL
    ) -> ImapResponse:
        """The next response that is tagged with one of ours, or asks us to go on."""
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
            collected.untagged.append(response)
            if len(collected.untagged) > _MAX_RESPONSES:
                raise TooMuchDataError

    async def _read(self, literal_limit: int = _MAX_LITERAL) -> ImapResponse:
        """One response with its literals."""
        whole = bytearray()
        literals: list[bytes] = []
        while True:
            line = (await self._connection.read_line()).replace(b"\0", b"")
            match = _LITERAL.search(line)
            if match is None:
                whole += line
                return _parse(bytes(whole), literals)
            size = int(match.group(1))
            if size > literal_limit:
                raise TooMuchDataError
            whole += line[: match.start()] + b"\0"
            literals.append(await self._connection.read_exactly(size))

    def _conclude(self, response: ImapResponse, stage: Stage) -> None:
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


# Reading responses --------------------------------------------------------------------------


def _parse(line: bytes, literals: list[bytes]) -> ImapResponse:
    """A response line; NUL stands where a literal was."""
    text = line.decode("utf-8", "replace")
    tag, _, rest = text.partition(" ")
    if tag == "+":
        return ImapResponse("+", "", (), text=rest)
    word, _, after = rest.partition(" ")
    name = word.upper()
    if name in {"OK", "NO", "BAD", "BYE", "PREAUTH"}:
        code, arguments, human = _status_text(after)
        return ImapResponse(tag, name, (), human, code, arguments)
    tokens = _tokens(rest, literals)
    if tokens and _is_number(tokens[0]) and len(tokens) > 1 and isinstance(tokens[1], str):
        return ImapResponse(tag, tokens[1].upper(), (tokens[0], *tokens[2:]))
    return ImapResponse(tag, name, tuple(tokens[1:]))


def _status_text(text: str) -> tuple[str, str, str]:
    match = re.match(r"\[([^\] ]+)(?: ([^\]]*))?\]\s*(.*)\Z", text, re.DOTALL)
    if match is None:
        return "", "", text
    return match.group(1).upper(), match.group(2) or "", match.group(3)


def _tokens(text: str, literals: list[bytes]) -> list[Token]:
    """Atoms, quoted strings, literals and lists; tolerant of what does not fit."""
    stack: list[list[Token]] = [[]]
    rest = list(reversed(literals))
    position, end = 0, len(text)
    while position < end:
        char = text[position]
        if char == " ":
            position += 1
        elif char == "(":
            if len(stack) > _MAX_DEPTH:
                raise TooMuchDataError
            inner: list[Token] = []
            stack[-1].append(inner)
            stack.append(inner)
            position += 1
        elif char == ")":
            if len(stack) > 1:
                stack.pop()
            position += 1
        elif char == "\0":
            stack[-1].append(rest.pop() if rest else b"")
            position += 1
        elif char == '"':
            value, position = _quoted_string(text, position + 1)
            stack[-1].append(value)
        else:
            start = position
            depth = 0
            # A section such as BODY[HEADER.FIELDS (X)] is one atom with blanks in brackets.
            while position < end and (depth or text[position] not in ' ()"\0'):
                depth += {"[": 1, "]": -1}.get(text[position], 0)
                position += 1
            stack[-1].append(text[start:position])
    return stack[0]


def _quoted_string(text: str, position: int) -> tuple[str, int]:
    value: list[str] = []
    while position < len(text):
        char = text[position]
        if char == '"':
            return "".join(value), position + 1
        if char == "\\" and position + 1 < len(text):
            position += 1
            char = text[position]
        value.append(char)
        position += 1
    return "".join(value), position


def _status(folder: Folder) -> str:
    return f"STATUS {quoted(folder.wire)} (UIDNEXT)"


def _next_uids(collected: _Collected) -> dict[str, int]:
    """UIDNEXT by the folder's name on the wire, from the answers to STATUS."""
    found: dict[str, int] = {}
    for response in collected.named("STATUS"):
        if len(response.tokens) != 2 or not isinstance(response.tokens[1], list):
            continue
        name, items = response.tokens
        for key, value in zip(items[::2], items[1::2], strict=False):
            if str(key).upper() == "UIDNEXT" and _is_number(value):
                found[_wire(name)] = int(str(value))
    return found


def _fetch_items(response: ImapResponse) -> dict[str, Token]:
    items = response.tokens[1] if len(response.tokens) > 1 else None
    if not isinstance(items, list):
        return {}
    pairs = zip(items[::2], items[1::2], strict=False)
    return {str(key).upper(): value for key, value in pairs if isinstance(key, str)}


def _wire(token: Token) -> str:
    return token.decode("ascii", "replace") if isinstance(token, bytes) else str(token)


def _is_number(token: object) -> bool:
    return isinstance(token, str) and token.isascii() and token.isdigit() and len(token) < 16


def quoted(text: str) -> str:
    """A quoted string. The caller has made sure that it holds no control characters."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def from_modified_utf7(wire: str) -> str:
    """A mailbox name for people (RFC 3501 section 5.1.3)."""

    def unfold(match: re.Match[str]) -> str:
        packed = match.group(1)
        if not packed:
            return "&"
        padded = packed.replace(",", "/") + "=" * (-len(packed) % 4)
        try:
            return base64.b64decode(padded).decode("utf-16-be")
        except (ValueError, UnicodeDecodeError):
            return match.group(0)

    return plain(re.sub(r"&([A-Za-z0-9+,]*)-", unfold, wire), 120)
