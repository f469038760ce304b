"""Connections to host names: address resolution, Happy Eyeballs (RFC 8305), TLS."""

import asyncio
import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Protocol, assert_never

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.hostname import is_ip_literal
from mailsetup.net.connection import Connection, LeftoverBytesError, Trust, open_connection
from mailsetup.net.dns.system_lookup import AddressLookup
from mailsetup.net.fd_exhaustion import retry_while_exhausted
from mailsetup.net.ip_scope import is_loopback_or_link_local

CONNECT_TIMEOUT = 8.0
"""Seconds for all addresses of a host together."""
_ATTEMPT_DELAY = 0.25
"""Connection Attempt Delay in seconds (RFC 8305 section 5)."""
_MAX_ADDRESSES = 8


class ConnectFault(StrEnum):
    """Why there is no connection."""

    UNRESOLVABLE = "unresolvable"
    RESOLVER = "resolver"
    """The name service did not respond."""
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    FORBIDDEN_ADDRESS = "forbidden-address"
    """A public name with an address of this computer or its link."""
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class ConnectFailure:
    """A connection that failed; ``tls`` is set with `ConnectFault.TLS`."""

    fault: ConnectFault
    host: str
    port: int
    tls: TlsFailure | None = None
    detail: str = ""


class Connect(Protocol):
    """Opens connections; ``implicit_tls`` means TLS from the first byte.

    With ``explain`` the content of a rejected certificate is read on a second connection, for
    `ConnectFailure.tls`.
    """

    async def __call__(
        self, host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        """Connect. Cancelling closes every socket immediately."""
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
    """Connections over TCP. ``routes`` replaces some (host, port) by another (address, port)."""

    look_up: AddressLookup
    trust: Callable[[], Trust]
    """Created when first needed: reading the system's trust anchors takes 40 ms."""
    allow_loopback: bool = False
    routes: Mapping[tuple[str, int], tuple[str, int]] = field(default_factory=dict)

    async def __call__(
        self, host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        """See `Connect`."""
        connection = await self._connect(host, port)
        if isinstance(connection, ConnectFailure) or not implicit_tls:
            return connection
        try:
            failure = await connection.start_tls()
        except LeftoverBytesError:
            # It sent data before the handshake: a plaintext server on a TLS port.
            failure = TlsFailure(TlsFault.NOT_TLS)
        except BaseException:
            connection.close()
            raise
        if failure is None:
            return connection
        connection.close()
        if explain and failure.certificate is None and failure.fault in _EXPLAINABLE:
            failure = await self._explained(host, port, failure)
        return ConnectFailure(ConnectFault.TLS, host, port, failure, failure.detail)

    async def _explained(self, host: str, port: int, failure: TlsFailure) -> TlsFailure:
        second = await self._connect(host, port)
        if isinstance(second, ConnectFailure):
            return failure
        try:
            inspected = await second.inspect_tls()
        except LeftoverBytesError:
            return failure
        return TlsFailure(failure.fault, failure.detail, inspected.certificate)

    async def resolution_failure(self, host: str, port: int) -> ConnectFailure | None:
        """The failure of a host without a permitted address; None where there is one.

        The resolved addresses are cached for the connection.
        """
        endpoints = await self._endpoints(host, port)
        return endpoints if isinstance(endpoints, ConnectFailure) else None

    async def _endpoints(self, host: str, port: int) -> Sequence[tuple[str, int]] | ConnectFailure:
        """Addresses and ports to connect to, in order of preference."""
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
        endpoints = [
            (one, port) for one in addresses if allowed or not is_loopback_or_link_local(one)
        ]
        return endpoints or ConnectFailure(ConnectFault.FORBIDDEN_ADDRESS, host, port)

    async def _connect(self, host: str, port: int) -> Connection | ConnectFailure:
        endpoints = await self._endpoints(host, port)
        if isinstance(endpoints, ConnectFailure):
            return endpoints
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                outcome = await self._race(endpoints, host)
        except TimeoutError:
            return ConnectFailure(ConnectFault.TIMEOUT, host, port)
        if isinstance(outcome, Connection):
            outcome.port = port
            return outcome
        return ConnectFailure(_connect_fault(outcome), host, port, detail=_detail(outcome))

    async def _race(self, endpoints: Sequence[tuple[str, int]], host: str) -> Connection | OSError:
        """Happy Eyeballs: the next attempt starts after a failure or `_ATTEMPT_DELAY`."""
        waiting = list(endpoints)
        running: set[asyncio.Task[Connection]] = set()
        first_error: OSError | None = None
        winner: Connection | None = None
        try:
            while winner is None and (waiting or running):
                if waiting:
                    address, port = waiting.pop(0)
                    attempt = partial(open_connection, address, port, host, self.trust())
                    running.add(asyncio.ensure_future(retry_while_exhausted(attempt)))
                done, running = await asyncio.wait(
                    running,
                    timeout=_ATTEMPT_DELAY if waiting else None,
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
    """IPv6 and IPv4 addresses alternately, IPv6 first (RFC 8305 section 4)."""
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
    """The name of the system's error code. Windows' codes have no ``errno`` of their own."""
    if isinstance(error, ConnectionRefusedError):
        return "ECONNREFUSED"
    if (code := getattr(error, "winerror", None)) is not None:
        return f"WinError {code}"
    return errno.errorcode.get(error.errno or 0, type(error).__name__)
