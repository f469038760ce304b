"""Probing common names of mail servers, without login."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mailsetup.discovery import providers
from mailsetup.discovery.capabilities import ServerCapabilities, read_capabilities
from mailsetup.discovery.certificate_names import other_names
from mailsetup.discovery.exchangers import best_exchangers
from mailsetup.discovery.sources.srv import is_declined
from mailsetup.formats import srv_labels
from mailsetup.model.address import EmailAddress
from mailsetup.model.certificate import TlsFault
from mailsetup.model.settings import (
    STANDARD_PORTS,
    AccountSettings,
    HostAlias,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network

# Preferred first; an empty prefix is the domain itself.
_PREFIXES: Final[Mapping[Protocol, tuple[str, ...]]] = {
    Protocol.IMAP: ("imap.", "mail.", ""),
    Protocol.POP3: ("pop.", "pop3.", "mail.", ""),
    Protocol.SMTP: ("smtp.", "mail.", ""),
}
_SECURITY: Final[Mapping[Protocol, tuple[SocketType, ...]]] = {
    Protocol.IMAP: (SocketType.TLS, SocketType.STARTTLS),
    Protocol.POP3: (SocketType.TLS, SocketType.STARTTLS),
    Protocol.SMTP: (SocketType.TLS, SocketType.STARTTLS),
}
_GRACE = (0.1, 0.25)
"""Minimum and maximum of the seconds for better candidates once incoming and outgoing servers
answered. Within them, half of the time that those took: a slow line is slow for all."""
_GRACE_FOR_OWN = 0.4
"""The same where a server is known only by another owner's name, which needs a confirmation."""
_CANDIDATE_TIMEOUT = 10.0
_MAX_OTHER_NAMES = 6
_SRV_TIMEOUT = 0.3
"""Seconds to wait for the SRV record that may decline a service which answers."""
_HEAD_START = 0.4
"""Seconds for the domain's common names before the exchangers are tried."""


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """A server that may exist. Sorted in order of preference."""

    is_foreign: bool
    """The name is an exchanger's or from a certificate, not a common name of the domain."""
    protocol_place: int
    security_place: int
    name_place: int
    host: str = field(compare=False)
    protocol: Protocol = field(compare=False)
    security: SocketType = field(compare=False)
    asked: str = field(compare=False, default="")
    """The original name, where ``host`` is from its certificate."""

    @property
    def port(self) -> int:
        return STANDARD_PORTS[self.protocol, self.security]

    @property
    def is_outgoing(self) -> bool:
        return self.protocol is Protocol.SMTP


@dataclass(frozen=True, slots=True)
class _Answer:
    """A server that answered, with the connection to it."""

    server: ServerSettings
    connection: Connection
    words: tuple[str, ...]


_Result = _Answer | ConnectFault
_Task = asyncio.Task[_Result]


