"""Which mechanism is used, and what servers' answers mean."""

import base64

import pytest
from scramp import ScramMechanism

from mailsetup.model.dialogue import Confidence, DialogueFault, Stage
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Authentication
from mailsetup.verify.replies import SmtpReply, imap_meaning, smtp_meaning
from mailsetup.verify.sasl import SaslError, Scram, choose, exchange, is_safe

CLEAR = (Authentication.PASSWORD_CLEARTEXT,)
ENCRYPTED = (Authentication.PASSWORD_ENCRYPTED,)


@pytest.mark.parametrize(
    ("offered", "authentication", "login_command", "expected"),
    [
        ({"PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"}, CLEAR, True, "SCRAM-SHA-256"),
        ({"PLAIN", "LOGIN", "SCRAM-SHA-1"}, CLEAR, True, "SCRAM-SHA-1"),
        ({"PLAIN", "LOGIN", "CRAM-MD5"}, CLEAR, True, "PLAIN"),
        ({"LOGIN", "CRAM-MD5"}, CLEAR, False, "LOGIN"),
        (set(), CLEAR, True, "LOGIN command"),
        ({"CRAM-MD5"}, CLEAR, False, "CRAM-MD5"),
        ({"CRAM-MD5", "PLAIN"}, ENCRYPTED, False, "CRAM-MD5"),
        ({"GSSAPI", "NTLM", "XOAUTH2"}, CLEAR, False, None),
        (set(), CLEAR, False, None),
    ],
)
def test_exactly_one_mechanism_is_chosen_the_safest_that_fits(
    offered: set[str],
    authentication: tuple[Authentication, ...],
    login_command: bool,
    expected: str | None,
) -> None:
    assert choose(offered, authentication, login_command=login_command) == expected


def test_plain_carries_name_and_password_in_utf8() -> None:
    assert exchange("PLAIN", "añ", Secret("contraseña")).initial() == "\0añ\0contraseña".encode()


