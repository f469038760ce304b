"""Queries to name servers: UDP first, TCP for truncated responses, then the next server.

Every query uses a connected socket of its own with a random port and a random id, so that only
responses from its server are received (RFC 5452 section 9).
"""

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailsetup.net.dns.message import RecordType, ResponseCode, WireReply, query, read_response
from mailsetup.net.fd_exhaustion import is_exhaustion

LIFETIME = 4.0
"""Seconds for one query with all its repetitions."""
_PATIENCE = 1.0
"""Seconds for one server, until the next one is tried, or the same one again."""
_MAX_SERVERS = 4
_MAX_DATAGRAM = 4096
"""Octets; more than the size that queries announce."""
_RESOLV_CONF = Path("/etc/resolv.conf")

Server = tuple[str, int]
"""A name server's IP address and port."""


class NoServerError(Exception):
    """No server is known (``is_known`` false), or none is reachable and able to answer."""

    def __init__(self, *, is_known: bool) -> None:
        super().__init__()
        self.is_known = is_known


@dataclass(frozen=True, slots=True)
class TransportReply:
    """A response and the address of its server."""

    reply: WireReply
    server: str


class DnsTransport:
    """Queries to a fixed set of servers. The one that responded last is tried first."""

    def __init__(self, servers: Iterable[Server], *, lifetime: float = LIFETIME) -> None:
        """``lifetime`` is in seconds for one query."""
        self._lifetime = lifetime
        self._servers = tuple(servers)[:_MAX_SERVERS]

    async def ask(self, name: str, kind: RecordType) -> TransportReply:
        """The response: NOERROR, with or without records, or NXDOMAIN.

        Raises TimeoutError without a response, `NoServerError`, and OSError when this computer has
        no file descriptor left.
        """
        servers = list(self._servers)
        if not servers:
            raise NoServerError(is_known=False)
        loop = asyncio.get_running_loop()
        end = loop.time() + self._lifetime
        while servers:
            for server in tuple(servers):
                if loop.time() >= end:
                    raise TimeoutError
                try:
                    reply = await self._once(server, name, kind, end)
                except TimeoutError:
                    continue
                except OSError as error:
                    if is_exhaustion(error):
                        raise
                    reply = None
                if reply is None or reply.code not in (
                    ResponseCode.NO_ERROR,
                    ResponseCode.NO_SUCH_NAME,
                ):
                    servers.remove(server)
                    continue
                self._prefer(server)
                return TransportReply(reply, server[0])
        raise NoServerError(is_known=True)

    def _prefer(self, server: Server) -> None:
        if self._servers[0] != server:
            others = (other for other in self._servers if other != server)
            self._servers = (server, *others)

    async def _once(
        self, server: Server, name: str, kind: RecordType, end: float
    ) -> WireReply | None:
        """One server's response, over TCP where it is truncated; None where it is invalid.

        UDP and TCP may take `_PATIENCE` seconds each, and end at ``end`` by the loop's clock.
        Raises TimeoutError and OSError.
        """
        now = asyncio.get_running_loop().time
        async with asyncio.timeout_at(min(end, now() + _PATIENCE)):
            reply = await _over_udp(server, name, kind, edns=True)
            if reply.code in (ResponseCode.FORMAT_ERROR, ResponseCode.NOT_IMPLEMENTED):
                # An old server, or a router without EDNS (RFC 2671, 1999).
                reply = await _over_udp(server, name, kind, edns=False)
        if not reply.is_truncated:
            return reply
        async with asyncio.timeout_at(min(end, now() + _PATIENCE)):
            whole = await _over_tcp(server, name, kind)
        return None if whole is None or whole.is_truncated else whole


async def _over_udp(server: Server, name: str, kind: RecordType, *, edns: bool) -> WireReply:
    number = secrets.randbits(16)
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(server)
        sock.send(query(name, kind, number, edns=edns))
        while True:
            # Other datagrams are forged or late: the right response may still follow.
            reply = read_response(await loop.sock_recv(sock, _MAX_DATAGRAM), name, kind, number)
            if reply is not None:
                return reply


async def _over_tcp(server: Server, name: str, kind: RecordType) -> WireReply | None:
    number = secrets.randbits(16)
    message = query(name, kind, number)
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(message).to_bytes(2, "big") + message)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return read_response(await reader.readexactly(length), name, kind, number)
    except EOFError:
        return None
    finally:
        writer.transport.abort()


def system_servers(resolv_conf: Path = _RESOLV_CONF) -> tuple[Server, ...]:
    """The configured name servers of this computer, in their order."""
    try:
        lines = resolv_conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        # Windows has them in its registry; dnspython takes 110 ms to import.
        import dns.resolver

        try:
            found = [str(one) for one in dns.resolver.Resolver().nameservers]
        except (dns.resolver.NoResolverConfiguration, OSError):
            found = []
    else:
        words = (line.split() for line in lines)
        found = [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]
    return tuple((address, 53) for address in found if _is_address(address))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
