"""Single HTTP requests by httpcore2 over our own connections (`Dialer`).

No compression is accepted; a response that is compressed nevertheless is decompressed up to the
limit only, because a few bytes may expand to gigabytes.
"""

import ssl
import zlib
from collections.abc import Iterable, Sequence
from urllib.parse import urljoin, urlsplit

from httpcore2 import (
    SOCKET_OPTION,
    AsyncConnectionPool,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectTimeout,
    NetworkError,
    PoolTimeout,
    ProtocolError,
    Proxy,
    ProxyError,
    ReadError,
    ReadTimeout,
    Response,
    UnsupportedProtocol,
    WriteError,
)

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.rfc5322 import date_in
from mailsetup.model.text import plain
from mailsetup.net.connection import Connection, DialogueError, LeftoverBytesError
from mailsetup.net.dial import Connect, ConnectFailure, ConnectFault
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply, connect_failure
from mailsetup.net.tls import blank_context

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpRequests:
    """Sends requests, through a proxy where one is given. Deadlines are the caller's."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._pools: dict[str | None, AsyncConnectionPool] = {}

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def send(
        self,
        method: str,
        url: str,
        limit: int,
        more_headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        proxy: str | None,
    ) -> HttpReply | HttpFailure:
        """One request without redirects; ``limit`` is in bytes of the body."""
        headers = [
            ("Host", urlsplit(url).netloc),
            ("Accept", "application/xml, text/xml, application/json, text/plain, */*;q=0.1"),
            ("Accept-Encoding", "identity"),
            ("User-Agent", "mailsetup"),
            ("Connection", "close"),
            *more_headers,
        ]
        try:
            async with self._pool_for(proxy).stream(
                method, url, headers=headers, content=body or None
            ) as response:
                return await _read(response, url, limit)
        except ConnectError as error:
            return connect_failure(error.failure, url)
        except (ConnectTimeout, ReadTimeout, PoolTimeout):
            return HttpFailure(HttpFault.TIMEOUT, url)
        except (
            NetworkError,
            ProtocolError,
            ProxyError,
            UnsupportedProtocol,
        ):
            return HttpFailure(HttpFault.PROTOCOL, url)
        except (UnicodeError, ValueError):
            return HttpFailure(HttpFault.PROTOCOL, url)

    def _pool_for(self, proxy: str | None) -> AsyncConnectionPool:
        pool = self._pools.get(proxy)
        if pool is None:
            pool = AsyncConnectionPool(
                # Unused: our connections have the context with which they verify. Loading the
                # system's certificates a second time would take longer than everything else.
                ssl_context=blank_context(),
                proxy=Proxy(proxy) if proxy else None,
                max_connections=None,
                max_keepalive_connections=0,
                network_backend=Backend(self._connect),
            )
            self._pools[proxy] = pool
        return pool


async def _read(response: Response, url: str, limit: int) -> HttpReply | HttpFailure:
    fields: dict[bytes, bytes] = {}
    for name, value in response.headers:
        key = name.lower()
        # A header may be repeated, such as WWW-Authenticate: the values are joined.
        fields[key] = fields[key] + b", " + value if key in fields else value
    if response.status in _REDIRECTS and b"location" in fields:
        location = urljoin(url, fields[b"location"].decode("ascii", "replace"))
        return HttpReply(response.status, url, b"", location=location)
    encoding = fields.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"", b"identity", b"gzip", b"x-gzip", b"deflate"):
        return HttpFailure(HttpFault.ENCODED, url)
    is_compressed = encoding not in (b"", b"identity")
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 32) if is_compressed else None
    body = bytearray()
    async for chunk in response.aiter_stream():
        try:
            body += decompressor.decompress(chunk, limit + 1) if decompressor else chunk
        except zlib.error:
            return HttpFailure(HttpFault.ENCODED, url)
        if len(body) > limit:
            return HttpFailure(HttpFault.TOO_LARGE, url)
    if decompressor is not None and not decompressor.eof:
        return HttpFailure(HttpFault.ENCODED, url)
    return HttpReply(
        response.status,
        url,
        bytes(body),
        content_type=fields.get(b"content-type", b"").decode("latin-1"),
        challenge=plain(fields.get(b"www-authenticate", b"").decode("latin-1"), 300).lower(),
        date=date_in(fields.get(b"date", b"").decode("latin-1")),
    )


class ConnectError(Exception):
    """Passes a failed connection through httpcore2 unchanged."""

    def __init__(self, failure: ConnectFailure) -> None:
        super().__init__(failure.fault)
        self.failure = failure


class Backend(AsyncNetworkBackend):
    """Opens connections; httpcore2's own timeouts are not used."""

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
        """A TCP connection; httpcore2 starts TLS afterwards."""
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
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the connection has its own
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
