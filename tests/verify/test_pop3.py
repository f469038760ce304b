"""POP3 servers that misbehave, what their answers mean, and a message that comes by POP3."""

import base64
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import (
    Confidence,
    DialogueFailure,
    DialogueFault,
    LoggedIn,
    RoundTrip,
    RoundTripOutcome,
    Stage,
)
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType
from mailsetup.net.network import Network
from mailsetup.verify.events import (
    CleaningUp,
    Comparing,
    MessageArrived,
    Sending,
    Sent,
    TripProgress,
    Waiting,
)
from mailsetup.verify.failures import DialogueGuard
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.pop3_mailbox import Pop3Mailbox
from mailsetup.verify.replies import Pop3Reply, pop3_meaning
from mailsetup.verify.round_trip import round_trip
from mailsetup.verify.smtp import SmtpSession
from tests.support.network.scripted_dialogue import Flood, Hear, Heard, Say, Secure, Step, playing
from tests.support.network.scripted_network import Script, ScriptedNetwork

CANARY = "canario-Zx9!"
SECRET = Secret(CANARY)
PACKED = base64.b64encode(f"\0ana@scripted.test\0{CANARY}".encode())

CAPA = b"+OK\r\nSASL PLAIN\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n"
TLS: tuple[Step, ...] = (Say(b"+OK ready\r\n"), Hear(), Say(CAPA), Hear(), Say(b"+OK in\r\n"))
STLS: tuple[Step, ...] = (
    Say(b"+OK ready\r\n"),
    Hear(),
    Say(b"+OK\r\nSTLS\r\nUSER\r\n.\r\n"),
    Hear(),
    Say(b"+OK begin\r\n"),
    Secure(),
    *TLS[1:],
)
SCRIPTS = {SocketType.TLS: TLS, SocketType.STARTTLS: STLS}


async def tried(
    steps: Sequence[Step],
    security: SocketType,
    folder: Path,
    secret: Secret = SECRET,
    authentication: Authentication = Authentication.PASSWORD_CLEARTEXT,
    username: str = "ana@scripted.test",
) -> tuple[LoggedIn | DialogueFailure, Heard]:
    """Open and log in, as the assistant does."""
    async with playing(steps, Protocol.POP3, security, folder) as (server, net, heard):
        server = replace(server, authentication=(authentication,), username=username)
        session = await open_as(Pop3Session, server, net)
        if isinstance(session, DialogueFailure):
            return session, heard
        async with session:
            return await log_in(session, secret, net), heard


async def asked(
    steps: Sequence[Step], folder: Path, question: Callable[[Pop3Session], object]
) -> object:
    """The answer to a question behind the login, or the failure."""
    async with playing((*TLS, *steps), Protocol.POP3, SocketType.TLS, folder) as (server, net, _):
        session = await open_as(Pop3Session, server, net)
        assert isinstance(session, Pop3Session), session
        async with session:
            assert isinstance(await log_in(session, SECRET, net), LoggedIn)
            with DialogueGuard(server, Stage.MAILBOX, SECRET) as end:
                return await question(session)  # type: ignore[misc]
            return end.required_failure()


def said_the_secret(data: bytes | bytearray) -> bool:
    forms = (CANARY.encode(), base64.b64encode(CANARY.encode()), PACKED)
    return any(form in data for form in forms)


# The dialogue up to the login -------------------------------------------------------------------


