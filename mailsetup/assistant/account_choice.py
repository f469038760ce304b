"""The account made from the settings that were found: its servers and their owners."""

from collections.abc import Iterable, Sequence

from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.net.public_suffix import owned_domain


def choose_account(
    settings: AccountSettings, address: EmailAddress, person: str = ""
) -> Account | None:
    """The best incoming server (IMAP first) and the best outgoing one, both encrypted."""
    incoming = next(iter(_usable(settings.incoming, Protocol.IMAP)), None) or next(
        iter(_usable(settings.incoming, Protocol.POP3)), None
    )
    outgoing = next(iter(_usable(settings.outgoing, Protocol.SMTP)), None)
    if incoming is None or outgoing is None:
        return None
    return Account(address=address, incoming=incoming, outgoing=outgoing, person=person)


def settings_domains(discovery: Discovery) -> tuple[str, ...]:
    """The owners of the hosts that were found: one registrable domain for each."""
    return _owners(discovery.settings.hosts if discovery.settings else ())


def unproven_owners(discovery: Discovery, hosts: Iterable[str]) -> tuple[str, ...]:
    """The owners of these hosts that the discovery could not prove."""
    owners = _owners(hosts)
    return tuple(domain for domain in discovery.confirm if domain in owners)


def alternatives_to(account: Account, settings: AccountSettings) -> tuple[ServerSettings, ...]:
    """The other encrypted servers of the same kinds, best first."""
    kinds = {account.incoming.protocol, account.outgoing.protocol}
    return tuple(
        server
        for server in settings.servers
        if server.protocol in kinds
        and server.security is not SocketType.NONE
        and server not in (account.incoming, account.outgoing)
    )


def password_domains(account: Account, settings: AccountSettings | None) -> tuple[str, ...]:
    """The owners of the servers to which a check may send the account's password.

    ``settings`` are those that the account was chosen from; their other servers are alternatives to
    one that does not answer. None where the account was entered by hand. The Sieve rules are read
    from the host of the incoming server.
    """
    others = alternatives_to(account, settings) if settings is not None else ()
    return _owners((*account.hosts, *(server.host for server in others)))


def username_forms(address: EmailAddress, server: ServerSettings) -> tuple[str, ...]:
    """The other user names that hostings derive from an address, likeliest first.

    RFC 6186 section 4: the whole address, then its local part. Some hostings use a percent
    sign in place of the @, which old servers took for the start of a host name.
    """
    forms = (address.ascii, address.local, f"{address.local}%{address.domain}")
    return tuple(form for form in forms if form != server.username)


def settings_discovery(settings: AccountSettings, path: str) -> Discovery:
    """Settings from the person's own file as a discovery. They need no agreement."""
    return Discovery(
        outcome=DiscoveryStatus.FOUND,
        settings=settings,
        source=Source(Method.FILE, path, Channel.FILE),
    )


def _owners(hosts: Iterable[str]) -> tuple[str, ...]:
    """Each owner once, in the order of the hosts."""
    return tuple(dict.fromkeys(owned_domain(host) for host in hosts))


def _usable(servers: Sequence[ServerSettings], protocol: Protocol) -> list[ServerSettings]:
    """Encrypted servers of one protocol; those that accept a password first."""
    fitting = [s for s in servers if s.protocol is protocol and s.security is not SocketType.NONE]
    return sorted(fitting, key=lambda server: not server.takes_password)
