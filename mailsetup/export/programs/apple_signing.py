"""Sign a configuration profile with an organization's certificate (CMS, RFC 5652, as DER).

A device then names the signer of a profile instead of warning that it is unsigned. Apple accepts
any certificate that the device trusts, also the one of a web server. The private key is read for
this signature only and not stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)

from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.apple_mail import MEDIA_TYPE
from mailsetup.i18n import _
from mailsetup.model.secret import Secret

MAX_FILE = 256 * 1024
"""Bytes; a limit for certificates and keys."""

SigningKey = RSAPrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """The signer: a certificate, its private key, and the certificates between it and its root."""

    certificate: x509.Certificate
    key: SigningKey = field(repr=False)
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def name(self) -> str:
        """The signer's name that the device will show, from the certificate (untrusted text)."""
        names = self.certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(names[0].value) if names else self.certificate.subject.rfc4514_string()


@dataclass(frozen=True, slots=True)
class SigningFailure:
    """Why signing failed; ``reason`` is a sentence."""

    reason: str
    needs_passphrase: bool = False
    """The key is encrypted: ask for its passphrase and try again."""


def read_signer(
    certificate: bytes,
    key: bytes | None = None,
    passphrase: Secret | None = None,
    *,
    now: datetime,
) -> Signer | SigningFailure:
    """Read the contents of ``--sign-cert`` and ``--sign-key``.

    The certificate may be PEM (with its chain, and with its key when ``key`` is None), DER, or a
    PKCS #12 file. ``now`` has a time zone; a certificate that is not valid then is refused.
    """
    if max(len(certificate), len(key or b"")) > MAX_FILE:
        return SigningFailure(_("The certificate or its key is too large to be one."))
    secret = passphrase.reveal().encode() if passphrase else None
    if b"-----BEGIN" not in certificate and key is None:
        bundle = _from_pkcs12(certificate, secret)
        return bundle if isinstance(bundle, SigningFailure) else _signer(*bundle, now)
    certificates = _certificates(certificate)
    if not certificates:
        return _no_certificate()
    private = _private_key(certificate if key is None else key, secret)
    return private if isinstance(private, SigningFailure) else _signer(private, certificates, now)


def sign(
    content: bytes,
    certificate: x509.Certificate,
    key: SigningKey,
    chain: Sequence[x509.Certificate] = (),
) -> bytes:
    """The content inside a CMS signature (SHA-256, DER), with the chain for the device."""
    builder = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(certificate, key, hashes.SHA256())
    )
    for link in chain:
        builder = builder.add_certificate(link)
    # Without this option line ends would be converted for mail.
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def signed(artifact: Artifact, signer: Signer) -> Artifact:
    """The artifact with its profiles signed; its other files are unchanged."""
    return replace(
        artifact,
        files=tuple(
            replace(file, content=sign(file.content, signer.certificate, signer.key, signer.chain))
            if file.media_type == MEDIA_TYPE
            else file
            for file in artifact.files
        ),
    )


def _from_pkcs12(
    content: bytes, passphrase: bytes | None
) -> tuple[object, tuple[x509.Certificate, ...]] | SigningFailure:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        if _certificates(content):
            return _no_key()
        # A wrong passphrase and a damaged file give the same error, but every PKCS #12 file is a
        # DER sequence.
        return _locked(passphrase) if content.startswith(b"\x30") else _no_certificate()
    if certificate is None:
        return _no_certificate()
    if key is None:
        return _no_key()
    return key, (certificate, *others)


def _certificates(content: bytes) -> tuple[x509.Certificate, ...]:
    try:
        if b"-----BEGIN" in content:
            return tuple(x509.load_pem_x509_certificates(content))
        return (x509.load_der_x509_certificate(content),)
    except (ValueError, UnsupportedAlgorithm):
        return ()


def _private_key(content: bytes, passphrase: bytes | None) -> object | SigningFailure:
    pem = b"-----BEGIN" in content
    if pem and b"PRIVATE KEY-----" not in content:
        return _no_key()
    load = load_pem_private_key if pem else load_der_private_key
    try:
        return load(content, None)
    except TypeError:
        if passphrase is None:
            return _locked(None)
    except (ValueError, UnsupportedAlgorithm):
        return _unreadable_key()
    try:
        return load(content, passphrase)
    except ValueError:
        return _locked(passphrase)
    except UnsupportedAlgorithm:
        return _unreadable_key()


def _signer(
    key: object, certificates: tuple[x509.Certificate, ...], now: datetime
) -> Signer | SigningFailure:
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        return SigningFailure(_("The key for signing must be an RSA or elliptic curve key."))
    wanted = _public_bytes(key)
    own = next((one for one in certificates if _public_bytes(one) == wanted), None)
    if own is None:
        return SigningFailure(_("The key for signing does not belong to the certificate."))
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
        return SigningFailure(
            _("The certificate for signing is valid from {first} to {last} only.").format(
                first=f"{own.not_valid_before_utc:%Y-%m-%d}",
                last=f"{own.not_valid_after_utc:%Y-%m-%d}",
            )
        )
    return Signer(own, key, tuple(one for one in certificates if one != own))


def _public_bytes(source: SigningKey | x509.Certificate) -> bytes:
    """The public key of a key or certificate; empty where it cannot be read."""
    try:
        key = source.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _no_certificate() -> SigningFailure:
    return SigningFailure(_("The file for signing holds no certificate that can be read."))


def _no_key() -> SigningFailure:
    return SigningFailure(_("The private key for signing is missing. Give it with --sign-key."))


def _unreadable_key() -> SigningFailure:
    return SigningFailure(_("The private key for signing cannot be read."))


def _locked(passphrase: bytes | None) -> SigningFailure:
    reason = (
        _("The private key for signing needs its passphrase.")
        if passphrase is None
        else _("The passphrase does not open the private key for signing.")
    )
    return SigningFailure(reason, needs_passphrase=True)
