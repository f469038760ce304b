"""One connection to a server, as lines and bytes, with limits and an upgrade to TLS."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import cast

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.net.tls import certificate_facts, classify, inspecting_context

MAX_LINE = 64 * 1024
"""Octets. RFC 9051 asks for 8192 at least; a server that sends more is broken or attacks."""
_HIGH_WATER = 256 * 1024
TLS_HANDSHAKE_TIMEOUT = 10.0


class DialogueError(Exception):
    """The dialogue cannot go on."""


class ConnectionLostError(DialogueError):
    """The other side closed or reset the connection."""


class TooMuchDataError(DialogueError):
    """A line, or all answers to one command together, went over the limit."""


class LeftoverBytesError(DialogueError):
    """The server spoke on after agreeing to STARTTLS: somebody may be injecting (RFC 3207)."""


class _Wire(asyncio.Protocol):
    """Bytes as they come in. Owns the buffer, so that nothing hides in a layer below."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None
        self.ended = False
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > _HIGH_WATER and self.transport is not None and not self._paused:
            self._paused = True
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self.ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.ended = True
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    async def drained(self) -> None:
        if self._drained is not None:
            await self._drained

    async def more(self) -> None:
        """Wait for bytes. Raises `ConnectionLostError` at the end."""
        if self.ended:
            raise ConnectionLostError
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


@dataclass(frozen=True, slots=True)
class TlsSession:
    """A session whose certificate was verified for the host name that was asked for."""

    version: str
    cipher: str
    certificate: bytes
    """The server's own certificate, DER."""


class Connection:
    """A connection to one host. Not to be used by two tasks at once.

    Reading raises `ConnectionLostError` and `TooMuchDataError`. Deadlines are the caller's, with
    ``asyncio.timeout`` around each step.
    """

    def __init__(
        self, wire: _Wire, host: str, port: int, address: str, context: ssl.SSLContext
    ) -> None:
        self._wire = wire
        self._context = context
        self._allowance: int | None = None
        self.host = host
        self.port = port
        self.address = address
        """The IP address that answered."""
        self.tls: TlsSession | None = None

    @property
    def is_secure(self) -> bool:
        """Whether a secret may be said here: TLS, verified for the host name."""
        return self.tls is not None

    @property
    def is_silent(self) -> bool:
        """Whether the connection stands and nothing unread has come."""
        return not self._wire.ended and not self._wire.buffer

    def allow_bytes(self, count: int) -> None:
        """Let at most so many bytes be read from now on."""
        self._allowance = count

    async def read_line(self, limit: int = MAX_LINE) -> bytes:
        """The next line without its line ending."""
        buffer = self._wire.buffer
        searched = 0
        while (end := buffer.find(b"\n", searched)) < 0:
            if len(buffer) > limit:
                raise TooMuchDataError
            searched = len(buffer)
            await self._wire.more()
        if end > limit:
            raise TooMuchDataError
        line = bytes(buffer[:end])
        self._take(end + 1)
        return line.removesuffix(b"\r")

    async def read_exactly(self, count: int) -> bytes:
        """So many bytes, as an IMAP literal wants. The caller caps ``count`` beforehand."""
        self._check_allowance(count)
        while len(self._wire.buffer) < count:
            await self._wire.more()
        data = bytes(self._wire.buffer[:count])
        self._take(count)
        return data

    async def read_some(self, limit: int) -> bytes:
        """Whatever is there, at least one byte; empty at the end of the stream."""
        while not self._wire.buffer:
            try:
                await self._wire.more()
            except ConnectionLostError:
                return b""
        data = bytes(self._wire.buffer[:limit])
        self._take(len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the other side does not take them."""
        if self._wire.ended or self._wire.transport is None or self._wire.transport.is_closing():
            raise ConnectionLostError
        self._wire.transport.write(data)
        await self._wire.drained()

    async def start_tls(self, server_hostname: str | None = None) -> TlsFailure | None:
        """Turn the connection into a verified TLS session. None means that it worked.

        Raises `LeftoverBytesError` when unread plaintext is there: it was sent before the
        handshake and must never be taken for something said under its protection.
        """
        if self._wire.buffer:
            self.close()
            raise LeftoverBytesError
        return await self._handshake(self._context, server_hostname or self.host)

    async def inspect_tls(self) -> TlsFailure:
        """Look at the certificate without verifying it, and close: the failure with its facts."""
        if self._wire.buffer:
            self.close()
            raise LeftoverBytesError
        failure = await self._handshake(inspecting_context(), self.host)
        transport = self._wire.transport
        if failure is not None or transport is None:
            self.close()
            return failure or TlsFailure(TlsFault.INTERRUPTED)
        session = transport.get_extra_info("ssl_object")
        der = session.getpeercert(binary_form=True)
        self.close()
        return TlsFailure(TlsFault.FAILED, "", certificate_facts(der) if der else None)

    async def _handshake(self, context: ssl.SSLContext, host: str) -> TlsFailure | None:
        loop = asyncio.get_running_loop()
        transport = self._wire.transport
        if transport is None or self._wire.ended:
            return TlsFailure(TlsFault.INTERRUPTED)
        try:
            secured = await loop.start_tls(
                transport,
                self._wire,
                context,
                server_hostname=host,
                ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT,
                ssl_shutdown_timeout=1.0,
            )
        except (ssl.SSLError, ssl.CertificateError, OSError, TimeoutError) as error:
            transport.abort()
            return classify(error)
        except asyncio.CancelledError:
            transport.abort()
            raise
        if secured is None:
            return TlsFailure(TlsFault.INTERRUPTED)
        self._wire.transport = secured
        session = secured.get_extra_info("ssl_object")
        cipher = session.cipher()
        if context.verify_mode is ssl.CERT_REQUIRED:
            self.tls = TlsSession(
                version=session.version() or "",
                cipher=cipher[0] if cipher else "",
                certificate=session.getpeercert(binary_form=True) or b"",
            )
        return None

    def close(self) -> None:
        """End it at once, without a farewell that a dead server could hold up."""
        if self._wire.transport is not None:
            self._wire.transport.abort()

    def _take(self, count: int) -> None:
        self._check_allowance(count)
        if self._allowance is not None:
            self._allowance -= count
        del self._wire.buffer[:count]

    def _check_allowance(self, count: int) -> None:
        if self._allowance is not None and count > self._allowance:
            raise TooMuchDataError


async def open_connection(
    address: str, port: int, host: str, context: ssl.SSLContext
) -> Connection:
    """A TCP connection to one address. Raises OSError."""
    _, wire = await asyncio.get_running_loop().create_connection(_Wire, address, port)
    return Connection(wire, host, port, address, context)
