"""A certificate authority for the tests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass
class Certificates:
    """A temporary authority and the certificates that it issued, as files."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.ca_file = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, name: str, *hosts: str, expired: bool = False) -> tuple[Path, Path]:
        """Certificate chain and key, as two files."""
        end = datetime.now(UTC) - timedelta(days=30) if expired else None
        issued = self.ca.issue_cert(*hosts, not_after=end)
        chain, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        return chain, key
