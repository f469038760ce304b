"""Servers on loopback sockets, with certificates of every kind and with faults."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme

from mailsetup.model.dns import DnsAnswer, Reply
from mailsetup.net.connection import Trust
from mailsetup.net.dial import Dialer
from mailsetup.net.network import system_or_openssl

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HOST = "mail.bodega.example"


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def client_context() -> Trust:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ca.pem"
        authority().cert_pem.write_to_path(str(path))
        return system_or_openssl([path])


def server_context(
    *names: str,
    ca: trustme.CA | None = None,
    not_after: datetime | None = None,
    not_before: datetime | None = None,
    common_name: str | None = None,
) -> ssl.SSLContext:
    certificate = (ca or authority()).issue_cert(
        *(names or (HOST,)), not_after=not_after, not_before=not_before, common_name=common_name
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PAST = datetime(2021, 1, 1, tzinfo=UTC)


class Loopback:
    """The port and the counted connections of a server."""

    def __init__(self) -> None:
        self.port = 0
        self.accepted = 0
        self.ended = 0
        self.reached = asyncio.Event()
        self.all_ended = asyncio.Event()


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """A server for the time of the block; its running handlers are cancelled at the end."""
    server_ = Loopback()
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            running.add(task)
        server_.accepted += 1
        server_.reached.set()
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the client closed the connection, as many tests do
        except asyncio.CancelledError:
            pass
        finally:
            server_.ended += 1
            server_.all_ended.set()
            running.discard(task) if task else None
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    server_.port = server.sockets[0].getsockname()[1]
    try:
        yield server_
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def only_loopback(host: str) -> Reply[str]:
    return DnsAnswer(("127.0.0.1",))


def dialer(port: int, *, host: str = HOST, to: int = 993) -> Dialer:
    """A dialer with a route from a public name and port to a server on loopback."""
    return Dialer(
        look_up=only_loopback,
        trust=client_context,
        routes={(host, to): ("127.0.0.1", port)},
    )


def sending(text: bytes) -> Handler:
    """A server that sends data and then waits until the client closes the connection."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        await reader.read()

    return handler
