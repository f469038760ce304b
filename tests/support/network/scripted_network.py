"""A scripted network: DNS, web and connections as data, with delays in virtual time."""

import asyncio
import selectors
import ssl
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, cast

from mailsetup.model.address import EmailAddress
from mailsetup.model.certificate import CertificateFacts, TlsFailure, TlsFault
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, MxRecord, Reply, SrvRecord
from mailsetup.model.secret import AccessToken
from mailsetup.net.connection import Connection, StreamProtocol, TlsSession
from mailsetup.net.connection_pool import ConnectionPool
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.dns.resolver import by_preference
from mailsetup.net.http import (
    BODY_LIMIT,
    REQUEST_TIMEOUT,
    Follow,
    HttpFailure,
    HttpFault,
    HttpReply,
)
from mailsetup.net.network import Network

T = TypeVar("T")

NEVER = 10_000.0
"""A delay that is longer than every timeout: a lost packet."""


class _VirtualSelector(selectors.SelectSelector):
    """Advances the clock instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("all tasks wait, and no event is scheduled")
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop with virtual time."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run(work: Coroutine[None, None, T]) -> T:
    """The result of a coroutine in virtual time; no other task may be pending at its end."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        pending = asyncio.all_tasks(loop)
        loop.close()
        assert not pending, f"still running: {pending}"


class LoopClock:
    """The time of the event loop."""

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = offset

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.monotonic() + self._offset, UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def address(text: str = "ana@bodega.es") -> EmailAddress:
    parsed = EmailAddress.parse(text)
    assert isinstance(parsed, EmailAddress)
    return parsed


DnsReply = DnsAnswer[MxRecord] | DnsAnswer[SrvRecord] | DnsAnswer[str] | Absent | DnsFailure


class _Server(asyncio.Transport):
    """Both ends of a connection in memory: lines in, scripted lines out."""

    def __init__(self, script: "Script") -> None:
        super().__init__()
        self._script = script
        self._closing = False
        self.protocol: asyncio.Protocol | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._script.received.append(bytes(data))
        for line in bytes(data).splitlines():
            reply = self._script.answer(line)
            if reply and self.protocol is not None:
                asyncio.get_running_loop().call_later(
                    self._script.delay, self.protocol.data_received, reply
                )

    def abort(self) -> None:
        self._closing = True
        self._script.closed += 1

    def is_closing(self) -> bool:
        return self._closing


@dataclass
class Script:
    """A mail server as data: its greeting, and its responses by the beginning of a line."""

    greeting: bytes
    answers: Mapping[bytes, bytes] = field(default_factory=dict)
    secure: bool = True
    delay: float = 0.0
    connect_delay: float = 0.0
    received: list[bytes] = field(default_factory=list)
    closed: int = 0

    def answer(self, line: bytes) -> bytes:
        for word, reply in self.answers.items():
            if line.upper().startswith(word):
                return reply
        return b""


