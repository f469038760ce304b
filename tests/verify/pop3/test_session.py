"""Commands of a POP3 session after the login."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    Stage,
)
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from tests.support.network.pop3_dialogues import TLS, after_login
from tests.support.network.scripted_dialogue import Flood, ReadLine, Send, Step, scripted_server
from tests.support.network.scripted_logins import SECRET


async def test_malformed_lines_of_listings_are_ignored(tmp_path: Path) -> None:
    odd = b"nonsense\r\n\xff\xfe x y\r\n-3 b\r\n999999999999999999 z\r\n"
    listing = b"+OK\r\n1 a1\r\n" + odd + b"2 ..dot\r\n.\r\n"
    assert await after_login((ReadLine(), Send(listing)), tmp_path, Pop3Session.uidl) == [
        (1, "a1"),
        (2, "..dot"),
    ]
    sizes = b"+OK 2 messages\r\n1 120\r\n2 200 more\r\nx y\r\n.\r\n"
    assert await after_login((ReadLine(), Send(sizes)), tmp_path, Pop3Session.sizes) == {
        1: 120,
        2: 200,
    }
    state = Send(b"+OK 2 320 and more\r\n")
    assert await after_login((ReadLine(), state), tmp_path, Pop3Session.stat) == (2, 320)
    one = Send(b"+OK 2 200\r\n")
    assert await after_login((ReadLine(), one), tmp_path, lambda session: session.size(2)) == 200


async def test_byte_stuffing_is_removed(tmp_path: Path) -> None:
    wire = b"+OK\r\nSubject: x\r\n\r\n..\r\n...leader\r\na.b\r\n..x\r\n.\r\n"
    content = await after_login((ReadLine(), Send(wire)), tmp_path, lambda s: s.retrieve(1, 1000))
    assert content == b"Subject: x\r\n\r\n.\r\n..leader\r\na.b\r\n.x\r\n"


@pytest.mark.parametrize("missing", [Pop3Session.uidl, lambda session: session.top(1)])
async def test_an_unsupported_optional_command_is_no_failure(
    missing: Callable[[Pop3Session], Awaitable[object]], tmp_path: Path
) -> None:
    assert await after_login((ReadLine(), Send(b"-ERR unknown\r\n")), tmp_path, missing) is None
    failure = await after_login((ReadLine(), Send(b"-ERR [SYS/TEMP] disk\r\n")), tmp_path, missing)
    assert isinstance(failure, DialogueFailure)
    assert failure.error is DialogueFault.TEMPORARY


USES: list[Callable[[Pop3Session], Awaitable[object]]] = [
    Pop3Session.stat,
    Pop3Session.uidl,
    Pop3Session.sizes,
    lambda session: session.size(1),
    lambda session: session.top(1),
    lambda session: session.retrieve(1, 100_000),
    lambda session: session.delete(1),
    Pop3Session.reset,
    Pop3Session.quit,
]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(
    "answer",
    [
        (),
        (Send(b"garbage\0\x1b[31m\xff\r\n"),),
        (Send(b"+OK\r\n1 half"),),
        (Flood(b"+OK " + b"x" * 65536),),
        (Send(b"+OK 1 1\r\n"), Flood(b"1 x\r\n" * 20_000)),
        (Send(b"-ERR [SYS/TEMP] not now\r\n"), ReadLine()),
    ],
    ids=["disconnects", "garbage", "incomplete", "endless line", "endless list", "negative"],
)
async def test_every_fault_after_the_login_is_a_failure(
    use: Callable[[Pop3Session], Awaitable[object]], answer: tuple[Step, ...], tmp_path: Path
) -> None:
    outcome = await after_login((ReadLine(), *answer), tmp_path, use)
    if isinstance(outcome, DialogueFailure):
        assert outcome.error in (
            DialogueFault.PROTOCOL_ERROR,
            DialogueFault.RESET,
            DialogueFault.TEMPORARY,
        )
        assert "\x1b" not in outcome.text
    else:
        # The response has one line only, which was complete.
        assert answer[0] in (Send(b"+OK\r\n1 half"), Send(b"+OK 1 1\r\n"))
        assert outcome is None or outcome in ((1, 1), 1)


async def test_a_message_beyond_the_limit_is_cut_off(tmp_path: Path) -> None:
    steps = (ReadLine(), Send(b"+OK\r\n"), Flood(b"x" * 70 + b"\r\n"))
    failure = await after_login(steps, tmp_path, lambda session: session.retrieve(1, 10_000))
    assert isinstance(failure, DialogueFailure)
    assert failure.error is DialogueFault.PROTOCOL_ERROR


async def test_nothing_is_deleted_when_replies_are_out_of_step_with_commands(
    tmp_path: Path,
) -> None:
    steps = (*TLS, ReadLine(), Send(b"+OK 1 1\r\n+OK 2 2\r\n"), ReadLine())
    async with scripted_server(steps, Protocol.POP3, SocketType.TLS, tmp_path) as (
        server,
        net,
        received,
    ):
        session = await open_as(Pop3Session, server, net)
        assert isinstance(session, Pop3Session)
        async with session:
            await log_in(session, SECRET, net)
            with DialogueGuard(server, Stage.CLEAN_UP) as end:
                await session.stat()
                await session.delete(1)
    assert end.required_failure().error is DialogueFault.PROTOCOL_ERROR
    assert b"DELE" not in received.secure
