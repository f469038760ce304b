"""Reads the rules of a mailbox from its server in one dialogue."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace

from mailsetup.model.dialogue import DialogueFailure, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ServerSettings, SocketType
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.managesieve.session import ActiveRules, ManageSieveSession

PORT = 4190
CONNECT_TIMEOUT = 2.0
"""Seconds: enough for one lost packet. The same host answers for incoming mail: an open port
answers as fast, and one whose packets a firewall drops is not waited for."""
DIALOGUE_TIMEOUT = 10.0
"""Seconds. The rules are optional for a check, which does not wait long for them."""


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Nothing listens there: most hostings have no ManageSieve, or keep its port closed."""

    fault: ConnectFault


RulesOutcome = ActiveRules | NotOffered | DialogueFailure


async def read_active_rules(
    incoming: ServerSettings,
    net: Network,
    *,
    accepted: Awaitable[tuple[str, Secret]],
    patience: float = DIALOGUE_TIMEOUT,
) -> RulesOutcome:
    """Read the active script of a mailbox from port 4190 of its host, with one login at most.

    No secret is sent before ``accepted`` gives the user name and the secret that the ``incoming``
    server has accepted: only a host that knows the secret already receives it. ``patience`` is in
    seconds, once for opening and once for the rest.

    A `DialogueFailure` says nothing about the mailbox, which works without ManageSieve: it is no
    finding, not even where the login was refused.
    """
    server = replace(incoming, port=PORT, security=SocketType.STARTTLS)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            connection = await net.connect(server.host, server.port, implicit_tls=False)
    except TimeoutError:
        return NotOffered(ConnectFault.TIMEOUT)
    if isinstance(connection, ConnectFailure):
        return NotOffered(connection.fault)
    async with ManageSieveSession(connection, server) as session:
        with DialogueGuard(server, Stage.GREETING) as opening:
            async with asyncio.timeout(patience):
                await session.read_greeting()
                await session.start_tls()
        if opening.failure is not None:
            session.close()
            return opening.failure
        username, secret = await accepted
        deadline = asyncio.get_running_loop().time() + patience
        with DialogueGuard(server, Stage.LOGIN, secret) as login:
            async with asyncio.timeout_at(deadline):
                await session.log_in(username, secret)
        if login.failure is not None:
            session.close()
            return login.failure
        with DialogueGuard(server, Stage.MAILBOX, secret) as reading:
            async with asyncio.timeout_at(deadline):
                return await session.active_rules()
        session.close()
        return reading.required_failure()
