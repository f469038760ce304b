"""Signed profiles are verified by OpenSSL, and unusable signers are refused with a sentence."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.apple_mail import AppleMail, mobileconfig
from mailsetup.export.programs.apple_signing import (
    MAX_FILE,
    Signer,
    SigningFailure,
    read_signer,
    sign,
    signed,
)
from mailsetup.model.secret import Secret
from tests.support.samples.accounts import account

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSPHRASE = "correct horse"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, passphrase: str = "") -> bytes:
        lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def issue(name: str, key: Key, issuer: Party | None, *, ca: bool, ends: datetime) -> Party:
    """A certificate that is valid since a month before `NOW`."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Party(certificate, key)


@pytest.fixture(scope="module")
def authorities() -> tuple[Party, Party, Party]:
    """A root, an intermediate authority, and the signing organization."""
    ends = NOW + timedelta(days=3650)
    root = issue("Root", ec.generate_private_key(ec.SECP256R1()), None, ca=True, ends=ends)
    middle = issue("Middle", ec.generate_private_key(ec.SECP256R1()), root, ca=True, ends=ends)
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return root, middle, issue("Bodega Peñín", rsa_key, middle, ca=False, ends=ends)


def profile() -> bytes:
    content = mobileconfig(account(person="Ana Núñez 🍇"))
    assert isinstance(content, bytes)
    return content


