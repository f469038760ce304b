"""Opens sessions and logs in: the facade of this package.

Each function returns a proof or a `DialogueFailure`; expected failures raise nothing.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar, assert_never

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.connection import Connection, DialogueError
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network
from mailsetup.verify.failures import DialogueGuard, DialogueRefusedError
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.smtp import SmtpSession

AnySession = ImapSession | Pop3Session | SmtpSession
Session = TypeVar("Session", ImapSession, Pop3Session, SmtpSession)

_PROBE_TIMEOUT = 5.0

_CONNECT: Final[Mapping[ConnectFault, DialogueFault]] = {
    ConnectFault.UNRESOLVABLE: DialogueFault.HOST_NOT_FOUND,
    ConnectFault.RESOLVER: DialogueFault.RESOLVER,
    ConnectFault.REFUSED: DialogueFault.REFUSED,
    ConnectFault.TIMEOUT: DialogueFault.TIMEOUT,
    ConnectFault.UNREACHABLE: DialogueFault.UNREACHABLE,
    ConnectFault.RESET: DialogueFault.RESET,
    ConnectFault.FORBIDDEN_ADDRESS: DialogueFault.HOST_NOT_FOUND,
}

_TLS: Final[Mapping[TlsFault, DialogueFault]] = {
    TlsFault.EXPIRED: DialogueFault.CERTIFICATE_EXPIRED,
    TlsFault.NOT_YET_VALID: DialogueFault.CERTIFICATE_NOT_YET_VALID,
    TlsFault.WRONG_NAME: DialogueFault.CERTIFICATE_WRONG_NAME,
    TlsFault.UNKNOWN_ISSUER: DialogueFault.CERTIFICATE_UNKNOWN_ISSUER,
    TlsFault.REVOKED: DialogueFault.CERTIFICATE_INVALID,
    TlsFault.INVALID: DialogueFault.CERTIFICATE_INVALID,
    TlsFault.TOO_OLD: DialogueFault.TLS_TOO_OLD,
    TlsFault.NOT_TLS: DialogueFault.WRONG_TLS_MODE,
    TlsFault.INTERRUPTED: DialogueFault.RESET,
    TlsFault.FAILED: DialogueFault.TLS_FAILED,
}


async def open_session(server: ServerSettings, net: Network) -> AnySession | DialogueFailure:
    """Open a session of the server's protocol, ready to log in."""
    match server.protocol:
        case Protocol.IMAP:
            return await open_as(ImapSession, server, net)
        case Protocol.POP3:
            return await open_as(Pop3Session, server, net)
        case Protocol.SMTP:
            return await open_as(SmtpSession, server, net)
        case _:
            assert_never(server.protocol)


def offered_mechanisms(session: AnySession) -> frozenset[str]:
    """The mechanisms that the server offers, in upper case. A login command of the protocol
    counts as PLAIN, to which it is equivalent."""
    match session:
        case ImapSession():
            found = {
                name.removeprefix("AUTH=")
                for name in session.capabilities
                if name.startswith("AUTH=")
            }
            return frozenset(found | (set() if session.offers("LOGINDISABLED") else {"PLAIN"}))
        case Pop3Session():
            found = set(session.capabilities.get("SASL", ()))
            return frozenset(found | ({"PLAIN"} if session.offers("USER") else set()))
        case SmtpSession():
            return frozenset(session.capabilities.get("AUTH", "").upper().split())


async def log_in(session: AnySession, secret: Secret, net: Network) -> LoggedIn | DialogueFailure:
    """Log in to an open session.

    With IMAP this reads the quota of the mailbox, too. With POP3 it opens the maildrop, which some
    servers lock for other sessions then.
    """
    started = net.clock.monotonic()
    with DialogueGuard(session.server, Stage.LOGIN, secret) as guard:
        mechanism = await session.log_in(session.server.username, secret)
        proof = LoggedIn(
            server=session.server,
            mechanism=mechanism,
            tls_version=session.tls_version,
            elapsed_ms=1000 * (net.clock.monotonic() - started),
            capabilities=tuple(sorted(session.capabilities)),
        )
        match session:
            case ImapSession():
                return replace(proof, alerts=tuple(session.alerts), quota=await session.quota())
            case SmtpSession():
                return replace(proof, size_limit=session.size_limit)
            case Pop3Session():
                return proof
    return guard.required_failure()


async def open_as(
    kind: type[Session], server: ServerSettings, net: Network
) -> Session | DialogueFailure:
    """Open a session of this kind, ready to log in."""
    if server.security is SocketType.NONE:
        # Without TLS no password is ever sent, so that no login can be proven.
        return DialogueFailure(Stage.STARTTLS, DialogueFault.STARTTLS_MISSING, server)
    opened = net.pool.get(server.host, server.port)
    if opened is not None:
        session = kind(opened.connection, server)
        session.resume(opened.words)
        return session
    implicit = server.security is SocketType.TLS
    connection = await net.connect(server.host, server.port, implicit_tls=implicit, explain=True)
    if isinstance(connection, ConnectFailure):
        return _connect_failure(connection, server)
    session = kind(connection, server)
    try:
        with DialogueGuard(server, Stage.GREETING) as guard:
            await session.read_greeting()
            if not implicit:
                await _upgrade(session, connection, net)
            await session.learn_capabilities()
            return session
    except BaseException:
        session.close()
        raise
    session.close()
    failure = guard.required_failure()
    # A server that expects TLS from the beginning sends nothing in clear.
    silent = failure.error is DialogueFault.TIMEOUT and not implicit
    if silent and await _has_implicit_tls(server, net):
        return DialogueFailure(Stage.TLS, DialogueFault.WRONG_TLS_MODE, server)
    return failure


async def _upgrade(session: AnySession, connection: Connection, net: Network) -> None:
    await session.request_tls()
    failure = await connection.start_tls()
    if failure is None:
        return
    server = session.server
    seen = await _certificate_behind_starttls(server, net, type(session))
    certificate = seen.certificate if seen is not None else None
    raise DialogueRefusedError(
        Stage.TLS, _TLS[failure.fault], text=failure.detail, certificate=certificate
    )


async def _certificate_behind_starttls(
    server: ServerSettings, net: Network, kind: type[AnySession]
) -> TlsFailure | None:
    """Read the certificate in a second connection, without logging in."""
    connection = await net.connect(server.host, server.port, implicit_tls=False)
    if isinstance(connection, ConnectFailure):
        return None
    session = kind(connection, server)
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            await session.read_greeting()
            await session.request_tls()
            return await connection.inspect_tls()
    except (DialogueError, DialogueRefusedError, TimeoutError):
        return None
    finally:
        session.close()


async def _has_implicit_tls(server: ServerSettings, net: Network) -> bool:
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            other = await net.connect(server.host, server.port, implicit_tls=True)
    except TimeoutError:
        return False
    if isinstance(other, ConnectFailure):
        return other.tls is not None and other.tls.fault in (
            TlsFault.WRONG_NAME,
            TlsFault.EXPIRED,
            TlsFault.UNKNOWN_ISSUER,
        )
    other.close()
    return True


def _connect_failure(failure: ConnectFailure, server: ServerSettings) -> DialogueFailure:
    if failure.tls is not None:
        return DialogueFailure(
            Stage.TLS,
            _TLS[failure.tls.fault],
            server,
            text=failure.tls.detail,
            certificate=failure.tls.certificate,
        )
    return DialogueFailure(Stage.CONNECT, _CONNECT[failure.fault], server, text=failure.detail)
