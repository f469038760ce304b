"""The DNS records of the domains that the real servers serve."""

import base64
import hashlib

from tests.support.servers.hosting import PACC, PENISCOLA, SHARED


def standard_records(ip: str, sign_in_ip: str, issuer_ip: str) -> list[str]:
    """The records of all domains; ``ip`` is the servers' address."""
    lines: list[str] = []

    def a(*names: str) -> None:
        lines.extend(f"{name}. A {ip}" for name in names)

    def mx(domain: str, host: str) -> None:
        lines.append(f"{domain}. MX 10 {host}.")

    def srv(domain: str, host: str) -> None:
        for label, port in (
            ("_imaps", 993),
            ("_imap", 143),
            ("_submissions", 465),
            ("_submission", 587),
        ):
            lines.append(f"{label}._tcp.{domain}. SRV 0 1 {port} {host}.")

    a("mx.bodega.test", "imap.bodega.test", "smtp.bodega.test", "autoconfig.bodega.test")
    mx("bodega.test", "mx.bodega.test")
    srv("bodega.test", "imap.bodega.test")
    lines.append('bodega.test. TXT "v=spf1 mx -all"')
    lines.append('_dmarc.bodega.test. TXT "v=DMARC1; p=none"')
    a(f"mail.{PENISCOLA}", f"autoconfig.{PENISCOLA}")
    mx(PENISCOLA, f"mail.{PENISCOLA}")
    a("mx.onlysrv.test", "mail.onlysrv.test")
    mx("onlysrv.test", "mx.onlysrv.test")
    srv("onlysrv.test", "mail.onlysrv.test")
    a("mail.onlyautoconfig.test", "autoconfig.onlyautoconfig.test")
    mx("onlyautoconfig.test", "mail.onlyautoconfig.test")
    a("wellknown.test", "mail.wellknown.test")
    mx("wellknown.test", "mail.wellknown.test")
    a("mx1.hoster.test", "autoconfig.hoster.test", "mail.hoster.test", "srv12.hoster.test")
    mx("mxhosted.test", "mx1.hoster.test")
    mx("foreign-srv.test", "mx1.hoster.test")
    srv("foreign-srv.test", "mail.hoster.test")
    a("autoconfig.html200.test", "html200.test", "mail.html200.test", "imap.html200.test")
    a("smtp.html200.test")
    mx("html200.test", "mail.html200.test")
    for domain in ("wrongcert.test", "expired.test"):
        a(f"mail.{domain}")
        mx(domain, f"mail.{domain}")
        srv(domain, f"mail.{domain}")
    a(f"mail.{SHARED}")
    mx(SHARED, f"mail.{SHARED}")
    a("mail.pacc.test", "ua-auto-config.pacc.test")
    mx("pacc.test", "mail.pacc.test")
    digest = base64.b64encode(hashlib.sha256(PACC.encode()).digest()).decode()
    lines.append(f'_ua-auto-config.pacc.test. TXT "v=UAAC1; a=sha256; d={digest}"')
    a("autodiscover.outlookish.test", "mail.outlookish.test")
    mx("outlookish.test", "mail.outlookish.test")
    a("mail.probing.test", "imap.probing.test", "smtp.probing.test")
    mx("probing.test", "mail.probing.test")
    a("mail.faults.test")
    mx("faults.test", "mail.faults.test")
    srv("faults.test", "mail.faults.test")
    a("mx.acceso.test", "autoconfig.acceso.test")
    mx("acceso.test", "mx.acceso.test")
    # The servers that take a sign-in instead of a password, and where one signs in.
    lines.append(f"mail.acceso.test. A {sign_in_ip}")
    lines.append(f"id.acceso.test. A {issuer_ip}")
    lines.append("nullmx.test. MX 0 .")
    lines.append('nomx.test. TXT "nothing here"')
    mx("dead.test", "gone.dead.test")
    return lines
