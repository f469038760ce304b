"""Servers on loopback with scripted answers, which the real servers cannot be made to give.

Their certificates are from the test authority; routes lead to them."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager

import trustme

Answers = Mapping[str, str]
"""First words of a command in upper case -> the answer to it (``{tag}`` is the IMAP tag)."""

_SMTP: Answers = {
    "EHLO": "250-mail.talker.test\r\n250-SIZE 20000000\r\n250 AUTH PLAIN\r\n",
    "AUTH": "235 2.7.0 in\r\n",
    "MAIL": "250 2.1.0 ok\r\n",
    "RCPT": "250 2.1.5 ok\r\n",
    "DATA": "354 go on\r\n",
    ".": "250 2.0.0 queued\r\n",
    "RSET": "250 2.0.0 ok\r\n",
    "QUIT": "221 2.0.0 bye\r\n",
}
_IMAP: Answers = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n{tag} OK done\r\n",
    "LOGOUT": "* BYE bye\r\n{tag} OK bye\r\n",
}
_POP3: Answers = {
    "CAPA": "+OK\r\nSASL PLAIN\r\nUIDL\r\nTOP\r\nUSER\r\n.\r\n",
    "QUIT": "+OK bye\r\n",
}

Deliver = Callable[[bytes], None]


def server_context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    """A TLS context with a certificate for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


@asynccontextmanager
async def listening(
    talk: Talk, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Serve connections with ``talk`` on loopback for the time of a block."""
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        if connection is not None:
            connections.add(connection)
        try:
            with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
                await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield "127.0.0.1", server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        # One iteration of the loop, in which the transports close their sockets.
        await asyncio.sleep(0)


def _answer(answers: Answers, said: str) -> str | None:
    upper = said.upper()
    known = (words for words in answers if upper.startswith(words))
    return answers[max(known, key=len)] if any(upper.startswith(w) for w in answers) else None


def smtp_talker(
    authority: trustme.CA,
    host: str,
    *,
    greeting: str = "220 mail.talker.test ready\r\n",
    answers: Answers | None = None,
    deliver: Deliver = lambda _message: None,
) -> contextlib.AbstractAsyncContextManager[tuple[str, int]]:
    """A submission server; ``deliver`` gets every accepted message."""
    all_answers = {**_SMTP, **(answers or {})}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting.encode())
        while line := await reader.readline():
            said = line.decode("utf-8", "replace").strip()
            reply = _answer(all_answers, said) or "502 5.5.1 what?\r\n"
            writer.write(reply.encode())
            if said.upper() == "DATA" and reply.startswith("354"):
                message = await reader.readuntil(b"\r\n.\r\n")
                end = all_answers["."]
                if end.startswith("2"):
                    deliver(re.sub(rb"(?m)^\.", b"", message[:-3]))
                writer.write(end.encode())

    return listening(talk, server_context(authority, host))


def imap_talker(
    authority: trustme.CA,
    host: str,
    *,
    greeting: str = "* OK ready\r\n",
    answers: Answers | None = None,
    otherwise: str = "{tag} BAD what?\r\n",
) -> contextlib.AbstractAsyncContextManager[tuple[str, int]]:
    """An IMAP server with scripted answers to a login."""
    all_answers = {**_IMAP, **(answers or {})}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting.encode())
        while line := await reader.readline():
            tag, _blank, said = line.decode("utf-8", "replace").strip().partition(" ")
            reply = _answer(all_answers, said) or otherwise
            writer.write(reply.replace("{tag}", tag).encode())

    return listening(talk, server_context(authority, host))


def pop3_talker(
    authority: trustme.CA,
    host: str,
    *,
    greeting: str = "+OK ready\r\n",
    answers: Answers | None = None,
) -> contextlib.AbstractAsyncContextManager[tuple[str, int]]:
    """A POP3 server with scripted answers to a login."""
    all_answers = {**_POP3, **(answers or {})}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting.encode())
        while line := await reader.readline():
            said = line.decode("utf-8", "replace").strip()
            writer.write((_answer(all_answers, said) or "-ERR what?\r\n").encode())

    return listening(talk, server_context(authority, host))
