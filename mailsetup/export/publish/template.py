"""One person's settings as everybody's: user names become placeholders.

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

# What hostings put between the two parts where an @ was once not possible.
_BETWEEN = "+._-/=|"


def username_template(username: str, domain: str, address: EmailAddress | None) -> str | None:
    """The user name with placeholders, or None where it is one mailbox's own.

    Whatever holds placeholders already stays. Without the ``address`` that the user name belongs
    to, only a whole address of the domain can be told from a name that somebody chose.
    """
    name = username.casefold()
    if address is not None:
        if name in (address.ascii.casefold(), str(address).casefold()):
            return ADDRESS_PLACEHOLDER
        if name == address.local.casefold():
            return LOCAL_PART_PLACEHOLDER
        for between in _BETWEEN:
            if name == f"{address.local}{between}{domain}".casefold():
                return f"{LOCAL_PART_PLACEHOLDER}{between}{DOMAIN_PLACEHOLDER}"
    if "%" in username:
        return username if _is_template(username, domain) else None
    if address is None:
        written = EmailAddress.parse(username)
        if isinstance(written, EmailAddress) and written.domain == domain and "@" in username:
            return ADDRESS_PLACEHOLDER
    return None


def _is_template(username: str, domain: str) -> bool:
    """Whether two people of the domain would get two names out of it."""
    one = EmailAddress("one", domain).fill(username)
    other = EmailAddress("other", domain).fill(username)
    return one is not None and one != other


def names_a_person(url: str, address: EmailAddress | None) -> bool:
    """Whether a web address seems to be one mailbox's own.

    So does one with a ``%``: autoconfig's readers take it for the beginning of a placeholder.
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
    """Calendars and the like that are the same for everybody, with templates as user names."""
    found = []
    for service in settings.services:
        username = username_template(service.username, domain, address)
        if username is not None and not names_a_person(service.url, address):
            found.append(replace(service, username=username))
    return tuple(found)
