"""Verification by the trust store of Windows or macOS, in a worker thread.

OpenSSL makes the handshake without verification; then the system judges the chain that the server
sent. The system may download an intermediate certificate or a root meanwhile, which in the event
loop would stop all connections: `truststore.SSLContext`, with asyncio, does so. Therefore its
functions for one chain are called here, which are not public (``pyproject.toml`` bounds the
version, tests/net/test_system_trust.py calls them under Windows).
"""

import asyncio
import ssl
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from mailsetup.model.certificate import CertificateFacts, TlsFailure, TlsFault
from mailsetup.model.hostname import is_ip_literal
from mailsetup.model.text import plain
from mailsetup.net.tls import blank_context, certificate_facts, inspecting_context

Verify = Callable[[ssl.SSLContext, list[bytes], str], None]
"""Verifies a chain for a host name, with the options of a context; raises
ssl.SSLCertVerificationError whose ``verify_code`` is the system's."""

FAULTS: Final[Mapping[int, TlsFault]] = {
    # winerror.h; CertVerifyCertificateChainPolicy reports the first that applies.
    0x800B0101: TlsFault.EXPIRED,  # CERT_E_EXPIRED, also for a certificate not yet valid
    0x800B0102: TlsFault.EXPIRED,  # CERT_E_VALIDITYPERIODNESTING
    0x800B0109: TlsFault.UNKNOWN_ISSUER,  # CERT_E_UNTRUSTEDROOT
    0x800B010A: TlsFault.UNKNOWN_ISSUER,  # CERT_E_CHAINING
    0x800B0112: TlsFault.UNKNOWN_ISSUER,  # CERT_E_UNTRUSTEDCA
    0x80092010: TlsFault.REVOKED,  # CRYPT_E_REVOKED
    0x800B010C: TlsFault.REVOKED,  # CERT_E_REVOKED
    0x800B010F: TlsFault.WRONG_NAME,  # CERT_E_CN_NO_MATCH
    # SecBase.h of macOS
    -25318: TlsFault.UNKNOWN_ISSUER,  # errSecCreateChainFailed
    -67602: TlsFault.WRONG_NAME,  # errSecHostNameMismatch
    -67612: TlsFault.UNKNOWN_ISSUER,  # errSecInvalidRoot
    -67818: TlsFault.EXPIRED,  # errSecCertificateExpired
    -67819: TlsFault.NOT_YET_VALID,  # errSecCertificateNotValidYet
    -67820: TlsFault.REVOKED,  # errSecCertificateRevoked
    -67843: TlsFault.UNKNOWN_ISSUER,  # errSecNotTrusted
}
"""The system's code for a rejected chain -> its meaning."""

_DECIDED: Final = frozenset({TlsFault.UNKNOWN_ISSUER, TlsFault.REVOKED})
"""What the certificate itself does not show; OpenSSL reports these before names and dates."""


class SystemTrust:
    """Makes handshakes that the system's trust store verifies."""

    def __init__(self, verify: Verify | None = None) -> None:
        self.handshake = inspecting_context()
        """The context of the handshake, which verifies nothing."""
        self.handshake.minimum_version = ssl.TLSVersion.TLSv1_2
        self._options = blank_context()
        self._verify = verify

    async def verify(self, session: ssl.SSLObject, host: str) -> TlsFailure | None:
        """Judge the chain of a completed handshake; None means that it is trusted."""
        chain = unverified_chain(session)
        return await asyncio.to_thread(self._judge, chain, host)

    def _judge(self, chain: list[bytes], host: str) -> TlsFailure | None:
        try:
            (self._verify or _system_verify())(self._options, chain, host)
        except ssl.SSLCertVerificationError as error:
            certificate = certificate_facts(chain[0]) if chain else None
            fault = judge(error.verify_code, certificate, host, datetime.now(UTC))
            detail = plain(error.verify_message or str(error), 200)
            return TlsFailure(fault, detail, certificate)
        except (OSError, ssl.SSLError) as error:
            # A function of the system failed: nothing was proven.
            return TlsFailure(TlsFault.INVALID, plain(str(error), 200))
        return None


def judge(code: int, certificate: CertificateFacts | None, host: str, now: datetime) -> TlsFault:
    """The fault of a chain that the system rejected with ``code``.

    Systems have one code for expired and not yet valid certificates, report the first of several
    faults in an order of their own, and have codes that are not in the table. So the names and
    dates of the certificate decide, in the order of OpenSSL.
    """
    fault = FAULTS.get(code, TlsFault.INVALID)
    if certificate is None or fault in _DECIDED:
        return fault
    if fault is TlsFault.WRONG_NAME or not (is_ip_literal(host) or certificate.covers(host)):
        return TlsFault.WRONG_NAME
    if now < certificate.not_before:
        return TlsFault.NOT_YET_VALID
    if now > certificate.not_after:
        return TlsFault.EXPIRED
    return fault


def unverified_chain(session: ssl.SSLObject) -> list[bytes]:
    """The certificates that the server sent, its own first, in DER."""
    if sys.version_info >= (3, 13):
        return list(session.get_unverified_chain())
    # The same function of the C object, before it became public.
    chain = session._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in chain]


def _system_verify() -> Verify:
    # Late: it asks Windows for its version, over a service that may have to start first.
    from truststore import _api

    verify: Verify = _api._verify_peercerts_impl  # type: ignore[attr-defined]
    return verify
