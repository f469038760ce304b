"""The built-in list of providers, by the address's domain."""

from mailsetup.discovery import provider_settings
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceResult
from mailsetup.net.network import Network


class Builtin:
    """Needs no network, so that it also works offline."""

    method = Method.BUILTIN

    def location(self, address: EmailAddress) -> str:
        """The domain that is looked up."""
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:  # noqa: ARG002
        """Look the domain up."""
        return provider_settings.of_domain(address)
