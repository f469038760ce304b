"""Our own data about large providers, matched by the address's domain."""

from mailsetup.model.address import EmailAddress
from mailsetup.model.outcome import Found, NeedsInput, NotFound, Outcome
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network


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
    """The settings of the provider that runs a mail exchanger.

    Vouched for although MX answers can be forged: every host in them is that provider's own, so
    whoever forges them gains nothing.
    """
    from mailsetup.discovery import providers

    provider = providers.by_mx(host)
    settings = provider.settings(address) if provider else None
    if settings is None or not settings.servers:
        return None
    return Found(settings, Source(Method.BUILTIN, f"mx:{host}", Channel.BUILTIN), vouched=True)
