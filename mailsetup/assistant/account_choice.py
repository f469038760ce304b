"""What is made of the settings that were found: servers chosen, owners named."""

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
    """Who owns the hosts that were found: one domain each, for the person to recognise."""
    return _owners(discovery.settings.hosts if discovery.settings else ())


def unproven_owners(discovery: Discovery, hosts: Iterable[str]) -> tuple[str, ...]:
    """The owners of these hosts that came from what was found and that nobody proves."""
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
    """Who owns the servers that a test may give the account's password to.

    ``settings`` are those that the account was chosen from, whose other servers stand in for one
    that does not answer; None where it was entered by hand. A mailbox's rules are read from the
    host of its incoming server.
    """
    others = alternatives_to(account, settings) if settings is not None else ()
    return _owners((*account.hosts, *(server.host for server in others)))


def username_forms(address: EmailAddress, server: ServerSettings) -> tuple[str, ...]:
    """The other forms that hostings want an address in as user name, likeliest first.

    RFC 6186 section 4: the whole address, then its local part. Some hostings write a percent sign
    for the @, because old servers took that for a host name.
    """
    forms = (address.ascii, address.local, f"{address.local}%{address.domain}")
    return tuple(form for form in forms if form != server.username)


def settings_discovery(settings: AccountSettings, path: str) -> Discovery:
    """Settings from the person's own file, as if they had been found: nothing to agree to."""
    return Discovery(
        outcome=DiscoveryStatus.FOUND,
        settings=settings,
        source=Source(Method.FILE, path, Channel.FILE),
    )


def _owners(hosts: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of the hosts."""
    return tuple(dict.fromkeys(owned_domain(host) for host in hosts))


def _usable(servers: Sequence[ServerSettings], protocol: Protocol) -> list[ServerSettings]:
    """Encrypted servers of one kind; those that take a password before those that do not."""
    fitting = [s for s in servers if s.protocol is protocol and s.security is not SocketType.NONE]
    return sorted(fitting, key=lambda server: not server.takes_password)
