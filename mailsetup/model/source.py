"""Where settings came from."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """The way that led to the settings, in the command line's words."""

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
    """Typed by the person in the window."""


class Channel(StrEnum):
    """What protected the settings on their way to us."""

    HTTPS = "https"
    HTTP = "http"
    DNS = "dns"
    DNSSEC = "dnssec"
    BUILTIN = "builtin"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Source:
    """Method, place (a URL, a DNS name, a file) and channel of a discovery."""

    method: Method
    location: str
    channel: Channel
