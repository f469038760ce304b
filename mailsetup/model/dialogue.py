"""Results of logging in, sending and receiving: values, never exceptions."""

from dataclasses import dataclass, field
from enum import StrEnum

from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.settings import ServerSettings


class Stage(StrEnum):
    """The step of the dialogue with a server."""

    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    STARTTLS = "starttls"
    LOGIN = "login"
    MAILBOX = "mailbox"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    ARRIVAL = "arrival"
    ATTACHMENT = "attachment"
    CLEAN_UP = "clean-up"


class DialogueFault(StrEnum):
    """What a failure means, independently of the server's wording."""

    HOST_NOT_FOUND = "host-not-found"
    RESOLVER = "resolver"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    BLOCKED_BY_SERVER = "blocked-by-server"
    WRONG_TLS_MODE = "wrong-tls-mode"
    WRONG_SERVICE = "wrong-service"
    """Something answers, but not the protocol that belongs there."""
    STARTTLS_MISSING = "starttls-missing"
    TLS_TOO_OLD = "tls-too-old"
    TLS_FAILED = "tls-failed"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    CERTIFICATE_WRONG_NAME = "certificate-wrong-name"
    CERTIFICATE_UNKNOWN_ISSUER = "certificate-unknown-issuer"
    CERTIFICATE_INVALID = "certificate-invalid"
    INJECTION = "injection"
    """Unsolicited bytes before the TLS handshake (command injection, RFC 3207 section 5)."""
    NO_COMMON_MECHANISM = "no-common-mechanism"
    AUTH_WRONG = "auth-wrong"
    AUTH_APP_PASSWORD = "auth-app-password"  # noqa: S105
    AUTH_OAUTH_NEEDED = "auth-oauth-needed"
    AUTH_TOKEN_REFUSED = "auth-token-refused"  # noqa: S105
    """The server refuses the access token: expired, revoked, or of another mailbox."""
    AUTH_SCOPE_MISSING = "auth-scope-missing"
    """The access token lacks the scope for this server."""
    AUTH_WEB_LOGIN = "auth-web-login"
    AUTH_EXPIRED = "auth-expired"
    AUTH_LOCKED = "auth-locked"
    AUTH_RATE_LIMITED = "auth-rate-limited"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    """The mailbox, or this network, has reached the server's limit of connections."""
    NOT_PERMITTED = "not-permitted"
    """User name and password are right, but access is denied (NOPERM, RFC 5530)."""
    PROTOCOL_DISABLED = "protocol-disabled"
    IN_USE = "in-use"
    TEMPORARY = "temporary"
    QUOTA = "quota"
    SENDER_REJECTED = "sender-rejected"
    RECIPIENT_REJECTED = "recipient-rejected"
    LIMIT_REACHED = "limit-reached"
    TOO_LARGE = "too-large"
    ADDRESS_UNSUPPORTED = "address-unsupported"
    """The server does not support non-ASCII addresses (SMTPUTF8, RFC 6531)."""
    POLICY = "policy"
    NOT_ARRIVED = "not-arrived"
    ATTACHMENT_MISSING = "attachment-missing"
    ATTACHMENT_ALTERED = "attachment-altered"
    PROTOCOL_ERROR = "protocol-error"
    """The server violated its protocol, or exceeded a limit of length."""


class Confidence(StrEnum):
    """``certain`` for a standard code, ``likely`` for a known text of a server."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class DialogueFailure:
    """A failed step with its evidence. ``text`` is one plain line without secrets, cut."""

    stage: Stage
    error: DialogueFault
    server: ServerSettings
    code: str = ""
    """The server's own code: ``535 5.7.8``, ``NO AUTHENTICATIONFAILED``."""
    text: str = ""
    confidence: Confidence = Confidence.CERTAIN
    certificate: CertificateFacts | None = None
    limit: int | None = None
    """For `DialogueFault.TOO_LARGE`: the server's limit in octets, where known."""
    size: int | None = None
    """For `DialogueFault.TOO_LARGE`: the message's size in octets."""
    message_id: str = ""
    """The test message's, once a server has accepted it."""
    accepted: str = ""
    """The outgoing server's reply on acceptance, which often names the queue id."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Usage and limit (RFC 9208) of the resource that is nearest to its limit.

    In units of 1024 octets, or messages where ``counts_messages``.
    """

    used: int
    limit: int
    counts_messages: bool = False

    @property
    def share(self) -> float:
        """Usage divided by the limit; more than 1.0 where it is exceeded."""
        return self.used / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A successful login."""

    server: ServerSettings
    mechanism: str
    """The SASL mechanism's name, or ``LOGIN command``."""
    tls_version: str
    elapsed_ms: float
    capabilities: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    """Texts that the user must see (IMAP ALERT), as plain text."""
    quota: Quota | None = None
    size_limit: int | None = None
    """The largest message in octets that the server announces to accept (SMTP SIZE)."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A test message that was sent to the own address and arrived."""

    sent_ms: float
    arrived_ms: float
    """Milliseconds from the server's acceptance until it was found in the mailbox."""
    folder: str
    junk: bool
    """Whether that folder is the one for spam."""
    attachment_intact: bool
    size: int
    """Octets of the message."""
    cleaned_up: bool
    message_id: str
    raw: bytes = field(default=b"", repr=False, compare=False)
    """The received message, whose header fields are analysed; never part of a report."""


RoundTripOutcome = RoundTrip | DialogueFailure
