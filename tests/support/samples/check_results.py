"""Made-up results of a search and of checks, for the window and the reports."""

from dataclasses import replace

from mailsetup.assistant.check.report import CheckReport
from mailsetup.diagnosis.symptoms import answer
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import LoggedIn, RoundTrip
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    Hint,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.symptom import Symptom

ADDRESS = EmailAddress("ana", "bodegasdelebro.es")
IMAP = ServerSettings(Protocol.IMAP, "imap.correo-iberico.es", 993, SocketType.TLS, ADDRESS.ascii)
SMTP = ServerSettings(Protocol.SMTP, "smtp.correo-iberico.es", 465, SocketType.TLS, ADDRESS.ascii)
ACCOUNT = Account(ADDRESS, IMAP, SMTP, "Ana Martínez")


def discovery(*, confirm: bool) -> Discovery:
    """Servers that were found; ``confirm`` at a company that nothing proves."""
    source = (
        Source(
            Method.MX, "https://autoconfig.correo-iberico.es/mail/config-v1.1.xml", Channel.HTTPS
        )
        if confirm
        else Source(
            Method.AUTOCONFIG,
            "https://autoconfig.bodegasdelebro.es/mail/config-v1.1.xml",
            Channel.HTTPS,
        )
    )
    return Discovery(
        outcome=DiscoveryStatus.NEEDS_CONFIRMATION if confirm else DiscoveryStatus.FOUND,
        settings=AccountSettings(
            (IMAP,),
            (SMTP,),
            "Correo Ibérico",
            (Hint("app-password", "https://example.org/"),) if not confirm else (),
        ),
        source=source,
        confirm=("correo-iberico.es",) if confirm else (),
    )


def report(*, healthy: bool) -> CheckReport:
    """A check of an account that works, or one with a refused login."""
    refused = Finding(
        FindingId.ACCOUNT_LOGIN_REFUSED,
        Status.FAIL,
        {"host": IMAP.host},
        {
            "server": f"{IMAP.host}:993",
            "code": "NO AUTHENTICATIONFAILED",
            "answer": "Login failed",
        },
    )
    good = Status.OK if healthy else Status.FAIL
    return CheckReport(
        account=ACCOUNT,
        chain=(
            (Link.HOSTING, Status.OK),
            (Link.ACCOUNT, good),
            (Link.DNS, Status.OK),
            (Link.CLIENT, Status.OK),
        ),
        first_broken=None if healthy else Link.ACCOUNT,
        findings=() if healthy else (refused,),
        incoming=LoggedIn(IMAP, "SCRAM-SHA-256", "TLSv1.3", 41.0) if healthy else None,
        outgoing=LoggedIn(SMTP, "PLAIN", "TLSv1.3", 38.0) if healthy else None,
        round_trip=RoundTrip(310.0, 900.0, "INBOX", False, True, 1_435_755, True, "<x@y>")
        if healthy
        else None,
        elapsed_ms=1800.0,
    )


def answered() -> CheckReport:
    """Mail works but has no SPF record: the answer to a complaint."""
    spf = Finding(FindingId.DNS_SPF_MISSING, Status.WARN, {"domain": ADDRESS.domain})
    complaint = answer(Symptom.SPAM, (spf,), proven=True, saw_elsewhere=False)
    healthy = report(healthy=True)
    chain = tuple(
        (link, Status.WARN if link is Link.DNS else status) for link, status in healthy.chain
    )
    return replace(healthy, chain=chain, findings=(spf,), answer=complaint)


def rejected() -> CheckReport:
    """The hosting rejects the message: others have to act."""
    rejection = Finding(
        FindingId.HOSTING_MESSAGE_REJECTED,
        Status.FAIL,
        {"host": SMTP.host},
        {
            "server": f"{SMTP.host}:{SMTP.port}",
            "protocol": "smtp",
            "stage": "data",
            "code": "554 5.7.1",
            "answer": "Message rejected under suspicion of SPAM",
        },
    )
    chain = tuple(
        (link, Status.FAIL if link is Link.HOSTING else status)
        for link, status in report(healthy=True).chain
    )
    broken = replace(report(healthy=True), chain=chain, first_broken=Link.HOSTING)
    return replace(broken, findings=(rejection,), round_trip=None)
