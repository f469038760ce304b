"""Asking name servers: over UDP, over TCP what does not fit, and the next server after silence.

Every question goes out from a socket of its own with a random port and a random number, and only
answers from where it went are seen (RFC 5452 section 9).
"""

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailsetup.net.dns.message import RecordType, ResponseCode, WireReply, question, read
from mailsetup.net.fd_exhaustion import is_exhaustion

LIFETIME = 4.0
"""Seconds for one question with all its repetitions."""
_PATIENCE = 1.0
"""Seconds for one server, until the next one is asked, or the same once more."""
_MAX_SERVERS = 4
_MAX_DATAGRAM = 4096
"""Octets; more than we say that we take."""
_RESOLV_CONF = Path("/etc/resolv.conf")

Server = tuple[str, int]
"""A name server's IP address and port."""


class NoServerError(Exception):
    """None is known, or none can be reached or is able to answer; ``is_known`` says which."""

    def __init__(self, *, is_known: bool) -> None:
        super().__init__()
        self.is_known = is_known


@dataclass(frozen=True, slots=True)
class TransportReply:
    """An answer and who gave it."""

    reply: WireReply
    server: str


class DnsTransport:
    """Questions to a fixed set of servers. The one that answered last is asked first."""

    def __init__(self, servers: Iterable[Server], *, lifetime: float = LIFETIME) -> None:
        """``lifetime``: seconds for one question."""
        self._lifetime = lifetime
        self._servers = tuple(servers)[:_MAX_SERVERS]

    async def ask(self, name: str, kind: RecordType) -> TransportReply:
        """The answer: either records, or that there are none, or that there is no such name.

        Raises TimeoutError for silence, `NoServerError`, and OSError when this computer has
        nothing left to ask with.
        """
        asked = list(self._servers)
        if not asked:
            raise NoServerError(is_known=False)
        loop = asyncio.get_running_loop()
        end = loop.time() + self._lifetime
        while asked:
            for server in tuple(asked):
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
                    asked.remove(server)
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
        """One server's answer, over TCP where that is the only way; None where it makes no sense.

        Each way may take `_PATIENCE` seconds, and both until ``end`` of the loop's clock. Raises
        TimeoutError and OSError.
        """
        now = asyncio.get_running_loop().time
        async with asyncio.timeout_at(min(end, now() + _PATIENCE)):
            reply = await _over_udp(server, name, kind, edns=True)
            if reply.code in (ResponseCode.FORMAT_ERROR, ResponseCode.NOT_IMPLEMENTED):
                # An old server, or a router that knows the DNS of before 1999.
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
        sock.send(question(name, kind, number, edns=edns))
        while True:
            # Whatever else comes was forged, or is late: the right answer may still follow.
            reply = read(await loop.sock_recv(sock, _MAX_DATAGRAM), name, kind, number)
            if reply is not None:
                return reply


async def _over_tcp(server: Server, name: str, kind: RecordType) -> WireReply | None:
    number = secrets.randbits(16)
    asked = question(name, kind, number)
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(asked).to_bytes(2, "big") + asked)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return read(await reader.readexactly(length), name, kind, number)
    except EOFError:
        return None
    finally:
        writer.transport.abort()


def system_servers(resolv_conf: Path = _RESOLV_CONF) -> tuple[Server, ...]:
    """The name servers that this computer is set up with, in its order."""
    try:
        lines = resolv_conf.read_text("utf-8", "replace").splitlines()
    except OSError:
        # Windows keeps them elsewhere.
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
