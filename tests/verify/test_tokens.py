"""Logins with access tokens: exact messages, each protocol's limits, refusals."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn
from mailsetup.model.secret import AccessToken, Secret, without_secret
from mailsetup.model.settings import Authentication, Protocol, ServerSettings, SocketType
from mailsetup.verify.login import log_in, open_session
from mailsetup.verify.sasl import Bearer, SaslError, choose, exchange, is_safe
from tests.support.network.scripted_dialogue import ReadLine, Received, Send, Step, scripted_server

OAUTH2 = (Authentication.OAUTH2,)
SERVER = ServerSettings(
    Protocol.IMAP, "imap.example.com", 993, SocketType.TLS, "user@example.com", OAUTH2
)
TOKEN = AccessToken("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")


def test_oauthbearer_sends_the_message_of_its_rfc() -> None:
    # RFC 7628 section 4.1, with port 993.
    login = exchange("OAUTHBEARER", "user@example.com", TOKEN, SERVER)
    assert login.initial() == (
        b"n,a=user@example.com,\x01host=imap.example.com\x01port=993\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )


def test_oauthbearer_escapes_commas_in_a_user_name() -> None:
    login = exchange("OAUTHBEARER", "a,b=c@example.com", TOKEN, SERVER)
    assert (login.initial() or b"").startswith(b"n,a=a=2Cb=3Dc@example.com,\x01")


def test_xoauth2_sends_user_and_token() -> None:
    login = exchange("XOAUTH2", "user@example.com", TOKEN)
    assert login.initial() == (
        b"user=user@example.com\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )


@pytest.mark.parametrize(
    ("mechanism", "acknowledgement"), [("OAUTHBEARER", b"\x01"), ("XOAUTH2", b"")]
)
def test_a_refusal_is_stored_and_acknowledged_as_the_mechanism_requires(
    mechanism: str, acknowledgement: bytes
) -> None:
    login = exchange(mechanism, "user@example.com", TOKEN, SERVER)
    assert isinstance(login, Bearer)
    answer = login.respond(b'{"status":"invalid_token","scope":"mail","schemes":"Bearer"}')
    assert answer == acknowledgement
    assert login.failure is not None
    assert login.failure.text == "invalid_token (mail)"
    with pytest.raises(SaslError):
        login.respond(b'{"status":"400"}')


@pytest.mark.parametrize("challenge", [b"nonsense", b"[1]", b"\xff", b"[" * 9000, b'{"status":{}}'])
def test_a_malformed_refusal_is_a_refusal_without_details(challenge: bytes) -> None:
    login = exchange("XOAUTH2", "user@example.com", TOKEN)
    assert isinstance(login, Bearer)
    login.respond(challenge)
    assert login.failure is not None
    assert login.failure.status == "?"


def test_tokens_and_passwords_use_separate_mechanisms() -> None:
    everything = {"PLAIN", "LOGIN", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"}
    assert choose(everything, OAUTH2, secret=TOKEN, login_command=True) == "OAUTHBEARER"
    assert choose(everything - {"OAUTHBEARER"}, OAUTH2, secret=TOKEN) == "XOAUTH2"
    assert choose({"PLAIN", "LOGIN"}, OAUTH2, secret=TOKEN, login_command=True) is None
    assert choose({"XOAUTH2", "OAUTHBEARER"}, (), secret=Secret("x")) is None
    with pytest.raises(ValueError, match="PLAIN"):
        exchange("PLAIN", "ana", TOKEN)
    with pytest.raises(ValueError, match="XOAUTH2"):
        exchange("XOAUTH2", "ana", Secret("x"))


def test_a_token_with_a_control_character_is_not_safe_to_send() -> None:
    assert not is_safe("ana", AccessToken("abc\x01auth=Bearer other"))
    assert not is_safe("ana\x01", TOKEN)


@pytest.mark.parametrize("before", ["", "a", "ab", "n,a=ana@acceso.test,\x01auth=Bearer "])
def test_a_token_inside_longer_base64_data_is_blanked(before: str) -> None:
    value = "ya29.c2VjcmV0LXRva2VuLXRoYXQtaXMtbG9uZw"
    packed = base64.b64encode(f"{before}{value}\x01\x01".encode()).decode()
    blanked = without_secret(f"I do not like {packed}", "ana", AccessToken(value))
    assert value not in blanked
    assert packed not in blanked
    left = blanked.removeprefix("I do not like ")
    assert "•••" in left
    assert len(left.replace("•••", "")) <= len(packed) - (len(value) * 4 // 3 - 12)


# Dialogues ----------------------------------------------------------------------------------------

REFUSED = base64.b64encode(json.dumps({"status": "invalid_token", "scope": "mail"}).encode())
SCOPE = base64.b64encode(json.dumps({"status": "insufficient_scope", "scope": "mail"}).encode())
LONG = AccessToken("x" * 7000)


async def log_in_with_token(
    protocol: Protocol, steps: list[Step], folder: Path, token: AccessToken = TOKEN
) -> tuple[LoggedIn | DialogueFailure, Received]:
    """Log in with a token; also returns what the scripted server received."""
    async with scripted_server(steps, protocol, SocketType.TLS, folder) as (server, net, received):
        server = replace(server, authentication=OAUTH2)
        session = await open_session(server, net)
        assert not isinstance(session, DialogueFailure), session
        async with session:
            return await log_in(session, token, net), received


def smtp_dialogue(mechanisms: bytes, challenge: bytes, end: bytes) -> list[Step]:
    """A dialogue in which the server challenges a login with AUTH, then ends it with ``end``."""
    return [
        Send(b"220 x\r\n"),
        ReadLine(),
        Send(b"250-x\r\n250 AUTH " + mechanisms + b"\r\n"),
        ReadLine(),
        Send(b"334 " + challenge + b"\r\n"),
        ReadLine(),
        Send(end + b"\r\n"),
    ]


def imap_greeting(capabilities: bytes) -> list[Step]:
    return [Send(b"* OK [CAPABILITY IMAP4rev1 " + capabilities + b"] hello\r\n")]


async def test_imap_sends_a_token_as_initial_response_with_sasl_ir(tmp_path: Path) -> None:
    done: list[Step] = [ReadLine(), Send(b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n")]
    outcome, received = await log_in_with_token(
        Protocol.IMAP, [*imap_greeting(b"SASL-IR AUTH=XOAUTH2"), *done], tmp_path
    )
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "XOAUTH2"
    assert received.secure.startswith(b"m1 AUTHENTICATE XOAUTH2 dXNlcj1")


@pytest.mark.parametrize(
    ("capabilities", "token"), [(b"AUTH=XOAUTH2", TOKEN), (b"SASL-IR AUTH=XOAUTH2", LONG)]
)
async def test_imap_waits_for_a_challenge_without_sasl_ir_and_for_long_tokens(
    tmp_path: Path, capabilities: bytes, token: AccessToken
) -> None:
    steps: list[Step] = [
        *imap_greeting(capabilities),
        ReadLine(),
        Send(b"+ \r\n"),
        ReadLine(),
        Send(b"m1 OK [CAPABILITY IMAP4rev1] in\r\n"),
    ]
    outcome, received = await log_in_with_token(Protocol.IMAP, steps, tmp_path, token)
    assert isinstance(outcome, LoggedIn)
    assert received.secure.startswith(b"m1 AUTHENTICATE XOAUTH2\r\ndXNlcj1")


@pytest.mark.parametrize(
    ("challenge", "text", "expected"),
    [
        (REFUSED, b"NO [AUTHENTICATIONFAILED] Invalid", DialogueFault.AUTH_TOKEN_REFUSED),
        (SCOPE, b"NO Authentication failed", DialogueFault.AUTH_SCOPE_MISSING),
        (REFUSED, b"BAD Command Argument Error. 12", DialogueFault.AUTH_TOKEN_REFUSED),
        (REFUSED, b"NO [UNAVAILABLE] later", DialogueFault.TEMPORARY),
        (REFUSED, b"NO [ALERT] IMAP access is disabled", DialogueFault.PROTOCOL_DISABLED),
    ],
)
async def test_imap_acknowledges_a_refusal_and_classifies_it(
    tmp_path: Path, challenge: bytes, text: bytes, expected: DialogueFault
) -> None:
    steps: list[Step] = [
        *imap_greeting(b"SASL-IR AUTH=OAUTHBEARER"),
        ReadLine(),
        Send(b"+ " + challenge + b"\r\n"),
        ReadLine(),
        Send(b"m1 " + text + b"\r\n"),
    ]
    outcome, received = await log_in_with_token(Protocol.IMAP, steps, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is expected
    assert received.secure.endswith(b"\r\nAQ==\r\n")
    if expected is DialogueFault.AUTH_TOKEN_REFUSED:
        assert outcome.text.startswith("invalid_token (mail)")


async def test_smtp_sends_a_long_token_in_a_second_step(tmp_path: Path) -> None:
    steps = smtp_dialogue(b"XOAUTH2 OAUTHBEARER", b"", b"235 2.7.0 in")
    outcome, received = await log_in_with_token(
        Protocol.SMTP, steps, tmp_path, AccessToken("y" * 2000)
    )
    assert isinstance(outcome, LoggedIn)
    lines = bytes(received.secure).split(b"\r\n")
    assert lines[1] == b"AUTH OAUTHBEARER"
    assert lines[2].startswith(b"bixhPW")


async def test_smtp_acknowledges_a_refusal_and_classifies_it(tmp_path: Path) -> None:
    end = b"535 5.7.8 Username and Password not accepted"
    steps = smtp_dialogue(b"XOAUTH2", REFUSED, end)
    outcome, received = await log_in_with_token(Protocol.SMTP, steps, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.AUTH_TOKEN_REFUSED
    # XOAUTH2 is acknowledged with an empty line.
    assert b"\r\n\r\n" in bytes(received.secure)


async def test_pop3_sends_a_token_in_a_second_step(tmp_path: Path) -> None:
    steps: list[Step] = [
        Send(b"+OK hello\r\n"),
        ReadLine(),
        Send(b"+OK\r\nSASL XOAUTH2\r\nUSER\r\n.\r\n"),
        ReadLine(),
        Send(b"+ \r\n"),
        ReadLine(),
        Send(b"+OK in\r\n"),
    ]
    outcome, received = await log_in_with_token(
        Protocol.POP3, steps, tmp_path, AccessToken("y" * 2000)
    )
    assert isinstance(outcome, LoggedIn)
    assert bytes(received.secure).split(b"\r\n")[1] == b"AUTH XOAUTH2"


async def test_a_token_is_not_sent_to_a_server_that_accepts_passwords_only(tmp_path: Path) -> None:
    outcome, received = await log_in_with_token(
        Protocol.IMAP, imap_greeting(b"SASL-IR AUTH=PLAIN AUTH=LOGIN"), tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.NO_COMMON_MECHANISM
    assert bytes(received.secure) in (b"", b"m1 LOGOUT\r\n")
