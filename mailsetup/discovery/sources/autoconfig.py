"""Autoconfig documents that the domain itself serves."""

from dataclasses import replace
from urllib.parse import quote, urlsplit

from mailsetup.discovery.fetch_autoconfig import fetch_autoconfig
from mailsetup.discovery.trust import is_own_host
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, SourceResult
from mailsetup.net.network import Network


class Autoconfig:
    """``https://autoconfig.<domain>/mail/config-v1.1.xml`` (draft, step 1.1)."""

    method = Method.AUTOCONFIG

    def location(self, address: EmailAddress) -> str:
        """The URL, with the address in its query: some providers answer per mailbox."""
        return (
            f"https://autoconfig.{address.domain}/mail/config-v1.1.xml"
            f"?emailaddress={quote(address.ascii, safe='')}"
        )

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Fetch and read the document."""
        outcome = await fetch_autoconfig(self.location(address), self.method, address, net)
        return _vouched_within_domain(outcome, address)


class WellKnown:
    """``https://<domain>/.well-known/autoconfig/mail/config-v1.1.xml`` (draft, step 1.2)."""

    method = Method.WELL_KNOWN

    def location(self, address: EmailAddress) -> str:
        """The URL, without the mailbox."""
        return f"https://{address.domain}/.well-known/autoconfig/mail/config-v1.1.xml"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Fetch and read the document."""
        outcome = await fetch_autoconfig(self.location(address), self.method, address, net)
        return _vouched_within_domain(outcome, address)


def _vouched_within_domain(outcome: SourceResult, address: EmailAddress) -> SourceResult:
    """The outcome, vouched for where the final URL has the same owner as the domain."""
    if not isinstance(outcome, Found):
        return outcome
    host = urlsplit(outcome.source.location).hostname or ""
    return replace(outcome, vouched=is_own_host(host, address.domain))


class PlainAutoconfig:
    """`Autoconfig` over plain HTTP (draft, step 1.3), only where the user switched it on.

    It can be forged, so that every host in it needs a confirmation, and read by others, so that it
    does not name the mailbox.
    """

    method = Method.AUTOCONFIG

    def location(self, address: EmailAddress) -> str:
        """The URL."""
        return f"http://autoconfig.{address.domain}/mail/config-v1.1.xml"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Fetch and read the document."""
        return await fetch_autoconfig(self.location(address), self.method, address, net)
