"""The content of a certificate, and the reasons of failed TLS handshakes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TlsFault(StrEnum):
    """Why there is no verified TLS session."""

    EXPIRED = "certificate-expired"
    NOT_YET_VALID = "certificate-not-yet-valid"
    WRONG_NAME = "certificate-wrong-name"
    UNKNOWN_ISSUER = "certificate-unknown-issuer"
    REVOKED = "certificate-revoked"
    INVALID = "certificate-invalid"
    TOO_OLD = "too-old"
    NOT_TLS = "not-tls"
    """The server does not speak TLS on this port: STARTTLS is expected, or another service."""
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The content of a certificate, which may be unverified. All texts are safe to show."""

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str

    def covers(self, host: str) -> bool:
        """Whether a DNS name of the certificate matches a host name (RFC 9525 section 6.3)."""
        host = host.lower()
        parent = host.partition(".")[2]
        return host in self.names or (bool(parent) and f"*.{parent}" in self.names)


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """A failed handshake; ``certificate`` where it was read afterwards."""

    fault: TlsFault
    detail: str = ""
    certificate: CertificateFacts | None = None
