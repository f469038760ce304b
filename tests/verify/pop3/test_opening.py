"""POP3 servers that misbehave before and during the login."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    LoggedIn,
)
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.verify.login import open_as
from mailsetup.verify.pop3.session import Pop3Session
from tests.support.network.pop3_dialogues import SCRIPTS, STLS, TLS
from tests.support.network.scripted_dialogue import Flood, ReadLine, Send, scripted_server
from tests.support.network.scripted_logins import contains_secret, try_login


@pytest.mark.parametrize("security", SCRIPTS)
async def test_a_correct_dialogue_logs_in(security: SocketType, tmp_path: Path) -> None:
    outcome, received = await try_login(SCRIPTS[security], Protocol.POP3, security, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "PLAIN"
    assert outcome.capabilities == ("SASL", "TOP", "UIDL", "USER")
    assert contains_secret(received.secure)
    assert not contains_secret(received.clear)


@pytest.mark.parametrize(
    ("security", "length"),
    [(security, length) for security, steps in SCRIPTS.items() for length in range(len(steps))],
)
async def test_a_server_that_disconnects_at_any_step_is_a_failure(
    security: SocketType, length: int, tmp_path: Path
) -> None:
    outcome, received = await try_login(
        SCRIPTS[security][:length], Protocol.POP3, security, tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error in (
        DialogueFault.RESET,
        DialogueFault.TLS_FAILED,
        DialogueFault.WRONG_TLS_MODE,
    )
    assert not contains_secret(received.clear)


@pytest.mark.parametrize(
    ("security", "place"),
    [
        (security, place)
        for security, steps in SCRIPTS.items()
        for place, step in enumerate(steps)
        if isinstance(step, Send)
    ],
)
async def test_a_negative_reply_at_any_step_is_a_failure(
    security: SocketType, place: int, tmp_path: Path
) -> None:
    steps = (*SCRIPTS[security][:place], Send(b"-ERR [SYS/TEMP] not now\r\n"), ReadLine())
    outcome, received = await try_login(steps, Protocol.POP3, security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error in (DialogueFault.TEMPORARY, DialogueFault.STARTTLS_MISSING)
    assert not contains_secret(received.clear)


@pytest.mark.parametrize("security", SCRIPTS)
@pytest.mark.parametrize(
    "noise",
    [
        b"\0" * 100 + b"\r\n",
        b"\xff\xfe\xfa garbage\r\n",
        b"* OK IMAP4rev1 ready\r\n",
        b"220 mail ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x1b[2J\x1b[31mred\r\n",
    ],
)
async def test_the_greeting_of_another_service_is_reported_as_such(
    security: SocketType, noise: bytes, tmp_path: Path
) -> None:
    outcome, _received = await try_login((Send(noise),), Protocol.POP3, security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_SERVICE
    assert "\x1b" not in outcome.text
    assert "\0" not in outcome.text


@pytest.mark.parametrize("security", SCRIPTS)
async def test_an_endless_greeting_is_cut_off(security: SocketType, tmp_path: Path) -> None:
    outcome, _received = await try_login((Flood(b"x" * 65536),), Protocol.POP3, security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


@pytest.mark.parametrize("security", SCRIPTS)
async def test_an_endless_list_of_capabilities_is_cut_off(
    security: SocketType, tmp_path: Path
) -> None:
    steps = (*SCRIPTS[security][:2], Send(b"+OK\r\n"), Flood(b"X-MORE\r\n" * 500))
    outcome, _received = await try_login(steps, Protocol.POP3, security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_endless_challenges_are_cut_off(tmp_path: Path) -> None:
    steps = (*TLS[:4], *(Send(b"+ \r\n"), ReadLine()) * 20)
    outcome, _received = await try_login(steps, Protocol.POP3, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_without_stls_no_password_is_sent(tmp_path: Path) -> None:
    stripped = Send(b"+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n")
    steps = (*STLS[:2], stripped, ReadLine(), Send(b"+OK\r\n"), ReadLine())
    outcome, received = await try_login(steps, Protocol.POP3, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert received.clear == b"CAPA\r\n"


async def test_stls_is_tried_where_capabilities_are_unknown(tmp_path: Path) -> None:
    steps = (*STLS[:2], Send(b"-ERR what?\r\n"), *STLS[3:])
    outcome, received = await try_login(steps, Protocol.POP3, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert received.clear == b"CAPA\r\nSTLS\r\n"


async def test_a_refused_stls_ends_the_dialogue(tmp_path: Path) -> None:
    steps = (*STLS[:4], Send(b"-ERR not now\r\n"), ReadLine(), ReadLine())
    outcome, received = await try_login(steps, Protocol.POP3, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert not contains_secret(received.clear)


async def test_bytes_injected_after_the_reply_to_stls_end_the_dialogue(tmp_path: Path) -> None:
    injected = Send(b"+OK begin\r\n+OK\r\nSASL LOGIN\r\n.\r\n")
    outcome, received = await try_login(
        (*STLS[:4], injected, *STLS[5:]), Protocol.POP3, SocketType.STARTTLS, tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.INJECTION
    assert not contains_secret(received.clear)


async def test_capabilities_received_before_tls_are_ignored(tmp_path: Path) -> None:
    loud = Send(b"+OK\r\nSTLS\r\nSASL LOGIN CRAM-MD5\r\nAUTH-RESP-CODE\r\n.\r\n")
    outcome, _received = await try_login(
        (*STLS[:2], loud, *STLS[3:]), Protocol.POP3, SocketType.STARTTLS, tmp_path
    )
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "PLAIN"
    assert "AUTH-RESP-CODE" not in outcome.capabilities


async def test_tls_to_a_cleartext_port_is_reported_as_the_wrong_tls_mode(tmp_path: Path) -> None:
    async with scripted_server(STLS, Protocol.POP3, SocketType.STARTTLS, tmp_path) as (
        server,
        net,
        _,
    ):
        outcome = await open_as(Pop3Session, replace(server, security=SocketType.TLS), net)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_TLS_MODE


async def test_settings_without_tls_are_refused_without_a_connection(tmp_path: Path) -> None:
    async with scripted_server(STLS, Protocol.POP3, SocketType.STARTTLS, tmp_path) as (
        server,
        net,
        received,
    ):
        outcome = await open_as(Pop3Session, replace(server, security=SocketType.NONE), net)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert received.clear == b""
