"""Options of a publication."""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum

from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import is_ip_literal, parse_host, parse_port

SERVED_NAMES = ("autoconfig", "autodiscover", "ua-auto-config", "mta-sts")
"""The labels below the domain that mail programs and other mail servers query."""
MAX_POLICY_AGE = 31_557_600
"""Seconds; RFC 8461 section 3.2."""
_MAX_TTL = 2**31 - 1
"""RFC 2181 section 8."""
_MAX_LIST = 32
# nginx cannot quote "$", and a blank or a semicolon ends a value.
_PATH = re.compile(r"/[A-Za-z0-9._/+@=-]{0,300}\Z")


class PolicyMode(StrEnum):
    """The mode of the MTA-STS policy (RFC 8461 section 3.2)."""

    ENFORCE = "enforce"
    TESTING = "testing"


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """All have a default; `fault` validates them."""

    address: EmailAddress | None = None
    """The mailbox that the settings were found for: its user name becomes a placeholder."""
    provider: str = ""
    """The display name; by default the settings' provider, else the domain."""
    mail_exchangers: tuple[str, ...] = ()
    """The domain's MX hosts. Without them there is no MTA-STS policy."""
    policy_mode: PolicyMode = PolicyMode.TESTING
    policy_age: int = 604_800
    """Seconds for which other servers may cache the policy."""
    reports_to: EmailAddress | None = None
    """Who receives TLS reports; by default ``postmaster`` at the domain (RFC 5321, 4.5.1)."""
    web: tuple[str, ...] = ()
    """The web server: its addresses (A and AAAA), or one host name (CNAME).

    By default the domain's own.
    """
    folder: str = ""
    """The files' folder on the web server; by default ``/srv/mail-settings/DOMAIN``."""
    certificate: str = ""
    certificate_key: str = ""
    """The web server's certificate and key; by default certbot's paths."""
    listen: tuple[str, ...] = ("443", "[::]:443")
    ttl: int = 3600
    """Seconds."""
    relative: bool = False
    """Names relative to ``$ORIGIN`` in the zone instead of absolute ones."""
    decline_rest: bool = False
    """Publish SRV records that decline all other services (RFC 6186 section 3.4)."""

    def fault(self, domain: str) -> str:
        """Why the options are invalid for a domain, as a sentence; "" where they are valid."""
        return (
            self._web_fault(domain)
            or self._exchanger_fault()
            or self._number_fault()
            or self._server_fault()
            or self._address_fault(domain)
        )

    def _web_fault(self, domain: str) -> str:
        hosts = [place for place in self.web if not is_ip_literal(place)]
        if hosts and len(self.web) > 1:
            return _("Name one web server, or only IP addresses of it.")
        names = {f"{name}.{domain}" for name in SERVED_NAMES}
        for host in hosts:
            if parse_host(host) != host or host in names:
                return _("The name of the web server is not valid.")
        if any(_with_scope(place) for place in self.web) or len(self.web) > _MAX_LIST:
            return _("The name of the web server is not valid.")
        return ""

    def _exchanger_fault(self) -> str:
        if len(self.mail_exchangers) > _MAX_LIST or any(
            parse_host(host) != host for host in self.mail_exchangers
        ):
            return _("The name of a mail exchanger (MX) is not valid.")
        return ""

    def _number_fault(self) -> str:
        if not 0 < self.policy_age <= MAX_POLICY_AGE:
            return _("The MTA-STS policy may be kept for 1 to {most} seconds.").format(
                most=MAX_POLICY_AGE
            )
        if not 0 <= self.ttl <= _MAX_TTL:
            return _("The time to live (TTL) must be from 0 to {most} seconds.").format(
                most=_MAX_TTL
            )
        return ""

    def _server_fault(self) -> str:
        paths = filter(None, (self.folder, self.certificate, self.certificate_key))
        if any(not _PATH.match(path) or ".." in path for path in paths):
            return _(
                "Folders and files of the web server must be whole paths (/srv/…), without blanks"
                " and special characters."
            )
        if not self.listen or not all(map(_is_listenable, self.listen)):
            return _("“listen” takes a port, or an address with a port, such as 192.0.2.1:443.")
        return ""

    def _address_fault(self, domain: str) -> str:
        if self.address is not None and self.address.domain != domain:
            return _("{address} is not an address of {domain}.").format(
                address=self.address, domain=domain
            )
        reports = self.reports_to
        if reports is not None and not reports.ascii.isascii():
            return _("The address for reports must be written without accents.")
        return ""


def _with_scope(place: str) -> bool:
    """``fe80::1%eth0`` is an address to Python but not to a zone."""
    return is_ip_literal(place) and ("%" in place or "[" in place or place != place.strip())


def _is_listenable(text: str) -> bool:
    host, _colon, port = text.rpartition(":")
    if parse_port(port) is None or not port.isdigit():
        return False
    if not host:
        return ":" not in text
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        version = ipaddress.ip_address(bare).version
    except ValueError:
        return False
    return "%" not in bare and (version == 6) == (bare != host)


def served_names(domain: str) -> tuple[str, ...]:
    """The four full host names."""
    return tuple(f"{name}.{domain}" for name in SERVED_NAMES)
