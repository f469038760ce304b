"""The public database of mail programs (ISPDB). It learns the domain only."""

from dataclasses import replace

from mailsetup.discovery.fetch_autoconfig import fetch_autoconfig
from mailsetup.discovery.first_preferred import first_preferred
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found, SourceResult
from mailsetup.net.network import Network

_BASES = ("https://v1.ispdb.net/", "https://autoconfig.thunderbird.net/v1.1/")

# Both serve the same data: the first answer is used.
_GRACE = 0.0


class Ispdb:
    """``https://v1.ispdb.net/<domain>`` (draft, step 2.1) and Thunderbird's own copy."""

    method = Method.ISPDB

    def location(self, address: EmailAddress) -> str:
        """The database's URL for the domain."""
        return _BASES[0] + address.domain

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Query both. The database vouches for its entry under the address's own domain."""
        outcome = await look_up(address.domain, self.method, address, net)
        return replace(outcome, vouched=True) if isinstance(outcome, Found) else outcome


async def look_up(domain: str, method: Method, address: EmailAddress, net: Network) -> SourceResult:
    """The database's entry under any domain name, as settings for the address."""
    return await first_preferred(
        [fetch_autoconfig(base + domain, method, address, net) for base in _BASES], _GRACE
    )
