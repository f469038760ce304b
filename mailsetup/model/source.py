"""Where settings came from."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """The way in which settings were found, in the command line's words."""

    PACC = "pacc"
    AUTOCONFIG = "autoconfig"
    WELL_KNOWN = "well-known"
    ISPDB = "ispdb"
    SRV = "srv"
    MX = "mx"
    AUTODISCOVER = "autodiscover"
    BUILTIN = "builtin"
    PROBE = "probe"
    FILE = "file"
    TYPED = "typed"
    """Entered by the user in the window."""

    @property
    def is_given_by_user(self) -> bool:
        """Whether the user, or the computer's administrator, chose the settings."""
        return self in (Method.FILE, Method.TYPED)

    @property
    def is_automatic(self) -> bool:
        """Whether a mail program could find the settings with neither guesses nor user input."""
        return not self.is_given_by_user and self is not Method.PROBE


class Channel(StrEnum):
    """What protected the settings in transit."""

    HTTPS = "https"
    HTTP = "http"
    DNS = "dns"
    DNSSEC = "dnssec"
    BUILTIN = "builtin"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Source:
    """Method, location (a URL, a DNS name, a file) and channel of settings."""

    method: Method
    location: str
    channel: Channel
