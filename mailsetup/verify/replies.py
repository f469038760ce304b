"""Classifies negative replies of servers.

Standard codes count first (RFC 5530, 3463, 4954, 2449, 3206), texts that providers are known to
send second. Codes alone mislead in places: ``5.7.30`` has three meanings at three providers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailsetup.model.dialogue import Confidence, DialogueFault, Stage

Meaning = tuple[DialogueFault, Confidence]

_IMAP_CODES: Final[Mapping[str, DialogueFault]] = {
    "AUTHENTICATIONFAILED": DialogueFault.AUTH_WRONG,
    "AUTHORIZATIONFAILED": DialogueFault.NOT_PERMITTED,
    "NOPERM": DialogueFault.NOT_PERMITTED,
    "EXPIRED": DialogueFault.AUTH_EXPIRED,
    "PRIVACYREQUIRED": DialogueFault.NO_COMMON_MECHANISM,
    "CONTACTADMIN": DialogueFault.AUTH_LOCKED,
    "UNAVAILABLE": DialogueFault.TEMPORARY,
    "SERVERBUG": DialogueFault.TEMPORARY,
    "INUSE": DialogueFault.IN_USE,
    "LIMIT": DialogueFault.TOO_MANY_CONNECTIONS,
    "OVERQUOTA": DialogueFault.QUOTA,
    "WEBALERT": DialogueFault.AUTH_WEB_LOGIN,
}

_POP3_CODES: Final[Mapping[str, DialogueFault]] = {
    "AUTH": DialogueFault.AUTH_WRONG,
    "IN-USE": DialogueFault.IN_USE,
    "LOGIN-DELAY": DialogueFault.AUTH_RATE_LIMITED,
    "SYS/TEMP": DialogueFault.TEMPORARY,
    "SYS/PERM": DialogueFault.AUTH_LOCKED,
    "UTF8": DialogueFault.NO_COMMON_MECHANISM,
}
_POP3_WIDE_CODES = ("AUTH", "SYS/TEMP", "SYS/PERM")
"""Codes so general (RFC 3206 sections 4 and 5) that a known text is more precise."""

# Texts of servers without response codes for a maildrop that another session has open, and for
# logins in too quick succession. They count at a login only: elsewhere "mailbox locked" means
# something else.
_POP3_TEXTS = (
    (
        r"(mail ?drop|mail ?box|pop).{0,30}(lock|in use|busy)"
        r"|(un|not )able to (get|obtain|acquire)?.{0,12}lock|already (locked|in use)",
        DialogueFault.IN_USE,
    ),
    (
        r"login limit|reduce the frequency|minimum (time|interval) between|too (often|frequent)",
        DialogueFault.AUTH_RATE_LIMITED,
    ),
)

# (text, stages in which it counts or none for all, fault); the first match wins.
_TEXTS: tuple[tuple[str, frozenset[Stage], DialogueFault], ...] = tuple(
    (pattern, frozenset(stages), meaning)
    for pattern, stages, meaning in (
        (r"application-specific password", (), DialogueFault.AUTH_APP_PASSWORD),
        (r"app(lication)?[ -]password (is )?required", (), DialogueFault.AUTH_APP_PASSWORD),
        (r"via your web browser|web login required", (), DialogueFault.AUTH_WEB_LOGIN),
        (r"basic authentication is (disabled|not supported)", (), DialogueFault.AUTH_OAUTH_NEEDED),
        # Microsoft's text for a mailbox without IMAP, without a licence, or with another name.
        (r"user is authenticated but not connected", (), DialogueFault.NOT_PERMITTED),
        (
            r"too many .{0,20}connections|connection limit|connections? from your ip",
            (),
            DialogueFault.TOO_MANY_CONNECTIONS,
        ),
        (
            r"smtpclientauthentication is disabled",
            (Stage.LOGIN,),
            DialogueFault.PROTOCOL_DISABLED,
        ),
        (
            r"(imap|pop3?|smtp)( access)? (is )?(not (enabled|allowed)|disabled)"
            r"|not enabled for (imap|pop)|pop3? not (enabled|activated)",
            (Stage.LOGIN,),
            DialogueFault.PROTOCOL_DISABLED,
        ),
        (
            r"too many (bad )?(auth|login|failed)|rate limit|login attempts",
            (Stage.LOGIN,),
            DialogueFault.AUTH_RATE_LIMITED,
        ),
        (
            r"(account|user|mailbox).{0,20}(disabled|locked|suspended|blocked|inactive)",
            (Stage.LOGIN, Stage.SENDER),
            DialogueFault.AUTH_LOCKED,
        ),
        (r"password.{0,12}expired", (Stage.LOGIN,), DialogueFault.AUTH_EXPIRED),
        (
            r"not owned by user|sender address rejected|send as this sender|sendasdenied",
            (Stage.SENDER, Stage.RECIPIENT, Stage.DATA),
            DialogueFault.SENDER_REJECTED,
        ),
        (
            r"bad outbound sender|mail sending denied|blocked (for|from) sending",
            (Stage.SENDER, Stage.RECIPIENT, Stage.DATA),
            DialogueFault.AUTH_LOCKED,
        ),
        (
            r"daily|sending limit|e?mails? (per|an) hour|limit exceeded|submissionquota"
            r"|thread limit|max defers and failures|too many (recipients|messages)",
            (Stage.SENDER, Stage.RECIPIENT, Stage.DATA),
            DialogueFault.LIMIT_REACHED,
        ),
        (
            r"quota|mailbox (is )?full|over ?quota|insufficient (disk )?storage",
            (Stage.SENDER, Stage.RECIPIENT, Stage.DATA, Stage.MAILBOX),
            DialogueFault.QUOTA,
        ),
        (
            r"illegal attachment|potential security|virus|banned (file|content)"
            r"|attachment.{0,30}(not allowed|blocked|prohibited|forbidden)",
            (Stage.DATA,),
            DialogueFault.POLICY,
        ),
        (
            r"smtputf8|internationali[sz]ed|non-ascii",
            (Stage.SENDER, Stage.RECIPIENT),
            DialogueFault.ADDRESS_UNSUPPORTED,
        ),
        (
            r"size exceeds|too (big|large)|exceeds.{0,20}size",
            (Stage.SENDER, Stage.DATA),
            DialogueFault.TOO_LARGE,
        ),
        (
            r"blacklist|blocklist|blocked|banned|spamhaus|access denied|not allowed to connect",
            (Stage.CONNECT, Stage.GREETING),
            DialogueFault.BLOCKED_BY_SERVER,
        ),
        (
            r"(user|mailbox|recipient).{0,20}(unknown|unavailable|not found|does not exist)"
            r"|no such (user|mailbox)|unknown user",
            (Stage.RECIPIENT,),
            DialogueFault.RECIPIENT_REJECTED,
        ),
    )
)

# Enhanced status codes without their class digit (RFC 3463, 4954, 5248).
_ENHANCED: Final[Mapping[str, DialogueFault]] = {
    "7.8": DialogueFault.AUTH_WRONG,
    "7.9": DialogueFault.NO_COMMON_MECHANISM,
    "7.11": DialogueFault.NO_COMMON_MECHANISM,
    "7.12": DialogueFault.AUTH_EXPIRED,
    "7.13": DialogueFault.AUTH_LOCKED,
    "2.1": DialogueFault.AUTH_LOCKED,
    "2.2": DialogueFault.QUOTA,
    "2.3": DialogueFault.TOO_LARGE,
    "3.4": DialogueFault.TOO_LARGE,
    "5.4": DialogueFault.NO_COMMON_MECHANISM,
    "1.1": DialogueFault.RECIPIENT_REJECTED,
    "1.2": DialogueFault.RECIPIENT_REJECTED,
    "1.10": DialogueFault.RECIPIENT_REJECTED,
    "1.7": DialogueFault.SENDER_REJECTED,
    "1.8": DialogueFault.SENDER_REJECTED,
    "7.60": DialogueFault.SENDER_REJECTED,
    "6.7": DialogueFault.ADDRESS_UNSUPPORTED,
}

# Those with one meaning at every known server. They count more than the text, in which a server may
# wrap the reason: Postfix writes "Sender address rejected: Daily limit exceeded".
_TRANSACTION = (Stage.SENDER, Stage.RECIPIENT, Stage.DATA)
_UNMISTAKABLE: Final[Mapping[str, DialogueFault]] = {
    "5.4.5": DialogueFault.LIMIT_REACHED,
    "5.3.4": DialogueFault.TOO_LARGE,
    "5.2.2": DialogueFault.QUOTA,
    "4.2.2": DialogueFault.QUOTA,
    "5.1.1": DialogueFault.RECIPIENT_REJECTED,
    "5.1.10": DialogueFault.RECIPIENT_REJECTED,
    "5.1.90": DialogueFault.LIMIT_REACHED,
    "5.7.232": DialogueFault.LIMIT_REACHED,
    "5.7.233": DialogueFault.LIMIT_REACHED,
    "5.7.501": DialogueFault.AUTH_LOCKED,
    "5.7.502": DialogueFault.AUTH_LOCKED,
    "5.7.503": DialogueFault.AUTH_LOCKED,
    "5.7.705": DialogueFault.AUTH_LOCKED,
    "5.7.708": DialogueFault.AUTH_LOCKED,
    "5.6.7": DialogueFault.ADDRESS_UNSUPPORTED,
}

_BASIC: Final[Mapping[int, DialogueFault]] = {
    421: DialogueFault.TEMPORARY,
    432: DialogueFault.AUTH_EXPIRED,
    454: DialogueFault.TEMPORARY,
    504: DialogueFault.NO_COMMON_MECHANISM,
    530: DialogueFault.AUTH_WRONG,
    534: DialogueFault.AUTH_APP_PASSWORD,
    535: DialogueFault.AUTH_WRONG,
    538: DialogueFault.NO_COMMON_MECHANISM,
    552: DialogueFault.TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply of one or more lines; ``text`` without the codes."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines joined, without enhanced codes."""
        return " ".join(map(_without_prefix, self.lines)).strip()

    @property
    def enhanced(self) -> str:
        """The enhanced status code, such as ``5.7.8``, or nothing."""
        match = _ENHANCED_PREFIX.match(self.lines[-1]) if self.lines else None
        return match.group(1) if match else ""

    @property
    def shown_code(self) -> str:
        """Both codes, as they are usually quoted."""
        return f"{self.code} {self.enhanced}".strip()


