"""What a mail server says of itself before anybody logs in.

A dialogue without credentials: the greeting, the upgrade to TLS where the port wants one, and then
(only then: what was said before TLS may be forged) the ways to log in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from mailsetup.model.certificate import TlsFailure
from mailsetup.model.settings import Authentication, Protocol, SocketType
from mailsetup.net.connection import Connection, DialogueError

_MAX_BYTES = 64 * 1024
_MAX_LINES = 200
_LINE = 8192

# RFC 5321 section 4.1.3: a client without a name of its own greets with an address.
_EHLO = b"EHLO [127.0.0.1]\r\n"

_MECHANISMS = {
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
# Under verified TLS what every mail program can do comes first.
_ORDER = tuple(Authentication)


@dataclass(frozen=True, slots=True)
class ServerGreeting:
    """How one may log in, best first, and the server's own words for it.

    ``words`` are IMAP's capabilities, or the lines of SMTP's answer to EHLO after the first.
    """

    ways: tuple[Authentication, ...]
    words: tuple[str, ...] = ()


class _UnfitError(Exception):
    """The server does not speak this protocol, or not to us."""


async def read_greeting(
    connection: Connection, protocol: Protocol, security: SocketType
) -> ServerGreeting | TlsFailure | None:
    """What a server says of itself; None where this is no server for us.

    ``connection`` is fresh: in TLS for `SocketType.TLS`, in clear for `SocketType.STARTTLS`, and in
    TLS afterwards in both cases, unless the upgrade failed. The caller sets the deadline and closes
    it.
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
                found = _imap_ways(words)
            case Protocol.POP3:
                words = await _pop3(connection)
                found = _pop3_ways(words)
            case Protocol.SMTP:
                words = await _ehlo(connection)
                found = _smtp_ways(words)
            case _:
                assert_never(protocol)
    except (DialogueError, _UnfitError):
        return None
    if not connection.is_secure or not found:
        return None
    return ServerGreeting(tuple(sorted(set(found), key=_ORDER.index)), tuple(words))


async def request_tls(connection: Connection, protocol: Protocol) -> bool:
    """Bring a fresh connection in clear to where TLS begins; False where the server will not."""
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
            # PREAUTH would make STARTTLS impossible, BYE is a refusal (RFC 9051 section 7.1).
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
    """The greeting and the agreement to start TLS; what was said before it is forgotten."""
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
    """The capabilities, which many servers tell in their greeting already.

    ``greeting`` is one that came under TLS, or empty.
    """
    said = capabilities_in(greeting)
    if said is not None:
        return said
    await connection.write(b"a2 CAPABILITY\r\n")
    return await _imap_done(connection, "a2")


def capabilities_in(greeting: str) -> list[str] | None:
    """The words of the CAPABILITY response code (RFC 9051 section 7.1), in upper case.

    None where there is no such code, or no end of it.
    """
    _, found, rest = greeting.upper().partition("[CAPABILITY ")
    words, end, _ = rest.partition("]")
    return words.split() if found and end else None


def _imap_ways(words: list[str]) -> list[Authentication]:
    found = _mechanisms(word.removeprefix("AUTH=") for word in words if word.startswith("AUTH="))
    if "LOGINDISABLED" not in words:
        found.append(Authentication.PASSWORD_CLEARTEXT)
    return found


async def _imap_done(connection: Connection, tag: str) -> list[str]:
    """The words of the capability line, once the command ended well."""
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
        # CAPA came with RFC 2449; a server without it has USER and PASS.
        return ["USER"]
    lines: list[str] = []
    for _ in range(_MAX_LINES):
        line = (await _line(connection)).upper()
        if line == ".":
            return lines
        lines.append(line)
    raise _UnfitError


def _pop3_ways(lines: list[str]) -> list[Authentication]:
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
    """The lines of the answer after the first."""
    await connection.write(_EHLO)
    lines = await _smtp_reply(connection, "250")
    return lines[1:]


def _smtp_ways(lines: list[str]) -> list[Authentication]:
    # A port for programs without any way to log in is not a submission service.
    return [
        kind
        for line in lines
        # "AUTH=" is an old form that some servers send beside, or instead of, the right one.
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
