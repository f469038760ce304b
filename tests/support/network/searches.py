"""Searches in a scripted network, with scripted sources."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailsetup.discovery.find import HEAD_START, find
from mailsetup.discovery.source import DiscoverySource
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.search_events import SearchEvent
from mailsetup.model.search_options import SearchOptions
from mailsetup.model.settings import AccountSettings, Protocol, ServerSettings, SocketType
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, SourceResult, SourceStatus
from mailsetup.net.network import Network
from tests.support.network.scripted_network import (
    ScriptedNetwork,
    address,
    run,
    srv,
)

SLACK = 1000 * HEAD_START + 1
"""Milliseconds."""


def search(
    scripted: ScriptedNetwork,
    text: str = "ana@bodega.es",
    options: SearchOptions | None = None,
    *,
    sources: Sequence[DiscoverySource] | None = None,
    emit: Callable[[SearchEvent], None] = lambda _event: None,
) -> Discovery:
    """The result of a search in a scripted network."""
    chosen = options or SearchOptions()
    return run(find(address(text), scripted.network(), chosen, sources=sources, emit=emit))


def statuses(discovery: Discovery) -> dict[str, SourceStatus]:
    """Each source's status."""
    return {tried.method: tried.status for tried in discovery.tried}


def reasons(discovery: Discovery) -> dict[str, str]:
    """Each source's reason."""
    return {tried.method: tried.reason for tried in discovery.tried}


def with_srv(scripted: ScriptedNetwork, host_imap: str, host_smtp: str) -> ScriptedNetwork:
    """The network with SRV records of two hosts."""
    scripted.dns["_imaps._tcp.bodega.es", "SRV"] = srv((host_imap, 993))
    scripted.dns["_submissions._tcp.bodega.es", "SRV"] = srv((host_smtp, 465))
    return scripted


SERVER = ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana@bodega.es")
SMTP = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")


@dataclass
class FakeSource:
    """A source that returns a result after a delay, or raises it."""

    method: Method
    answer: SourceResult | Exception
    after: float = 0.0
    ended: list[str] = field(default_factory=list)

    def location(self, address: EmailAddress) -> str:
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        try:
            await asyncio.sleep(self.after)
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def settings_of(
    method: Method,
    incoming: tuple[ServerSettings, ...] = (SERVER,),
    outgoing: tuple[ServerSettings, ...] = (SMTP,),
    *,
    vouched: bool = False,
) -> Found:
    """Settings of one method."""
    settings = AccountSettings(incoming, outgoing)
    return Found(settings, Source(method, "here", Channel.HTTPS), vouched)
