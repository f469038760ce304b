"""The capabilities that a mail server announces before login.

A dialogue without credentials: the greeting, STARTTLS where the port needs it, and then the
authentication mechanisms. What was received before TLS may be forged and is not used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from mailsetup.model.certificate import TlsFailure
from mailsetup.model.settings import Authentication, Protocol, SocketType
from mailsetup.net.connection import Connection, DialogueError

_MAX_BYTES = 64 * 1024
_MAX_LINES = 200
_LINE = 8192

# RFC 5321 section 4.1.3: a client without a host name sends an address literal.
_EHLO = b"EHLO [127.0.0.1]\r\n"

_MECHANISMS: Final[Mapping[str, Authentication]] = {
    "PLAIN": Authentication.PASSWORD_CLEARTEXT,
    "LOGIN": Authentication.PASSWORD_CLEARTEXT,
    "CRAM-MD5": Authentication.PASSWORD_ENCRYPTED,
    "DIGEST-MD5": Authentication.PASSWORD_ENCRYPTED,
    "XOAUTH2": Authentication.OAUTH2,
    "OAUTHBEARER": Authentication.OAUTH2,
    "GSSAPI": Authentication.GSSAPI,
    "NTLM": Authentication.NTLM,
    "EXTERNAL": Authentication.TLS_CLIENT_CERT,
}
_ORDER: Final = tuple(Authentication)
"""Under verified TLS, the mechanisms that all mail programs support come first."""


@dataclass(frozen=True, slots=True)
class ServerCapabilities:
    """The authentication kinds, best first, and the server's announcement.

    ``words`` are the capabilities of IMAP and POP3, or the lines of SMTP's EHLO reply after the
    first.
    """

    kinds: tuple[Authentication, ...]
    words: tuple[str, ...] = ()


class _UnfitError(Exception):
    """The server does not use this protocol, or refuses the session."""


async def read_capabilities(
    connection: Connection, protocol: Protocol, security: SocketType
) -> ServerCapabilities | TlsFailure | None:
    """A server's capabilities under TLS; None where it is not a usable server of this protocol.

    ``connection`` is new: in TLS for `SocketType.TLS`, in clear text for `SocketType.STARTTLS`.
    Afterwards it is in TLS in both cases, unless the upgrade failed. The caller sets a deadline and
    closes it.
    """
    connection.allow_bytes(_MAX_BYTES)
    greeting = ""
    try:
        if security is SocketType.STARTTLS:
            await _until_tls(connection, protocol)
            failure = await connection.start_tls()
            if failure is not None:
                return failure
        else:
            greeting = await _greeting(connection, protocol)
        match protocol:
            case Protocol.IMAP:
                words = await _imap(connection, greeting)
                found = _imap_kinds(words)
            case Protocol.POP3:
                words = await _pop3(connection)
                found = _pop3_kinds(words)
            case Protocol.SMTP:
                words = await _ehlo(connection)
                found = _smtp_kinds(words)
            case _:
                assert_never(protocol)
    except (DialogueError, _UnfitError):
        return None
    if not connection.is_secure or not found:
        return None
    return ServerCapabilities(tuple(sorted(set(found), key=_ORDER.index)), tuple(words))


async def request_tls(connection: Connection, protocol: Protocol) -> bool:
    """Request TLS on a new connection in clear text; False where the server refuses it."""
    connection.allow_bytes(_MAX_BYTES)
    try:
        await _until_tls(connection, protocol)
    except (DialogueError, _UnfitError):
        return False
    return True


async def _greeting(connection: Connection, protocol: Protocol) -> str:
    match protocol:
        case Protocol.IMAP:
            greeting = await _line(connection)
            # PREAUTH makes STARTTLS impossible, BYE is a refusal (RFC 9051 section 7.1).
            if not greeting.upper().startswith("* OK"):
                raise _UnfitError
            return greeting
        case Protocol.POP3:
            await _pop3_ok(connection)
        case Protocol.SMTP:
            await _smtp_reply(connection, "220")
        case _:
            assert_never(protocol)
    return ""


async def _until_tls(connection: Connection, protocol: Protocol) -> None:
    """Read the greeting and request TLS; the replies are not used further."""
    await _greeting(connection, protocol)
    match protocol:
        case Protocol.IMAP:
            await connection.write(b"a1 STARTTLS\r\n")
            await _imap_done(connection, "a1")
        case Protocol.POP3:
            await connection.write(b"STLS\r\n")
            await _pop3_ok(connection)
        case Protocol.SMTP:
            await _ehlo(connection)
            await connection.write(b"STARTTLS\r\n")
            await _smtp_reply(connection, "220")
        case _:
            assert_never(protocol)


async def _imap(connection: Connection, greeting: str) -> list[str]:
    """The capabilities, from the greeting where it has them.

    ``greeting`` was received under TLS, or is empty.
    """
    found = capabilities_in(greeting)
    if found is not None:
        return found
    await connection.write(b"a2 CAPABILITY\r\n")
    return await _imap_done(connection, "a2")


def capabilities_in(greeting: str) -> list[str] | None:
    """The words of the CAPABILITY response code (RFC 9051 section 7.1), in upper case.

    None where there is no such code, or it is not terminated.
    """
    _, found, rest = greeting.upper().partition("[CAPABILITY ")
    words, end, _ = rest.partition("]")
    return words.split() if found and end else None


def _imap_kinds(words: list[str]) -> list[Authentication]:
    found = _mechanisms(word.removeprefix("AUTH=") for word in words if word.startswith("AUTH="))
    if "LOGINDISABLED" not in words:
        found.append(Authentication.PASSWORD_CLEARTEXT)
    return found


async def _imap_done(connection: Connection, tag: str) -> list[str]:
    """The words of the CAPABILITY response, once the command has completed with OK."""
    words: list[str] = []
    for _ in range(_MAX_LINES):
        line = (await _line(connection)).upper()
        if line.startswith("* CAPABILITY "):
            words = line.split()[2:]
        elif line.startswith(f"{tag.upper()} "):
            if line.split()[1:2] != ["OK"]:
                raise _UnfitError
            return words
    raise _UnfitError


async def _pop3(connection: Connection) -> list[str]:
    await connection.write(b"CAPA\r\n")
    if not (await _line(connection)).startswith("+OK"):
        # A server without CAPA (RFC 2449) has USER and PASS.
        return ["USER"]
    lines: list[str] = []
    for _ in range(_MAX_LINES):
        line = (await _line(connection)).upper()
        if line == ".":
            return lines
        lines.append(line)
    raise _UnfitError


def _pop3_kinds(lines: list[str]) -> list[Authentication]:
    found: list[Authentication] = []
    for words in (line.split() for line in lines):
        if words[:1] == ["SASL"]:
            found += _mechanisms(words[1:])
        elif words[:1] == ["USER"]:
            found.append(Authentication.PASSWORD_CLEARTEXT)
    return found


async def _pop3_ok(connection: Connection) -> None:
    if not (await _line(connection)).startswith("+OK"):
        raise _UnfitError


async def _ehlo(connection: Connection) -> list[str]:
    """The lines of the EHLO reply after the first."""
    await connection.write(_EHLO)
    lines = await _smtp_reply(connection, "250")
    return lines[1:]


def _smtp_kinds(lines: list[str]) -> list[Authentication]:
    # A server without AUTH is not a submission service.
    return [
        kind
        for line in lines
        # "AUTH=" is an old form that some servers send in addition or instead.
        if line.upper().startswith(("AUTH ", "AUTH="))
        for kind in _mechanisms(line[5:].upper().split())
    ]


async def _smtp_reply(connection: Connection, code: str) -> list[str]:
    lines: list[str] = []
    for _ in range(_MAX_LINES):
        line = await _line(connection)
        if line[:3] != code:
            raise _UnfitError
        lines.append(line[4:])
        if line[3:4] != "-":
            return lines
    raise _UnfitError


async def _line(connection: Connection) -> str:
    return (await connection.read_line(_LINE)).decode("utf-8", "replace")


def _mechanisms(words: Iterable[str]) -> list[Authentication]:
    found = []
    for word in words:
        if word.startswith("SCRAM-"):
            found.append(Authentication.PASSWORD_ENCRYPTED)
        elif word in _MECHANISMS:
            found.append(_MECHANISMS[word])
    return found
