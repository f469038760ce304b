"""TLS contexts, and the reasons of failed handshakes."""

import contextlib
import hashlib
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mailsetup.model.certificate import CertificateFacts, TlsFailure, TlsFault
from mailsetup.model.text import plain

# X509_V_ERR_* of OpenSSL's x509_vfy.h.
_VERIFY_CODES: Final[Mapping[int, TlsFault]] = {
    9: TlsFault.NOT_YET_VALID,
    10: TlsFault.EXPIRED,
    18: TlsFault.UNKNOWN_ISSUER,
    19: TlsFault.UNKNOWN_ISSUER,
    20: TlsFault.UNKNOWN_ISSUER,
    21: TlsFault.UNKNOWN_ISSUER,
    23: TlsFault.REVOKED,
    62: TlsFault.WRONG_NAME,
    64: TlsFault.WRONG_NAME,
}

_TOO_OLD_REASONS = frozenset(
    {
        "UNSUPPORTED_PROTOCOL",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "NO_PROTOCOLS_AVAILABLE",
        "DH_KEY_TOO_SMALL",
        "NO_SHARED_CIPHER",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "EE_KEY_TOO_SMALL",
        "CA_MD_TOO_WEAK",
    }
)
_NOT_TLS_REASONS = frozenset(
    {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}
)


def classify(error: Exception) -> TlsFailure:
    """The failure that an exception of the handshake means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fault = _VERIFY_CODES.get(error.verify_code, TlsFault.INVALID)
        return TlsFailure(fault, plain(error.verify_message or str(error), 200))
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        if reason in _TOO_OLD_REASONS:
            return TlsFailure(TlsFault.TOO_OLD, reason)
        if reason in _NOT_TLS_REASONS:
            return TlsFailure(TlsFault.NOT_TLS, reason)
        if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return TlsFailure(TlsFault.INTERRUPTED, reason)
        return TlsFailure(TlsFault.FAILED, plain(reason or str(error), 200))
    return TlsFailure(TlsFault.INTERRUPTED, type(error).__name__)


def verifying_context(ca_files: Sequence[Path] = ()) -> ssl.SSLContext:
    """A client context that trusts the system (and ``ca_files``) and verifies strictly.

    TLS 1.2 or later (RFC 8997), DNS names of the certificate only (RFC 9525 drops the common
    name). The flags are the same on every Python: 3.13 adds VERIFY_X509_STRICT to its default,
    which would report a formal error instead of an expired certificate.
    """
    context = _trusting_the_system()
    context.verify_flags = ssl.VerifyFlags.VERIFY_X509_TRUSTED_FIRST
    context.hostname_checks_common_name = False
    for path in ca_files:
        context.load_verify_locations(cafile=path)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def blank_context() -> ssl.SSLContext:
    """A client context without trust anchors.

    Unlike those of `ssl.create_default_context` it does not write session keys to the file that
    ``SSLKEYLOGFILE`` names: with them the password could be decrypted.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def holds_certificates(path: Path) -> bool:
    """Whether a file can be read as certificates in PEM."""
    try:
        blank_context().load_verify_locations(cafile=path)
    except (OSError, ValueError):
        return False
    return True


def _trusting_the_system() -> ssl.SSLContext:
    """A client context with the system's trust anchors.

    OpenSSL takes 40 ms to read some 140 certificates. `load_default_certs` holds the GIL for that
    time, `load_verify_locations` does not.
    """
    paths = ssl.get_default_verify_paths()
    context = blank_context()
    if os.name == "nt" or not (paths.cafile or paths.capath):
        context.load_default_certs()
        return context
    for file, folder in ((paths.cafile, None), (None, paths.capath)):
        # As in OpenSSL, a path without certificates is ignored. `net.environment_check` reports it
        # where an environment variable names it.
        with contextlib.suppress(OSError):
            if file or folder:
                context.load_verify_locations(file, folder)
    return context


def inspecting_context() -> ssl.SSLContext:
    """A context without verification: to read a certificate, never to send data."""
    context = blank_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def certificate_facts(der: bytes) -> CertificateFacts | None:
    """Names, issuer and dates of a certificate, or None when it cannot be read."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(der)
        names: list[str] = []
        with contextlib.suppress(x509.ExtensionNotFound):
            extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
            names = extension.value.get_values_for_type(x509.DNSName)
        issuer = [
            str(attribute.value)
            for oid in (x509.NameOID.ORGANIZATION_NAME, x509.NameOID.COMMON_NAME)
            for attribute in certificate.issuer.get_attributes_for_oid(oid)
        ]
        return CertificateFacts(
            names=tuple(plain(name, 253).lower() for name in names[:50]),
            issuer=plain(" / ".join(issuer), 120),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            sha256=hashlib.sha256(der).hexdigest(),
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
