"""The DNS records of the domains that the real servers serve."""

import base64
import hashlib
from dataclasses import dataclass, field

from tests.support.servers.hosting import PACC, PENISCOLA, SHARED


@dataclass
class _Zone:
    ip: str
    lines: list[str] = field(default_factory=list)

    def a(self, *names: str) -> None:
        self.lines.extend(f"{name}. A {self.ip}" for name in names)

    def mx(self, domain: str, host: str) -> None:
        self.lines.append(f"{domain}. MX 10 {host}.")

    def srv(self, domain: str, host: str) -> None:
        for label, port in (
            ("_imaps", 993),
            ("_imap", 143),
            ("_submissions", 465),
            ("_submission", 587),
        ):
            self.lines.append(f"{label}._tcp.{domain}. SRV 0 1 {port} {host}.")


def standard_records(ip: str, sign_in_ip: str, issuer_ip: str) -> list[str]:
    """The records of all domains; ``ip`` is the servers' address."""
    zone = _Zone(ip)
    _add_ordinary_domains(zone)
    _add_special_domains(zone, sign_in_ip, issuer_ip)
    return zone.lines


def _add_ordinary_domains(zone: _Zone) -> None:
    zone.a("mx.bodega.test", "imap.bodega.test", "smtp.bodega.test", "autoconfig.bodega.test")
    zone.mx("bodega.test", "mx.bodega.test")
    zone.srv("bodega.test", "imap.bodega.test")
    zone.lines.append('bodega.test. TXT "v=spf1 mx -all"')
    zone.lines.append('_dmarc.bodega.test. TXT "v=DMARC1; p=none"')
    zone.a(f"mail.{PENISCOLA}", f"autoconfig.{PENISCOLA}")
    zone.mx(PENISCOLA, f"mail.{PENISCOLA}")
    zone.a("mx.onlysrv.test", "mail.onlysrv.test")
    zone.mx("onlysrv.test", "mx.onlysrv.test")
    zone.srv("onlysrv.test", "mail.onlysrv.test")
    zone.a("mail.onlyautoconfig.test", "autoconfig.onlyautoconfig.test")
    zone.mx("onlyautoconfig.test", "mail.onlyautoconfig.test")
    zone.a("wellknown.test", "mail.wellknown.test")
    zone.mx("wellknown.test", "mail.wellknown.test")
    zone.a("mx1.hoster.test", "autoconfig.hoster.test", "mail.hoster.test", "srv12.hoster.test")
    zone.mx("mxhosted.test", "mx1.hoster.test")
    zone.mx("foreign-srv.test", "mx1.hoster.test")
    zone.srv("foreign-srv.test", "mail.hoster.test")
    zone.a("autoconfig.html200.test", "html200.test", "mail.html200.test", "imap.html200.test")
    zone.a("smtp.html200.test")
    zone.mx("html200.test", "mail.html200.test")
    for domain in ("wrongcert.test", "expired.test"):
        zone.a(f"mail.{domain}")
        zone.mx(domain, f"mail.{domain}")
        zone.srv(domain, f"mail.{domain}")


def _add_special_domains(zone: _Zone, sign_in_ip: str, issuer_ip: str) -> None:
    zone.a(f"mail.{SHARED}")
    zone.mx(SHARED, f"mail.{SHARED}")
    zone.a("mail.pacc.test", "ua-auto-config.pacc.test")
    zone.mx("pacc.test", "mail.pacc.test")
    digest = base64.b64encode(hashlib.sha256(PACC.encode()).digest()).decode()
    zone.lines.append(f'_ua-auto-config.pacc.test. TXT "v=UAAC1; a=sha256; d={digest}"')
    zone.a("autodiscover.outlookish.test", "mail.outlookish.test")
    zone.mx("outlookish.test", "mail.outlookish.test")
    zone.a("mail.probing.test", "imap.probing.test", "smtp.probing.test")
    zone.mx("probing.test", "mail.probing.test")
    zone.a("mail.faults.test")
    zone.mx("faults.test", "mail.faults.test")
    zone.srv("faults.test", "mail.faults.test")
    zone.a("mx.acceso.test", "autoconfig.acceso.test")
    zone.mx("acceso.test", "mx.acceso.test")
    # The servers that take a sign-in instead of a password, and where one signs in.
    zone.lines.append(f"mail.acceso.test. A {sign_in_ip}")
    zone.lines.append(f"id.acceso.test. A {issuer_ip}")
    zone.lines.append("nullmx.test. MX 0 .")
    zone.lines.append('nomx.test. TXT "nothing here"')
    zone.mx("dead.test", "gone.dead.test")
