"""Settings of one mailbox made valid for all: user names become placeholders.

The placeholders are those of autoconfig (draft-ietf-mailmaint-autoconfig, "Placeholders").
"""

from dataclasses import replace

from mailsetup.model.address import (
    ADDRESS_PLACEHOLDER,
    DOMAIN_PLACEHOLDER,
    LOCAL_PART_PLACEHOLDER,
    EmailAddress,
)
from mailsetup.model.settings import AccountSettings, Service

# Separators that hostings use where an @ was not possible.
_SEPARATORS = "+._-/=|"


def username_template(username: str, domain: str, address: EmailAddress | None) -> str | None:
    """The user name with placeholders, or None where it does not derive from the address.

    A user name with placeholders is unchanged. Without the ``address`` of its mailbox, only a
    complete address of the domain can be recognised.
    """
    name = username.casefold()
    if address is not None:
        if name in (address.ascii.casefold(), str(address).casefold()):
            return ADDRESS_PLACEHOLDER
        if name == address.local.casefold():
            return LOCAL_PART_PLACEHOLDER
        for separator in _SEPARATORS:
            if name == f"{address.local}{separator}{domain}".casefold():
                return f"{LOCAL_PART_PLACEHOLDER}{separator}{DOMAIN_PLACEHOLDER}"
    if "%" in username:
        return username if _is_template(username, domain) else None
    if address is None:
        written = EmailAddress.parse(username)
        if isinstance(written, EmailAddress) and written.domain == domain and "@" in username:
            return ADDRESS_PLACEHOLDER
    return None


def _is_template(username: str, domain: str) -> bool:
    """Whether two mailboxes of the domain get different user names from it."""
    one = EmailAddress("one", domain).fill(username)
    other = EmailAddress("other", domain).fill(username)
    return one is not None and one != other


def names_a_person(url: str, address: EmailAddress | None) -> bool:
    """Whether a URL seems to belong to one mailbox.

    Also true for a ``%``, which readers of autoconfig read as the start of a placeholder.
    """
    if "@" in url or "%" in url:
        return True
    if address is None:
        return False
    local = address.local.casefold()
    return any(local == part.casefold() for part in url.split("/")[3:])


def shared_services(
    settings: AccountSettings, domain: str, address: EmailAddress | None
) -> tuple[Service, ...]:
    """Services that are the same for all mailboxes, with placeholders as user names."""
    found = []
    for service in settings.services:
        username = username_template(service.username, domain, address)
        if username is not None and not names_a_person(service.url, address):
            found.append(replace(service, username=username))
    return tuple(found)
