"""What a mail program needs to know to talk to a server."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from mailsetup.model.address import EmailAddress

MAX_USERNAME = 320
"""Characters: the longest address by the limits of its parts (64, "@", 255; RFC 5321 4.5.3.1)."""
MAX_PROVIDER_NAME = 60
"""Characters: autoconfig's limit for ``displayName`` and PACC's for ``name``."""


class Protocol(StrEnum):
    """What a server speaks, in autoconfig's words."""

    IMAP = "imap"
    POP3 = "pop3"
    SMTP = "smtp"


class SocketType(StrEnum):
    """How a connection is protected."""

    TLS = "tls"
    """TLS from the first byte ("implicit TLS", RFC 8314)."""
    STARTTLS = "starttls"
    """An upgrade that must succeed before anything else is said."""
    NONE = "none"
    """No protection; never set up automatically."""


class Authentication(StrEnum):
    """How a person proves who they are, in autoconfig's words."""

    PASSWORD_CLEARTEXT = "password-cleartext"  # noqa: S105 - the format's own word
    PASSWORD_ENCRYPTED = "password-encrypted"  # noqa: S105 - the format's own word
    OAUTH2 = "OAuth2"
    NTLM = "NTLM"
    GSSAPI = "GSSAPI"
    TLS_CLIENT_CERT = "TLS-client-cert"
    NONE = "none"

    @property
    def takes_password(self) -> bool:
        """Whether a typed password is enough."""
        return self in (Authentication.PASSWORD_CLEARTEXT, Authentication.PASSWORD_ENCRYPTED)


STANDARD_PORTS = {
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
        """Whether a password, rather than a sign-in elsewhere, opens this server."""
        return any(kind.takes_password for kind in self.authentication)


class ServiceKind(StrEnum):
    """What an account may offer beside IMAP, POP3 and SMTP, in autoconfig's words."""

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
        """The host, wherever it is named."""
        return self.host or urlsplit(self.url).hostname or ""


@dataclass(frozen=True, slots=True)
class OAuth2Endpoints:
    """Where a provider lets people sign in in the browser. All URLs are HTTPS."""

    issuer: str = ""
    auth_url: str = ""
    token_url: str = ""
    scope: tuple[str, ...] = ()
    client_id: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """What the provider says the person must do first, such as "switch IMAP on".

    ``kind`` is ``enable-imap``, ``app-password``, ``oauth-only``, ``bridge``, ``own-app`` or
    ``help``.
    ``texts`` are the provider's own words, each with its two-letter language ("" where it names
    none): text from outside, to be shown as plain text only.
    """

    kind: str
    url: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    def text(self, language: str) -> str:
        """The provider's words in a language, else in English, else in none in particular."""
        said = dict(self.texts)
        return said.get(language) or said.get("en") or said.get("", "")


@dataclass(frozen=True, slots=True)
class HostAlias:
    """A server that proves itself only under another name than the one that was asked for.

    ``asked`` is the name that led there (``mail.customer.es``), ``proven`` the one that its
    certificate carries and that leads to the same machine (``srv12.hoster.com``).
    """

    asked: str
    proven: str


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """All servers that were found for an address, best first."""

    incoming: tuple[ServerSettings, ...]
    outgoing: tuple[ServerSettings, ...]
    provider: str = ""
    """The provider's own name for itself: text from outside, to be shown as plain text only."""
    hints: tuple[Hint, ...] = ()
    services: tuple[Service, ...] = ()
    oauth2: OAuth2Endpoints | None = None
    aliases: tuple[HostAlias, ...] = ()

    @property
    def servers(self) -> tuple[ServerSettings, ...]:
        """Incoming and outgoing together."""
        return self.incoming + self.outgoing

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host once, in order."""
        return tuple(dict.fromkeys(server.host for server in self.servers))

    @property
    def is_complete(self) -> bool:
        """Whether mail can be both received and sent with this."""
        return bool(self.incoming and self.outgoing)

    def with_username(self, username: str) -> "AccountSettings":
        """The same servers under another user name."""

        def renamed(servers: Sequence[ServerSettings]) -> tuple[ServerSettings, ...]:
            return tuple(replace(server, username=username) for server in servers)

        return replace(self, incoming=renamed(self.incoming), outgoing=renamed(self.outgoing))

    def with_login_of(self, other: EmailAddress, address: EmailAddress) -> "AccountSettings":
        """The same servers for ``address`` where they were found for ``other``.

        User names that are the other address or its local part become this one's.
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
    """A person's mailbox with the one incoming and the one outgoing server in use.

    What exporters and appliers take. It holds no secret.
    """

    address: EmailAddress
    incoming: ServerSettings
    outgoing: ServerSettings
    person: str = ""
    """The name that recipients see; may be empty."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the password goes."""
        return tuple(dict.fromkeys((self.incoming.host, self.outgoing.host)))

    @property
    def takes_sign_in(self) -> bool:
        """Whether a sign-in in the browser opens both servers."""
        servers = (self.incoming, self.outgoing)
        return all(Authentication.OAUTH2 in server.authentication for server in servers)

    @property
    def takes_password(self) -> bool:
        """Whether a password opens both servers."""
        return self.incoming.takes_password and self.outgoing.takes_password

    @property
    def display_name(self) -> str:
        """The person's name, or the address where none was given."""
        return self.person or str(self.address)


@dataclass(frozen=True, slots=True)
class ProgramAccount:
    """An account as it stands in a mail program on this computer.

    ``outgoing`` is None where the program would not know how to send.
    """

    program: str
    place: str
    """The profile's name, for people."""
    address: str
    incoming: ServerSettings
    outgoing: ServerSettings | None
