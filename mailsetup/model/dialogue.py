"""What logging in, sending and receiving can come to: values, never exceptions."""

from dataclasses import dataclass, field
from enum import StrEnum

from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.settings import ServerSettings


class Stage(StrEnum):
    """How far the dialogue with a server had come."""

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
    """What a failure means, apart from its wording (facts, section 6.6)."""

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
    """Bytes before TLS that nobody asked for."""
    NO_COMMON_MECHANISM = "no-common-mechanism"
    AUTH_WRONG = "auth-wrong"
    AUTH_APP_PASSWORD = "auth-app-password"  # noqa: S105
    AUTH_OAUTH_NEEDED = "auth-oauth-needed"
    AUTH_TOKEN_REFUSED = "auth-token-refused"  # noqa: S105
    """The server does not take the sign-in's token: expired, revoked, or of another mailbox."""
    AUTH_SCOPE_MISSING = "auth-scope-missing"
    """The sign-in does not allow what this server does."""
    AUTH_WEB_LOGIN = "auth-web-login"
    AUTH_EXPIRED = "auth-expired"
    AUTH_LOCKED = "auth-locked"
    AUTH_RATE_LIMITED = "auth-rate-limited"
    TOO_MANY_CONNECTIONS = "too-many-connections"
    """The mailbox, or this network, has as many connections open as it may."""
    NOT_PERMITTED = "not-permitted"
    """Name and password are right, and yet the mailbox does not open (RFC 5530: no rights)."""
    PROTOCOL_DISABLED = "protocol-disabled"
    IN_USE = "in-use"
    TEMPORARY = "temporary"
    QUOTA = "quota"
    SENDER_REJECTED = "sender-rejected"
    RECIPIENT_REJECTED = "recipient-rejected"
    LIMIT_REACHED = "limit-reached"
    TOO_LARGE = "too-large"
    ADDRESS_UNSUPPORTED = "address-unsupported"
    """The server cannot handle letters beyond ASCII in an address (RFC 6531)."""
    POLICY = "policy"
    NOT_ARRIVED = "not-arrived"
    ATTACHMENT_MISSING = "attachment-missing"
    ATTACHMENT_ALTERED = "attachment-altered"
    PROTOCOL_ERROR = "protocol-error"
    """The server broke the rules of its protocol, or said far too much."""


class Confidence(StrEnum):
    """``certain`` only where a standard code says so; ``likely`` where a known text does."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class DialogueFailure:
    """A step that failed, with its evidence. ``text`` is one plain line, without secrets, cut."""

    stage: Stage
    error: DialogueFault
    server: ServerSettings
    code: str = ""
    """The server's own code: ``535 5.7.8``, ``NO AUTHENTICATIONFAILED``."""
    text: str = ""
    confidence: Confidence = Confidence.CERTAIN
    certificate: CertificateFacts | None = None
    limit: int | None = None
    """For `DialogueFault.TOO_LARGE`: octets that the server takes, where it says so."""
    size: int | None = None
    """For `DialogueFault.TOO_LARGE`: octets of the message."""
    message_id: str = ""
    """Of the test message, once a server had taken it."""
    accepted: str = ""
    """What the outgoing server said when it took the message; many name their queue there."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What the mailbox holds and may hold (RFC 9208), of the resource that is nearest to its end.

    Units of 1024 octets, or messages where the server counts those.
    """

    used: int
    limit: int
    counts_messages: bool = False

    @property
    def share(self) -> float:
        """Used part, 0.0 to 1.0 and beyond."""
        return self.used / self.limit if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Proof of a login."""

    server: ServerSettings
    mechanism: str
    """The SASL mechanism's name, or ``LOGIN command``."""
    tls_version: str
    elapsed_ms: float
    capabilities: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    """Texts that the server wants shown (IMAP ALERT), as plain text."""
    quota: Quota | None = None
    size_limit: int | None = None
    """Octets; what the server says it accepts (SMTP SIZE)."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A message that was sent to oneself and came back."""

    sent_ms: float
    arrived_ms: float
    """From the server's acceptance until it was seen, in milliseconds."""
    folder: str
    junk: bool
    """Whether that folder is the one for spam."""
    attachment_intact: bool
    size: int
    """Octets of the message."""
    cleaned_up: bool
    message_id: str
    raw: bytes = field(default=b"", repr=False, compare=False)
    """The message as it arrived, for what its headers tell; never part of a report."""


RoundTripOutcome = RoundTrip | DialogueFailure
