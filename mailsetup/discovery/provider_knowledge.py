"""What we know of a provider beside its servers, once somebody else named those."""

from dataclasses import replace

from mailsetup.model.address import EmailAddress
from mailsetup.model.outcome import Found
from mailsetup.model.settings import ServerSettings
from mailsetup.model.source import Method

_SILENT_ABOUT_LOGIN = frozenset({Method.SRV, Method.PROBE})


def with_provider_knowledge(found: Found, address: EmailAddress) -> Found:
    """The settings with the provider's hints, where all hosts are one known provider's.

    SRV records and a server's greeting do not say that a provider wants an app password or a
    sign-in in the browser; for those sources the ways to log in are taken from our data too.
    """
    from mailsetup.discovery import providers

    if found.source.method is Method.BUILTIN or not found.settings.hosts:
        return found
    owners = {providers.by_host(host) for host in found.settings.hosts}
    provider = owners.pop() if len(owners) == 1 else None
    if provider is None:
        return found
    known = provider.settings(address)
    settings = found.settings
    if found.source.method in _SILENT_ABOUT_LOGIN:
        ways = {(server.protocol, server.host): server.authentication for server in known.servers}

        def taught(server: ServerSettings) -> ServerSettings:
            way = ways.get((server.protocol, server.host), server.authentication)
            return replace(server, authentication=way)

        settings = replace(
            settings,
            incoming=tuple(map(taught, settings.incoming)),
            outgoing=tuple(map(taught, settings.outgoing)),
        )
    settings = replace(
        settings,
        hints=tuple(dict.fromkeys((*known.hints, *settings.hints))),
        provider=settings.provider or provider.name,
    )
    return replace(found, settings=settings)
