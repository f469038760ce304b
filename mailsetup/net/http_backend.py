"""httpcore2 over our own connections, so that HTTP too resolves and dials through `Network`."""

import ssl
from collections.abc import Iterable

from httpcore2 import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream, ReadError, WriteError

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.net.connect_error import ConnectError
from mailsetup.net.connection import Connection, DialogueError, LeftoverBytesError
from mailsetup.net.dial import Connect, ConnectFailure, ConnectFault


class Backend(AsyncNetworkBackend):
    """Opens connections. Deadlines are the caller's, over the whole request."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> AsyncNetworkStream:
        """A connection in clear; httpcore2 asks for TLS afterwards."""
        outcome = await self._connect(host, port, implicit_tls=False)
        if isinstance(outcome, ConnectFailure):
            raise ConnectError(outcome)
        return _Stream(outcome)


class _Stream(AsyncNetworkStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            return await self._connection.read_some(max_bytes)
        except DialogueError as error:
            raise ReadError(type(error).__name__) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        try:
            await self._connection.write(buffer)
        except DialogueError as error:
            raise WriteError(type(error).__name__) from error

    async def aclose(self) -> None:
        self._connection.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the connection has the one that counts
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> AsyncNetworkStream:
        connection = self._connection
        name = server_hostname or connection.host
        try:
            failure = await connection.start_tls(name)
        except LeftoverBytesError:
            failure = TlsFailure(TlsFault.NOT_TLS)
        if failure is not None:
            raise ConnectError(
                ConnectFailure(ConnectFault.TLS, name, connection.port, failure, failure.detail)
            )
        return self

    def get_extra_info(self, info: str) -> object:  # noqa: ARG002
        return None
