"""The accounts and servers in Thunderbird's preferences, and how to recognise them. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mailsetup.export.programs.thunderbird import AUTH_METHOD, SOCKET_TYPE, Keys, auth_methods
from mailsetup.formats.prefs_js import PrefsFile
from mailsetup.model.settings import Account, Authentication, ServerSettings, SocketType
from mailsetup.model.text import plain

ACCOUNTS = "mail.accountmanager.accounts"
DEFAULT_ACCOUNT = "mail.accountmanager.defaultaccount"
LAST_KEY = "mail.account.lastKey"
SMTP_SERVERS = "mail.smtpservers"
DEFAULT_SMTP = "mail.smtp.defaultserver"

# The character before is not checked: patterns that begin with plain letters are fast, and a number
# that is wrongly taken as used does no harm.
_KEYS: Final[Mapping[str, re.Pattern[bytes]]] = {
    kind: re.compile(kind.encode() + rb"([1-9]\d{0,8})(?!\d)")
    for kind in ("account", "server", "id", "smtp")
}
_TLS = SOCKET_TYPE[SocketType.TLS]
_PASSWORD = AUTH_METHOD[Authentication.PASSWORD_CLEARTEXT]
_STANDARD: Final[Mapping[str, tuple[int, int]]] = {
    "imap": (143, 993),
    "pop3": (110, 995),
    "smtp": (587, 465),
}
_SOCKET_NAMES: Final[Mapping[int, str]] = {0: "", 1: "STARTTLS", 2: "STARTTLS", 3: "TLS"}


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account of the profile: its key, and those of its server and identities."""

    account: str
    server: str
    identities: tuple[str, ...]


def free_keys(content: PrefsFile, user_js: PrefsFile) -> Keys:
    """Keys with the lowest numbers that the preferences do not contain."""
    texts = (content.content, user_js.content)

    def lowest(kind: str) -> str:
        numbers = {int(found) for text in texts for found in set(_KEYS[kind].findall(text))}
        free = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
        return f"{kind}{free}"

    return Keys(
        account=lowest("account"),
        server=lowest("server"),
        identity=lowest("id"),
        smtp=lowest("smtp"),
    )


def known_accounts(content: PrefsFile) -> Iterator[KnownAccount]:
    """The accounts of the profile."""
    for key in content.words(ACCOUNTS):
        server = content.text(f"mail.account.{key}.server")
        if server:
            yield KnownAccount(key, server, content.words(f"mail.account.{key}.identities"))


def is_equal(content: PrefsFile, known: KnownAccount, account: Account) -> bool:
    """Whether it has the same type, host and user."""
    base = f"mail.server.{known.server}"
    return (
        content.text(f"{base}.type") == account.incoming.protocol
        and same_host(content.text(f"{base}.hostname"), account.incoming.host)
        and content.text(f"{base}.userName") == account.incoming.username
    )


def is_likely(content: PrefsFile, known: KnownAccount, account: Account) -> bool:
    """Whether it is the same mailbox with a wrong host or a wrong user name.

    The address alone is not enough: other mailboxes may send with it.
    """
    base = f"mail.server.{known.server}"
    if content.text(f"{base}.type") != account.incoming.protocol or not known.identities:
        return False
    address = content.text(f"mail.identity.{known.identities[0]}.useremail")
    if address.casefold() not in addresses_of(account):
        return False
    user = content.text(f"{base}.userName")
    names = {account.incoming.username, account.address.local, *addresses_of(account)}
    return user in names or same_host(content.text(f"{base}.hostname"), account.incoming.host)


def addresses_of(account: Account) -> frozenset[str]:
    """The account's address in both of its forms, case-folded."""
    return frozenset({account.address.ascii.casefold(), str(account.address).casefold()})


def same_host(one: str, other: str) -> bool:
    """Whether two host names are the same."""
    return one.rstrip(".").casefold() == other.rstrip(".").casefold()


@dataclass(frozen=True, slots=True)
class PrefsServer:
    """A server as in the preferences, with Thunderbird's defaults."""

    host: str
    port: int
    socket: int
    auth: int
    user: str

    @classmethod
    def read(cls, content: PrefsFile, base: str, socket_name: str, user_name: str) -> "PrefsServer":
        """Read the preferences below ``base``; two of the names differ between the kinds."""
        kind = content.text(f"{base}.type") or "smtp"
        socket = content.number(f"{base}.{socket_name}") or 0
        port = content.number(f"{base}.port") or 0
        auth = content.number(f"{base}.authMethod")
        standard = _STANDARD.get(kind, (0, 0))[socket == _TLS]
        return cls(
            host=content.text(f"{base}.hostname"),
            port=port if port > 0 else standard,
            socket=socket,
            auth=_PASSWORD if auth is None else auth,
            user=content.text(f"{base}.{user_name}"),
        )

    def is_right(self, wanted: ServerSettings) -> bool:
        """Whether Thunderbird would sign in with these values as with the wanted ones."""
        allowed = auth_methods(wanted)
        return (
            same_host(self.host, wanted.host)
            and self.port == wanted.port
            and self.socket == SOCKET_TYPE[wanted.security]
            and self.auth in allowed
            and (self.user == wanted.username or allowed == {AUTH_METHOD[Authentication.NONE]})
        )

    def __str__(self) -> str:
        """The server for a sentence."""
        where = f"{plain(self.host, 80)}:{self.port} {_SOCKET_NAMES.get(self.socket, '')}".strip()
        return f"{where} ({plain(self.user, 80)})" if self.user else where


def sends_right(content: PrefsFile, key: str, account: Account) -> bool:
    """Whether the outgoing server with this key is the account's."""
    base = f"mail.smtpserver.{key}"
    if content.text(f"{base}.type") not in ("", "smtp"):
        return False
    return PrefsServer.read(content, base, "try_ssl", "username").is_right(account.outgoing)