@dataclass(frozen=True, slots=True)
class Pop3Reply:
    """The first line of a POP3 response; ``status`` is ``+OK``, ``-ERR`` or ``+`` (continue)."""

    status: str
    text: str
    code: str = ""
    """The response code in upper case without its brackets (RFC 2449 section 8), or nothing."""

    @property
    def shown_code(self) -> str:
        """Status and code, as they are usually quoted."""
        return f"{self.status} [{self.code}]" if self.code else self.status


_ENHANCED_PREFIX = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![.\w])\s*")


def _without_prefix(line: str) -> str:
    # Matched at the beginning only: a search takes quadratic time in a line of blanks.
    match = _ENHANCED_PREFIX.match(line)
    return line[match.end() :] if match else line


def imap_meaning(response_code: str, text: str, *, status: str, stage: Stage) -> Meaning:
    """Classify a tagged NO or BAD, or an untagged BYE.

    ``response_code`` is the first word in brackets, in upper case, or empty.
    """
    known = _text_fault(text, stage)
    if known in (
        DialogueFault.AUTH_APP_PASSWORD,
        DialogueFault.AUTH_WEB_LOGIN,
        DialogueFault.PROTOCOL_DISABLED,
        DialogueFault.AUTH_OAUTH_NEEDED,
    ):
        # Providers send these with AUTHENTICATIONFAILED or ALERT; the text is more precise.
        return known, Confidence.LIKELY
    if response_code in _IMAP_CODES:
        return _IMAP_CODES[response_code], Confidence.CERTAIN
    if known is not None:
        return known, Confidence.LIKELY
    if status == "BYE":
        return DialogueFault.BLOCKED_BY_SERVER, Confidence.GUESS
    if status == "BAD":
        return DialogueFault.PROTOCOL_ERROR, Confidence.GUESS
    if stage is Stage.LOGIN:
        return DialogueFault.AUTH_WRONG, Confidence.LIKELY
    return DialogueFault.PROTOCOL_ERROR, Confidence.GUESS


