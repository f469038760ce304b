"""Account settings of mail programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from mailsetup.model.address import EmailAddress

MAX_USERNAME = 320
"""Characters: the longest address by the limits of its parts (64, "@", 255; RFC 5321 4.5.3.1)."""
MAX_PROVIDER_NAME = 60
"""Characters: autoconfig's limit for ``displayName`` and PACC's for ``name``."""


class Protocol(StrEnum):
    """A server's protocol, in autoconfig's words."""

    IMAP = "imap"
    POP3 = "pop3"
    SMTP = "smtp"


class SocketType(StrEnum):
    """How a connection is protected."""

    TLS = "tls"
    """TLS from the first byte ("implicit TLS", RFC 8314)."""
    STARTTLS = "starttls"
    """An upgrade that must succeed before anything else is sent."""
    NONE = "none"
    """No protection; never set up automatically."""


class Authentication(StrEnum):
    """How a user authenticates, in autoconfig's words."""

    PASSWORD_CLEARTEXT = "password-cleartext"  # noqa: S105 - the format's own word
    PASSWORD_ENCRYPTED = "password-encrypted"  # noqa: S105 - the format's own word
    OAUTH2 = "OAuth2"
    NTLM = "NTLM"
    GSSAPI = "GSSAPI"
    TLS_CLIENT_CERT = "TLS-client-cert"
    NONE = "none"

    @property
    def takes_password(self) -> bool:
        """Whether a password is enough."""
        return self in (Authentication.PASSWORD_CLEARTEXT, Authentication.PASSWORD_ENCRYPTED)


STANDARD_PORTS: Final[Mapping[tuple[Protocol, SocketType], int]] = {
    (Protocol.IMAP, SocketType.TLS): 993,
    (Protocol.IMAP, SocketType.STARTTLS): 143,
    (Protocol.POP3, SocketType.TLS): 995,
    (Protocol.POP3, SocketType.STARTTLS): 110,
    (Protocol.SMTP, SocketType.TLS): 465,
    (Protocol.SMTP, SocketType.STARTTLS): 587,
}


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """One server. ``host`` is a host name as A-labels; ``authentication`` is best first."""

    protocol: Protocol
    host: str
    port: int
    security: SocketType
    username: str
    authentication: tuple[Authentication, ...] = (Authentication.PASSWORD_CLEARTEXT,)

    def __str__(self) -> str:
        return f"{self.protocol} {self.host}:{self.port} {self.security}"

    @property
    def takes_password(self) -> bool:
        """Whether a password, rather than OAuth 2.0, gives access to this server."""
        return any(kind.takes_password for kind in self.authentication)


class ServiceKind(StrEnum):
    """Services of an account other than IMAP, POP3 and SMTP, in autoconfig's words."""

    JMAP = "jmap"
    EWS = "ews"
    ACTIVE_SYNC = "activeSync"
    GRAPH = "graph"
    CALDAV = "caldav"
    CARDDAV = "carddav"
    WEBDAV = "webdav"
    MANAGESIEVE = "managesieve"


@dataclass(frozen=True, slots=True)
class Service:
    """A calendar, an address book, server-side rules and the like.

    Either ``url`` (HTTPS) or ``host`` with ``port`` and ``security`` is set.
    """

    kind: ServiceKind
    username: str
    url: str = ""
    host: str = ""
    port: int = 0
    security: SocketType = SocketType.TLS
    authentication: tuple[Authentication, ...] = (Authentication.PASSWORD_CLEARTEXT,)

    @property
    def place(self) -> str:
        """The host name, from ``host`` or ``url``."""
        return self.host or urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class OAuth2Endpoints:
    """A provider's OAuth 2.0 endpoints. All URLs are HTTPS."""

    issuer: str = ""
    auth_url: str = ""
    token_url: str = ""
    scope: tuple[str, ...] = ()
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """What the user must do first according to the provider, such as "switch IMAP on".

    ``kind`` is ``enable-imap``, ``app-password``, ``oauth-only``, ``bridge``, ``own-app`` or
    ``help``.
    ``texts`` are the provider's own, each with its two-letter language ("" where it names none):
    untrusted, to be shown as plain text only.
    """

    kind: str
    url: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    def text(self, language: str) -> str:
        """The text in a language, else in English, else without a language."""
        texts = dict(self.texts)
        return texts.get(language) or texts.get("en") or texts.get("", "")


@dataclass(frozen=True, slots=True)
class HostAlias:
    """A server whose certificate is valid only for another name than the one that was asked for.

    ``asked`` is the original name (``mail.customer.es``), ``proven`` the certificate's, which
    resolves to the same address (``srv12.hoster.com``).
    """

    asked: str
    proven: str


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """All servers that were found for an address, best first."""

    incoming: tuple[ServerSettings, ...]
    outgoing: tuple[ServerSettings, ...]
    provider: str = ""
    """The provider's own name: untrusted, to be shown as plain text only."""
    hints: tuple[Hint, ...] = ()
    services: tuple[Service, ...] = ()
    oauth2: OAuth2Endpoints | None = None
    aliases: tuple[HostAlias, ...] = ()

    @property
    def servers(self) -> tuple[ServerSettings, ...]:
        """Incoming and outgoing servers."""
        return self.incoming + self.outgoing

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers' hosts in order, without duplicates."""
        return tuple(dict.fromkeys(server.host for server in self.servers))

    @property
    def is_complete(self) -> bool:
        """Whether mail can be both received and sent."""
        return bool(self.incoming and self.outgoing)

    def with_username(self, username: str) -> "AccountSettings":
        """The same servers with another user name."""

        def renamed(servers: Sequence[ServerSettings]) -> tuple[ServerSettings, ...]:
            return tuple(replace(server, username=username) for server in servers)

        return replace(self, incoming=renamed(self.incoming), outgoing=renamed(self.outgoing))

    def with_login_of(self, other: EmailAddress, address: EmailAddress) -> "AccountSettings":
        """The settings for ``address`` where they were found for ``other``.

        User names that are the other address or its local part are replaced.
        """
        names = {other.ascii: address.ascii, other.local: address.local}

        def renamed(servers: Sequence[ServerSettings]) -> tuple[ServerSettings, ...]:
            return tuple(
                replace(server, username=names.get(server.username, server.username))
                for server in servers
            )

        services = tuple(
            replace(service, username=names.get(service.username, service.username))
            for service in self.services
        )
        return replace(
            self,
            incoming=renamed(self.incoming),
            outgoing=renamed(self.outgoing),
            services=services,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox with one incoming and one outgoing server, without secrets.

    The input of exporters and appliers.
    """

    address: EmailAddress
    incoming: ServerSettings
    outgoing: ServerSettings
    person: str = ""
    """The name that recipients see; may be empty."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that receive the password."""
        return tuple(dict.fromkeys((self.incoming.host, self.outgoing.host)))

    @property
    def takes_sign_in(self) -> bool:
        """Whether OAuth 2.0 gives access to both servers."""
        servers = (self.incoming, self.outgoing)
        return all(Authentication.OAUTH2 in server.authentication for server in servers)

    @property
    def takes_password(self) -> bool:
        """Whether a password gives access to both servers."""
        return self.incoming.takes_password and self.outgoing.takes_password

    @property
    def display_name(self) -> str:
        """The user's full name, or the address where none was given."""
        return self.person or str(self.address)


@dataclass(frozen=True, slots=True)
class ProgramAccount:
    """An account in a mail program on this computer.

    ``outgoing`` is None where the program has no server to send with.
    """

    program: str
    place: str
    """The profile's name, for display."""
    address: str
    incoming: ServerSettings
    outgoing: ServerSettings | None
