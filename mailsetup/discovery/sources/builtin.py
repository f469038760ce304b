"""Our own data about large providers, matched by the address's domain."""

from typing import TYPE_CHECKING

from mailsetup.model.address import EmailAddress
from mailsetup.model.outcome import Found, NeedsInput, NotFound, Outcome
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network

if TYPE_CHECKING:
    from mailsetup.discovery.providers import Provider


class Builtin:
    """No network at all: also what works offline."""

    method = Method.BUILTIN

    def location(self, address: EmailAddress) -> str:
        """The domain that is looked up."""
        return address.domain

    async def discover(self, address: EmailAddress, net: Network) -> Outcome:  # noqa: ARG002
        """Look the domain up."""
        return known_domain(address)


def known_domain(address: EmailAddress) -> Outcome:
    """The settings of the provider that gives out addresses under this domain."""
    from mailsetup.discovery import providers

    provider = providers.by_domain(address.domain)
    if provider is None:
        return NotFound(address.domain)
    source = Source(Method.BUILTIN, address.domain, Channel.BUILTIN)
    settings = provider.settings(address)
    if not settings.servers:
        # A provider that no mail program reaches without a helper on this computer.
        question = provider.hints[0].kind if provider.hints else "unsupported"
        return NeedsInput(source, question)
    return Found(settings, source, vouched=True)


def known_exchanger(host: str, address: EmailAddress) -> Found | None:
    """The settings of the provider that runs a mail exchanger."""
    from mailsetup.discovery import providers

    return _of(providers.by_mx(host), address, Method.BUILTIN, f"mx:{host}")


def known_sender(include: str, address: EmailAddress) -> Found | None:
    """The settings of the provider whose servers a domain's SPF record lets send."""
    from mailsetup.discovery import providers

    return _of(providers.by_spf(include), address, Method.BUILTIN, f"spf:{include}")


def run_by(host: str, address: EmailAddress, method: Method, evidence: str) -> Found | None:
    """The settings of the provider that runs a host which the domain points to."""
    from mailsetup.discovery import providers

    return _of(providers.by_cname(host) if host else None, address, method, evidence)


def _of(
    provider: "Provider | None", address: EmailAddress, method: Method, evidence: str
) -> Found | None:
    """A provider's settings on evidence from the DNS.

    Vouched for although such answers can be forged: every host in them is that provider's own, so
    whoever forges them gains nothing.
    """
    settings = provider.settings(address) if provider else None
    if settings is None or not settings.servers:
        return None
    return Found(settings, Source(method, evidence, Channel.BUILTIN), vouched=True)