def test_cram_md5_answers_the_example_of_its_rfc() -> None:
    # RFC 2195 section 2.
    login = exchange("CRAM-MD5", "tim", Secret("tanstaaftanstaaf"))
    challenge = base64.b64decode("PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+")
    assert login.respond(challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def scram_server(password: str) -> object:
    mechanism = ScramMechanism("SCRAM-SHA-256")
    salt, stored, server, count = mechanism.make_auth_info(password, iteration_count=4096)
    return mechanism.make_server(lambda _name: (salt, stored, server, count))


def test_scram_logs_in_and_verifies_the_server() -> None:
    server: object = scram_server("geheim")
    login = Scram("SCRAM-SHA-256", "ana", Secret("geheim"))
    first = login.initial()
    assert first is not None
    server.set_client_first(first.decode())  # type: ignore[attr-defined]
    answer = login.respond(server.get_server_first().encode())  # type: ignore[attr-defined]
    server.set_client_final(answer.decode())  # type: ignore[attr-defined]
    assert not login.finished()
    assert login.respond(server.get_server_final().encode()) == b""  # type: ignore[attr-defined]
    assert login.finished()


def test_scram_does_not_believe_a_server_that_does_not_know_the_password() -> None:
    server: object = scram_server("geheim")
    login = Scram("SCRAM-SHA-256", "ana", Secret("geheim"))
    first = login.initial()
    assert first is not None
    server.set_client_first(first.decode())  # type: ignore[attr-defined]
    login.respond(server.get_server_first().encode())  # type: ignore[attr-defined]
    with pytest.raises(SaslError):
        login.respond(b"v=" + base64.b64encode(b"x" * 32))
    assert not login.finished()


@pytest.mark.parametrize("challenge", [b"", b"\xff\xfe", b"r=short", b"r=x,s=!!,i=1"])
def test_scram_refuses_nonsense(challenge: bytes) -> None:
    login = Scram("SCRAM-SHA-256", "ana", Secret("geheim"))
    login.initial()
    with pytest.raises(SaslError):
        login.respond(challenge)


@pytest.mark.parametrize(
    ("username", "password", "good"),
    [("ana", "ñ€", True), ("a\nb", "x", False), ("ana", "a\0b", False), ("ana", "a\rb", False)],
)
def test_control_characters_cannot_be_said(username: str, password: str, *, good: bool) -> None:
    assert is_safe(username, Secret(password)) is good


IMAP = [
    ("AUTHENTICATIONFAILED", "Invalid credentials (Failure)", "NO", DialogueFault.AUTH_WRONG),
    ("ALERT", "Application-specific password required", "NO", DialogueFault.AUTH_APP_PASSWORD),
    (
        "AUTHENTICATIONFAILED",
        "Application-specific password required",
        "NO",
        DialogueFault.AUTH_APP_PASSWORD,
    ),
    ("ALERT", "Please log in via your web browser", "NO", DialogueFault.AUTH_WEB_LOGIN),
    ("WEBALERT", "Web login required.", "NO", DialogueFault.AUTH_WEB_LOGIN),
    ("EXPIRED", "", "NO", DialogueFault.AUTH_EXPIRED),
    ("UNAVAILABLE", "", "NO", DialogueFault.TEMPORARY),
    ("CONTACTADMIN", "", "NO", DialogueFault.AUTH_LOCKED),
    ("ALERT", "IMAP access is disabled for your domain", "NO", DialogueFault.PROTOCOL_DISABLED),
    ("", "Too many bad auth attempts", "NO", DialogueFault.AUTH_RATE_LIMITED),
    ("", "LOGIN failed.", "NO", DialogueFault.AUTH_WRONG),
    ("", "Too many simultaneous connections", "BYE", DialogueFault.TOO_MANY_CONNECTIONS),
    ("", "Error in IMAP command", "BAD", DialogueFault.PROTOCOL_ERROR),
    ("", "User is authenticated but not connected.", "BAD", DialogueFault.NOT_PERMITTED),
    ("AUTHORIZATIONFAILED", "", "NO", DialogueFault.NOT_PERMITTED),
    ("NOPERM", "", "NO", DialogueFault.NOT_PERMITTED),
    ("PRIVACYREQUIRED", "", "NO", DialogueFault.NO_COMMON_MECHANISM),
    ("LIMIT", "", "NO", DialogueFault.TOO_MANY_CONNECTIONS),
    ("INUSE", "", "NO", DialogueFault.IN_USE),
    ("OVERQUOTA", "", "NO", DialogueFault.QUOTA),
    ("SERVERBUG", "", "NO", DialogueFault.TEMPORARY),
]


@pytest.mark.parametrize(("code", "text", "status", "expected"), IMAP)
def test_imap_answers_are_told_apart(
    code: str, text: str, status: str, expected: DialogueFault
) -> None:
    assert imap_meaning(code, text, status=status, stage=Stage.LOGIN)[0] is expected


SMTP = [
    (
        550,
        "5.4.5 <a@b.es>: Sender address rejected: Daily limit exceeded",
        Stage.SENDER,
        DialogueFault.LIMIT_REACHED,
    ),
    (535, "5.7.8 Username and Password not accepted", Stage.LOGIN, DialogueFault.AUTH_WRONG),
    (535, "Incorrect authentication data", Stage.LOGIN, DialogueFault.AUTH_WRONG),
    (
        534,
        "5.7.9 Application-specific password required",
        Stage.LOGIN,
        DialogueFault.AUTH_APP_PASSWORD,
    ),
    (
        534,
        "5.7.14 Please log in via your web browser and then try again",
        Stage.LOGIN,
        DialogueFault.AUTH_WEB_LOGIN,
    ),
    (
        535,
        "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
        Stage.LOGIN,
        DialogueFault.PROTOCOL_DISABLED,
    ),
    (
        535,
        "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
        Stage.LOGIN,
        DialogueFault.AUTH_OAUTH_NEEDED,
    ),
    (
        550,
        "5.7.30 Basic authentication is not supported for Client Submission.",
        Stage.LOGIN,
        DialogueFault.AUTH_OAUTH_NEEDED,
    ),
    (454, "4.7.0 Too many login attempts", Stage.LOGIN, DialogueFault.AUTH_RATE_LIMITED),
    (454, "4.7.0 Temporary authentication failure", Stage.LOGIN, DialogueFault.TEMPORARY),
    (432, "4.7.12 A password transition is needed", Stage.LOGIN, DialogueFault.AUTH_EXPIRED),
    (504, "5.5.4 Unrecognized authentication type", Stage.LOGIN, DialogueFault.NO_COMMON_MECHANISM),
    (
        553,
        "5.7.1 <x@y>: Sender address rejected: not owned by user z",
        Stage.RECIPIENT,
        DialogueFault.SENDER_REJECTED,
    ),
    (552, "5.2.2 Mailbox is full", Stage.RECIPIENT, DialogueFault.QUOTA),
    (452, "4.2.2 Over quota", Stage.RECIPIENT, DialogueFault.QUOTA),
    (552, "5.3.4 Message size exceeds fixed limit", Stage.SENDER, DialogueFault.TOO_LARGE),
    (550, "5.1.1 User unknown", Stage.RECIPIENT, DialogueFault.RECIPIENT_REJECTED),
    (550, "5.4.5 Daily user sending limit exceeded", Stage.DATA, DialogueFault.LIMIT_REACHED),
    (550, "5.7.1 Message rejected as spam", Stage.DATA, DialogueFault.POLICY),
    (450, "4.7.1 Greylisted, try again", Stage.RECIPIENT, DialogueFault.TEMPORARY),
    (421, "4.3.2 Service not available", Stage.GREETING, DialogueFault.TEMPORARY),
    (
        554,
        "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
        Stage.DATA,
        DialogueFault.LIMIT_REACHED,
    ),
    (
        432,
        "4.3.2 STOREDRV.Submission; thread limit exceeded",
        Stage.DATA,
        DialogueFault.LIMIT_REACHED,
    ),
    (550, "Domain x has exceeded the max emails per hour", Stage.DATA, DialogueFault.LIMIT_REACHED),
    (550, "5.1.8 Access denied, bad outbound sender", Stage.SENDER, DialogueFault.AUTH_LOCKED),
    (550, "5.7.501 Access denied, spam abuse detected", Stage.DATA, DialogueFault.AUTH_LOCKED),
    (
        552,
        "5.7.0 This message was blocked because its content presents a potential security issue",
        Stage.DATA,
        DialogueFault.POLICY,
    ),
    (552, "5.7.0 nicht erlaubt", Stage.DATA, DialogueFault.POLICY),
    (550, "5.7.26 Unauthenticated email is not accepted", Stage.DATA, DialogueFault.POLICY),
    (538, "5.7.11 Encryption required", Stage.LOGIN, DialogueFault.NO_COMMON_MECHANISM),
    (535, "5.7.13 User account disabled", Stage.LOGIN, DialogueFault.AUTH_LOCKED),
    (550, "5.2.1 Mailbox disabled", Stage.RECIPIENT, DialogueFault.AUTH_LOCKED),
    (550, "5.7.60 SendAsDenied", Stage.SENDER, DialogueFault.SENDER_REJECTED),
    (550, "5.6.7 Address is internationalized", Stage.SENDER, DialogueFault.ADDRESS_UNSUPPORTED),
    (552, "5.2.3 Message too long", Stage.DATA, DialogueFault.TOO_LARGE),
    (
        421,
        "4.7.0 Too many connections from your IP",
        Stage.GREETING,
        DialogueFault.TOO_MANY_CONNECTIONS,
    ),
    (
        554,
        "5.7.1 Your address is blocked by Spamhaus",
        Stage.GREETING,
        DialogueFault.BLOCKED_BY_SERVER,
    ),
]


@pytest.mark.parametrize(("code", "text", "stage", "expected"), SMTP)
def test_smtp_answers_are_told_apart(
    code: int, text: str, stage: Stage, expected: DialogueFault
) -> None:
    assert smtp_meaning(SmtpReply(code, (text,)), stage)[0] is expected


def test_a_standard_code_is_certain_and_a_known_text_only_likely() -> None:
    assert smtp_meaning(SmtpReply(535, ("5.7.8 no",)), Stage.LOGIN)[1] is Confidence.CERTAIN
    likely = smtp_meaning(SmtpReply(550, ("mailbox is full",)), Stage.RECIPIENT)
    assert likely == (DialogueFault.QUOTA, Confidence.LIKELY)


def test_codes_are_kept_apart_from_the_text() -> None:
    reply = SmtpReply(535, ("5.7.8 first", "5.7.8 second"))
    assert reply.shown_code == "535 5.7.8"
    assert reply.text == "first second"