def smtp_meaning(reply: SmtpReply, stage: Stage) -> Meaning:
    """Classify a negative SMTP reply at a stage of the dialogue."""
    suffix = reply.enhanced.partition(".")[2]
    if stage in _TRANSACTION and reply.enhanced in _UNMISTAKABLE:
        return _UNMISTAKABLE[reply.enhanced], Confidence.CERTAIN
    known = _text_fault(reply.text, stage)
    if known is not None:
        return known, Confidence.LIKELY
    if reply.code == 534:
        return DialogueFault.AUTH_APP_PASSWORD, Confidence.LIKELY
    if suffix in _ENHANCED and (stage is not Stage.LOGIN or suffix != "2.2"):
        return _ENHANCED[suffix], Confidence.CERTAIN
    if stage is Stage.GREETING:
        if reply.code >= 500:
            return DialogueFault.BLOCKED_BY_SERVER, Confidence.LIKELY
        return DialogueFault.TEMPORARY, Confidence.CERTAIN
    if stage in _TRANSACTION and reply.code >= 500 and suffix.startswith("7."):
        # The basic code next to a policy status (RFC 3463 section 3.8) is vague.
        return DialogueFault.POLICY, Confidence.LIKELY
    if reply.code in _BASIC:
        return _BASIC[reply.code], Confidence.LIKELY
    if 400 <= reply.code < 500:
        return DialogueFault.TEMPORARY, Confidence.CERTAIN
    if stage is Stage.LOGIN:
        return DialogueFault.AUTH_WRONG, Confidence.LIKELY
    if stage is Stage.RECIPIENT and reply.code in (550, 551, 553):
        return DialogueFault.RECIPIENT_REJECTED, Confidence.GUESS
    if stage in _TRANSACTION and reply.code >= 500:
        return DialogueFault.POLICY, Confidence.GUESS
    return DialogueFault.PROTOCOL_ERROR, Confidence.GUESS


