"""Classification of negative replies."""

import pytest

from mailsetup.model.dialogue import Confidence, DialogueFault, Stage
from mailsetup.verify.replies import Pop3Reply, SmtpReply, imap_meaning, pop3_meaning, smtp_meaning

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
def test_imap_responses_are_classified(
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
def test_smtp_replies_are_classified(
    code: int, text: str, stage: Stage, expected: DialogueFault
) -> None:
    assert smtp_meaning(SmtpReply(code, (text,)), stage)[0] is expected


def test_a_standard_code_is_certain_and_a_known_text_likely() -> None:
    assert smtp_meaning(SmtpReply(535, ("5.7.8 no",)), Stage.LOGIN)[1] is Confidence.CERTAIN
    likely = smtp_meaning(SmtpReply(550, ("mailbox is full",)), Stage.RECIPIENT)
    assert likely == (DialogueFault.QUOTA, Confidence.LIKELY)


def test_codes_are_not_part_of_the_text() -> None:
    reply = SmtpReply(535, ("5.7.8 first", "5.7.8 second"))
    assert reply.shown_code == "535 5.7.8"
    assert reply.text == "first second"


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
def test_pop3_replies_are_classified_with_a_confidence(
    reply: Pop3Reply, stage: Stage, marks: bool, expected: tuple[str, str]
) -> None:
    meaning = pop3_meaning(reply, stage, marks_credentials=marks)
    assert meaning == (DialogueFault(expected[0]), Confidence(expected[1]))
