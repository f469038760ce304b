"""Identifiers that are unique and yet the same in every export."""

from uuid import NAMESPACE_URL, UUID, uuid5

from mailsetup.model.address import EmailAddress


def stable_uuid(address: EmailAddress, purpose: str) -> UUID:
    """The same UUID for the same address and purpose (RFC 9562 section 5.5).

    A program that imports it again replaces what it has instead of adding to it.
    """
    return uuid5(NAMESPACE_URL, f"mailto:{address.ascii}#{purpose}")
