"""Logins at a scripted server with a password that must not be disclosed."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mailsetup.model.dialogue import (
    DialogueFailure,
    LoggedIn,
)
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Authentication, Protocol, SocketType
from mailsetup.verify.login import log_in, open_session
from tests.support.network.scripted_dialogue import (
    Received,
    Step,
    scripted_server,
)

CANARY = "canario-Zx9!"
SECRET = Secret(CANARY)
_USERNAME = "ana@scripted.test"
PACKED = base64.b64encode(f"\0{_USERNAME}\0{CANARY}".encode())
"""The message of PLAIN."""


def contains_secret(data: bytes | bytearray) -> bool:
    """Whether the data has the password, as it is or in base64."""
    forms = (CANARY.encode(), base64.b64encode(CANARY.encode()), PACKED)
    return any(form in data for form in forms)


async def try_login(
    steps: Sequence[Step],
    protocol: Protocol,
    security: SocketType,
    folder: Path,
    *,
    secret: Secret = SECRET,
    authentication: Authentication = Authentication.PASSWORD_CLEARTEXT,
    username: str = _USERNAME,
) -> tuple[LoggedIn | DialogueFailure, Received]:
    """Open a session and log in; also returns what the server received."""
    async with scripted_server(steps, protocol, security, folder) as (server, net, received):
        server = replace(server, authentication=(authentication,), username=username)
        session = await open_session(server, net)
        if isinstance(session, DialogueFailure):
            return session, received
        async with session:
            return await log_in(session, secret, net), received
