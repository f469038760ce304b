"""A connection to a server: lines and bytes, with limits and an upgrade to TLS."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import cast

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.net.system_trust import SystemTrust
from mailsetup.net.tls import certificate_facts, classify, inspecting_context

Trust = ssl.SSLContext | SystemTrust
"""How the server's certificate is verified: by OpenSSL in the handshake, or by the system after it.
"""

MAX_LINE = 64 * 1024
"""Octets. RFC 9051 requires at least 8192; no correct server sends a line of this length."""
_HIGH_WATER = 256 * 1024
TLS_HANDSHAKE_TIMEOUT = 10.0


class DialogueError(Exception):
    """The dialogue cannot continue."""


class ConnectionLostError(DialogueError):
    """The other side closed or reset the connection."""


class TooMuchDataError(DialogueError):
    """A line, or all responses to one command together, exceeded the limit."""


class LeftoverBytesError(DialogueError):
    """The server sent more data after accepting STARTTLS: possibly injected (RFC 3207)."""


class StreamProtocol(asyncio.Protocol):
    """Received data. This is the only buffer, so that no data is hidden in a layer below."""

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

    async def wait_for_data(self) -> None:
        """Wait for data. Raises `ConnectionLostError` at the end."""
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
    """A session whose certificate was verified for the requested host name."""

    version: str
    cipher: str
    certificate: bytes
    """The server's certificate in DER."""


class Connection:
    """A connection to one host. Not to be used by two tasks concurrently.

    Reading raises `ConnectionLostError` and `TooMuchDataError`. Deadlines are the caller's, with
    ``asyncio.timeout`` around each step.
    """

    def __init__(
        self, protocol: StreamProtocol, host: str, port: int, address: str, trust: Trust
    ) -> None:
        self._protocol = protocol
        self._trust = trust
        self._allowance: int | None = None
        self.host = host
        self.port = port
        self.address = address
        """The IP address of the server."""
        self.tls: TlsSession | None = None

    @property
    def is_secure(self) -> bool:
        """Whether a secret may be sent: TLS, verified for the host name."""
        return self.tls is not None

    @property
    def is_idle(self) -> bool:
        """Whether the connection is open and there is no unread data."""
        return not self._protocol.ended and not self._protocol.buffer

    def allow_bytes(self, count: int) -> None:
        """Limit the bytes that are read from now on."""
        self._allowance = count

    async def read_line(self, limit: int = MAX_LINE) -> bytes:
        """The next line without its line ending."""
        buffer = self._protocol.buffer
        searched = 0
        while (end := buffer.find(b"\n", searched)) < 0:
            if len(buffer) > limit:
                raise TooMuchDataError
            searched = len(buffer)
            await self._protocol.wait_for_data()
        if end > limit:
            raise TooMuchDataError
        line = bytes(buffer[:end])
        self._consume(end + 1)
        return line.removesuffix(b"\r")

    async def read_exactly(self, count: int) -> bytes:
        """So many bytes, such as an IMAP literal. The caller limits ``count``."""
        self._check_allowance(count)
        while len(self._protocol.buffer) < count:
            await self._protocol.wait_for_data()
        data = bytes(self._protocol.buffer[:count])
        self._consume(count)
        return data

    async def read_some(self, limit: int) -> bytes:
        """The available bytes, at least one; empty at the end of the stream."""
        while not self._protocol.buffer:
            try:
                await self._protocol.wait_for_data()
            except ConnectionLostError:
                return b""
        data = bytes(self._protocol.buffer[:limit])
        self._consume(len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the send buffer is full."""
        transport = self._protocol.transport
        if self._protocol.ended or transport is None or transport.is_closing():
            raise ConnectionLostError
        transport.write(data)
        await self._protocol.drained()

    async def start_tls(self, server_hostname: str | None = None) -> TlsFailure | None:
        """Upgrade the connection to a verified TLS session. None means success.

        Raises `LeftoverBytesError` for unread plaintext: it was sent before the handshake and must
        not be treated as data of the session.
        """
        self._check_nothing_unread()
        return await self._handshake(self._trust, server_hostname or self.host)

    async def inspect_tls(self) -> TlsFailure:
        """Read the certificate without verification, and close: a failure with its content.

        Raises `LeftoverBytesError` as `start_tls` does.
        """
        self._check_nothing_unread()
        failure = await self._handshake(inspecting_context(), self.host)
        transport = self._protocol.transport
        if failure is not None or transport is None:
            self.close()
            return failure or TlsFailure(TlsFault.INTERRUPTED)
        session = transport.get_extra_info("ssl_object")
        der = session.getpeercert(binary_form=True)
        self.close()
        return TlsFailure(TlsFault.FAILED, "", certificate_facts(der) if der else None)

    def _check_nothing_unread(self) -> None:
        if self._protocol.buffer:
            self.close()
            raise LeftoverBytesError

    async def _handshake(self, trust: Trust, host: str) -> TlsFailure | None:
        loop = asyncio.get_running_loop()
        transport = self._protocol.transport
        if transport is None or self._protocol.ended:
            return TlsFailure(TlsFault.INTERRUPTED)
        system = trust if isinstance(trust, SystemTrust) else None
        context = trust.handshake if isinstance(trust, SystemTrust) else trust
        try:
            secured = await loop.start_tls(
                transport,
                self._protocol,
                context,
                server_hostname=host,
                ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT,
                ssl_shutdown_timeout=1.0,
            )
            if secured is None:
                return TlsFailure(TlsFault.INTERRUPTED)
            session: ssl.SSLObject = secured.get_extra_info("ssl_object")
            failure = await system.verify(session, host) if system is not None else None
        except (ssl.SSLError, ssl.CertificateError, OSError, TimeoutError) as error:
            transport.abort()
            return classify(error)
        except asyncio.CancelledError:
            transport.abort()
            raise
        if failure is not None:
            transport.abort()
            return failure
        self._protocol.transport = secured
        cipher = session.cipher()
        if system is not None or context.verify_mode is ssl.CERT_REQUIRED:
            self.tls = TlsSession(
                version=session.version() or "",
                cipher=cipher[0] if cipher else "",
                certificate=session.getpeercert(binary_form=True) or b"",
            )
        return None

    def close(self) -> None:
        """Close it immediately, without a TLS shutdown that a dead server could delay."""
        if self._protocol.transport is not None:
            self._protocol.transport.abort()

    def _consume(self, count: int) -> None:
        self._check_allowance(count)
        if self._allowance is not None:
            self._allowance -= count
        del self._protocol.buffer[:count]

    def _check_allowance(self, count: int) -> None:
        if self._allowance is not None and count > self._allowance:
            raise TooMuchDataError


async def open_connection(address: str, port: int, host: str, trust: Trust) -> Connection:
    """A TCP connection to one address. Raises OSError."""
    _, protocol = await asyncio.get_running_loop().create_connection(StreamProtocol, address, port)
    return Connection(protocol, host, port, address, trust)