def pop3_meaning(reply: Pop3Reply, stage: Stage, *, marks_credentials: bool = False) -> Meaning:
    """Classify a negative POP3 response at a stage of the dialogue.

    ``marks_credentials``: the server offers AUTH-RESP-CODE, so that it puts ``[AUTH]`` before
    every refusal that is due to name or password (RFC 3206 section 6).
    """
    code = _known_pop3_code(reply.code)
    if code and code not in _POP3_WIDE_CODES:
        return _pop3_code_fault(code, stage), Confidence.CERTAIN
    known = _pop3_text_fault(reply.text, stage) if code != "AUTH" else None
    known = known or _text_fault(reply.text, stage)
    if known is not None:
        return known, Confidence.LIKELY
    if code:
        return _pop3_code_fault(code, stage), Confidence.CERTAIN
    match stage:
        case Stage.LOGIN if marks_credentials:
            # Another password would not help, whatever the reason is.
            return DialogueFault.TEMPORARY, Confidence.GUESS
        case Stage.LOGIN:
            return DialogueFault.AUTH_WRONG, Confidence.LIKELY
        case Stage.GREETING:
            return DialogueFault.BLOCKED_BY_SERVER, Confidence.GUESS
        case _:
            return DialogueFault.PROTOCOL_ERROR, Confidence.GUESS


def _known_pop3_code(code: str) -> str:
    """The known code that this one is or specialises: ``SYS/TEMP/DISK`` is a ``SYS/TEMP``."""
    parts = code.split("/")
    prefixes = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in _POP3_CODES), "")


def _pop3_code_fault(code: str, stage: Stage) -> DialogueFault:
    if code in ("SYS/PERM", "UTF8") and stage is not Stage.LOGIN:
        # The account is not the cause: the server fails in a mandatory feature.
        return DialogueFault.PROTOCOL_ERROR
    return _POP3_CODES[code]


def _pop3_text_fault(text: str, stage: Stage) -> DialogueFault | None:
    if stage is not Stage.LOGIN:
        return None
    lowered = text.lower()[:2000]
    return next((meaning for pattern, meaning in _POP3_TEXTS if re.search(pattern, lowered)), None)


def _text_fault(text: str, stage: Stage) -> DialogueFault | None:
    lowered = text.lower()[:2000]
    for pattern, stages, meaning in _TEXTS:
        if (not stages or stage in stages) and re.search(pattern, lowered):
            return meaning
    return None
