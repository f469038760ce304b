"""Read the accounts of the Thunderbird profiles on this computer.

They are in ``prefs.js``: a list of accounts, each with a server and identities, and each identity
with the key of its outgoing server.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from mailsetup.apply.installation import Computer, installations
from mailsetup.files import presence
from mailsetup.formats import profiles_ini
from mailsetup.formats.prefs_js import PrefsFile, PrefValue
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import (
    STANDARD_PORTS,
    ProgramAccount,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import plain

_MAX_SIZE = 8 * 1024 * 1024
_MAX_ACCOUNTS = 50
_PROTOCOLS: Final[Mapping[str, Protocol]] = {"imap": Protocol.IMAP, "pop3": Protocol.POP3}
# nsMsgSocketType; 1 was "STARTTLS if possible", which Thunderbird now treats as STARTTLS.
_SOCKET_TYPES: Final[Mapping[int, SocketType]] = {
    0: SocketType.NONE,
    1: SocketType.STARTTLS,
    2: SocketType.STARTTLS,
    3: SocketType.TLS,
}

Prefs = Mapping[str, PrefValue]


def accounts_here(computer: Computer | None = None) -> tuple[ProgramAccount, ...]:
    """The mail accounts of every profile. What cannot be read is left out."""
    found: list[ProgramAccount] = []
    for root in dict.fromkeys(one.root for one in installations(computer)):
        content = presence.content(root / "profiles.ini", profiles_ini.MAX_SIZE)
        for entry in profiles_ini.entries(content) or () if content is not None else ():
            prefs = presence.content(entry.folder(root) / "prefs.js", _MAX_SIZE)
            if prefs is not None:
                found += accounts_in(prefs, plain(entry.name, 60))
    return tuple(found[:_MAX_ACCOUNTS])


def accounts_in(content: bytes, place: str) -> list[ProgramAccount]:
    """The mail accounts in a ``prefs.js``."""
    prefs = read_prefs(content)
    return [
        account
        for key in _words(prefs, "mail.accountmanager.accounts")
        for account in _account(prefs, f"mail.account.{key}", place)
    ]


def read_prefs(content: bytes) -> Prefs:
    """Names and values; lines that are no preference are left out."""
    file = PrefsFile(content)
    return {name: value for name in file if (value := file.get(name)) is not None}


def _account(prefs: Prefs, account: str, place: str) -> Iterator[ProgramAccount]:
    server = _text(prefs, f"{account}.server")
    base = f"mail.server.{server}"
    protocol = _PROTOCOLS.get(_text(prefs, f"{base}.type"))
    incoming = _server(
        prefs,
        protocol,
        f"{base}.hostname",
        f"{base}.port",
        f"{base}.socketType",
        f"{base}.userName",
    )
    if incoming is None:
        return
    for identity in _words(prefs, f"{account}.identities"):
        address = _text(prefs, f"mail.identity.{identity}.useremail")
        key = _text(prefs, f"mail.identity.{identity}.smtpServer") or _text(
            prefs, "mail.smtp.defaultserver"
        )
        smtp = f"mail.smtpserver.{key}"
        outgoing = _server(
            prefs,
            Protocol.SMTP,
            f"{smtp}.hostname",
            f"{smtp}.port",
            f"{smtp}.try_ssl",
            f"{smtp}.username",
        )
        yield ProgramAccount("Thunderbird", place, plain(address, 254), incoming, outgoing)


def _server(
    prefs: Prefs, protocol: Protocol | None, host: str, port: str, socket: str, username: str
) -> ServerSettings | None:
    name = parse_host(_text(prefs, host), typed=True)
    kind = prefs.get(socket, 0)
    security = _SOCKET_TYPES.get(kind) if isinstance(kind, int) else None
    if protocol is None or name is None or security is None:
        return None
    standard = STANDARD_PORTS.get((protocol, security)) or _PLAIN_PORTS[protocol]
    number = parse_port(prefs.get(port, standard)) or standard
    return ServerSettings(protocol, name, number, security, plain(_text(prefs, username), 320))


_PLAIN_PORTS: Final[Mapping[Protocol, int]] = {
    Protocol.IMAP: 143,
    Protocol.POP3: 110,
    Protocol.SMTP: 587,
}


def _text(prefs: Prefs, name: str) -> str:
    value = prefs.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _words(prefs: Prefs, name: str) -> list[str]:
    return [word.strip() for word in _text(prefs, name).split(",") if word.strip()][:_MAX_ACCOUNTS]
