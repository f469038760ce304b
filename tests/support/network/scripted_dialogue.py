"""A scripted server: for faults that a real one does not have."""

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
class Say:
    """Send bytes."""

    data: bytes


@dataclass(frozen=True)
class Hear:
    """Receive a line; its first word replaces ``{tag}`` in the following `Say`."""


@dataclass(frozen=True)
class Secure:
    """Perform the TLS handshake."""


@dataclass(frozen=True)
class Flood:
    """Send a chunk repeatedly until the client closes the connection."""

    chunk: bytes


Step = Say | Hear | Secure | Flood


@dataclass
class Heard:
    """All data of the client, in plaintext and under TLS."""

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
async def playing(
    steps: Sequence[Step], protocol: Protocol, security: SocketType, folder: Path
) -> AsyncIterator[tuple[ServerSettings, Network, Heard]]:
    """A server on loopback that runs the steps on every connection, then closes it."""
    heard = Heard()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _play(steps, reader, writer, heard, secure=security is SocketType.TLS)

    context = server_context() if security is SocketType.TLS else None
    ca_file = folder / "scripted-ca.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    standard = 993 if protocol is Protocol.IMAP else 465
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    # These tests include clients that close the connection during a handshake.
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        async with listening(talk, context) as place:
            options = NetworkOptions(
                resolver=("127.0.0.1", 9),
                ca_files=(ca_file,),
                routes={(HOST, standard): place},
                use_proxy=False,
            )
            async with open_network(options) as net:
                yield (
                    ServerSettings(protocol, HOST, standard, security, "ana@scripted.test"),
                    net,
                    heard,
                )
    finally:
        loop.set_exception_handler(before)


async def _play(
    steps: Sequence[Step],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    heard: Heard,
    *,
    secure: bool,
) -> None:
    tag = b""
    for step in steps:
        match step:
            case Say(data=data):
                writer.write(data.replace(b"{tag}", tag))
                await writer.drain()
            case Hear():
                line = await reader.readline()
                (heard.secure if secure else heard.clear).extend(line)
                if not line:
                    return
                tag = line.split(b" ", 1)[0]
            case Secure():
                await writer.start_tls(server_context())
                secure = True
            case Flood(chunk=chunk):
                for _ in range(4096):
                    writer.write(chunk)
                    await writer.drain()
