"""Servers that misbehave: always a failure with a class, never a hang, never a secret in clear."""

import base64
import logging
from pathlib import Path

import pytest

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, SocketType
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.smtp import SmtpSession
from tests.support.network.scripted_dialogue import Flood, Hear, Heard, Say, Secure, Step, playing

CANARY = "canario-Zx9!"
SECRET = Secret(CANARY)

IMAP_TLS: tuple[Step, ...] = (
    Say(b"* OK ready\r\n"),
    Hear(),
    Say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{tag} OK done\r\n"),
    Hear(),
    Say(b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n"),
)
IMAP_STARTTLS: tuple[Step, ...] = (
    Say(b"* OK ready\r\n"),
    Hear(),
    Say(b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n{tag} OK done\r\n"),
    Hear(),
    Say(b"{tag} OK begin\r\n"),
    Secure(),
    Hear(),
    Say(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n{tag} OK done\r\n"),
    Hear(),
    Say(b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n"),
)
SMTP_TLS: tuple[Step, ...] = (
    Say(b"220 ready\r\n"),
    Hear(),
    Say(b"250-hello\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n"),
    Hear(),
    Say(b"235 2.7.0 in\r\n"),
)
SMTP_STARTTLS: tuple[Step, ...] = (
    Say(b"220 ready\r\n"),
    Hear(),
    Say(b"250-hello\r\n250 STARTTLS\r\n"),
    Hear(),
    Say(b"220 begin\r\n"),
    Secure(),
    Hear(),
    Say(b"250-hello\r\n250 AUTH PLAIN\r\n"),
    Hear(),
    Say(b"235 2.7.0 in\r\n"),
)
SCRIPTS = {
    (Protocol.IMAP, SocketType.TLS): IMAP_TLS,
    (Protocol.IMAP, SocketType.STARTTLS): IMAP_STARTTLS,
    (Protocol.SMTP, SocketType.TLS): SMTP_TLS,
    (Protocol.SMTP, SocketType.STARTTLS): SMTP_STARTTLS,
}


async def tried(
    steps: tuple[Step, ...], protocol: Protocol, security: SocketType, folder: Path
) -> tuple[LoggedIn | DialogueFailure, Heard]:
    """Open and log in, as the assistant does."""
    async with playing(steps, protocol, security, folder) as (server, net, heard):
        if protocol is Protocol.IMAP:
            imap = await open_as(ImapSession, server, net)
            if isinstance(imap, DialogueFailure):
                return imap, heard
            async with imap:
                return await log_in(imap, SECRET, net), heard
        smtp = await open_as(SmtpSession, server, net)
        if isinstance(smtp, DialogueFailure):
            return smtp, heard
        async with smtp:
            return await log_in(smtp, SECRET, net), heard


def said_the_secret(data: bytes | bytearray) -> bool:
    return any(
        form in data
        for form in (
            CANARY.encode(),
            base64.b64encode(CANARY.encode()),
            base64.b64encode(f"\0ana@scripted.test\0{CANARY}".encode()),
        )
    )


@pytest.mark.parametrize("case", SCRIPTS, ids=str)
async def test_the_undisturbed_dialogue_logs_in(
    case: tuple[Protocol, SocketType], tmp_path: Path
) -> None:
    outcome, heard = await tried(SCRIPTS[case], *case, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "PLAIN"
    assert said_the_secret(heard.secure)
    assert not said_the_secret(heard.clear)


@pytest.mark.parametrize(
    ("case", "length"),
    [(case, length) for case, steps in SCRIPTS.items() for length in range(len(steps))],
    ids=str,
)
async def test_a_server_that_hangs_up_at_any_step_is_a_failure(
    case: tuple[Protocol, SocketType], length: int, tmp_path: Path
) -> None:
    outcome, heard = await tried(SCRIPTS[case][:length], *case, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error in (
        DialogueFault.RESET,
        DialogueFault.TLS_FAILED,
        DialogueFault.WRONG_TLS_MODE,
    )
    assert not said_the_secret(heard.clear)


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
async def test_another_services_greeting_is_told_as_such(
    case: tuple[Protocol, SocketType], noise: bytes, tmp_path: Path
) -> None:
    outcome, _heard = await tried((Say(noise),), *case, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_SERVICE
    assert "\x1b" not in outcome.text
    assert "\0" not in outcome.text


@pytest.mark.parametrize("case", SCRIPTS, ids=str)
async def test_a_greeting_without_an_end_is_cut_off(
    case: tuple[Protocol, SocketType], tmp_path: Path
) -> None:
    outcome, _heard = await tried((Flood(b"x" * 65536),), *case, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_answers_without_an_end_are_cut_off(tmp_path: Path) -> None:
    endless = (*IMAP_TLS[:2], Flood(b'* LIST () "/" x\r\n' * 500))
    outcome, _heard = await tried(endless, Protocol.IMAP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR
    endless = (*SMTP_TLS[:2], Flood(b"250-more\r\n" * 500))
    outcome, _heard = await tried(endless, Protocol.SMTP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_a_huge_literal_is_refused_before_it_is_read(tmp_path: Path) -> None:
    steps = (*IMAP_TLS[:2], Say(b"* X {99999999999}\r\n"))
    outcome, _heard = await tried(steps, Protocol.IMAP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
async def test_without_starttls_no_password_is_ever_said(
    protocol: Protocol, tmp_path: Path
) -> None:
    steps = SCRIPTS[protocol, SocketType.STARTTLS]
    without = tuple(
        Say(
            step.data.replace(b" STARTTLS LOGINDISABLED", b" AUTH=PLAIN").replace(
                b"STARTTLS", b"AUTH PLAIN"
            )
        )
        if isinstance(step, Say)
        else step
        for step in steps
    )
    outcome, heard = await tried(without, protocol, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert not said_the_secret(heard.clear)
    assert b"AUTH PLAIN" not in heard.clear


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
async def test_a_refused_starttls_ends_it(protocol: Protocol, tmp_path: Path) -> None:
    steps = SCRIPTS[protocol, SocketType.STARTTLS]
    refusal = b"{tag} NO not now\r\n" if protocol is Protocol.IMAP else b"454 4.7.0 not now\r\n"
    outcome, heard = await tried(
        (*steps[:4], Say(refusal), Hear(), Hear()), protocol, SocketType.STARTTLS, tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert not said_the_secret(heard.clear)


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
async def test_bytes_injected_behind_the_agreement_to_tls_end_it(
    protocol: Protocol, tmp_path: Path
) -> None:
    steps = list(SCRIPTS[protocol, SocketType.STARTTLS])
    agreement = steps[4]
    assert isinstance(agreement, Say)
    steps[4] = Say(agreement.data + b"* CAPABILITY AUTH=LOGIN\r\n250 AUTH LOGIN\r\n")
    outcome, heard = await tried(tuple(steps), protocol, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.INJECTION
    assert not said_the_secret(heard.clear)


async def test_preauth_before_tls_is_refused(tmp_path: Path) -> None:
    steps = (Say(b"* PREAUTH welcome\r\n"), Hear(), Hear())
    outcome, heard = await tried(steps, Protocol.IMAP, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.INJECTION
    assert heard.clear == b""


async def test_tls_on_a_port_that_speaks_in_clear_is_told_apart(tmp_path: Path) -> None:
    async with playing(IMAP_STARTTLS, Protocol.IMAP, SocketType.STARTTLS, tmp_path) as (
        server,
        net,
        _heard,
    ):
        from dataclasses import replace

        outcome = await open_as(ImapSession, replace(server, security=SocketType.TLS), net)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_TLS_MODE


async def test_bye_in_the_middle_is_the_servers_no(tmp_path: Path) -> None:
    steps = (*IMAP_TLS[:4], Say(b"* BYE Too many simultaneous connections\r\n"))
    outcome, _heard = await tried(steps, Protocol.IMAP, SocketType.TLS, tmp_path)
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
async def test_a_refused_login_keeps_the_servers_code(
    protocol: Protocol, refusal: bytes, error: DialogueFault, code: str, tmp_path: Path
) -> None:
    steps = (*SCRIPTS[protocol, SocketType.TLS][:4], Say(refusal), Hear())
    outcome, heard = await tried(steps, protocol, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error, outcome.code) == (Stage.LOGIN, error, code)
    attempts = heard.secure.count(b"AUTH")
    assert attempts == 1


async def test_a_server_that_quotes_the_password_does_not_bring_it_into_the_evidence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    packed = base64.b64encode(f"\0ana@scripted.test\0{CANARY}".encode())
    steps = (*SMTP_TLS[:4], Say(b"535 5.7.8 bad: " + CANARY.encode() + b" " + packed + b"\r\n"))
    outcome, _heard = await tried(steps, Protocol.SMTP, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert not said_the_secret(repr(outcome).encode())
    assert not said_the_secret(caplog.text.encode())
    assert "•••" in outcome.text


@pytest.mark.parametrize("password", ["a\rb", "a\nb", "a\0b"])
async def test_control_characters_in_a_password_never_reach_the_wire(
    password: str, tmp_path: Path
) -> None:
    async with playing(IMAP_TLS, Protocol.IMAP, SocketType.TLS, tmp_path) as (server, net, heard):
        session = await open_as(ImapSession, server, net)
        assert not isinstance(session, DialogueFailure)
        async with session:
            outcome = await log_in(session, Secret(password), net)
    assert isinstance(outcome, DialogueFailure)
    assert b"AUTHENTICATE" not in heard.secure
