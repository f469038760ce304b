"""Read the accounts of the Thunderbird profiles on this computer."""

from collections.abc import Iterator, Mapping
from typing import Final

from mailsetup.apply.installation import Computer, installations
from mailsetup.apply.thunderbird.known_accounts import (
    DEFAULT_SMTP,
    KnownAccount,
    PrefsServer,
    known_accounts,
)
from mailsetup.files import presence
from mailsetup.formats import profiles_ini
from mailsetup.formats.prefs_js import PrefsFile
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import ProgramAccount, Protocol, ServerSettings, SocketType
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
    prefs = PrefsFile(content)
    known = list(known_accounts(prefs))[:_MAX_ACCOUNTS]
    return [account for one in known for account in _accounts(prefs, one, place)]


def _accounts(prefs: PrefsFile, known: KnownAccount, place: str) -> Iterator[ProgramAccount]:
    """One account for each identity."""
    base = f"mail.server.{known.server}"
    protocol = _PROTOCOLS.get(prefs.text(f"{base}.type"))
    if protocol is None:
        return
    incoming = _server(protocol, PrefsServer.read(prefs, base, "socketType", "userName"))
    if incoming is None:
        return
    for identity in known.identities[:_MAX_ACCOUNTS]:
        address = prefs.text(f"mail.identity.{identity}.useremail")
        key = prefs.text(f"mail.identity.{identity}.smtpServer") or prefs.text(DEFAULT_SMTP)
        server = PrefsServer.read(prefs, f"mail.smtpserver.{key}", "try_ssl", "username")
        outgoing = _server(Protocol.SMTP, server)
        yield ProgramAccount("Thunderbird", place, plain(address, 254), incoming, outgoing)


def _server(protocol: Protocol, server: PrefsServer) -> ServerSettings | None:
    """None where the host name or the encryption is unknown."""
    host, security = parse_host(server.host, typed=True), _SOCKET_TYPES.get(server.socket)
    port = parse_port(server.port)
    if host is None or security is None or port is None:
        return None
    return ServerSettings(protocol, host, port, security, plain(server.user, 320))
