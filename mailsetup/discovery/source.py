"""The interface of a source of settings."""

from typing import Protocol

from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceResult
from mailsetup.net.network import Network


class DiscoverySource(Protocol):
    """One method of finding settings. It has no state, never prompts and never prints.

    `find` runs the sources concurrently, with a deadline, and cancels them; a source only has to
    let `asyncio.CancelledError` through and to close what it opened.
    """

    @property
    def method(self) -> Method:
        """The method's word on the command line."""
        ...

    def location(self, address: EmailAddress) -> str:
        """Where it will search: a URL, a DNS name or a file."""
        ...

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Search. Every expected failure is a value; no secret is ever sent."""
        ...