@dataclass
class ScriptedNetwork:
    """The existing names and servers. A name that is not in ``dns``, the host of a URL that is not
    in ``web`` and a host that is not in ``mail`` do not exist."""

    dns: dict[tuple[str, str], DnsReply] = field(default_factory=dict)
    dns_delays: dict[tuple[str, str], float] = field(default_factory=dict)
    dns_default: DnsReply = field(default_factory=lambda: Absent(nxdomain=True))
    dns_delay: float = 0.0
    web: dict[str, HttpReply | HttpFailure] = field(default_factory=dict)
    web_delays: dict[str, float] = field(default_factory=dict)
    web_delay: float = 0.0
    mail: dict[tuple[str, int], Script | ConnectFault] = field(default_factory=dict)
    posts: dict[str, HttpReply | HttpFailure] = field(default_factory=dict)
    """Responses to POST by URL; without any, those to GET."""
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """CNAME chains by host."""
    reverse: dict[str, tuple[str, ...]] = field(default_factory=dict)
    signed: set[tuple[str, str]] = field(default_factory=set)
    """Names and types with records that DNSSEC proves."""
    certificates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Hosts with a certificate for these other names."""
    issuers: dict[str, str] = field(default_factory=dict)
    """Hosts with a certificate of an unknown issuer, by host."""
    offset: float = 0.0
    """Seconds by which this computer's clock is fast."""
    posted: list[tuple[str, bytes]] = field(default_factory=list)
    pool: ConnectionPool = field(default_factory=ConnectionPool)
    asked_urls: list[str] = field(default_factory=list)
    asked_hosts: list[tuple[str, int]] = field(default_factory=list)

    def network(self) -> Network:
        clock = LoopClock(self.offset)
        return Network(
            dns=self,
            http=self,
            connect=self,
            look_up=self.addresses,
            clock=clock,
            pool=self.pool,
            is_online=lambda: True,
        )

    def serve(self, url: str, body: bytes, *, after: float = 0.0, final_url: str = "") -> None:
        """A document at a URL; ``final_url`` is the URL after redirects."""
        self.web[url] = HttpReply(200, final_url or url, body, "text/plain")
        self.web_delays[url] = after

    async def mx(self, domain: str) -> Reply[MxRecord]:
        reply = cast(Reply[MxRecord], await self._look_up(domain, "MX"))
        if isinstance(reply, DnsAnswer):
            return DnsAnswer(by_preference(reply.records), reply.validated)
        return reply

    async def srv(self, name: str) -> Reply[SrvRecord]:
        return cast(Reply[SrvRecord], await self._look_up(name, "SRV"))

    async def txt(self, name: str) -> Reply[str]:
        return cast(Reply[str], await self._look_up(name, "TXT"))

    async def addresses(self, host: str) -> Reply[str]:
        return cast(Reply[str], await self._look_up(host, "A"))

    async def aliases(self, host: str) -> tuple[str, ...]:
        await self._look_up(host, "A")
        return self.chains.get(host, ())

    async def names_of(self, address: str) -> tuple[str, ...]:
        await self._look_up(address, "PTR")
        return self.reverse.get(address, ())

    async def is_bogus(self, domain: str) -> bool:
        return False

    async def is_signed(self, name: str, rdtype: str) -> bool:
        await self._look_up(name, "RRSIG")
        return (name, rdtype) in self.signed

    async def _look_up(self, name: str, rdtype: str) -> DnsReply:
        key = (name, rdtype)
        await asyncio.sleep(self.dns_delays.get(key, self.dns_delay))
        return self.dns.get(key, self.dns_default)

    async def get(
        self,
        url: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
        follow: Follow = Follow.ANYWHERE,
        bearer: AccessToken | None = None,
    ) -> HttpReply | HttpFailure:
        return await self._fetch(self.web, url, timeout)

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        limit: int = BODY_LIMIT,
        timeout: float = REQUEST_TIMEOUT,
    ) -> HttpReply | HttpFailure:
        self.posted.append((url, body))
        return await self._fetch(self.posts or self.web, url, timeout)

    async def get_plain(
        self, url: str, *, limit: int = BODY_LIMIT, timeout: float = REQUEST_TIMEOUT
    ) -> HttpReply | HttpFailure:
        return await self._fetch(self.web, url, timeout)

    async def _fetch(
        self, entry: dict[str, HttpReply | HttpFailure], url: str, timeout: float
    ) -> HttpReply | HttpFailure:
        self.asked_urls.append(url)
        try:
            async with asyncio.timeout(timeout):
                bare = url.partition("?")[0]
                await asyncio.sleep(self.web_delays.get(bare, self.web_delay))
        except TimeoutError:
            return HttpFailure(HttpFault.TIMEOUT, url)
        return entry.get(bare, HttpFailure(HttpFault.UNRESOLVABLE, url))

    async def __call__(
        self, host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        self.asked_hosts.append((host, port))
        entry = self.mail.get((host, port), ConnectFault.UNRESOLVABLE)
        if isinstance(entry, ConnectFault):
            if entry is ConnectFault.TIMEOUT:
                await asyncio.sleep(8.0)
            return ConnectFailure(entry, host, port)
        await asyncio.sleep(entry.connect_delay)
        issuer = self.issuers.get(host)
        if issuer is not None and implicit_tls:
            epoch = datetime.fromtimestamp(0, UTC)
            facts = CertificateFacts((host,), issuer, epoch, epoch, "")
            unknown = TlsFailure(TlsFault.UNKNOWN_ISSUER, certificate=facts if explain else None)
            return ConnectFailure(ConnectFault.TLS, host, port, unknown)
        names = self.certificates.get(host)
        if names is not None and implicit_tls:
            failure = TlsFailure(TlsFault.WRONG_NAME)
            return ConnectFailure(ConnectFault.TLS, host, port, failure)
        connection = _connection(entry, host, port, implicit_tls)
        connection.names = names
        return connection


class _MemoryConnection(Connection):
    """A connection with simulated TLS; the tests of TLS use real sockets."""

    script: Script
    names: tuple[str, ...] | None = None

    async def start_tls(self, server_hostname: str | None = None) -> TlsFailure | None:
        if self.names is not None:
            return TlsFailure(TlsFault.WRONG_NAME)
        assert self.script.secure
        self.tls = TlsSession("TLSv1.3", "", b"")
        return None

    async def inspect_tls(self) -> TlsFailure:
        epoch = datetime.fromtimestamp(0, UTC)
        facts = CertificateFacts(self.names or (), "Issuer", epoch, epoch, "")
        return TlsFailure(TlsFault.FAILED, "", facts)


def _connection(script: Script, host: str, port: int, implicit_tls: bool) -> _MemoryConnection:
    protocol = StreamProtocol()
    transport = _Server(script)
    transport.protocol = protocol
    protocol.connection_made(transport)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    connection = _MemoryConnection(protocol, host, port, "192.0.2.1", context)
    connection.script = script
    if implicit_tls:
        connection.tls = TlsSession("TLSv1.3", "", b"")
    asyncio.get_running_loop().call_later(script.delay, protocol.data_received, script.greeting)
    return connection


def imap(*, delay: float = 0.0, connect_delay: float = 0.0) -> Script:
    """An IMAP server with password authentication, for either port."""
    return Script(
        b"* OK ready\r\n",
        {
            b"A1 STARTTLS": b"a1 OK begin\r\n",
            b"A2 CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\na2 OK done\r\n",
        },
        delay=delay,
        connect_delay=connect_delay,
    )


def smtp(*, delay: float = 0.0, connect_delay: float = 0.0) -> Script:
    """A submission server with password authentication, for either port."""
    return Script(
        b"220 mail ESMTP\r\n",
        {b"EHLO": b"250-mail\r\n250 AUTH PLAIN LOGIN\r\n", b"STARTTLS": b"220 go on\r\n"},
        delay=delay,
        connect_delay=connect_delay,
    )


def srv(*targets: tuple[str, int], priority: int = 0, validated: bool = False) -> DnsReply:
    """SRV records, one for each target."""
    records = tuple(SrvRecord(priority, 0, port, host) for host, port in targets)
    return DnsAnswer(records, validated)


NOT_OFFERED: DnsReply = DnsAnswer((SrvRecord(0, 0, 0, ""),))
SERVFAIL: DnsReply = DnsFailure(DnsFault.SERVFAIL)
NO_DATA: DnsReply = Absent(nxdomain=False)


def mx(*hosts: str, preference: int = 10) -> DnsReply:
    """MX records of one preference; an empty host makes a null MX."""
    return DnsAnswer(tuple(MxRecord(preference, host) for host in hosts))


def config(
    imap_host: str = "imap.bodega.es", smtp_host: str = "smtp.bodega.es", extra: str = ""
) -> bytes:
    """An autoconfig document with one incoming and one outgoing server."""
    return f"""<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="x">
  <displayName>Bodega</displayName>{extra}
  <incomingServer type="imap"><hostname>{imap_host}</hostname><port>993</port>
    <socketType>SSL</socketType><username>%EMAILADDRESS%</username>
    <authentication>password-cleartext</authentication></incomingServer>
  <outgoingServer type="smtp"><hostname>{smtp_host}</hostname><port>465</port>
    <socketType>SSL</socketType><username>%EMAILADDRESS%</username>
    <authentication>password-cleartext</authentication></outgoingServer>
</emailProvider></clientConfig>""".encode()


AUTOCONFIG = "https://autoconfig.bodega.es/mail/config-v1.1.xml"
WELL_KNOWN = "https://bodega.es/.well-known/autoconfig/mail/config-v1.1.xml"
ISPDB = "https://v1.ispdb.net/bodega.es"
ISPDB_COPY = "https://autoconfig.thunderbird.net/v1.1/bodega.es"

Emit = Callable[[object], None]