class Probe:
    """``imap.``, ``mail.``, ``smtp.``, ``pop.``, the domain and its exchangers, concurrently.

    A candidate is accepted only with a certificate for its exact name and a dialogue in the right
    protocol under TLS; services that SRV records decline are left out. Where a certificate is valid
    for other names only, those are tried if they resolve to the same address. The choice follows a
    fixed order (common names, security, name), not the order of the answers.
    """

    method = Method.PROBE

    def location(self, address: EmailAddress) -> str:
        """The domain below which names are probed."""
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Probe all; stop when no pending candidate could be chosen any more."""
        probing = _Probing(address, net)
        try:
            return await probing.run()
        finally:
            await probing.stop()


class _Probing:
    def __init__(self, address: EmailAddress, net: Network) -> None:
        self._address = address
        self._net = net
        self._tasks: dict[_Candidate, _Task] = {}
        self._scouts: set[asyncio.Task[list[_Candidate]]] = set()
        self._declined = {
            (protocol, security): asyncio.create_task(is_declined(label, address.domain, net))
            for (protocol, security), label in srv_labels.MAIL.items()
        }
        self._inspected: set[str] = set()
        self._used: list[Connection] = []

    async def run(self) -> SourceResult:
        self._start(_common_names(self._address.domain))
        self._scouts.add(asyncio.create_task(self._exchangers(list(self._tasks.values()))))
        loop = asyncio.get_running_loop()
        started = loop.time()
        complete_since: float | None = None
        while True:
            done = [self._standing(outgoing=direction) for direction in (False, True)]
            pending = {task for ahead, _ in done for task in ahead}
            best = [best for _, best in done if best is not None]
            left: float | None = None
            if len(best) == len(done):
                if complete_since is None:
                    complete_since = loop.time()
                grace = min(max((complete_since - started) / 2, _GRACE[0]), _GRACE[1])
                if any(one.is_foreign for one in best):
                    grace = _GRACE_FOR_OWN
                left = complete_since + grace - loop.time()
            scouts = self._scouts if left is None else set()
            if not (pending or scouts) or (left is not None and left <= 0):
                break
            await asyncio.wait(pending | scouts, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            self._follow_up()
        return self._outcome()

    async def stop(self) -> None:
        """Cancel all tasks and close connections that the result does not use."""
        everything = (*self._tasks.values(), *self._scouts, *self._declined.values())
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
        for task in self._tasks.values():
            if not task.cancelled() and task.exception() is None:
                result = task.result()
                if isinstance(result, _Answer) and result.connection not in self._used:
                    result.connection.close()

    def _start(self, candidates: Iterable[_Candidate]) -> None:
        known = {(one.host, one.port) for one in self._tasks}
        for candidate in candidates:
            if (candidate.host, candidate.port) not in known:
                self._tasks[candidate] = asyncio.create_task(self._try(candidate))

    def _follow_up(self) -> None:
        """Start the candidates that finished scouts have found."""
        for scout in [scout for scout in self._scouts if scout.done()]:
            self._scouts.discard(scout)
            self._start(scout.result())

    async def _exchangers(self, usual: list[_Task]) -> list[_Candidate]:
        """Candidates at the mail exchangers: small servers run all services on one host.

        They may have another owner, so that they are not contacted if the domain's names answer.
        """
        reply = await self._net.dns.mx(self._address.domain)
        await asyncio.wait(usual, timeout=_HEAD_START)
        if all(self._standing(outgoing=direction)[1] for direction in (False, True)):
            return []
        hosts = [host for host in best_exchangers(reply) if providers.filter_of(host) is None]
        return [one for place, host in enumerate(hosts) for one in _at(host, 10 + place)]

    async def _behind_certificate(
        self, candidate: _Candidate, failure: ConnectFailure
    ) -> list[_Candidate]:
        upgrades = candidate.protocol if candidate.security is SocketType.STARTTLS else None
        names = await other_names(failure, self._address.domain, self._net, upgrades)
        return [
            replace(one, asked=candidate.host)
            for place, name in enumerate(names[:_MAX_OTHER_NAMES])
            for one in _at(name, 50 + place)
        ]

    async def _try(self, candidate: _Candidate) -> _Result:
        implicit = candidate.security is SocketType.TLS
        try:
            async with asyncio.timeout(_CANDIDATE_TIMEOUT):
                connection = await self._net.connect(
                    candidate.host, candidate.port, implicit_tls=implicit
                )
                if isinstance(connection, ConnectFailure):
                    self._inspect_certificate(candidate, connection)
                    return connection.fault
                return await self._greet(candidate, connection)
        except TimeoutError:
            return ConnectFault.TIMEOUT

    async def _greet(self, candidate: _Candidate, connection: Connection) -> _Result:
        try:
            capabilities = await read_capabilities(
                connection, candidate.protocol, candidate.security
            )
            if isinstance(capabilities, ServerCapabilities) and await self._is_declined(candidate):
                capabilities = None
        except BaseException:
            connection.close()
            raise
        if isinstance(capabilities, ServerCapabilities):
            return self._answer(candidate, connection, capabilities)
        connection.close()
        if capabilities is None:
            return ConnectFault.REFUSED
        failure = ConnectFailure(ConnectFault.TLS, candidate.host, candidate.port, capabilities)
        self._inspect_certificate(candidate, failure)
        return ConnectFault.TLS

    async def _is_declined(self, candidate: _Candidate) -> bool:
        """Whether an SRV record, queried before any connection, declines the service."""
        asked = self._declined[candidate.protocol, candidate.security]
        await asyncio.wait([asked], timeout=_SRV_TIMEOUT)
        return asked.done() and asked.result()

    def _answer(
        self, candidate: _Candidate, connection: Connection, capabilities: ServerCapabilities
    ) -> _Answer:
        server = ServerSettings(
            candidate.protocol,
            candidate.host,
            candidate.port,
            candidate.security,
            self._address.ascii,
            capabilities.kinds,
        )
        return _Answer(server, connection, capabilities.words)

    def _inspect_certificate(self, candidate: _Candidate, failure: ConnectFailure) -> None:
        """Search other names in the certificate, once for each host."""
        wrong_name = failure.tls is not None and failure.tls.fault is TlsFault.WRONG_NAME
        if not wrong_name or candidate.is_foreign or candidate.host in self._inspected:
            return
        self._inspected.add(candidate.host)
        self._scouts.add(asyncio.create_task(self._behind_certificate(candidate, failure)))

    def _standing(self, *, outgoing: bool) -> tuple[list[_Task], _Candidate | None]:
        """The pending tasks that are preferred to the best answer, and that answer's candidate."""
        ahead: list[_Task] = []
        for candidate in sorted(self._tasks):
            if candidate.is_outgoing is not outgoing:
                continue
            task = self._tasks[candidate]
            if not task.done():
                ahead.append(task)
            elif isinstance(task.result(), _Answer):
                return ahead, candidate
        return ahead, None

    def _outcome(self) -> SourceResult:
        incoming = self._answers(outgoing=False)
        outgoing = self._answers(outgoing=True)
        for _, answer in incoming[:1] + outgoing[:1]:
            self._used.append(answer.connection)
            self._net.pool.put(answer.connection, answer.words)
        chosen = incoming + outgoing
        if chosen:
            aliases = dict.fromkeys(
                HostAlias(candidate.asked, candidate.host)
                for candidate, _ in chosen
                if candidate.asked
            )
            settings = AccountSettings(
                incoming=tuple(answer.server for _, answer in incoming),
                outgoing=tuple(answer.server for _, answer in outgoing),
                aliases=tuple(aliases),
            )
            return Found(settings, Source(Method.PROBE, self._address.domain, Channel.DNS))
        return self._not_found()

    def _answers(self, *, outgoing: bool) -> list[tuple[_Candidate, _Answer]]:
        """The answers, best first; foreign names only where the domain's own names gave none."""
        found = [
            (candidate, result)
            for candidate in sorted(self._tasks)
            if candidate.is_outgoing is outgoing
            and self._tasks[candidate].done()
            and isinstance(result := self._tasks[candidate].result(), _Answer)
        ]
        foreign = not any(not candidate.is_foreign for candidate, _ in found)
        return [pair for pair in found if pair[0].is_foreign is foreign]

    def _not_found(self) -> SourceResult:
        faults = {task.result() for task in self._tasks.values() if task.done()}
        domain = self._address.domain
        if ConnectFault.RESOLVER in faults:
            return Unreachable(domain, "resolver")
        if faults == {ConnectFault.UNRESOLVABLE}:
            return NotFound(domain, "no-such-host")
        if ConnectFault.TLS in faults:
            return NotFound(domain, "certificate")
        return NotFound(domain)


def _common_names(domain: str) -> list[_Candidate]:
    return [
        _candidate(prefix + domain, protocol, security, place)
        for protocol, prefixes in _PREFIXES.items()
        for security in _SECURITY[protocol]
        for place, prefix in enumerate(prefixes)
    ]


def _at(host: str, place: int) -> list[_Candidate]:
    """All candidates at one more host."""
    return [
        _candidate(host, protocol, security, place, is_foreign=True)
        for protocol, kinds in _SECURITY.items()
        for security in kinds
    ]


def _candidate(
    host: str, protocol: Protocol, security: SocketType, place: int, *, is_foreign: bool = False
) -> _Candidate:
    return _Candidate(
        is_foreign,
        list(_SECURITY).index(protocol),
        _SECURITY[protocol].index(security),
        place,
        host,
        protocol,
        security,
    )
