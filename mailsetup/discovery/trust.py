"""Which hosts may receive a secret without a confirmation by the user.

RFC 6186 section 6 and RFC 8314 section 5.1: what came over unauthenticated DNS must be confirmed
unless the host lies within the address's own domain, whose name the certificate then proves.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Channel
from mailsetup.model.source_result import Found
from mailsetup.net.public_suffix import owned_domain


def domains_to_confirm(
    found: Found, address: EmailAddress, agreed: Collection[str] = ()
) -> tuple[str, ...]:
    """The domains that the user must agree to before a password is sent to their hosts.

    Each is the registrable part of a host name. ``agreed`` are domains (or whole host names) that
    the user has agreed to already, as A-labels in lower case.
    """
    if found.source.method.is_given_by_user:
        return ()
    hosts: Iterable[str] = found.settings.hosts
    if found.source.channel is not Channel.HTTP:
        # A document over plain HTTP may be forged, also with other hosts of the same domain, so
        # that even the domain's own hosts need a confirmation.
        if found.vouched:
            return ()
        hosts = [host for host in hosts if not is_own_host(host, address.domain)]
    return tuple(
        dict.fromkeys(
            owned_domain(host)
            for host in hosts
            if host not in agreed and owned_domain(host) not in agreed
        )
    )


def with_trusted_services(
    found: Found, address: EmailAddress, agreed: Collection[str] = ()
) -> Found:
    """The settings without services at hosts that no confirmation covers.

    The user confirms the mail servers' domains. A service of another domain, which a forged answer
    may name, would be accepted together with them.
    """
    if found.vouched or found.source.method.is_given_by_user:
        return found
    covered = {*agreed, *map(owned_domain, found.settings.hosts)}
    services = tuple(
        service
        for service in found.settings.services
        if owned_domain(service.place) in covered
        or service.place in agreed
        or is_own_host(service.place, address.domain)
    )
    return replace(found, settings=replace(found.settings, services=services))


def is_own_host(host: str, domain: str) -> bool:
    """Whether a host has the same owner as the domain."""
    return owned_domain(host) == owned_domain(domain)
