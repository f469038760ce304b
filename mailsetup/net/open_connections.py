"""Connections that one step opened and the next one goes on with."""

import asyncio
from dataclasses import dataclass

from mailsetup.net.connection import Connection

KEPT_FOR = 45.0
"""Seconds. Servers end a silent dialogue after a minute (Dovecot before a login) or later."""


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection in verified TLS, with what its server said last about what it can do.

    ``words`` are IMAP's capabilities, or the lines after the first of SMTP's answer to EHLO.
    """

    connection: Connection
    words: tuple[str, ...]


class OpenConnections:
    """At most one for each host and port. Whoever takes one owns it and has to close it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], tuple[OpenConnection, asyncio.TimerHandle]] = {}

    def keep(self, connection: Connection, words: tuple[str, ...]) -> None:
        """Put a connection by; another one to the same place is closed."""
        place = (connection.host, connection.port)
        self._drop(place)
        timer = asyncio.get_running_loop().call_later(KEPT_FOR, self._drop, place)
        self._kept[place] = (OpenConnection(connection, words), timer)

    def take(self, host: str, port: int) -> OpenConnection | None:
        """A connection that can still be used, if there is one."""
        if (host, port) not in self._kept:
            return None
        kept, timer = self._kept.pop((host, port))
        timer.cancel()
        # A server that spoke meanwhile said goodbye.
        if kept.connection.is_secure and kept.connection.is_silent:
            return kept
        kept.connection.close()
        return None

    def close(self) -> None:
        """Close what nobody took."""
        for place in tuple(self._kept):
            self._drop(place)

    def _drop(self, place: tuple[str, int]) -> None:
        if place in self._kept:
            kept, timer = self._kept.pop(place)
            timer.cancel()
            kept.connection.close()
