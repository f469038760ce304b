"""Two addresses of one mailbox (RFC 5233)."""

from mailsetup.model.address import EmailAddress


def mailbox_of(address: EmailAddress) -> tuple[str, str]:
    """Local part and domain, without case and subaddress, which the usual servers ignore."""
    local, _plus, _detail = address.local.lower().partition("+")
    return local, address.domain
