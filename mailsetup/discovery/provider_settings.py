"""Settings from the built-in list of providers, found by an address or by evidence in the DNS."""

from dataclasses import replace

from mailsetup.discovery import providers
from mailsetup.discovery.providers import MailProvider
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import ServerSettings
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NeedsInput, NotFound, SourceResult

_WITHOUT_AUTHENTICATION = frozenset({Method.SRV, Method.PROBE})
"""Sources that do not name the authentication, or only what the server's software can do."""


def of_domain(address: EmailAddress) -> SourceResult:
    """The settings of the provider that assigns addresses in this domain."""
    provider = providers.by_domain(address.domain)
    if provider is None:
        return NotFound(address.domain)
    return _settings(provider, address, Source(Method.BUILTIN, address.domain, Channel.BUILTIN))


def of_exchanger(host: str, address: EmailAddress) -> Found | NeedsInput | None:
    """The settings of the provider that operates a mail exchanger."""
    provider = providers.by_mx(host)
    source = Source(Method.BUILTIN, f"mx:{host}", Channel.BUILTIN)
    return _settings(provider, address, source) if provider else None


def of_spf_include(include: str, address: EmailAddress) -> Found | None:
    """The settings of the provider whose servers a domain's SPF record authorises."""
    return _servers(providers.by_spf(include), address, Method.BUILTIN, f"spf:{include}")


def of_alias(host: str, address: EmailAddress, method: Method, evidence: str) -> Found | None:
    """The settings of the provider that operates a host to which the domain points."""
    provider = providers.by_cname(host) if host else None
    return _servers(provider, address, method, evidence)


def _servers(
    provider: MailProvider | None, address: EmailAddress, method: Method, evidence: str
) -> Found | None:
    if provider is None:
        return None
    outcome = _settings(provider, address, Source(method, evidence, Channel.BUILTIN))
    return outcome if isinstance(outcome, Found) else None


def _settings(provider: MailProvider, address: EmailAddress, source: Source) -> Found | NeedsInput:
    """A provider's settings, or why mail programs cannot reach it by themselves.

    Vouched for also where the evidence comes from unauthenticated DNS: all hosts are the provider's
    own, so that a forger would gain nothing.
    """
    settings = provider.settings(address)
    if settings.servers:
        return Found(settings, source, vouched=True)
    return NeedsInput(source, provider.hints[0].kind, hints=provider.hints)


def with_provider_hints(found: Found, address: EmailAddress) -> Found:
    """Settings of another source with the provider's hints, where one provider has all hosts.

    SRV records and a server's greeting do not show that a provider wants an app password or a
    sign-in in the browser, so that for those sources the list gives the authentication, too.
    """
    if found.source.method is Method.BUILTIN or not found.settings.hosts:
        return found
    owners = {providers.by_host(host) for host in found.settings.hosts}
    provider = owners.pop() if len(owners) == 1 else None
    if provider is None:
        return found
    listed = provider.settings(address)
    settings = found.settings
    if found.source.method in _WITHOUT_AUTHENTICATION:
        kinds = {(server.protocol, server.host): server.authentication for server in listed.servers}

        def with_authentication(server: ServerSettings) -> ServerSettings:
            listed_kinds = kinds.get((server.protocol, server.host), server.authentication)
            return replace(server, authentication=listed_kinds)

        settings = replace(
            settings,
            incoming=tuple(map(with_authentication, settings.incoming)),
            outgoing=tuple(map(with_authentication, settings.outgoing)),
        )
    settings = replace(
        settings,
        hints=tuple(dict.fromkeys((*listed.hints, *settings.hints))),
        provider=settings.provider or provider.name,
    )
    return replace(found, settings=settings)
