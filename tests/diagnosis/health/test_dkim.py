"""The DKIM verifier, compared with dkimpy on signed, relayed and changed messages."""

import base64
import hashlib
import itertools
import re
from collections.abc import Callable

import dkim as oracle
import nacl.signing
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup.diagnosis.health.dkim import (
    CanonicalBody,
    DkimFault,
    DkimSignature,
    SignatureStatus,
    findings,
    verify,
)
from mailsetup.diagnosis.health.received_message import read_message
from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Status
from tests.support.network.scripted_network import NO_DATA, SERVFAIL, DnsReply, ScriptedNetwork, run

NAME = "sel._domainkey.bodega.es"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
"""The shortest key that verifiers must accept (RFC 8301)."""
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = nacl.signing.SigningKey.generate()
NOW = 1_800_000_000.0

TOO_SHORT = (
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhANbxxeh5LYzXL/FHmzS08CyBDUj3waM1VOBrV+QUMrVzbbob"
    "wZmyC9ZyXRWeNPG1JtPPbUbqnKgdip/zNIm0LlsZYtVt7enXwsXtBdQkrv0eVTCbbMscilg2oRj9EEM8"
    "WwIDAQAB"
)
"""An RSA key of 768 bits, which current libraries do not generate any more."""

BODIES = (
    b"",
    b"\r\n\r\n",
    b"Hola.\r\n",
    b"Hola  que \t tal  \r\n\r\n \t \r\nadi\xc3\xb3s\r\n\r\n\r\n",
    b"sin final de linea",
    b"a" * 5000 + b"\r\n" + b"b" * 5000 + b"\r\n",
)
HEADER = (
    b"From: Ana  <ana@bodega.es>\r\n"
    b"To:\tpepe@lejos.es\r\n"
    b"Subject: =?utf-8?q?ma=C3=B1ana?=\r\n\t  y  pasado  \r\n"
    b"Message-ID: <1@bodega.es>\r\n"
    b"Received: from a by b\r\n"
    b"Received: from c by d\r\n"
    b"\r\n"
)


def public(key: rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def private(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


ED_RECORD = f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(ED.verify_key)).decode()}"


def sign(
    message: bytes,
    *,
    ed25519: bool = False,
    how: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    length: bool = False,
    key: rsa.RSAPrivateKey = RSA,
) -> bytes:
    field: bytes = oracle.sign(
        message,
        b"sel",
        b"bodega.es",
        base64.b64encode(bytes(ED)) if ed25519 else private(key),
        canonicalize=how,
        signature_algorithm=b"ed25519-sha256" if ed25519 else b"rsa-sha256",
        length=length,
    )
    return field + message


def ours(message: bytes, *records: str, reply: DnsReply | None = None) -> DkimSignature:
    scripted = ScriptedNetwork(dns={(NAME, "TXT"): reply or DnsAnswer(records)})
    (found,) = run(verify(message, scripted, NOW))
    return found


def theirs(message: bytes, record: str) -> bool:
    try:
        return bool(oracle.verify(message, dnsfunc=lambda *_args, **_named: record.encode()))
    except oracle.DKIMException:
        return False


def unchanged(message: bytes) -> bytes:
    return message


CHANGES: tuple[Callable[[bytes], bytes], ...] = (
    unchanged,
    lambda m: m + b"Enviado desde mi casa\r\n",
    lambda m: m + b"\r\n\r\n",
    lambda m: m.replace(b"Hola", b"Adios"),
    lambda m: m.replace(b"que \t tal", b"que tal"),
    lambda m: m.replace(b"Subject:", b"SUBJECT:"),
    lambda m: m.replace(b"pasado", b"luego"),
    lambda m: m.replace(b"\r\n\t  y  pasado", b" y pasado"),
    lambda m: b"Received: from x by y\r\n" + m,
    lambda m: m.replace(b"From:", b"From: otro@lejos.es\r\nFrom:", 1),
    lambda m: m.replace(b"\r\n\r\n", b"\r\nFrom: otro@lejos.es\r\n\r\n", 1),
    lambda m: m.replace(b"Received: from a by b\r\n", b""),
)
WAYS = list(itertools.product((b"simple", b"relaxed"), repeat=2))


