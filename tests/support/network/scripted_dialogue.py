"""A server that follows a script, for faults that real servers cannot be made to show."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import trustme

from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.network import Network, open_network
from tests.support.servers.talkers import listening

HOST = "mail.scripted.test"


@dataclass(frozen=True)
class Send:
    """Send bytes."""

    data: bytes


@dataclass(frozen=True)
class ReadLine:
    """Wait for a line, whose first word replaces ``{tag}`` in the next `Send`."""


@dataclass(frozen=True)
class Handshake:
    """Perform the TLS handshake."""


@dataclass(frozen=True)
class Flood:
    """Send a chunk repeatedly until the client disconnects, 4096 times at most."""

    chunk: bytes


Step = Send | ReadLine | Handshake | Flood


@dataclass
class Received:
    """Everything that the client sent, in clear and under TLS."""

    clear: bytearray = field(default_factory=bytearray)
    secure: bytearray = field(default_factory=bytearray)


@cache
def authority() -> trustme.CA:
    return trustme.CA()


@cache
def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(HOST).configure_cert(context)
    return context


@asynccontextmanager
async def scripted_server(
    steps: Sequence[Step], protocol: Protocol, security: SocketType, folder: Path
) -> AsyncIterator[tuple[ServerSettings, Network, Received]]:
    """A server on loopback that runs the steps on every connection, then disconnects."""
    received = Received()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _run(steps, reader, writer, received, secure=security is SocketType.TLS)

    context = server_context() if security is SocketType.TLS else None
    ca_file = folder / "scripted-ca.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    standard = 993 if protocol is Protocol.IMAP else 465
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    # The tests make clients disconnect during the handshake.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        async with listening(serve, context) as endpoint:
            options = NetworkOptions(
                resolver=("127.0.0.1", 9),
                ca_files=(ca_file,),
                routes={(HOST, standard): endpoint},
                use_proxy=False,
            )
            async with open_network(options) as net:
                yield (
                    ServerSettings(protocol, HOST, standard, security, "ana@scripted.test"),
                    net,
                    received,
                )
    finally:
        loop.set_exception_handler(before)


async def _run(
    steps: Sequence[Step],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    received: Received,
    *,
    secure: bool,
) -> None:
    tag = b""
    for step in steps:
        match step:
            case Send(data=data):
                writer.write(data.replace(b"{tag}", tag))
                await writer.drain()
            case ReadLine():
                line = await reader.readline()
                (received.secure if secure else received.clear).extend(line)
                if not line:
                    return
                tag = line.split(b" ", 1)[0]
            case Handshake():
                await writer.start_tls(server_context())
                secure = True
            case Flood(chunk=chunk):
                for _ in range(4096):
                    writer.write(chunk)
                    await writer.drain()
