"""Reaching a server and logging in: the facade of this package.

Each function ends in a proof or in a `DialogueFailure`; expected failures never leave as
exceptions.
"""

import asyncio
from typing import TypeVar

from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings, SocketType
from mailsetup.net.connection import Connection, DialogueError
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network
from mailsetup.verify.failures import DialogueGuard, DialogueRefusedError
from mailsetup.verify.imap import ImapSession
from mailsetup.verify.pop3 import Pop3Session
from mailsetup.verify.smtp import SmtpSession

Session = TypeVar("Session", ImapSession, Pop3Session, SmtpSession)

_PROBE_TIMEOUT = 5.0

_CONNECT = {
    ConnectFault.UNRESOLVABLE: DialogueFault.HOST_NOT_FOUND,
    ConnectFault.RESOLVER: DialogueFault.RESOLVER,
    ConnectFault.REFUSED: DialogueFault.REFUSED,
    ConnectFault.TIMEOUT: DialogueFault.TIMEOUT,
    ConnectFault.UNREACHABLE: DialogueFault.UNREACHABLE,
    ConnectFault.RESET: DialogueFault.RESET,
    ConnectFault.FORBIDDEN_ADDRESS: DialogueFault.HOST_NOT_FOUND,
}

_TLS = {
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


async def open_imap(server: ServerSettings, net: Network) -> ImapSession | DialogueFailure:
    """Reach an IMAP server up to the point where one could log in."""
    return await _open(server, net, ImapSession)


async def open_pop3(server: ServerSettings, net: Network) -> Pop3Session | DialogueFailure:
    """Reach a POP3 server up to the point where one could log in."""
    return await _open(server, net, Pop3Session)


async def open_smtp(server: ServerSettings, net: Network) -> SmtpSession | DialogueFailure:
    """Reach a submission server up to the point where one could log in."""
    return await _open(server, net, SmtpSession)


def ways_to_sign_in(session: ImapSession | Pop3Session | SmtpSession) -> frozenset[str]:
    """The mechanisms that the server offers, in upper case; a command of the protocol's own for
    logging in counts as PLAIN, which it amounts to."""
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
            return frozenset(session.extensions.get("AUTH", "").upper().split())


async def log_in_imap(
    session: ImapSession, secret: Secret, net: Network
) -> LoggedIn | DialogueFailure:
    """Log in, and learn the mailbox's quota."""
    started = net.clock.monotonic()
    with DialogueGuard(session.server, Stage.LOGIN, secret) as end:
        mechanism = await session.log_in(session.server.username, secret)
        elapsed = 1000 * (net.clock.monotonic() - started)
        return LoggedIn(
            server=session.server,
            mechanism=mechanism,
            tls_version=session.tls_version,
            elapsed_ms=elapsed,
            capabilities=tuple(sorted(session.capabilities)),
            alerts=tuple(session.alerts),
            quota=await session.quota(),
        )
    return end.required_failure()


async def log_in_pop3(
    session: Pop3Session, secret: Secret, net: Network
) -> LoggedIn | DialogueFailure:
    """Log in; the maildrop is open then, and on some servers closed to everybody else."""
    started = net.clock.monotonic()
    with DialogueGuard(session.server, Stage.LOGIN, secret) as end:
        mechanism = await session.log_in(session.server.username, secret)
        return LoggedIn(
            server=session.server,
            mechanism=mechanism,
            tls_version=session.tls_version,
            elapsed_ms=1000 * (net.clock.monotonic() - started),
            capabilities=tuple(sorted(session.capabilities)),
        )
    return end.required_failure()


async def log_in_smtp(
    session: SmtpSession, secret: Secret, net: Network
) -> LoggedIn | DialogueFailure:
    """Log in, and learn how large messages may be."""
    started = net.clock.monotonic()
    with DialogueGuard(session.server, Stage.LOGIN, secret) as end:
        mechanism = await session.log_in(session.server.username, secret)
        return LoggedIn(
            server=session.server,
            mechanism=mechanism,
            tls_version=session.tls_version,
            elapsed_ms=1000 * (net.clock.monotonic() - started),
            capabilities=tuple(sorted(session.extensions)),
            size_limit=session.size_limit,
        )
    return end.required_failure()


async def _open(
    server: ServerSettings, net: Network, kind: type[Session]
) -> Session | DialogueFailure:
    if server.security is SocketType.NONE:
        # Without TLS no password will ever be sent, so there is nothing to be proven here.
        return DialogueFailure(Stage.STARTTLS, DialogueFault.STARTTLS_MISSING, server)
    kept = net.kept.take(server.host, server.port)
    if kept is not None:
        session = kind(kept.connection, server)
        session.resume(kept.words)
        return session
    implicit = server.security is SocketType.TLS
    connection = await net.connect(server.host, server.port, implicit_tls=implicit, explain=True)
    if isinstance(connection, ConnectFailure):
        return _connect_failure(connection, server)
    session = kind(connection, server)
    try:
        with DialogueGuard(server, Stage.GREETING) as end:
            await session.greet()
            if not implicit:
                await _upgrade(session, connection, net)
            await session.ready()
            return session
    except BaseException:
        session.close()
        raise
    session.close()
    failure = end.required_failure()
    if failure.error is DialogueFault.TIMEOUT and not implicit:
        # A server that waits for TLS at once says nothing in clear.
        other = await _speaks_tls_at_once(server, net)
        if other:
            return DialogueFailure(Stage.TLS, DialogueFault.WRONG_TLS_MODE, server)
    return failure


async def _upgrade(
    session: ImapSession | Pop3Session | SmtpSession, connection: Connection, net: Network
) -> None:
    await session.ask_for_tls()
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
    server: ServerSettings,
    net: Network,
    kind: type[ImapSession] | type[Pop3Session] | type[SmtpSession],
) -> TlsFailure | None:
    """Go there once more and look at the certificate; no password is involved."""
    connection = await net.connect(server.host, server.port, implicit_tls=False)
    if isinstance(connection, ConnectFailure):
        return None
    session = kind(connection, server)
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT):
            await session.greet()
            await session.ask_for_tls()
            return await connection.inspect_tls()
    except (DialogueError, DialogueRefusedError, TimeoutError):
        return None
    finally:
        session.close()


async def _speaks_tls_at_once(server: ServerSettings, net: Network) -> bool:
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
