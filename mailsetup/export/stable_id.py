"""Identifiers that formats want to be unique, and that we want to be the same each time."""

from uuid import NAMESPACE_URL, UUID, uuid5

from mailsetup.model.address import EmailAddress


def stable_uuid(address: EmailAddress, purpose: str) -> UUID:
    """The same UUID for the same address and purpose, always (RFC 9562, section 5.5).

    A program that meets it a second time replaces what it has instead of adding to it.
    """
    return uuid5(NAMESPACE_URL, f"mailto:{address.ascii}#mailsetup-{purpose}")
