"""The choice of a POP3 login, and the replies to it."""

import base64
import logging
from pathlib import Path

import pytest

from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    LoggedIn,
    Stage,
)
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Authentication, Protocol, SocketType
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from tests.support.network.pop3_dialogues import CAPA, TLS
from tests.support.network.scripted_dialogue import (
    ReadLine,
    Send,
    scripted_server,
)
from tests.support.network.scripted_logins import CANARY, PACKED, SECRET, contains_secret, try_login


@pytest.mark.parametrize(
    ("capabilities", "authentication", "expected"),
    [
        (b"+OK\r\nUSER\r\n.\r\n", Authentication.PASSWORD_CLEARTEXT, "USER/PASS"),
        (b"-ERR what is CAPA?\r\n", Authentication.PASSWORD_CLEARTEXT, "USER/PASS"),
        (b"+OK\r\nUIDL\r\n.\r\n", Authentication.PASSWORD_CLEARTEXT, None),
        (b"+OK\r\nSASL GSSAPI NTLM\r\n.\r\n", Authentication.PASSWORD_CLEARTEXT, None),
        (b"+OK\r\nuser\r\nsasl plain\r\n.\r\n", Authentication.PASSWORD_CLEARTEXT, "PLAIN"),
    ],
)
async def test_user_and_pass_are_used_only_where_the_server_supports_them(
    capabilities: bytes, authentication: Authentication, expected: str | None, tmp_path: Path
) -> None:
    steps = (
        *TLS[:2],
        Send(capabilities),
        ReadLine(),
        Send(b"+OK\r\n"),
        ReadLine(),
        Send(b"+OK\r\n"),
    )
    outcome, received = await try_login(
        steps, Protocol.POP3, SocketType.TLS, tmp_path, authentication=authentication
    )
    if expected is None:
        assert isinstance(outcome, DialogueFailure)
        assert outcome.error is DialogueFault.NO_COMMON_MECHANISM
        assert not contains_secret(received.secure)
    else:
        assert isinstance(outcome, LoggedIn)
        assert outcome.mechanism == expected
    assert b"APOP" not in received.secure


