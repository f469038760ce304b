"""What a certificate says, and what a failed TLS handshake means."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TlsFault(StrEnum):
    """Why no verified TLS session came about."""

    EXPIRED = "certificate-expired"
    NOT_YET_VALID = "certificate-not-yet-valid"
    WRONG_NAME = "certificate-wrong-name"
    UNKNOWN_ISSUER = "certificate-unknown-issuer"
    REVOKED = "certificate-revoked"
    INVALID = "certificate-invalid"
    TOO_OLD = "too-old"
    NOT_TLS = "not-tls"
    """The other side speaks something else: TLS on a STARTTLS port, or the wrong service."""
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says, read without trusting it. All texts are fit to be shown."""

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """A handshake that failed; ``certificate`` where it was looked at afterwards."""

    fault: TlsFault
    detail: str = ""
    certificate: CertificateFacts | None = None