def verified(signature: bytes, root: Party, folder: Path, tool: str = "cms") -> bytes:
    """The content that OpenSSL extracts from a signature after verifying it up to the root."""
    (folder / "signed").write_bytes(signature)
    (folder / "root.pem").write_bytes(root.pem)
    done = subprocess.run(
        [
            *("openssl", tool, "-verify", "-inform", "DER", "-in", str(folder / "signed")),
            *("-CAfile", str(folder / "root.pem"), "-purpose", "any", "-binary"),
            *("-attime", str(int(NOW.timestamp()))),
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def signer(
    certificate: bytes, key: bytes | None = None, *, passphrase: str = "", now: datetime = NOW
) -> Signer | SigningFailure:
    secret = Secret(passphrase) if passphrase else None
    return read_signer(certificate, key, secret, now=now)


def accepted(certificate: bytes, key: bytes | None = None, *, passphrase: str = "") -> Signer:
    found = signer(certificate, key, passphrase=passphrase)
    assert isinstance(found, Signer), found
    return found


def refusal(
    certificate: bytes, key: bytes | None = None, *, passphrase: str = "", now: datetime = NOW
) -> SigningFailure:
    found = signer(certificate, key, passphrase=passphrase, now=now)
    assert isinstance(found, SigningFailure)
    assert found.reason.endswith(".")
    return found


@pytest.mark.parametrize("tool", ["cms", "smime"])
def test_openssl_verifies_the_signature_and_extracts_the_same_bytes(
    authorities: Sequence[Party], tmp_path: Path, tool: str
) -> None:
    root, middle, own = authorities
    assert isinstance(own.key, rsa.RSAPrivateKey)
    content = profile()
    signature = sign(content, own.certificate, own.key, [middle.certificate])
    assert verified(signature, root, tmp_path, tool) == content
    # Line ends that a conversion for mail would change.
    mixed = content.replace(b"\n", b"\r\n", 3)
    signature = sign(mixed, own.certificate, own.key, [middle.certificate])
    assert verified(signature, root, tmp_path, tool) == mixed


def test_a_changed_profile_is_detected(authorities: Sequence[Party], tmp_path: Path) -> None:
    root, middle, own = authorities
    assert isinstance(own.key, rsa.RSAPrivateKey)
    signature = sign(profile(), own.certificate, own.key, [middle.certificate])
    changed = signature.replace(b"mail.bodega.example", b"mail.wodega.example")
    assert changed != signature
    with pytest.raises(AssertionError, match=r"(?i)verif"):
        verified(changed, root, tmp_path)
    alone = sign(profile(), own.certificate, own.key)
    with pytest.raises(AssertionError, match=r"(?i)verif"):
        verified(alone, root, tmp_path)


def test_every_form_of_certificate_and_key_is_read(
    authorities: Sequence[Party], tmp_path: Path
) -> None:
    root, middle, own = authorities
    assert isinstance(own.key, rsa.RSAPrivateKey)
    chain = own.pem + middle.pem
    der = own.certificate.public_bytes(Encoding.DER)
    key_der = own.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    traditional = own.key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    bundle = pkcs12.serialize_key_and_certificates(
        b"own", own.key, own.certificate, [middle.certificate], lock
    )
    forms = (
        accepted(chain, own.key_pem()),
        accepted(middle.pem + own.pem, own.key_pem()),
        accepted(chain + own.key_pem()),
        accepted(own.key_pem() + chain),
        accepted(chain, traditional),
        accepted(chain, own.key_pem(PASSPHRASE), passphrase=PASSPHRASE),
        accepted(chain, own.key_pem(), passphrase="not needed"),
        accepted(bundle, passphrase=PASSPHRASE),
    )
    for form in forms:
        assert form.name == "Bodega Peñín"
        assert form.certificate == own.certificate
        assert form.chain == (middle.certificate,)
        assert "BEGIN" not in repr(form)
        assert "key" not in repr(form)
        signature = sign(b"x", form.certificate, form.key, form.chain)
        assert verified(signature, root, tmp_path) == b"x"
    assert accepted(der, key_der).chain == ()


def test_elliptic_curve_keys_can_sign(authorities: Sequence[Party], tmp_path: Path) -> None:
    root, middle, _own = authorities
    key = ec.generate_private_key(ec.SECP384R1())
    own = issue("EC", key, middle, ca=False, ends=NOW + timedelta(days=9))
    found = accepted(own.pem + middle.pem, own.key_pem())
    signature = sign(b"x", found.certificate, found.key, found.chain)
    assert verified(signature, root, tmp_path) == b"x"


def test_an_unusable_signer_is_refused_with_a_sentence(authorities: Sequence[Party]) -> None:
    root, middle, own = authorities
    assert isinstance(own.key, rsa.RSAPrivateKey)
    lock = BestAvailableEncryption(PASSPHRASE.encode())
    bundle = pkcs12.serialize_key_and_certificates(b"own", own.key, own.certificate, None, lock)
    der = own.certificate.public_bytes(Encoding.DER)
    assert "--sign-key" in refusal(own.pem).reason
    assert "--sign-key" in refusal(der).reason
    assert "--sign-key" in refusal(own.pem, own.pem).reason
    assert "belong" in refusal(own.pem, middle.key_pem()).reason
    assert "certificate" in refusal(b"", own.key_pem()).reason
    assert "certificate" in refusal(own.key_pem(), own.key_pem()).reason
    assert "certificate" in refusal(b"junk").reason
    assert not refusal(b"junk").needs_passphrase
    assert "cannot be read" in refusal(own.pem, b"junk").reason
    broken = b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"
    assert "cannot be read" in refusal(own.pem, broken).reason
    assert "large" in refusal(b"x" * (MAX_FILE + 1)).reason
    unusual = issue("Ed", ed25519.Ed25519PrivateKey.generate(), root, ca=False, ends=NOW)
    assert "RSA" in refusal(unusual.pem, unusual.key_pem()).reason
    for locked in (
        refusal(own.pem, own.key_pem(PASSPHRASE)),
        refusal(own.pem, own.key_pem(PASSPHRASE), passphrase="wrong"),
        refusal(bundle),
        refusal(bundle, passphrase="wrong"),
    ):
        assert locked.needs_passphrase
        assert "wrong" not in locked.reason


def test_a_certificate_that_is_not_valid_now_is_refused(authorities: Sequence[Party]) -> None:
    _root, _middle, own = authorities
    for moment in (NOW - timedelta(days=31), NOW + timedelta(days=3651)):
        assert "2026-10-26" in refusal(own.pem, own.key_pem(), now=moment).reason
    assert isinstance(signer(own.pem, own.key_pem(), now=NOW), Signer)


def test_signing_an_export_changes_the_profile_only(
    authorities: Sequence[Party], tmp_path: Path
) -> None:
    root, middle, own = authorities
    artifact = AppleMail().export(account())
    assert isinstance(artifact, Artifact)
    found = accepted(own.pem + middle.pem, own.key_pem())
    result = signed(artifact, found)
    assert [file.name for file in result.files] == [file.name for file in artifact.files]
    assert result.files[1:] == artifact.files[1:]
    assert result.files[0].private
    assert verified(result.files[0].content, root, tmp_path) == artifact.files[0].content
