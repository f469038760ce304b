"""The files of a publication and the URLs at which they are served."""

from dataclasses import dataclass
from typing import Final

CONFIG = "config-v1.1.xml"
AUTODISCOVER = "autodiscover.xml"
PACC = "user-agent-configuration.json"
POLICY = "mta-sts.txt"
RECORDS = "records.zone"
NGINX_NAMES = "nginx-names.conf"
NGINX_DOMAIN = "nginx-domain.conf"

AUTODISCOVER_PATH = "/autodiscover/autodiscover.xml"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """One URL of a file. ``label`` is the host's label below the domain, "" for the domain itself.

    ``media_type`` is the value of Content-Type. ``by_script`` files are also fetched by web mail
    programs, which needs a CORS header. Autodiscover is requested with POST (``posted``).
    """

    file: str
    label: str
    path: str
    media_type: str
    by_script: bool = False
    posted: bool = False

    def host(self, domain: str) -> str:
        """The full host name."""
        return f"{self.label}.{domain}" if self.label else domain

    def url(self, domain: str) -> str:
        """The URL."""
        return f"https://{self.host(domain)}{self.path}"


_XML = "text/xml; charset=utf-8"
PLACES: Final = (
    ServedFile(CONFIG, "autoconfig", "/mail/config-v1.1.xml", _XML, by_script=True),
    ServedFile(CONFIG, "", "/.well-known/autoconfig/mail/config-v1.1.xml", _XML, by_script=True),
    ServedFile(AUTODISCOVER, "autodiscover", AUTODISCOVER_PATH, _XML, posted=True),
    ServedFile(AUTODISCOVER, "", AUTODISCOVER_PATH, _XML, posted=True),
    ServedFile(
        PACC,
        "ua-auto-config",
        "/.well-known/user-agent-configuration.json",
        "application/json",
        by_script=True,
    ),
    ServedFile(POLICY, "mta-sts", "/.well-known/mta-sts.txt", "text/plain"),
)
