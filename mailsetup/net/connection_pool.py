"""Open connections that a later step uses again."""

import asyncio
from dataclasses import dataclass

from mailsetup.net.connection import Connection

IDLE_TIMEOUT = 45.0
"""Seconds. Servers close an idle connection after a minute (Dovecot before a login) or later."""


@dataclass(frozen=True, slots=True)
class PooledConnection:
    """A connection in verified TLS, with its server's last list of capabilities.

    ``words`` are IMAP's capabilities, or the lines after the first of SMTP's reply to EHLO.
    """

    connection: Connection
    words: tuple[str, ...]


class ConnectionPool:
    """At most one connection for each host and port; `get` transfers its ownership."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], tuple[PooledConnection, asyncio.TimerHandle]] = {}

    def put(self, connection: Connection, words: tuple[str, ...]) -> None:
        """Store a connection; a stored one to the same host and port is closed."""
        key = (connection.host, connection.port)
        self._drop(key)
        timer = asyncio.get_running_loop().call_later(IDLE_TIMEOUT, self._drop, key)
        self._idle[key] = (PooledConnection(connection, words), timer)

    def get(self, host: str, port: int) -> PooledConnection | None:
        """Remove and return a connection that can still be used, or None."""
        if (host, port) not in self._idle:
            return None
        pooled, timer = self._idle.pop((host, port))
        timer.cancel()
        # Unread data is the server's notice that it closes the connection.
        if pooled.connection.is_secure and pooled.connection.is_idle:
            return pooled
        pooled.connection.close()
        return None

    def close(self) -> None:
        """Close all stored connections."""
        for key in tuple(self._idle):
            self._drop(key)

    def _drop(self, key: tuple[str, int]) -> None:
        if key in self._idle:
            pooled, timer = self._idle.pop(key)
            timer.cancel()
            pooled.connection.close()