async def test_apop_is_never_used_even_if_the_banner_offers_it(tmp_path: Path) -> None:
    steps = (Send(b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"), *TLS[1:2], Send(b"-ERR\r\n"))
    _outcome, received = await try_login(
        (*steps, ReadLine()), Protocol.POP3, SocketType.TLS, tmp_path
    )
    assert received.secure.startswith(b"CAPA\r\nUSER ")


async def test_a_server_that_accepts_tokens_only_needs_oauth(tmp_path: Path) -> None:
    steps = (*TLS[:2], Send(b"+OK\r\nSASL XOAUTH2\r\n.\r\n"), ReadLine())
    outcome, _received = await try_login(steps, Protocol.POP3, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.AUTH_OAUTH_NEEDED


async def test_an_initial_response_that_is_too_long_follows_in_a_second_step(
    tmp_path: Path,
) -> None:
    secret = Secret("x" * 200)
    steps = (*TLS[:4], Send(b"+ \r\n"), ReadLine(), Send(b"+OK in\r\n"))
    outcome, received = await try_login(
        steps, Protocol.POP3, SocketType.TLS, tmp_path, secret=secret
    )
    assert isinstance(outcome, LoggedIn)
    lines = bytes(received.secure).split(b"\r\n")
    assert lines[1] == b"AUTH PLAIN"
    assert base64.b64decode(lines[2]).endswith(b"\0" + b"x" * 200)


async def test_pass_is_not_used_for_a_password_longer_than_a_command(tmp_path: Path) -> None:
    steps = (*TLS[:2], Send(b"+OK\r\nUSER\r\n.\r\n"), ReadLine())
    outcome, received = await try_login(
        steps, Protocol.POP3, SocketType.TLS, tmp_path, secret=Secret("x" * 300)
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.NO_COMMON_MECHANISM
    assert b"USER" not in received.secure


@pytest.mark.parametrize(
    ("capabilities", "beginning"),
    [
        (b"USER\r\nUTF8 USER\r\n", b"UTF8\r\nUSER ana"),
        (b"USER\r\n", b""),
        (b"USER\r\nUTF8\r\n", b""),
    ],
)
async def test_a_password_beyond_ascii_needs_the_capability_utf8_user(
    capabilities: bytes, beginning: bytes, tmp_path: Path
) -> None:
    agreed = (ReadLine(), Send(b"+OK\r\n"))
    steps = (*TLS[:2], Send(b"+OK\r\n" + capabilities + b".\r\n"), *agreed, *agreed, *agreed)
    outcome, received = await try_login(
        steps, Protocol.POP3, SocketType.TLS, tmp_path, secret=Secret("contraseña")
    )
    assert isinstance(outcome, LoggedIn) is bool(beginning)
    assert bytes(received.secure).startswith(b"CAPA\r\n" + beginning)
    assert (b"PASS contrase\xc3\xb1a\r\n" in received.secure) is bool(beginning)


@pytest.mark.parametrize("password", ["a\rb", "a\nb", "a\0b", "a\r\nDELE 1"])
@pytest.mark.parametrize("capabilities", [CAPA, b"+OK\r\nUSER\r\n.\r\n"])
async def test_a_password_with_control_characters_is_not_sent(
    password: str, capabilities: bytes, tmp_path: Path
) -> None:
    steps = (*TLS[:2], Send(capabilities), *TLS[3:])
    outcome, received = await try_login(
        steps, Protocol.POP3, SocketType.TLS, tmp_path, secret=Secret(password)
    )
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.AUTH_WRONG
    assert b"AUTH" not in received.secure
    assert b"PASS" not in received.secure
    assert b"DELE" not in received.secure


async def test_a_user_name_with_control_characters_is_not_sent(tmp_path: Path) -> None:
    outcome, received = await try_login(
        TLS, Protocol.POP3, SocketType.TLS, tmp_path, username="ana\r\nDELE 1"
    )
    assert isinstance(outcome, DialogueFailure)
    assert b"DELE" not in received.secure


REFUSALS = [
    ("-ERR [AUTH] Invalid login", "", DialogueFault.AUTH_WRONG, "-ERR [AUTH]"),
    ("-ERR [auth] no", "", DialogueFault.AUTH_WRONG, "-ERR [AUTH]"),
    (
        "-ERR Logon failure: unknown user name or bad password.",
        "",
        DialogueFault.AUTH_WRONG,
        "-ERR",
    ),
    ("-ERR Unable to log on", "AUTH-RESP-CODE", DialogueFault.TEMPORARY, "-ERR"),
    ("-ERR [AUTH] no", "AUTH-RESP-CODE", DialogueFault.AUTH_WRONG, "-ERR [AUTH]"),
    ("-ERR [IN-USE] Do you have another session?", "", DialogueFault.IN_USE, "-ERR [IN-USE]"),
    ("-ERR Mailbox is locked by POP server", "", DialogueFault.IN_USE, "-ERR"),
    ("-ERR [LOGIN-DELAY] wait", "", DialogueFault.AUTH_RATE_LIMITED, "-ERR [LOGIN-DELAY]"),
    ("-ERR [SYS/TEMP] later", "", DialogueFault.TEMPORARY, "-ERR [SYS/TEMP]"),
    ("-ERR [SYS/PERM] call us", "", DialogueFault.AUTH_LOCKED, "-ERR [SYS/PERM]"),
    (
        "-ERR [SYS/PERM] Your account is not enabled for POP access.",
        "",
        DialogueFault.PROTOCOL_DISABLED,
        "-ERR [SYS/PERM]",
    ),
    (
        "-ERR [AUTH] Application-specific password required: https://x.test",
        "",
        DialogueFault.AUTH_APP_PASSWORD,
        "-ERR [AUTH]",
    ),
    (
        "-ERR [AUTH] Web login required: https://x.test",
        "AUTH-RESP-CODE",
        DialogueFault.AUTH_WEB_LOGIN,
        "-ERR [AUTH]",
    ),
]


@pytest.mark.parametrize(("refusal", "capability", "error", "code"), REFUSALS)
async def test_a_refused_login_is_classified_and_not_repeated(
    refusal: str, capability: str, error: DialogueFault, code: str, tmp_path: Path
) -> None:
    capabilities = CAPA.replace(b"TOP", capability.encode() or b"TOP")
    steps = (*TLS[:2], Send(capabilities), ReadLine(), Send(refusal.encode() + b"\r\n"), ReadLine())
    outcome, received = await try_login(steps, Protocol.POP3, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error, outcome.code) == (Stage.LOGIN, error, code)
    assert received.secure.count(b"AUTH") == 1
    assert b"USER" not in received.secure
    assert b"PASS" not in received.secure


@pytest.mark.parametrize("refused", ["USER", "PASS"])
async def test_a_refused_name_or_password_ends_the_attempt(refused: str, tmp_path: Path) -> None:
    agreed = (Send(b"+OK\r\n"), ReadLine()) if refused == "PASS" else ()
    steps = (
        *TLS[:2],
        Send(b"+OK\r\nUSER\r\n.\r\n"),
        ReadLine(),
        *agreed,
        Send(b"-ERR no\r\n"),
        ReadLine(),
    )
    outcome, received = await try_login(steps, Protocol.POP3, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error) == (Stage.LOGIN, DialogueFault.AUTH_WRONG)
    assert received.secure.count(b"PASS") == (refused == "PASS")


async def test_brackets_without_a_response_code_are_part_of_the_text(tmp_path: Path) -> None:
    steps = (*TLS[:4], Send(b"-ERR [ana@scripted.test] bad password\r\n"), ReadLine())
    outcome, _received = await try_login(steps, Protocol.POP3, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.code == "-ERR"
    assert outcome.text == "[ana@scripted.test] bad password"


async def test_a_password_that_the_server_quotes_is_removed_from_the_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    quoted = b"-ERR [AUTH] bad: " + CANARY.encode() + b" \x1b[31m\0\xff " + PACKED + b"\r\n"
    outcome, _received = await try_login(
        (*TLS[:4], Send(quoted)), Protocol.POP3, SocketType.TLS, tmp_path
    )
    assert isinstance(outcome, DialogueFailure)
    assert not contains_secret(repr(outcome).encode())
    assert not contains_secret(caplog.text.encode())
    assert "•••" in outcome.text
    assert "\x1b" not in outcome.text
    assert "\0" not in outcome.text


async def test_a_scram_login_without_the_servers_signature_is_a_failure(tmp_path: Path) -> None:
    steps = (*TLS[:2], Send(b"+OK\r\nSASL SCRAM-SHA-256\r\n.\r\n"), ReadLine(), Send(b"+OK in\r\n"))
    outcome, _received = await try_login(steps, Protocol.POP3, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_capabilities_that_depend_on_the_user_are_read_after_the_login(
    tmp_path: Path,
) -> None:
    before = CAPA.replace(b"TOP", b"LOGIN-DELAY 300 USER")
    after = CAPA.replace(b"TOP", b"LOGIN-DELAY 60 USER\r\nEXPIRE 0 USER")
    steps = (*TLS[:2], Send(before), *TLS[3:], ReadLine(), Send(after))
    async with scripted_server(steps, Protocol.POP3, SocketType.TLS, tmp_path) as (
        server,
        net,
        _received,
    ):
        session = await open_as(Pop3Session, server, net)
        assert isinstance(session, Pop3Session)
        async with session:
            assert session.login_delay == 300
            assert isinstance(await log_in(session, SECRET, net), LoggedIn)
            assert session.login_delay == 60
            assert session.removes_what_was_read
