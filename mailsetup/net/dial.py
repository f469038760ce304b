"""From a host name to a connection: resolving, racing addresses, TLS."""

import asyncio
import errno
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Protocol, assert_never

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.hostname import is_ip_literal
from mailsetup.net.connection import Connection, LeftoverBytesError, open_connection
from mailsetup.net.dns.system_lookup import AddressLookup
from mailsetup.net.fd_exhaustion import when_free
from mailsetup.net.ip_scope import leads_home

CONNECT_TIMEOUT = 8.0
"""Seconds for all addresses of a host together."""
_STAGGER = 0.25
"""Seconds until the next address is tried beside the first (RFC 8305 section 5)."""
_MAX_ADDRESSES = 8


class ConnectFault(StrEnum):
    """Why there is no connection."""

    UNRESOLVABLE = "unresolvable"
    RESOLVER = "resolver"
    """The name service itself did not answer."""
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    FORBIDDEN_ADDRESS = "forbidden-address"
    """A public name that leads to this computer itself."""
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class ConnectFailure:
    """What happened instead of a connection; ``tls`` is set with `ConnectFault.TLS`."""

    fault: ConnectFault
    host: str
    port: int
    tls: TlsFailure | None = None
    detail: str = ""


class Connect(Protocol):
    """The way to open a connection; ``implicit_tls`` means TLS from the first byte.

    With ``explain`` a certificate that was not accepted is looked at on a second connection, so
    that `ConnectFailure.tls` carries its facts.
    """

    async def __call__(
        self, host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        """Connect, or say why not. Cancelling closes every socket at once."""
        ...


_EXPLAINABLE = frozenset(
    {
        TlsFault.EXPIRED,
        TlsFault.NOT_YET_VALID,
        TlsFault.WRONG_NAME,
        TlsFault.UNKNOWN_ISSUER,
        TlsFault.INVALID,
    }
)


@dataclass(frozen=True)
class Dialer:
    """Connections over TCP. ``routes`` sends some (host, port) to another (address, port)."""

    look_up: AddressLookup
    context: Callable[[], ssl.SSLContext]
    """Made where it is first needed: reading the system's authorities takes its time."""
    allow_loopback: bool = False
    routes: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=dict)

    async def __call__(
        self, host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        """Connect, or say why not."""
        connection = await self._connect(host, port)
        if isinstance(connection, ConnectFailure) or not implicit_tls:
            return connection
        try:
            failure = await connection.start_tls()
        except LeftoverBytesError:
            # It spoke first, before any handshake: a server in clear on a TLS port.
            failure = TlsFailure(TlsFault.NOT_TLS)
        except BaseException:
            connection.close()
            raise
        if failure is None:
            return connection
        connection.close()
        if explain and failure.fault in _EXPLAINABLE:
            failure = await self._explained(host, port, failure)
        return ConnectFailure(ConnectFault.TLS, host, port, failure, failure.detail)

    async def _explained(self, host: str, port: int, failure: TlsFailure) -> TlsFailure:
        again = await self._connect(host, port)
        if isinstance(again, ConnectFailure):
            return failure
        try:
            seen = await again.inspect_tls()
        except LeftoverBytesError:
            return failure
        finally:
            again.close()
        return TlsFailure(failure.fault, failure.detail, seen.certificate)

    async def absence(self, host: str, port: int) -> ConnectFailure | None:
        """What would be said of a host that leads nowhere; None where connecting is worth it.

        The answer is kept: connecting afterwards does not ask again.
        """
        places = await self._places(host, port)
        return places if isinstance(places, ConnectFailure) else None

    async def _places(self, host: str, port: int) -> Sequence[tuple[str, int]] | ConnectFailure:
        """Addresses and ports to connect to, in the order of preference."""
        route = self.routes.get((host, port))
        if route is not None:
            return (route,)
        if is_ip_literal(host):
            return ((host, port),)
        reply = await self.look_up(host)
        match reply:
            case DnsAnswer():
                addresses = interleaved(reply.records)
            case Absent():
                return ConnectFailure(ConnectFault.UNRESOLVABLE, host, port)
            case DnsFailure():
                return ConnectFailure(ConnectFault.RESOLVER, host, port, detail=str(reply.fault))
            case _:
                assert_never(reply)
        allowed = self.allow_loopback or host == "localhost"
        places = [(one, port) for one in addresses if allowed or not leads_home(one)]
        return places or ConnectFailure(ConnectFault.FORBIDDEN_ADDRESS, host, port)

    async def _connect(self, host: str, port: int) -> Connection | ConnectFailure:
        places = await self._places(host, port)
        if isinstance(places, ConnectFailure):
            return places
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                outcome = await self._race(places, host)
        except TimeoutError:
            return ConnectFailure(ConnectFault.TIMEOUT, host, port)
        if isinstance(outcome, Connection):
            outcome.port = port
            return outcome
        return ConnectFailure(_connect_fault(outcome), host, port, detail=_detail(outcome))

    async def _race(self, places: Sequence[tuple[str, int]], host: str) -> Connection | OSError:
        """Happy eyeballs: the next address starts when one failed, or after a short wait."""
        waiting = list(places)
        running: set[asyncio.Task[Connection]] = set()
        first_error: OSError | None = None
        winner: Connection | None = None
        try:
            while winner is None and (waiting or running):
                if waiting:
                    address, port = waiting.pop(0)
                    attempt = partial(open_connection, address, port, host, self.context())
                    running.add(asyncio.ensure_future(when_free(attempt)))
                done, running = await asyncio.wait(
                    running,
                    timeout=_STAGGER if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    error = task.exception()
                    if error is None:
                        if winner is None:
                            winner = task.result()
                        else:
                            task.result().close()
                    elif isinstance(error, OSError):
                        first_error = first_error or error
                    else:
                        raise error
        finally:
            for task in running:
                task.cancel()
            for finished in await asyncio.gather(*running, return_exceptions=True):
                if isinstance(finished, Connection):
                    finished.close()
        return winner or first_error or OSError(errno.EHOSTUNREACH, "no address")


def interleaved(addresses: Sequence[str]) -> tuple[str, ...]:
    """IPv6 and IPv4 in turns, IPv6 first (RFC 8305 section 4)."""
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    mixed: list[str] = []
    while six or four:
        mixed += six[:1] + four[:1]
        six, four = six[1:], four[1:]
    return tuple(mixed[:_MAX_ADDRESSES])


def _connect_fault(error: OSError) -> ConnectFault:
    if isinstance(error, ConnectionRefusedError):
        return ConnectFault.REFUSED
    if isinstance(error, ConnectionResetError | ConnectionAbortedError):
        return ConnectFault.RESET
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return ConnectFault.TIMEOUT
    return ConnectFault.UNREACHABLE


def _detail(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
