"""Trying the names that mail servers usually have, without ever logging in."""

import asyncio
from dataclasses import dataclass

from mailsetup.discovery.hello import ways_to_log_in
from mailsetup.discovery.sources.srv import declined_services
from mailsetup.model.address import EmailAddress
from mailsetup.model.outcome import Found, NotFound, Outcome, Unreachable
from mailsetup.model.settings import (
    STANDARD_PORTS,
    AccountSettings,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network

# Preferred first; an empty prefix is the domain itself.
_HOSTS = {
    Protocol.IMAP: ("imap.", "mail.", ""),
    Protocol.POP3: ("pop.", "mail.", ""),
    Protocol.SMTP: ("smtp.", "mail.", ""),
}
_SECURITY = {
    Protocol.IMAP: (SocketType.TLS, SocketType.STARTTLS),
    Protocol.POP3: (SocketType.TLS,),
    Protocol.SMTP: (SocketType.TLS, SocketType.STARTTLS),
}
_GRACE = 0.1
"""Seconds for better candidates once incoming and outgoing servers are there."""
_CANDIDATE_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class _Candidate:
    protocol: Protocol
    security: SocketType
    host: str

    @property
    def port(self) -> int:
        return STANDARD_PORTS[self.protocol, self.security]


class Probe:
    """``imap.``, ``mail.``, ``smtp.``, ``pop.`` and the domain itself, all side by side.

    A candidate counts only with a certificate for its very name and a dialogue in the right
    protocol under TLS; what the domain's SRV records decline is left out. The choice follows a
    fixed order (security, then name), not who was first.
    """

    method = Method.PROBE

    def location(self, address: EmailAddress) -> str:
        """The domain below which names are tried."""
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> Outcome:
        """Try all; stop when nothing that is still open could be chosen."""
        candidates = _candidates(address.domain)
        declined = asyncio.create_task(declined_services(address.domain, net))
        tasks = [asyncio.create_task(_try(one, address, net, declined)) for one in candidates]
        try:
            await _until_chosen(candidates, tasks)
        finally:
            for task in (*tasks, declined):
                task.cancel()
            await asyncio.gather(*tasks, declined, return_exceptions=True)
        return _outcome(tasks, address)


_Answer = ServerSettings | ConnectFault
_Task = asyncio.Task[_Answer]


def _candidates(domain: str) -> list[_Candidate]:
    return [
        _Candidate(protocol, security, prefix + domain)
        for protocol in (Protocol.IMAP, Protocol.POP3, Protocol.SMTP)
        for security in _SECURITY[protocol]
        for prefix in _HOSTS[protocol]
    ]


async def _try(
    candidate: _Candidate,
    address: EmailAddress,
    net: Network,
    declined: "asyncio.Task[frozenset[tuple[Protocol, SocketType]]]",
) -> _Answer:
    implicit = candidate.security is SocketType.TLS
    try:
        async with asyncio.timeout(_CANDIDATE_TIMEOUT):
            connection = await net.connect(candidate.host, candidate.port, implicit_tls=implicit)
            if isinstance(connection, ConnectFailure):
                return connection.fault
            try:
                ways = await ways_to_log_in(connection, candidate.protocol, candidate.security)
            finally:
                connection.close()
    except TimeoutError:
        return ConnectFault.TIMEOUT
    # The records were asked for before the first connection; they are not waited for.
    unwanted = declined.result() if declined.done() else frozenset()
    if not ways or (candidate.protocol, candidate.security) in unwanted:
        return ConnectFault.REFUSED
    return ServerSettings(
        candidate.protocol,
        candidate.host,
        candidate.port,
        candidate.security,
        address.ascii,
        ways,
    )


async def _until_chosen(candidates: list[_Candidate], tasks: list[_Task]) -> None:
    loop = asyncio.get_running_loop()
    deadline: float | None = None
    while True:
        open_incoming, incoming = _contest(candidates, tasks, incoming=True)
        open_outgoing, outgoing = _contest(candidates, tasks, incoming=False)
        pending = open_incoming + open_outgoing
        if incoming and outgoing and deadline is None:
            deadline = loop.time() + _GRACE
        left = None if deadline is None else deadline - loop.time()
        if not pending or (left is not None and left <= 0):
            return
        await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)


def _contest(
    candidates: list[_Candidate], tasks: list[_Task], *, incoming: bool
) -> tuple[list[_Task], bool]:
    """Who is still open and preferred to the best that answered, and whether one answered."""
    ahead: list[_Task] = []
    for candidate, task in zip(candidates, tasks, strict=True):
        if (candidate.protocol is not Protocol.SMTP) is not incoming:
            continue
        if not task.done():
            ahead.append(task)
        elif isinstance(task.result(), ServerSettings):
            return ahead, True
    return ahead, False


def _outcome(tasks: list[_Task], address: EmailAddress) -> Outcome:
    answers = [task.result() for task in tasks if not task.cancelled()]
    servers = [answer for answer in answers if isinstance(answer, ServerSettings)]
    settings = AccountSettings(
        incoming=tuple(server for server in servers if server.protocol is not Protocol.SMTP),
        outgoing=tuple(server for server in servers if server.protocol is Protocol.SMTP),
    )
    if settings.servers:
        return Found(settings, Source(Method.PROBE, address.domain, Channel.DNS))
    if ConnectFault.RESOLVER in answers:
        return Unreachable(address.domain, "resolver")
    if all(answer is ConnectFault.UNRESOLVABLE for answer in answers):
        return NotFound(address.domain, "no-such-host")
    return NotFound(address.domain)