@pytest.mark.parametrize("ed25519", [False, True])
@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("length", [False, True])
def test_our_verifier_agrees_with_dkimpy(
    ed25519: bool, how: tuple[bytes, bytes], length: bool
) -> None:
    record = ED_RECORD if ed25519 else public(RSA)
    verdicts: set[bool] = set()
    for body in BODIES:
        signed = sign(HEADER + body, ed25519=ed25519, how=how, length=length)
        for number, change in enumerate(CHANGES):
            message = change(signed)
            mine, other = (
                ours(message, record).status is SignatureStatus.VALID,
                theirs(message, record),
            )
            assert mine is other, (number, body)
            verdicts.add(mine)
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ("v=DKIM1; p=", DkimFault.KEY_REVOKED),
        ("v=DKIM1; k=rsa", DkimFault.KEY_MALFORMED),
        ("v=DKIM2; p=AAAA", DkimFault.KEY_MALFORMED),
        ("v=DKIM1; p=no es base64", DkimFault.KEY_MALFORMED),
        (public(OTHER), DkimFault.SIGNATURE),
        (public(RSA).replace("k=rsa", "k=ed25519"), DkimFault.KEY_UNFIT),
        (public(RSA).replace("k=rsa", "h=sha1"), DkimFault.KEY_UNFIT),
        (public(RSA).replace("k=rsa", "s=otro"), DkimFault.KEY_UNFIT),
        (public(RSA).replace("v=DKIM1; k=rsa; ", ""), None),
        (public(RSA).replace("k=rsa", "t=y:s; n=algo; s=email"), None),
    ],
)
def test_unusable_key_is_no_wrong_signature(record: str, fault: DkimFault | None) -> None:
    found = ours(sign(HEADER + BODIES[2]), record)
    assert found.fault is fault
    # dkimpy ignores the hash algorithms of the key record (RFC 6376 section 3.6.1).
    forgiven = "h=sha1" in record
    assert theirs(sign(HEADER + BODIES[2]), record) is (fault is None or forgiven)


def test_relaxed_header_ignores_white_space_before_the_colon() -> None:
    """RFC 6376 section 3.4.2; dkimpy does not find such a field."""
    changed = sign(HEADER).replace(b"Subject:", b"Subject :")
    assert ours(changed, public(RSA)).status is SignatureStatus.VALID


def test_shortest_allowed_key_is_accepted() -> None:
    assert ours(sign(HEADER, key=SHORT), public(SHORT)).status is SignatureStatus.VALID


def test_shorter_key_is_rejected() -> None:
    record = f"v=DKIM1; k=rsa; p={TOO_SHORT}"
    assert ours(sign(HEADER), record).fault is DkimFault.KEY_TOO_SHORT


def test_missing_key_is_no_failed_query() -> None:
    message = sign(HEADER + BODIES[2])
    assert ours(message, reply=NO_DATA).fault is DkimFault.KEY_MISSING
    assert ours(message, reply=SERVFAIL).status is SignatureStatus.UNKNOWN


def test_one_valid_key_among_several_is_enough() -> None:
    assert ours(sign(HEADER), "v=DKIM1; p=", public(RSA)).status is SignatureStatus.VALID


def by_hand(*, expires: str = "", names: str = "from:to", algorithm: str = "rsa-sha256") -> bytes:
    """Signed here, for what the other library's signer cannot write."""
    body_hash = base64.b64encode(hashlib.sha256(b"Hola.\r\n").digest()).decode()
    field = (
        f"DKIM-Signature: v=1; a={algorithm}; c=simple/simple; d=bodega.es; s=sel; h={names};"
        f"{expires} bh={body_hash}; b="
    ).encode()
    lines = HEADER.split(b"\r\n")
    signed = lines[0] + b"\r\n" + lines[1] + b"\r\n" + field
    signature = base64.b64encode(RSA.sign(signed, padding.PKCS1v15(), SHA256()))
    return field + signature + b"\r\n" + HEADER + b"Hola.\r\n"


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (by_hand(), None),
        (by_hand(expires=f" x={int(NOW) + 5};"), None),
        (by_hand(expires=f" x={int(NOW) - 90_000};"), DkimFault.EXPIRED),
        (by_hand(expires=" x=pronto;"), DkimFault.MALFORMED),
        (by_hand(names="to"), DkimFault.MALFORMED),
        (by_hand(algorithm="rsa-sha1"), DkimFault.ALGORITHM),
        (by_hand().replace(b"d=bodega.es", b"d=bodega.es; i=@lejos.es"), DkimFault.MALFORMED),
        (by_hand().replace(b"v=1; ", b""), DkimFault.MALFORMED),
        (by_hand().replace(b"v=1; ", b"v=1; v=1; "), DkimFault.MALFORMED),
    ],
)
def test_malformed_signature_field_is_rejected(message: bytes, fault: DkimFault | None) -> None:
    assert ours(message, public(RSA)).fault is fault


