"""Scripts of POP3 servers, and sessions with them."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from mailsetup.model.dialogue import (
    LoggedIn,
    Stage,
)
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from tests.support.network.scripted_dialogue import Handshake, ReadLine, Send, Step, scripted_server
from tests.support.network.scripted_logins import SECRET

CAPA = b"+OK\r\nSASL PLAIN\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n"
TLS: tuple[Step, ...] = (
    Send(b"+OK ready\r\n"),
    ReadLine(),
    Send(CAPA),
    ReadLine(),
    Send(b"+OK in\r\n"),
)
STLS: tuple[Step, ...] = (
    Send(b"+OK ready\r\n"),
    ReadLine(),
    Send(b"+OK\r\nSTLS\r\nUSER\r\n.\r\n"),
    ReadLine(),
    Send(b"+OK begin\r\n"),
    Handshake(),
    *TLS[1:],
)
SCRIPTS = {SocketType.TLS: TLS, SocketType.STARTTLS: STLS}


async def after_login(
    steps: Sequence[Step], folder: Path, request: Callable[[Pop3Session], Awaitable[object]]
) -> object:
    """The result of a request after the login, or the failure; ``steps`` follow the login."""
    async with scripted_server((*TLS, *steps), Protocol.POP3, SocketType.TLS, folder) as (
        server,
        net,
        _received,
    ):
        session = await open_as(Pop3Session, server, net)
        assert isinstance(session, Pop3Session), session
        async with session:
            assert isinstance(await log_in(session, SECRET, net), LoggedIn)
            with DialogueGuard(server, Stage.MAILBOX, SECRET) as end:
                return await request(session)
            return end.required_failure()
