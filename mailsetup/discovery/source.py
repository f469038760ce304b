"""What every source of settings is to the engine."""

from typing import Protocol

from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceResult
from mailsetup.net.network import Network


class DiscoverySource(Protocol):
    """One method of finding settings. It holds no state, never prompts and never prints.

    The engine owns concurrency between sources, the deadline and cancellation; a source only lets
    `asyncio.CancelledError` through and closes what it opened.
    """

    @property
    def method(self) -> Method:
        """The method's word on the command line."""
        ...

    def location(self, address: EmailAddress) -> str:
        """Where it is going to ask: a URL, a DNS name, or nothing."""
        ...

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Ask. Every expected failure is a value; no secret is ever sent."""
        ...
