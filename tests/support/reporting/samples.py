"""Sample reports: healthy, with warnings, broken, and not checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from mailsetup import i18n
from mailsetup.assistant.check.report import CheckReport, Elsewhere
from mailsetup.diagnosis.symptoms import answer
from mailsetup.model.dialogue import Quota, RoundTrip
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceAttempt, SourceStatus
from mailsetup.model.symptom import Symptom
from mailsetup.reporting.build import report_content
from mailsetup.reporting.content import ReportContent
from tests.support.samples.check_results import discovery as some_discovery
from tests.support.samples.check_results import report as some_report

NOW = datetime(2026, 10, 7, 14, 5, tzinfo=timezone(timedelta(hours=2)))

WRONG_NAME = Finding(
    FindingId.HOSTING_TLS_CERTIFICATE_WRONG_NAME,
    Status.FAIL,
    {
        "host": "mail.bodegasdelebro.es",
        "names": ("srv12.correo-iberico.es", "*.correo-iberico.es"),
        "fitting": "srv12.correo-iberico.es",
    },
    {
        "server": "mail.bodegasdelebro.es:993",
        "class": "certificate-wrong-name",
        "certificate_names": ("srv12.correo-iberico.es", "*.correo-iberico.es"),
        "certificate_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
)
REJECTED = Finding(
    FindingId.HOSTING_MESSAGE_REJECTED,
    Status.FAIL,
    {"host": "smtp.correo-iberico.es"},
    {
        "server": "smtp.correo-iberico.es:465",
        "code": "554 5.7.1",
        "answer": "Message refused by policy",
    },
)
NEARLY_FULL = Finding(
    FindingId.ACCOUNT_QUOTA_NEARLY_FULL,
    Status.WARN,
    {"percent": 94, "used_mib": 1925.0, "limit_mib": 2048.0},
    {"used_kib": 1971200, "limit_kib": 2097152},
)
NO_DMARC = Finding(
    FindingId.DNS_DMARC_MISSING,
    Status.WARN,
    {"domain": "bodegasdelebro.es"},
    {"asked": "_dmarc.bodegasdelebro.es", "answer": "NXDOMAIN"},
)


def chain(*statuses: Status) -> tuple[tuple[Link, Status], ...]:
    """The links in order, each with its status."""
    return tuple(zip(Link, statuses, strict=True))


def discovery() -> Discovery:
    """A discovery with the sources that were queried."""
    return replace(
        some_discovery(confirm=False),
        tried=(
            SourceAttempt(Method.BUILTIN, SourceStatus.ABSENT, 0.2),
            SourceAttempt(
                Method.AUTOCONFIG,
                SourceStatus.FOUND,
                83.1,
                "https://autoconfig.bodegasdelebro.es/mail/",
            ),
            SourceAttempt(Method.SRV, SourceStatus.ABSENT, 51.0, "_imaps._tcp.bodegasdelebro.es"),
            SourceAttempt(
                Method.AUTODISCOVER,
                SourceStatus.UNREACHABLE,
                90.0,
                "https://autodiscover.x.es/",
                "timeout",
            ),
        ),
    )


def healthy() -> CheckReport:
    """A report in which everything is proven."""
    report = some_report(healthy=True)
    assert report.incoming is not None
    assert report.outgoing is not None
    return replace(
        report,
        incoming=replace(
            report.incoming,
            capabilities=("IDLE", "IMAP4rev1", "QUOTA"),
            quota=Quota(734_003, 2_097_152),
        ),
        outgoing=replace(
            report.outgoing, capabilities=("8BITMIME", "SIZE 52428800"), size_limit=52_428_800
        ),
    )


def reports() -> dict[str, CheckReport]:
    """One report of each kind."""
    ok, warn, fail, unknown = Status.OK, Status.WARN, Status.FAIL, Status.UNKNOWN
    good = healthy()
    assert good.incoming is not None
    refused = some_report(healthy=False)
    broken = replace(
        refused,
        findings=(WRONG_NAME, NEARLY_FULL, NO_DMARC),
        first_broken=Link.HOSTING,
        chain=chain(fail, warn, warn, unknown),
    )
    return {
        "healthy": good,
        "warned": replace(good, findings=(NO_DMARC,), chain=chain(ok, ok, warn, ok)),
        "refused": refused,
        "rejected": replace(
            good,
            findings=(REJECTED,),
            round_trip=None,
            first_broken=Link.HOSTING,
            chain=chain(fail, ok, ok, ok),
        ),
        "broken": replace(
            broken,
            answer=answer(
                Symptom.NOT_RECEIVING, broken.findings, proven=False, saw_elsewhere=False
            ),
        ),
        "unknown": replace(
            good,
            incoming=replace(good.incoming, alerts=("Maintenance on Sunday",)),
            outgoing=None,
            round_trip=None,
            chain=chain(unknown, ok, ok, unknown),
        ),
        "elsewhere": replace(
            good,
            elsewhere=Elsewhere(
                "ana@otra.example",
                sent=RoundTrip(200.0, 2400.0, "INBOX", False, True, 4096, True, "<a@b>"),
                received=RoundTrip(300.0, 12_400.0, "Spam", True, True, 4097, False, "<b@a>"),
            ),
        ),
    }


KINDS = tuple(reports())


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Set the current language within the block."""
    before = i18n.language()
    i18n.set_language(language)
    try:
        yield
    finally:
        i18n.set_language(before)


def content(kind: str, language: str = "en") -> ReportContent:
    """The content of one kind of report."""
    with speaking(language):
        return report_content(reports()[kind], discovery(), NOW)