@pytest.mark.parametrize("security", SCRIPTS)
async def test_the_undisturbed_dialogue_logs_in(security: SocketType, tmp_path: Path) -> None:
    outcome, heard = await tried(SCRIPTS[security], security, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "PLAIN"
    assert outcome.capabilities == ("SASL", "TOP", "UIDL", "USER")
    assert said_the_secret(heard.secure)
    assert not said_the_secret(heard.clear)


@pytest.mark.parametrize(
    ("security", "length"),
    [(security, length) for security, steps in SCRIPTS.items() for length in range(len(steps))],
)
async def test_a_server_that_hangs_up_at_any_step_is_a_failure(
    security: SocketType, length: int, tmp_path: Path
) -> None:
    outcome, heard = await tried(SCRIPTS[security][:length], security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error in (
        DialogueFault.RESET,
        DialogueFault.TLS_FAILED,
        DialogueFault.WRONG_TLS_MODE,
    )
    assert not said_the_secret(heard.clear)


@pytest.mark.parametrize(
    ("security", "place"),
    [
        (security, place)
        for security, steps in SCRIPTS.items()
        for place, step in enumerate(steps)
        if isinstance(step, Say)
    ],
)
async def test_a_no_at_any_step_is_a_failure(
    security: SocketType, place: int, tmp_path: Path
) -> None:
    steps = (*SCRIPTS[security][:place], Say(b"-ERR [SYS/TEMP] not now\r\n"), Hear())
    outcome, heard = await tried(steps, security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error in (DialogueFault.TEMPORARY, DialogueFault.STARTTLS_MISSING)
    assert not said_the_secret(heard.clear)


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
async def test_another_services_greeting_is_told_as_such(
    security: SocketType, noise: bytes, tmp_path: Path
) -> None:
    outcome, _heard = await tried((Say(noise),), security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_SERVICE
    assert "\x1b" not in outcome.text
    assert "\0" not in outcome.text


@pytest.mark.parametrize("security", SCRIPTS)
async def test_a_greeting_without_an_end_is_cut_off(security: SocketType, tmp_path: Path) -> None:
    outcome, _heard = await tried((Flood(b"x" * 65536),), security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


@pytest.mark.parametrize("security", SCRIPTS)
async def test_capabilities_without_an_end_are_cut_off(
    security: SocketType, tmp_path: Path
) -> None:
    steps = (*SCRIPTS[security][:2], Say(b"+OK\r\n"), Flood(b"X-MORE\r\n" * 500))
    outcome, _heard = await tried(steps, security, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_challenges_without_an_end_are_cut_off(tmp_path: Path) -> None:
    steps = (*TLS[:4], *(Say(b"+ \r\n"), Hear()) * 20)
    outcome, _heard = await tried(steps, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_without_stls_no_password_is_ever_said(tmp_path: Path) -> None:
    stripped = Say(b"+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n")
    steps = (*STLS[:2], stripped, Hear(), Say(b"+OK\r\n"), Hear())
    outcome, heard = await tried(steps, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert heard.clear == b"CAPA\r\n"


async def test_stls_is_tried_where_capabilities_are_unknown(tmp_path: Path) -> None:
    steps = (*STLS[:2], Say(b"-ERR what?\r\n"), *STLS[3:])
    outcome, heard = await tried(steps, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert heard.clear == b"CAPA\r\nSTLS\r\n"


async def test_a_refused_stls_ends_it(tmp_path: Path) -> None:
    steps = (*STLS[:4], Say(b"-ERR not now\r\n"), Hear(), Hear())
    outcome, heard = await tried(steps, SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert not said_the_secret(heard.clear)


async def test_bytes_injected_behind_the_agreement_to_tls_end_it(tmp_path: Path) -> None:
    injected = Say(b"+OK begin\r\n+OK\r\nSASL LOGIN\r\n.\r\n")
    outcome, heard = await tried((*STLS[:4], injected, *STLS[5:]), SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.INJECTION
    assert not said_the_secret(heard.clear)


async def test_what_was_said_before_tls_counts_for_nothing(tmp_path: Path) -> None:
    loud = Say(b"+OK\r\nSTLS\r\nSASL LOGIN CRAM-MD5\r\nAUTH-RESP-CODE\r\n.\r\n")
    outcome, _heard = await tried((*STLS[:2], loud, *STLS[3:]), SocketType.STARTTLS, tmp_path)
    assert isinstance(outcome, LoggedIn)
    assert outcome.mechanism == "PLAIN"
    assert "AUTH-RESP-CODE" not in outcome.capabilities


async def test_tls_on_a_port_that_speaks_in_clear_is_told_apart(tmp_path: Path) -> None:
    async with playing(STLS, Protocol.POP3, SocketType.STARTTLS, tmp_path) as (server, net, _):
        outcome = await open_as(Pop3Session, replace(server, security=SocketType.TLS), net)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.WRONG_TLS_MODE


async def test_a_password_is_never_said_where_no_tls_is_wanted(tmp_path: Path) -> None:
    async with playing(STLS, Protocol.POP3, SocketType.STARTTLS, tmp_path) as (server, net, heard):
        outcome = await open_as(Pop3Session, replace(server, security=SocketType.NONE), net)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.STARTTLS_MISSING
    assert heard.clear == b""


# Which way to log in ----------------------------------------------------------------------------


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
async def test_user_and_pass_are_said_only_where_the_server_has_them(
    capabilities: bytes, authentication: Authentication, expected: str | None, tmp_path: Path
) -> None:
    steps = (*TLS[:2], Say(capabilities), Hear(), Say(b"+OK\r\n"), Hear(), Say(b"+OK\r\n"))
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path, authentication=authentication)
    if expected is None:
        assert isinstance(outcome, DialogueFailure)
        assert outcome.error is DialogueFault.NO_COMMON_MECHANISM
        assert not said_the_secret(heard.secure)
    else:
        assert isinstance(outcome, LoggedIn)
        assert outcome.mechanism == expected
    assert b"APOP" not in heard.secure


async def test_apop_is_never_said_whatever_the_banner_offers(tmp_path: Path) -> None:
    steps = (Say(b"+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"), *TLS[1:2], Say(b"-ERR\r\n"))
    _outcome, heard = await tried((*steps, Hear()), SocketType.TLS, tmp_path)
    assert heard.secure.startswith(b"CAPA\r\nUSER ")


async def test_a_server_with_tokens_only_asks_for_a_sign_in_elsewhere(tmp_path: Path) -> None:
    steps = (*TLS[:2], Say(b"+OK\r\nSASL XOAUTH2\r\n.\r\n"), Hear())
    outcome, _heard = await tried(steps, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.AUTH_OAUTH_NEEDED


async def test_an_initial_response_that_is_too_long_is_said_in_a_second_step(
    tmp_path: Path,
) -> None:
    secret = Secret("x" * 200)
    steps = (*TLS[:4], Say(b"+ \r\n"), Hear(), Say(b"+OK in\r\n"))
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path, secret)
    assert isinstance(outcome, LoggedIn)
    lines = bytes(heard.secure).split(b"\r\n")
    assert lines[1] == b"AUTH PLAIN"
    assert base64.b64decode(lines[2]).endswith(b"\0" + b"x" * 200)


async def test_pass_is_not_said_with_more_than_a_command_may_hold(tmp_path: Path) -> None:
    steps = (*TLS[:2], Say(b"+OK\r\nUSER\r\n.\r\n"), Hear())
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path, Secret("x" * 300))
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.NO_COMMON_MECHANISM
    assert b"USER" not in heard.secure


@pytest.mark.parametrize(
    ("capabilities", "beginning"),
    [
        (b"USER\r\nUTF8 USER\r\n", b"UTF8\r\nUSER ana"),
        (b"USER\r\n", b""),
        (b"USER\r\nUTF8\r\n", b""),
    ],
)
async def test_names_beyond_ascii_need_the_servers_word_that_it_takes_them(
    capabilities: bytes, beginning: bytes, tmp_path: Path
) -> None:
    agreed = (Hear(), Say(b"+OK\r\n"))
    steps = (*TLS[:2], Say(b"+OK\r\n" + capabilities + b".\r\n"), *agreed, *agreed, *agreed)
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path, Secret("contraseña"))
    assert isinstance(outcome, LoggedIn) is bool(beginning)
    assert bytes(heard.secure).startswith(b"CAPA\r\n" + beginning)
    assert (b"PASS contrase\xc3\xb1a\r\n" in heard.secure) is bool(beginning)


@pytest.mark.parametrize("password", ["a\rb", "a\nb", "a\0b", "a\r\nDELE 1"])
@pytest.mark.parametrize("capabilities", [CAPA, b"+OK\r\nUSER\r\n.\r\n"])
async def test_control_characters_in_a_password_never_reach_the_wire(
    password: str, capabilities: bytes, tmp_path: Path
) -> None:
    steps = (*TLS[:2], Say(capabilities), *TLS[3:])
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path, Secret(password))
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.AUTH_WRONG
    assert b"AUTH" not in heard.secure
    assert b"PASS" not in heard.secure
    assert b"DELE" not in heard.secure


async def test_control_characters_in_a_name_never_reach_the_wire(tmp_path: Path) -> None:
    outcome, heard = await tried(TLS, SocketType.TLS, tmp_path, username="ana\r\nDELE 1")
    assert isinstance(outcome, DialogueFailure)
    assert b"DELE" not in heard.secure


# Answers to a login -----------------------------------------------------------------------------

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
async def test_a_refused_login_is_told_apart_and_not_repeated(
    refusal: str, capability: str, error: DialogueFault, code: str, tmp_path: Path
) -> None:
    capabilities = CAPA.replace(b"TOP", capability.encode() or b"TOP")
    steps = (*TLS[:2], Say(capabilities), Hear(), Say(refusal.encode() + b"\r\n"), Hear())
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error, outcome.code) == (Stage.LOGIN, error, code)
    assert heard.secure.count(b"AUTH") == 1
    assert b"USER" not in heard.secure
    assert b"PASS" not in heard.secure


@pytest.mark.parametrize("refused", ["USER", "PASS"])
async def test_a_refused_name_or_password_ends_the_attempt(refused: str, tmp_path: Path) -> None:
    agreed = (Say(b"+OK\r\n"), Hear()) if refused == "PASS" else ()
    steps = (*TLS[:2], Say(b"+OK\r\nUSER\r\n.\r\n"), Hear(), *agreed, Say(b"-ERR no\r\n"), Hear())
    outcome, heard = await tried(steps, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error) == (Stage.LOGIN, DialogueFault.AUTH_WRONG)
    assert heard.secure.count(b"PASS") == (refused == "PASS")


@pytest.mark.parametrize(
    ("reply", "stage", "marks", "expected"),
    [
        (Pop3Reply("-ERR", "x", "AUTH"), Stage.LOGIN, False, ("auth-wrong", "certain")),
        (Pop3Reply("-ERR", "x", "AUTH/KEY"), Stage.LOGIN, True, ("auth-wrong", "certain")),
        (Pop3Reply("-ERR", "x"), Stage.LOGIN, False, ("auth-wrong", "likely")),
        (Pop3Reply("-ERR", "x"), Stage.LOGIN, True, ("temporary", "guess")),
        (Pop3Reply("-ERR", "x", "X-OTHER"), Stage.LOGIN, True, ("temporary", "guess")),
        (Pop3Reply("-ERR", "x", "SYS/TEMP/DISK"), Stage.LOGIN, True, ("temporary", "certain")),
        (Pop3Reply("-ERR", "x", "UTF8"), Stage.LOGIN, True, ("no-common-mechanism", "certain")),
        (Pop3Reply("-ERR", "x", "UTF8"), Stage.ATTACHMENT, True, ("protocol-error", "certain")),
        (Pop3Reply("-ERR", "x", "SYS/PERM"), Stage.MAILBOX, True, ("protocol-error", "certain")),
        (
            Pop3Reply("-ERR", "account is locked", "AUTH"),
            Stage.LOGIN,
            True,
            ("auth-locked", "likely"),
        ),
        (
            Pop3Reply("-ERR", "mailbox locked", "AUTH"),
            Stage.LOGIN,
            True,
            ("auth-locked", "likely"),
        ),
        (Pop3Reply("-ERR", "maildrop already locked"), Stage.LOGIN, True, ("in-use", "likely")),
        (
            Pop3Reply("-ERR", "Exceeded the login limit for a 15 minute period."),
            Stage.LOGIN,
            False,
            ("auth-rate-limited", "likely"),
        ),
        (Pop3Reply("-ERR", "go away"), Stage.GREETING, False, ("blocked-by-server", "guess")),
        (
            Pop3Reply("-ERR", "too many connections"),
            Stage.GREETING,
            False,
            ("too-many-connections", "likely"),
        ),
        (Pop3Reply("-ERR", "no such message"), Stage.ARRIVAL, True, ("protocol-error", "guess")),
    ],
)
def test_answers_are_told_apart_with_the_confidence_they_deserve(
    reply: Pop3Reply, stage: Stage, marks: bool, expected: tuple[str, str]
) -> None:
    meaning = pop3_meaning(reply, stage, marks_credentials=marks)
    assert meaning == (DialogueFault(expected[0]), Confidence(expected[1]))


async def test_brackets_that_are_no_code_stay_text(tmp_path: Path) -> None:
    steps = (*TLS[:4], Say(b"-ERR [ana@scripted.test] bad password\r\n"), Hear())
    outcome, _heard = await tried(steps, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.code == "-ERR"
    assert outcome.text == "[ana@scripted.test] bad password"


async def test_a_server_that_quotes_the_password_does_not_bring_it_into_the_evidence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    quoted = b"-ERR [AUTH] bad: " + CANARY.encode() + b" \x1b[31m\0\xff " + PACKED + b"\r\n"
    outcome, _heard = await tried((*TLS[:4], Say(quoted)), SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert not said_the_secret(repr(outcome).encode())
    assert not said_the_secret(caplog.text.encode())
    assert "•••" in outcome.text
    assert "\x1b" not in outcome.text
    assert "\0" not in outcome.text


async def test_a_server_that_does_not_prove_itself_is_not_believed(tmp_path: Path) -> None:
    steps = (*TLS[:2], Say(b"+OK\r\nSASL SCRAM-SHA-256\r\n.\r\n"), Hear(), Say(b"+OK in\r\n"))
    outcome, _heard = await tried(steps, SocketType.TLS, tmp_path)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error is DialogueFault.PROTOCOL_ERROR


async def test_what_differs_for_each_person_is_asked_for_behind_the_login(tmp_path: Path) -> None:
    before = CAPA.replace(b"TOP", b"LOGIN-DELAY 300 USER")
    after = CAPA.replace(b"TOP", b"LOGIN-DELAY 60 USER\r\nEXPIRE 0 USER")
    steps = (*TLS[:2], Say(before), *TLS[3:], Hear(), Say(after))
    async with playing(steps, Protocol.POP3, SocketType.TLS, tmp_path) as (server, net, _heard):
        session = await open_as(Pop3Session, server, net)
        assert isinstance(session, Pop3Session)
        async with session:
            assert session.login_delay == 300
            assert isinstance(await log_in(session, SECRET, net), LoggedIn)
            assert session.login_delay == 60
            assert session.removes_what_was_read


# The maildrop -----------------------------------------------------------------------------------


async def test_lists_are_read_and_what_does_not_fit_is_left_out(tmp_path: Path) -> None:
    odd = b"nonsense\r\n\xff\xfe x y\r\n-3 b\r\n999999999999999999 z\r\n"
    listing = b"+OK\r\n1 a1\r\n" + odd + b"2 ..dot\r\n.\r\n"
    assert await asked((Hear(), Say(listing)), tmp_path, Pop3Session.uidl) == [
        (1, "a1"),
        (2, "..dot"),
    ]
    sizes = b"+OK 2 messages\r\n1 120\r\n2 200 more\r\nx y\r\n.\r\n"
    assert await asked((Hear(), Say(sizes)), tmp_path, Pop3Session.sizes) == {1: 120, 2: 200}
    state = Say(b"+OK 2 320 and more\r\n")
    assert await asked((Hear(), state), tmp_path, Pop3Session.stat) == (2, 320)
    one = Say(b"+OK 2 200\r\n")
    assert await asked((Hear(), one), tmp_path, lambda session: session.size(2)) == 200


async def test_dots_that_the_protocol_put_in_are_taken_out(tmp_path: Path) -> None:
    wire = b"+OK\r\nSubject: x\r\n\r\n..\r\n...leader\r\na.b\r\n..x\r\n.\r\n"
    content = await asked((Hear(), Say(wire)), tmp_path, lambda s: s.retrieve(1, 1000))
    assert content == b"Subject: x\r\n\r\n.\r\n..leader\r\na.b\r\n.x\r\n"


@pytest.mark.parametrize("missing", [Pop3Session.uidl, lambda session: session.top(1)])
async def test_commands_that_a_server_may_lack_are_told_from_failures(
    missing: Callable[[Pop3Session], object], tmp_path: Path
) -> None:
    assert await asked((Hear(), Say(b"-ERR unknown\r\n")), tmp_path, missing) is None
    failure = await asked((Hear(), Say(b"-ERR [SYS/TEMP] disk\r\n")), tmp_path, missing)
    assert isinstance(failure, DialogueFailure)
    assert failure.error is DialogueFault.TEMPORARY


QUESTIONS: list[Callable[[Pop3Session], object]] = [
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


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    "answer",
    [
        (),
        (Say(b"garbage\0\x1b[31m\xff\r\n"),),
        (Say(b"+OK\r\n1 half"),),
        (Flood(b"+OK " + b"x" * 65536),),
        (Say(b"+OK 1 1\r\n"), Flood(b"1 x\r\n" * 20_000)),
        (Say(b"-ERR [SYS/TEMP] not now\r\n"), Hear()),
    ],
    ids=["hangs up", "garbage", "half an answer", "endless line", "endless list", "no"],
)
async def test_behind_the_login_every_fault_is_a_failure_with_an_end(
    question: Callable[[Pop3Session], object], answer: tuple[Step, ...], tmp_path: Path
) -> None:
    outcome = await asked((Hear(), *answer), tmp_path, question)
    if isinstance(outcome, DialogueFailure):
        assert outcome.error in (
            DialogueFault.PROTOCOL_ERROR,
            DialogueFault.RESET,
            DialogueFault.TEMPORARY,
        )
        assert "\x1b" not in outcome.text
    else:
        # One line was all that was asked for, and it was there.
        assert answer[0] in (Say(b"+OK\r\n1 half"), Say(b"+OK 1 1\r\n"))
        assert outcome is None or outcome in ((1, 1), 1)


async def test_a_message_beyond_the_limit_is_cut_off(tmp_path: Path) -> None:
    steps = (Hear(), Say(b"+OK\r\n"), Flood(b"x" * 70 + b"\r\n"))
    failure = await asked(steps, tmp_path, lambda session: session.retrieve(1, 10_000))
    assert isinstance(failure, DialogueFailure)
    assert failure.error is DialogueFault.PROTOCOL_ERROR


async def test_nothing_is_marked_for_removal_when_answers_do_not_fit_the_questions(
    tmp_path: Path,
) -> None:
    steps = (*TLS, Hear(), Say(b"+OK 1 1\r\n+OK 2 2\r\n"), Hear())
    async with playing(steps, Protocol.POP3, SocketType.TLS, tmp_path) as (server, net, heard):
        session = await open_as(Pop3Session, server, net)
        assert isinstance(session, Pop3Session)
        async with session:
            await log_in(session, SECRET, net)
            with DialogueGuard(server, Stage.CLEAN_UP) as end:
                await session.stat()
                await session.delete(1)
    assert end.required_failure().error is DialogueFault.PROTOCOL_ERROR
    assert b"DELE" not in heard.secure


# A message goes round ---------------------------------------------------------------------------

INCOMING = ServerSettings(Protocol.POP3, "pop.bodega.es", 995, SocketType.TLS, "ana@bodega.es")
OUTGOING = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")
ACCOUNT = Account(EmailAddress("ana", "bodega.es"), INCOMING, OUTGOING, "Ana")
OTHERS = (b"Subject: one\r\n\r\nfirst\r\n", b"Subject: two\r\n\r\n.second\r\n")
ALL_EVENTS = [Sending(), Sent(), MessageArrived("INBOX"), Comparing(), CleaningUp()]


class SwiftClock:
    """Sleeping takes no time, but counts."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(1_700_000_000 + self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Stored:
    """A message in the maildrop, seen by sessions that begin from ``since`` on."""

    uid: str
    data: bytes
    since: float = 0.0


@dataclass
class Maildrop(Script):
    """A POP3 server with sessions that see a snapshot, and removal at QUIT only."""

    greeting: bytes = b"+OK ready\r\n"
    clock: SwiftClock = field(default_factory=SwiftClock)
    stored: list[Stored] = field(default_factory=list)
    capabilities: tuple[str, ...] = ("SASL PLAIN", "UIDL", "TOP", "RESP-CODES")
    refused: dict[str, bytes] = field(default_factory=dict)
    """Answers instead of the usual ones, by command."""
    refused_logins: list[bytes] = field(default_factory=list)
    """Answers to the first logins."""
    logins: list[float] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    snapshot: list[Stored] = field(default_factory=list)
    marked: list[Stored] = field(default_factory=list)

    def answer(self, line: bytes) -> bytes:
        command, *arguments = line.decode().split()
        self.commands.append(" ".join([command, *arguments[:1]]))
        if command in self.refused:
            return self.refused[command]
        message = None
        if command in ("TOP", "RETR", "DELE") or (command == "LIST" and arguments):
            message = self.snapshot[int(arguments[0]) - 1]
        match command, message:
            case "CAPA", _:
                self.marked = []
                return _lines(self.capabilities)
            case "AUTH", _:
                return self._log_in()
            case "STAT", _:
                octets = sum(len(each.data) for each in self.snapshot)
                return f"+OK {len(self.snapshot)} {octets}\r\n".encode()
            case "UIDL", _:
                return _lines(f"{n} {each.uid}" for n, each in enumerate(self.snapshot, 1))
            case "LIST", None:
                sizes = (f"{n} {len(each.data)}" for n, each in enumerate(self.snapshot, 1))
                return _lines(sizes)
            case "LIST", Stored(data=data):
                return f"+OK {arguments[0]} {len(data)}\r\n".encode()
            case "TOP", Stored(data=data):
                return _content(data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            case "RETR", Stored(data=data):
                return _content(data)
            case "DELE", Stored() as each:
                self.marked.append(each)
                return b"+OK\r\n"
            case "QUIT", _:
                self.stored = [each for each in self.stored if each not in self.marked]
                return b"+OK bye\r\n"
            case _:
                raise AssertionError(line)

    def _log_in(self) -> bytes:
        self.logins.append(self.clock.seconds)
        if self.refused_logins:
            return self.refused_logins.pop(0)
        self.snapshot = [each for each in self.stored if each.since <= self.clock.seconds]
        return b"+OK in\r\n"


def _lines(lines: Sequence[str] | Iterator[str]) -> bytes:
    return b"+OK\r\n" + "".join(f"{line}\r\n" for line in lines).encode() + b".\r\n"


def _content(data: bytes) -> bytes:
    lines = data.removesuffix(b"\r\n").split(b"\r\n")
    stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
    return b"+OK\r\n" + b"\r\n".join(stuffed) + b"\r\n.\r\n"


@dataclass
class Outgoing(Script):
    """A submission server that hands on what it gets."""

    greeting: bytes = b"220 ready\r\n"
    deliver: Callable[[bytes], None] = lambda _data: None
    size: int = 0
    data: list[bytes] | None = None

    def answer(self, line: bytes) -> bytes:
        if self.data is not None:
            if line != b".":
                self.data.append(line.removeprefix(b".") + b"\r\n")
                return b""
            self.deliver(b"".join(self.data))
            self.data = None
            return b"250 taken\r\n"
        match line.split(b" ")[0]:
            case b"EHLO":
                return f"250-hello\r\n250-SIZE {self.size}\r\n250 AUTH PLAIN\r\n".encode()
            case b"AUTH":
                return b"235 in\r\n"
            case b"DATA":
                self.data = []
                return b"354 go on\r\n"
            case _:
                return b"250 fine\r\n"


@dataclass
class Trip:
    """A round trip in a scripted network, and its result."""

    outcome: RoundTripOutcome
    maildrop: Maildrop
    events: list[TripProgress]
    seconds: float

    @property
    def left(self) -> list[bytes]:
        """The messages in the maildrop afterwards."""
        return [each.data for each in self.maildrop.stored]


async def travel(
    maildrop: Maildrop,
    *,
    after: float | None = 0.0,
    change: Callable[[bytes], bytes] = lambda data: data,
    beside: Callable[[bytes], Sequence[bytes]] = lambda _data: (),
    size: int = 0,
    wait: float = 120.0,
) -> Trip:
    """Send and fetch. The message comes ``after`` seconds, ``change``d, with others ``beside``."""
    clock = maildrop.clock
    maildrop.stored = [Stored(f"old{n}", data) for n, data in enumerate(OTHERS)]

    def deliver(data: bytes) -> None:
        for number, other in enumerate(beside(data)):
            maildrop.stored.append(Stored(f"new{number}", other, clock.seconds))
        if after is not None:
            maildrop.stored.append(Stored("ours", change(data), clock.seconds + after))

    scripted = ScriptedNetwork()
    scripted.mail[INCOMING.host, INCOMING.port] = maildrop
    scripted.mail[OUTGOING.host, OUTGOING.port] = Outgoing(deliver=deliver, size=size)
    net: Network = replace(scripted.network(), clock=clock)
    events: list[TripProgress] = []
    sending = await open_as(SmtpSession, OUTGOING, net)
    assert not isinstance(sending, DialogueFailure), sending
    async with sending:
        assert isinstance(await log_in(sending, SECRET, net), LoggedIn)
        outcome = await round_trip(
            Pop3Mailbox(INCOMING, SECRET), sending, ACCOUNT, net, wait=wait, emit=events.append
        )
    return Trip(outcome, maildrop, events, clock.seconds)


async def test_a_message_comes_back_and_only_it_is_read_and_removed() -> None:
    trip = await travel(Maildrop())
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert trip.outcome.folder == "INBOX"
    assert trip.outcome.attachment_intact
    assert trip.outcome.cleaned_up
    assert trip.left == list(OTHERS)
    assert trip.events == ALL_EVENTS
    touching = [c for c in trip.maildrop.commands if c.split()[0] in ("TOP", "RETR", "DELE")]
    assert touching == ["TOP 3", "RETR 3", "DELE 3"]
    assert len(trip.maildrop.logins) == 2


@pytest.mark.parametrize(
    "refused",
    [("UIDL",), ("TOP",), ("UIDL", "TOP")],
)
async def test_servers_without_uidl_or_top_serve_as_well(refused: tuple[str, ...]) -> None:
    maildrop = Maildrop(refused=dict.fromkeys(refused, b"-ERR unknown\r\n"))
    big = b"Subject: big\r\n\r\n" + b"x" * 200_000 + b"\r\n"
    trip = await travel(maildrop, beside=lambda _data: (big,))
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert trip.outcome.cleaned_up
    assert trip.left == [*OTHERS, big]
    assert [c for c in maildrop.commands if c.startswith(("RETR", "DELE"))] == ["RETR 4", "DELE 4"]


async def test_a_server_without_uidl_does_not_mix_up_messages_when_others_are_removed() -> None:
    maildrop = Maildrop(refused={"UIDL": b"-ERR unknown\r\n"})

    def remove_one(_data: bytes) -> Sequence[bytes]:
        del maildrop.stored[0]
        return ()

    trip = await travel(maildrop, beside=remove_one)
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert trip.left == [OTHERS[1]]


async def test_where_reading_removes_and_only_reading_tells_nothing_is_read() -> None:
    trip = await travel(Maildrop(capabilities=("SASL PLAIN", "EXPIRE 0")))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.code == "EXPIRE 0"
    assert trip.events == []
    assert not any(command.startswith("RETR") for command in trip.maildrop.commands)


async def test_where_reading_removes_a_top_that_fails_is_not_made_up_for_by_reading() -> None:
    capabilities = ("SASL PLAIN", "UIDL", "TOP", "EXPIRE 0")
    refused = {"TOP": b"-ERR unknown\r\n"}
    trip = await travel(Maildrop(capabilities=capabilities, refused=refused))
    assert isinstance(trip.outcome, DialogueFailure)
    assert not any(command.startswith("RETR") for command in trip.maildrop.commands)


@pytest.mark.parametrize("refused", [(), ("TOP",), ("UIDL", "TOP")])
async def test_among_many_that_arrive_at_once_only_so_many_are_looked_at(
    refused: tuple[str, ...],
) -> None:
    maildrop = Maildrop(refused=dict.fromkeys(refused, b"-ERR unknown\r\n"))
    many = [f"Subject: {n}\r\n\r\n{'x' * n}\r\n".encode() for n in range(120)]
    trip = await travel(maildrop, beside=lambda _data: many, after=None)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.NOT_ARRIVED
    looked = [command for command in maildrop.commands if command.startswith(("TOP", "RETR"))]
    most = 50 if not refused else 5
    assert looked.count(looked[-1]) == 1
    assert sum(command.startswith("RETR") for command in looked) <= 11 * most
    if not refused:
        assert len(looked) == len(set(looked)) == 120
    assert trip.left == [*OTHERS, *many]


async def test_a_message_that_comes_late_is_waited_for_with_few_logins() -> None:
    trip = await travel(Maildrop(), after=100.0)
    assert isinstance(trip.outcome, RoundTrip)
    assert 100_000 <= trip.outcome.arrived_ms <= 120_000
    assert len(trip.maildrop.logins) <= 12
    assert [event for event in trip.events if not isinstance(event, Waiting)] == ALL_EVENTS
    waits = [event.seconds for event in trip.events if isinstance(event, Waiting)]
    assert waits == sorted(waits)
    assert len(waits) > 5


@pytest.mark.parametrize("wait", [1.0, 20.0, 120.0, 900.0])
async def test_a_message_that_never_comes_is_given_up_in_time(wait: float) -> None:
    trip = await travel(Maildrop(), after=None, wait=wait)
    assert isinstance(trip.outcome, DialogueFailure)
    assert (trip.outcome.stage, trip.outcome.error) == (Stage.ARRIVAL, DialogueFault.NOT_ARRIVED)
    assert trip.seconds == pytest.approx(wait)
    assert len(trip.maildrop.logins) <= 12
    assert trip.left == list(OTHERS)


@pytest.mark.parametrize("delay", [7, 50, 100])
async def test_the_servers_pause_between_logins_is_kept(delay: int) -> None:
    maildrop = Maildrop(capabilities=("SASL PLAIN", "UIDL", "TOP", f"LOGIN-DELAY {delay}"))
    trip = await travel(maildrop, after=None)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.NOT_ARRIVED
    times = maildrop.logins
    assert all(later - earlier >= delay for earlier, later in pairwise(times))
    assert 2 <= len(times) <= 12
    assert trip.seconds <= 120.0


async def test_nothing_is_sent_where_the_server_would_not_let_us_look_in_time() -> None:
    maildrop = Maildrop(capabilities=("SASL PLAIN", "UIDL", "TOP", "LOGIN-DELAY 900"))
    trip = await travel(maildrop)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.AUTH_RATE_LIMITED
    assert trip.outcome.text == "LOGIN-DELAY 901"
    assert trip.events == []
    assert trip.left == list(OTHERS)


@pytest.mark.parametrize(
    "refusal", [b"-ERR [IN-USE] busy\r\n", b"-ERR [LOGIN-DELAY] wait\r\n", b"-ERR [SYS/TEMP] x\r\n"]
)
async def test_what_passes_is_waited_for(refusal: bytes) -> None:
    trip = await travel(Maildrop(refused_logins=[refusal, refusal]))
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert len(trip.maildrop.logins) == 4


async def test_a_maildrop_that_stays_in_use_is_told_as_such_and_nothing_is_sent() -> None:
    trip = await travel(Maildrop(refused_logins=[b"-ERR [IN-USE] busy\r\n"] * 20))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.IN_USE
    assert len(trip.maildrop.logins) <= 6
    assert trip.events == []


@pytest.mark.parametrize("refusal", [b"-ERR [AUTH] no\r\n", b"-ERR too many login attempts\r\n"])
async def test_a_refused_login_is_never_repeated(refusal: bytes) -> None:
    trip = await travel(Maildrop(refused_logins=[refusal] * 20))
    assert isinstance(trip.outcome, DialogueFailure)
    assert len(trip.maildrop.logins) == 1


async def test_who_could_not_look_does_not_say_that_nothing_came() -> None:
    maildrop = Maildrop()

    def lock(_data: bytes) -> Sequence[bytes]:
        maildrop.refused_logins = [b"-ERR [IN-USE] busy\r\n"] * 20
        return ()

    trip = await travel(maildrop, beside=lock)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.IN_USE
    assert len(maildrop.logins) <= 12


def without_attachment(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[0].replace(b"multipart/mixed", b"text/plain") + b"\r\n\r\n!"


def with_another(data: bytes) -> bytes:
    start = data.index(b"\r\n\r\n", data.index(b"octet-stream")) + 4
    other = b"B" if data[start : start + 1] == b"A" else b"A"
    return data[:start] + other + data[start + 1 :]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (without_attachment, DialogueFault.ATTACHMENT_MISSING),
        (with_another, DialogueFault.ATTACHMENT_ALTERED),
    ],
)
async def test_a_changed_attachment_is_noticed_and_the_message_removed(
    change: Callable[[bytes], bytes], error: DialogueFault
) -> None:
    trip = await travel(Maildrop(), change=change)
    assert isinstance(trip.outcome, DialogueFailure)
    assert (trip.outcome.stage, trip.outcome.error) == (Stage.ATTACHMENT, error)
    assert trip.left == list(OTHERS)


@pytest.mark.parametrize("refused", [(), ("TOP",)])
async def test_an_answer_that_quotes_our_message_is_not_taken_for_it(
    refused: tuple[str, ...],
) -> None:
    def answer(data: bytes) -> Sequence[bytes]:
        quoted = next(line for line in data.split(b"\r\n") if line.startswith(b"Message-ID"))
        own = quoted.partition(b": ")[2]
        head = b"Subject: Re\r\nMessage-ID: <x@y>\r\nIn-Reply-To: " + own
        return (head + b"\r\nReferences: " + own + b"\r\n\r\n" + data[:300] + b"\r\n",)

    maildrop = Maildrop(refused=dict.fromkeys(refused, b"-ERR unknown\r\n"))
    trip = await travel(maildrop, after=None, beside=answer)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.NOT_ARRIVED
    assert len(trip.left) == 3
    assert not any(command.startswith("DELE") for command in maildrop.commands)
    # It is looked at once, not at every login.
    assert maildrop.commands.count("TOP 3") == 1


async def test_a_message_that_is_too_large_is_not_even_begun() -> None:
    trip = await travel(Maildrop(), size=100)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.TOO_LARGE
    assert trip.outcome.limit == 100
    assert trip.maildrop.logins == []


@pytest.mark.parametrize("command", ["DELE", "QUIT"])
async def test_a_message_that_could_not_be_removed_is_told(command: str) -> None:
    trip = await travel(Maildrop(refused={command: b"-ERR no\r\n"}))
    assert isinstance(trip.outcome, RoundTrip)
    assert not trip.outcome.cleaned_up
    assert len(trip.left) == 3


@pytest.mark.parametrize("answer", [b"-ERR gone\r\n", b"garbage\r\n"])
async def test_a_message_that_cannot_be_fetched_is_not_removed(answer: bytes) -> None:
    trip = await travel(Maildrop(refused={"RETR": answer}))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.stage is Stage.ATTACHMENT
    assert len(trip.left) == 3


async def test_the_password_does_not_come_back_from_behind_the_login() -> None:
    trip = await travel(Maildrop(refused={"STAT": b"-ERR " + CANARY.encode() + b"\r\n"}))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.text == "•••"
