"""The MTA-STS policy and its DNS records (RFC 8461, RFC 8460)."""

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from mailsetup.export.publish.options import PolicyMode
from mailsetup.model.address import EmailAddress


def mta_sts_policy(mode: PolicyMode, exchangers: Sequence[str], age: int) -> bytes:
    """``mta-sts.txt``; ``age`` in seconds."""
    lines = [
        "version: STSv1",
        f"mode: {mode}",
        *(f"mx: {host}" for host in dict.fromkeys(exchangers)),
        f"max_age: {age}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def mta_sts_record(policy: bytes) -> str:
    """The TXT record of the policy; its id is a digest of the policy."""
    return f"v=STSv1; id={hashlib.sha256(policy).hexdigest()[:20]};"


def tls_report_record(address: EmailAddress) -> str:
    """The TXT record for TLS reports (RFC 8460 section 3: ``!,;`` must be encoded)."""
    return f"v=TLSRPTv1; rua=mailto:{quote(address.ascii, safe='@')}"