def test_signature_stays_valid_when_a_mail_store_writes_bare_line_feeds() -> None:
    stored = sign(HEADER + BODIES[3]).replace(b"\r\n", b"\n")
    assert ours(stored, public(RSA)).status is SignatureStatus.VALID


@pytest.mark.parametrize(
    "hostile",
    [
        b"DKIM-Signature:" + b";" * 100_000 + b"\r\nFrom: a@b.es\r\n\r\n",
        b"DKIM-Signature: v=1" + b"\r\n \t" * 100_000 + b"\r\n\r\n",
        b"DKIM-Signature: \xff\x00\x1b[31m; d=\x00; s=*\r\n\r\n",
        (b"DKIM-Signature: v=1; d=a.es; s=s\r\n") * 2000 + b"\r\n",
        b"DKIM-Signature:",
    ],
)
def test_hostile_fields_are_malformed(hostile: bytes) -> None:
    found = run(verify(hostile, ScriptedNetwork(), NOW))
    assert 1 <= len(found) <= 8
    assert {one.fault for one in found} == {DkimFault.MALFORMED}


def test_long_line_of_blanks_takes_linear_time() -> None:
    body = b"a" + b" " * 2_000_000 + b"b\r\n"
    field = sign(HEADER + b"x\r\n").partition(b"From:")[0]
    assert ours(field + HEADER + body, public(RSA)).fault is DkimFault.BODY


# Findings -----------------------------------------------------------------------------------------


def findings_of(
    *signatures: DkimSignature, elsewhere: bool, header: bytes = b""
) -> list[tuple[str, Status]]:
    arrived = read_message(header + HEADER)
    return [(one.id, one.status) for one in findings(signatures, arrived, elsewhere=elsewhere)]


GOOD = DkimSignature("bodega.es", "sel", SignatureStatus.VALID)
NO_KEY = DkimSignature("bodega.es", "sel", SignatureStatus.INVALID, DkimFault.KEY_MISSING)
CHANGED = DkimSignature("bodega.es", "sel", SignatureStatus.INVALID, DkimFault.BODY)
UNKNOWN = DkimSignature("bodega.es", "sel", SignatureStatus.UNKNOWN)
FOREIGN = DkimSignature("hoster.com", "sel", SignatureStatus.INVALID, DkimFault.KEY_MISSING)


def test_missing_signature_counts_only_at_another_provider() -> None:
    assert findings_of(elsewhere=False) == []
    assert findings_of(elsewhere=True) == [("dns.dkim.missing", Status.WARN)]


def test_signature_without_a_key_counts_everywhere() -> None:
    for elsewhere in (False, True):
        assert findings_of(NO_KEY, elsewhere=elsewhere) == [("dns.dkim.invalid", Status.FAIL)]


def test_body_changed_inside_one_provider_only_warns() -> None:
    assert findings_of(CHANGED, elsewhere=False) == [("dns.dkim.invalid", Status.WARN)]


def test_one_valid_or_unknown_signature_of_the_domain_is_enough() -> None:
    assert findings_of(NO_KEY, GOOD, elsewhere=True) == []
    assert findings_of(NO_KEY, UNKNOWN, elsewhere=True) == []
    assert findings_of(GOOD, FOREIGN, elsewhere=True) == []


def test_body_is_processed_once_for_many_signatures_and_keys() -> None:
    body = CanonicalBody(b"a  b\n\n" * 1000)
    wanted = [(relaxed, length) for relaxed in (True, False) for length in (None, 0, 10)]
    for _signature in range(8):
        for relaxed, length in wanted:
            body.digest(relaxed=relaxed, length=length)
    assert body.passes == 2 + len(wanted)
    canonical = b"a b\r\n\r\n" * 999 + b"a b\r\n"
    assert body.digest(relaxed=True, length=None) == hashlib.sha256(canonical).digest()
    assert body.digest(relaxed=True, length=10) == hashlib.sha256(canonical[:10]).digest()


def by_lines(body: bytes, *, relaxed: bool) -> bytes:
    """The canonical body by RFC 6376 sections 3.4.3 and 3.4.4, line by line."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").split(b"\r\n")
    if relaxed:
        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    canonical = b"".join(line + b"\r\n" for line in lines)
    return canonical if lines or relaxed else b"\r\n"


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\r\n"]), max_size=30))
def test_canonical_body_follows_the_rfc(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    for relaxed in (True, False):
        expected = hashlib.sha256(by_lines(body, relaxed=relaxed)).digest()
        assert CanonicalBody(body).digest(relaxed=relaxed, length=None) == expected
