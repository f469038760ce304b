"""Our own data about large providers, matched by the address's domain."""

from typing import TYPE_CHECKING

from mailsetup.model.address import EmailAddress
from mailsetup.model.outcome import Found, NeedsInput, NotFound, Outcome
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.network import Network

if TYPE_CHECKING:
    from mailsetup.discovery.providers import MailProvider


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
    return _of(provider, address, Source(Method.BUILTIN, address.domain, Channel.BUILTIN))


def known_exchanger(host: str, address: EmailAddress) -> Found | NeedsInput | None:
    """The settings of the provider that runs a mail exchanger."""
    from mailsetup.discovery import providers

    provider = providers.by_mx(host)
    source = Source(Method.BUILTIN, f"mx:{host}", Channel.BUILTIN)
    return _of(provider, address, source) if provider else None


def known_sender(include: str, address: EmailAddress) -> Found | None:
    """The settings of the provider whose servers a domain's SPF record lets send."""
    from mailsetup.discovery import providers

    provider = providers.by_spf(include)
    return _servers_of(provider, address, Method.BUILTIN, f"spf:{include}")


def run_by(host: str, address: EmailAddress, method: Method, evidence: str) -> Found | None:
    """The settings of the provider that runs a host which the domain points to."""
    from mailsetup.discovery import providers

    return _servers_of(providers.by_cname(host) if host else None, address, method, evidence)


def _servers_of(
    provider: "MailProvider | None", address: EmailAddress, method: Method, evidence: str
) -> Found | None:
    if provider is None:
        return None
    outcome = _of(provider, address, Source(method, evidence, Channel.BUILTIN))
    return outcome if isinstance(outcome, Found) else None


def _of(provider: "MailProvider", address: EmailAddress, source: Source) -> Found | NeedsInput:
    """A provider's settings; or, where no mail program reaches it by itself, why not.

    Vouched for also on evidence from the DNS, which can be forged: every host in them is that
    provider's own, so whoever forges it gains nothing.
    """
    settings = provider.settings(address)
    if settings.servers:
        return Found(settings, source, vouched=True)
    return NeedsInput(source, provider.hints[0].kind, hints=provider.hints)
