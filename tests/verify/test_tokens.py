"""Access tokens on the wire: the exact words, each protocol's limits, and what a refusal means."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.model.dialogue import DialogueFailure, DialogueFault, LoggedIn
from mailsetup.model.secret import AccessToken, Secret, without_secret
from mailsetup.model.settings import Authentication, Protocol, ServerSettings, SocketType
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.sasl import Bearer, SaslError, choose, exchange, is_safe
from mailsetup.verify.smtp import SmtpSession
from tests.support.network.scripted_dialogue import Hear, Heard, Say, Step, playing

OAUTH2 = (Authentication.OAUTH2,)
SERVER = ServerSettings(
    Protocol.IMAP, "imap.example.com", 993, SocketType.TLS, "user@example.com", OAUTH2
)
TOKEN = AccessToken("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")


def test_oauthbearer_says_what_its_rfc_shows() -> None:
    # RFC 7628 section 4.1, with port 993.
    login = exchange("OAUTHBEARER", "user@example.com", TOKEN, SERVER)
    assert login.initial() == (
        b"n,a=user@example.com,\x01host=imap.example.com\x01port=993\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )


def test_a_name_with_a_comma_cannot_add_to_the_header() -> None:
    login = exchange("OAUTHBEARER", "a,b=c@example.com", TOKEN, SERVER)
    assert (login.initial() or b"").startswith(b"n,a=a=2Cb=3Dc@example.com,\x01")


def test_xoauth2_says_user_and_token() -> None:
    login = exchange("XOAUTH2", "user@example.com", TOKEN)
    assert login.initial() == (
        b"user=user@example.com\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )


@pytest.mark.parametrize(("mechanism", "surrender"), [("OAUTHBEARER", b"\x01"), ("XOAUTH2", b"")])
def test_a_refusal_is_noted_and_answered_as_the_mechanism_wants(
    mechanism: str, surrender: bytes
) -> None:
    login = exchange(mechanism, "user@example.com", TOKEN, SERVER)
    assert isinstance(login, Bearer)
    answer = login.respond(b'{"status":"invalid_token","scope":"mail","schemes":"Bearer"}')
    assert answer == surrender
    assert login.failure is not None
    assert login.failure.text == "invalid_token (mail)"
    with pytest.raises(SaslError):
        login.respond(b'{"status":"400"}')


@pytest.mark.parametrize("challenge", [b"nonsense", b"[1]", b"\xff", b"[" * 9000, b'{"status":{}}'])
def test_nonsense_in_a_refusal_is_only_a_refusal(challenge: bytes) -> None:
    login = exchange("XOAUTH2", "user@example.com", TOKEN)
    assert isinstance(login, Bearer)
    login.respond(challenge)
    assert login.failure is not None
    assert login.failure.status == "?"


def test_tokens_and_passwords_never_take_each_others_mechanism() -> None:
    everything = {"PLAIN", "LOGIN", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"}
    assert choose(everything, OAUTH2, secret=TOKEN, login_command=True) == "OAUTHBEARER"
    assert choose(everything - {"OAUTHBEARER"}, OAUTH2, secret=TOKEN) == "XOAUTH2"
    assert choose({"PLAIN", "LOGIN"}, OAUTH2, secret=TOKEN, login_command=True) is None
    assert choose({"XOAUTH2", "OAUTHBEARER"}, (), secret=Secret("x")) is None
    with pytest.raises(ValueError, match="PLAIN"):
        exchange("PLAIN", "ana", TOKEN)
    with pytest.raises(ValueError, match="XOAUTH2"):
        exchange("XOAUTH2", "ana", Secret("x"))


def test_a_token_with_a_control_character_is_never_said() -> None:
    assert not is_safe("ana", AccessToken("abc\x01auth=Bearer other"))
    assert not is_safe("ana\x01", TOKEN)


@pytest.mark.parametrize("before", ["", "a", "ab", "n,a=ana@acceso.test,\x01auth=Bearer "])
def test_a_token_is_blanked_wherever_it_stands_in_something_packed(before: str) -> None:
    value = "ya29.c2VjcmV0LXRva2VuLXRoYXQtaXMtbG9uZw"
    packed = base64.b64encode(f"{before}{value}\x01\x01".encode()).decode()
    said = without_secret(f"I do not like {packed}", "ana", AccessToken(value))
    assert value not in said
    assert packed not in said
    left = said.removeprefix("I do not like ")
    assert "•••" in left
    assert len(left.replace("•••", "")) <= len(packed) - (len(value) * 4 // 3 - 12)


# On the wire ------------------------------------------------------------------------------------

REFUSED = base64.b64encode(json.dumps({"status": "invalid_token", "scope": "mail"}).encode())
SCOPE = base64.b64encode(json.dumps({"status": "insufficient_scope", "scope": "mail"}).encode())
LONG = AccessToken("x" * 7000)


async def logged_in(
    protocol: Protocol, steps: list[Step], folder: Path, token: AccessToken = TOKEN
) -> tuple[LoggedIn | DialogueFailure, Heard]:
    """What comes of a login with a token at a server that plays these steps, and what it heard."""
    async with playing(steps, protocol, SocketType.TLS, folder) as (server, net, heard):
        server = replace(server, authentication=OAUTH2)
        match protocol:
            case Protocol.IMAP:
                imap = await open_as(ImapSession, server, net)
                assert isinstance(imap, ImapSession)
                async with imap:
                    return await log_in(imap, token, net), heard
            case Protocol.POP3:
                pop3 = await open_as(Pop3Session, server, net)
                assert isinstance(pop3, Pop3Session)
                async with pop3:
                    return await log_in(pop3, token, net), heard
            case Protocol.SMTP:
                smtp = await open_as(SmtpSession, server, net)
                assert isinstance(smtp, SmtpSession)
                async with smtp:
                    return await log_in(smtp, token, net), heard


def smtp_dialogue(mechanisms: bytes, challenge: bytes, end: bytes) -> list[Step]:
    """A mechanism is taken, asked on, and answered."""
    return [
        Say(b"220 x\r\n"),
        Hear(),
        Say(b"250-x\r\n250 AUTH " + mechanisms + b"\r\n"),
        Hear(),
        Say(b"334 " + challenge + b"\r\n"),
        Hear(),
        Say(end + b"\r\n"),
    ]


def imap_hello(capabilities: bytes) -> list[Step]:
    return [Say(b"* OK [CAPABILITY IMAP4rev1 " + capabilities + b"] hello\r\n")]


async def test_imap_says_a_token_at_once_where_the_server_lets_it(tmp_path: Path) -> None:
    done: list[Step] = [Hear(), Say(b"{tag} OK [CAPABILITY IMAP4rev1] in\r\n")]
    outcome, heard = await logged_in(
        Protocol.IMAP, [*imap_hello(b"SASL-IR AUTH=XOAUTH2"), *done], tmp_path
    )
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "XOAUTH2"
    assert heard.secure.startswith(b"m1 AUTHENTICATE XOAUTH2 dXNlcj1")


@pytest.mark.parametrize(
    ("capabilities", "token"), [(b"AUTH=XOAUTH2", TOKEN), (b"SASL-IR AUTH=XOAUTH2", LONG)]
)
async def test_imap_waits_to_be_asked_without_sasl_ir_and_for_a_line_that_is_too_long(
    tmp_path: Path, capabilities: bytes, token: AccessToken
) -> None:
    steps: list[Step] = [
        *imap_hello(capabilities),
        Hear(),
        Say(b"+ \r\n"),
        Hear(),
        Say(b"m1 OK [CAPABILITY IMAP4rev1] in\r\n"),
    ]
    outcome, heard = await logged_in(Protocol.IMAP, steps, tmp_path, token)
    assert isinstance(outcome, LoggedIn)
    assert heard.secure.startswith(b"m1 AUTHENTICATE XOAUTH2\r\ndXNlcj1")


@pytest.mark.parametrize(
    ("said", "text", "expected"),
    [
        (REFUSED, b"NO [AUTHENTICATIONFAILED] Invalid", DialogueFault.AUTH_TOKEN_REFUSED),
        (SCOPE, b"NO Authentication failed", DialogueFault.AUTH_SCOPE_MISSING),
        (REFUSED, b"BAD Command Argument Error. 12", DialogueFault.AUTH_TOKEN_REFUSED),
        (REFUSED, b"NO [UNAVAILABLE] later", DialogueFault.TEMPORARY),
        (REFUSED, b"NO [ALERT] IMAP access is disabled", DialogueFault.PROTOCOL_DISABLED),
    ],
)
async def test_imap_lets_a_refusal_end_and_tells_what_it_means(
    tmp_path: Path, said: bytes, text: bytes, expected: DialogueFault
) -> None:
    steps: list[Step] = [
        *imap_hello(b"SASL-IR AUTH=OAUTHBEARER"),
        Hear(),
        Say(b"+ " + said + b"\r\n"),
        Hear(),
        Say(b"m1 " + text + b"\r\n"),
    ]
    outcome, heard = await logged_in(Protocol.IMAP, steps, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is expected
    assert heard.secure.endswith(b"\r\nAQ==\r\n")
    if expected is DialogueFault.AUTH_TOKEN_REFUSED:
        assert outcome.text.startswith("invalid_token (mail)")


async def test_smtp_says_a_long_token_in_a_second_step(tmp_path: Path) -> None:
    steps = smtp_dialogue(b"XOAUTH2 OAUTHBEARER", b"", b"235 2.7.0 in")
    outcome, heard = await logged_in(Protocol.SMTP, steps, tmp_path, AccessToken("y" * 2000))
    assert isinstance(outcome, LoggedIn)
    lines = bytes(heard.secure).split(b"\r\n")
    assert lines[1] == b"AUTH OAUTHBEARER"
    assert lines[2].startswith(b"bixhPW")


async def test_smtp_lets_a_refusal_end_and_tells_what_it_means(tmp_path: Path) -> None:
    end = b"535 5.7.8 Username and Password not accepted"
    steps = smtp_dialogue(b"XOAUTH2", REFUSED, end)
    outcome, heard = await logged_in(Protocol.SMTP, steps, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.AUTH_TOKEN_REFUSED
    # XOAUTH2 is surrendered with an empty line.
    assert b"\r\n\r\n" in bytes(heard.secure)


async def test_pop3_never_says_a_token_in_the_command(tmp_path: Path) -> None:
    steps: list[Step] = [
        Say(b"+OK hello\r\n"),
        Hear(),
        Say(b"+OK\r\nSASL XOAUTH2\r\nUSER\r\n.\r\n"),
        Hear(),
        Say(b"+ \r\n"),
        Hear(),
        Say(b"+OK in\r\n"),
    ]
    outcome, heard = await logged_in(Protocol.POP3, steps, tmp_path, AccessToken("y" * 2000))
    assert isinstance(outcome, LoggedIn)
    assert bytes(heard.secure).split(b"\r\n")[1] == b"AUTH XOAUTH2"


async def test_a_token_is_not_said_where_only_passwords_are_taken(tmp_path: Path) -> None:
    outcome, heard = await logged_in(
        Protocol.IMAP, imap_hello(b"SASL-IR AUTH=PLAIN AUTH=LOGIN"), tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.NO_COMMON_MECHANISM
    assert bytes(heard.secure) in (b"", b"m1 LOGOUT\r\n")
