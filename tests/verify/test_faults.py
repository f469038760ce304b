"""IMAP and submission servers that misbehave before and during the login."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import open_as
from tests.support.network.scripted_dialogue import (
    Flood,
    Handshake,
    ReadLine,
    Send,
    Step,
    scripted_server,
)
from tests.support.network.scripted_logins import CANARY, PACKED, contains_secret, try_login

IMAP_TLS: tuple[Step, ...] = (
    Send(b"* OK ready\r\n"),
    ReadLine(),
    Send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{tag} OK done\r\n"),
    ReadLine(),
    Send(b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n"),
)
IMAP_STARTTLS: tuple[Step, ...] = (
    Send(b"* OK ready\r\n"),
    ReadLine(),
    Send(b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{tag} OK done\r\n"),
    ReadLine(),
    Send(b"{tag} OK begin\r\n"),
    Handshake(),
    ReadLine(),
    Send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{tag} OK done\r\n"),
    ReadLine(),
    Send(b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n"),
)
SMTP_TLS: tuple[Step, ...] = (
    Send(b"220 ready\r\n"),
    ReadLine(),
    Send(b"250-hello\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n"),
    ReadLine(),
    Send(b"235 2.7.0 in\r\n"),
)
SMTP_STARTTLS: tuple[Step, ...] = (
    Send(b"220 ready\r\n"),
    ReadLine(),
    Send(b"250-hello\r\n250 STARTTLS\r\n"),
    ReadLine(),
    Send(b"220 begin\r\n"),
    Handshake(),
    ReadLine(),
    Send(b"250-hello\r\n250 AUTH PLAIN\r\n"),
    ReadLine(),
    Send(b"235 2.7.0 in\r\n"),
)
SCRIPTS = {
    (Protocol.IMAP, SocketType.TLS): IMAP_TLS,
    (Protocol.IMAP, SocketType.STARTTLS): IMAP_STARTTLS,
    (Protocol.SMTP, SocketType.TLS): SMTP_TLS,
    (Protocol.SMTP, SocketType.STARTTLS): SMTP_STARTTLS,
}


@pytest.mark.parametrize("case", SCRIPTS, ids=str)
async def test_a_correct_dialogue_logs_in(
    case: tuple[Protocol, SocketType], tmp_path: Path
) -> None:
    outcome, received = await try_login(SCRIPTS[case], *case, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "PLAIN"
    assert contains_secret(received.secure)
    assert not contains_secret(received.clear)


@pytest.mark.parametrize(
    ("case", "length"),
    [(case, length) for case, steps in SCRIPTS.items() for length in range(len(steps))],
    ids=str,
)
async def test_a_server_that_disconnects_at_any_step_is_a_failure(
    case: tuple[Protocol, SocketType], length: int, tmp_path: Path
) -> None:
    outcome, received = await try_login(SCRIPTS[case][:length], *case, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error in (
        DialogueFault.RESET,
        DialogueFault.TLS_FAILED,
        DialogueFault.WRONG_TLS_MODE,
    )
    assert not contains_secret(received.clear)


@pytest.mark.parametrize("case", SCRIPTS, ids=str)
@pytest.mark.parametrize(
    "noise",
    [
        b"\0" * 100 + b"\r\n",
        b"\xff\xfe\xfa garbage\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"+OK POP3 ready\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x1b[2J\x1b[31mred\r\n",
    ],
)
async def test_the_greeting_of_another_service_is_reported_as_such(
    case: tuple[Protocol, SocketType], noise: bytes, tmp_path: Path
) -> None:
    outcome, _received = await try_login((Send(noise),), *case, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_SERVICE
    assert "\x1b" not in outcome.text
    assert "\0" not in outcome.text


@pytest.mark.parametrize("case", SCRIPTS, ids=str)
async def test_an_endless_greeting_is_cut_off(
    case: tuple[Protocol, SocketType], tmp_path: Path
) -> None:
    outcome, _received = await try_login((Flood(b"x" * 65536),), *case, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_endless_responses_are_cut_off(tmp_path: Path) -> None:
    endless = (*IMAP_TLS[:2], Flood(b'* LIST () "/" x\r\n' * 500))
    outcome, _received = await try_login(endless, Protocol.IMAP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR
    endless = (*SMTP_TLS[:2], Flood(b"250-more\r\n" * 500))
    outcome, _received = await try_login(endless, Protocol.SMTP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_a_huge_literal_is_refused_before_it_is_read(tmp_path: Path) -> None:
    steps = (*IMAP_TLS[:2], Send(b"* X {99999999999}\r\n"))
    outcome, _received = await try_login(steps, Protocol.IMAP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
async def test_without_starttls_no_password_is_sent(protocol: Protocol, tmp_path: Path) -> None:
    steps = SCRIPTS[protocol, SocketType.STARTTLS]
    without = tuple(
        Send(
            step.data.replace(b" STARTTLS LOGINDISABLED", b" AUTH=PLAIN").replace(
                b"STARTTLS", b"AUTH PLAIN"
            )
        )
        if isinstance(step, Send)
        else step
        for step in steps
    )
    outcome, received = await try_login(without, protocol, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert not contains_secret(received.clear)
    assert b"AUTH PLAIN" not in received.clear


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
async def test_a_refused_starttls_ends_the_dialogue(protocol: Protocol, tmp_path: Path) -> None:
    steps = SCRIPTS[protocol, SocketType.STARTTLS]
    refusal = b"{tag} NO not now\r\n" if protocol is Protocol.IMAP else b"454 4.7.0 not now\r\n"
    outcome, received = await try_login(
        (*steps[:4], Send(refusal), ReadLine(), ReadLine()), protocol, SocketType.STARTTLS, tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert not contains_secret(received.clear)


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
async def test_bytes_injected_after_the_reply_to_starttls_end_the_dialogue(
    protocol: Protocol, tmp_path: Path
) -> None:
    steps = list(SCRIPTS[protocol, SocketType.STARTTLS])
    reply = steps[4]
    assert isinstance(reply, Send)
    steps[4] = Send(reply.data + b"* CAPABILITY AUTH=LOGIN\r\n250 AUTH LOGIN\r\n")
    outcome, received = await try_login(tuple(steps), protocol, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.INJECTION
    assert not contains_secret(received.clear)


async def test_preauth_before_tls_is_refused(tmp_path: Path) -> None:
    steps = (Send(b"* PREAUTH welcome\r\n"), ReadLine(), ReadLine())
    outcome, received = await try_login(steps, Protocol.IMAP, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.INJECTION
    assert received.clear == b""


async def test_tls_to_a_cleartext_port_is_reported_as_the_wrong_tls_mode(tmp_path: Path) -> None:
    async with scripted_server(IMAP_STARTTLS, Protocol.IMAP, SocketType.STARTTLS, tmp_path) as (
        server,
        net,
        _received,
    ):
        outcome = await open_as(ImapSession, replace(server, security=SocketType.TLS), net)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_TLS_MODE


async def test_an_untagged_bye_is_classified_by_its_text(tmp_path: Path) -> None:
    steps = (*IMAP_TLS[:4], Send(b"* BYE Too many simultaneous connections\r\n"))
    outcome, _received = await try_login(steps, Protocol.IMAP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.TOO_MANY_CONNECTIONS


@pytest.mark.parametrize(
    ("protocol", "refusal", "error", "code"),
    [
        (
            Protocol.IMAP,
            b"{tag} NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)\r\n",
            DialogueFault.AUTH_WRONG,
            "NO AUTHENTICATIONFAILED",
        ),
        (
            Protocol.IMAP,
            b"{tag} NO [ALERT] Application-specific password required: https://x\r\n",
            DialogueFault.AUTH_APP_PASSWORD,
            "NO ALERT",
        ),
        (
            Protocol.IMAP,
            b"{tag} NO [UNAVAILABLE] try later\r\n",
            DialogueFault.TEMPORARY,
            "NO UNAVAILABLE",
        ),
        (Protocol.SMTP, b"535 5.7.8 no\r\n", DialogueFault.AUTH_WRONG, "535 5.7.8"),
        (
            Protocol.SMTP,
            b"535 5.7.139 Authentication unsuccessful, basic authentication is disabled.\r\n",
            DialogueFault.AUTH_OAUTH_NEEDED,
            "535 5.7.139",
        ),
        (
            Protocol.SMTP,
            b"454 4.7.0 Temporary authentication failure\r\n",
            DialogueFault.TEMPORARY,
            "454 4.7.0",
        ),
    ],
)
async def test_a_refused_login_carries_the_code_of_the_server(
    protocol: Protocol, refusal: bytes, error: DialogueFault, code: str, tmp_path: Path
) -> None:
    steps = (*SCRIPTS[protocol, SocketType.TLS][:4], Send(refusal), ReadLine())
    outcome, received = await try_login(steps, protocol, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error, outcome.code) == (Stage.LOGIN, error, code)
    attempts = received.secure.count(b"AUTH")
    assert attempts == 1


async def test_a_password_that_the_server_quotes_is_removed_from_the_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    steps = (*SMTP_TLS[:4], Send(b"535 5.7.8 bad: " + CANARY.encode() + b" " + PACKED + b"\r\n"))
    outcome, _received = await try_login(steps, Protocol.SMTP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert not contains_secret(repr(outcome).encode())
    assert not contains_secret(caplog.text.encode())
    assert "•••" in outcome.text


@pytest.mark.parametrize("password", ["a\rb", "a\nb", "a\0b"])
async def test_a_password_with_control_characters_is_not_sent(
    password: str, tmp_path: Path
) -> None:
    outcome, received = await try_login(
        IMAP_TLS, Protocol.IMAP, SocketType.TLS, tmp_path, secret=Secret(password)
    )
    assert isinstance(outcome, DialogueFailure)
    assert b"AUTHENTICATE" not in received.secure
