"""Autoconfig below ``/.well-known`` of the domain itself."""

from mailsetup.discovery.fetch_autoconfig import fetch_autoconfig
from mailsetup.discovery.sources.autoconfig import vouched_within_domain
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceResult
from mailsetup.net.network import Network


class WellKnown:
    """``https://<domain>/.well-known/autoconfig/mail/config-v1.1.xml`` (draft, step 1.2)."""

    method = Method.WELL_KNOWN

    def location(self, address: EmailAddress) -> str:
        """The URL, without the mailbox."""
        return f"https://{address.domain}/.well-known/autoconfig/mail/config-v1.1.xml"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Fetch and read the document."""
        outcome = await fetch_autoconfig(self.location(address), self.method, address, net)
        return vouched_within_domain(outcome, address)
