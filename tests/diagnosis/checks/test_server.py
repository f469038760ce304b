"""Findings about the dialogue with a server."""

from datetime import UTC, datetime

import pytest

from mailsetup.diagnosis.catalogue import CATALOGUE, explain
from mailsetup.diagnosis.checks.server import arrival_findings, finding_of, quota_findings
from mailsetup.model.address import EmailAddress
from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    LoggedIn,
    Quota,
    RoundTrip,
    Stage,
)
from mailsetup.model.finding import Link, Status
from mailsetup.model.settings import Protocol, ServerSettings, SocketType

ADDRESS = EmailAddress("ana", "bodega.es")
IMAP = ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana@bodega.es")
POP3 = ServerSettings(Protocol.POP3, "pop.bodega.es", 995, SocketType.TLS, "ana@bodega.es")
SMTP = ServerSettings(Protocol.SMTP, "smtp.bodega.es", 465, SocketType.TLS, "ana@bodega.es")


@pytest.mark.parametrize("error", DialogueFault)
def test_every_dialogue_fault_has_a_finding_with_texts(error: DialogueFault) -> None:
    for server in (IMAP, SMTP):
        finding = finding_of(
            DialogueFailure(Stage.LOGIN, error, server, "535 5.7.8", "no"), ADDRESS
        )
        assert finding.id in CATALOGUE
        assert finding.status is Status.FAIL
        assert explain(finding).title


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DialogueFault.AUTH_WRONG, "account.login.refused"),
        (DialogueFault.AUTH_TOKEN_REFUSED, "account.login.sign-in-refused"),
        (DialogueFault.AUTH_SCOPE_MISSING, "account.login.scope-missing"),
        (DialogueFault.TIMEOUT, "hosting.server.unreachable"),
        (DialogueFault.REFUSED, "hosting.server.refused"),
        (DialogueFault.HOST_NOT_FOUND, "hosting.server.unresolvable"),
        (DialogueFault.STARTTLS_MISSING, "hosting.starttls.missing"),
        (DialogueFault.CERTIFICATE_WRONG_NAME, "hosting.tls.certificate-wrong-name"),
        (DialogueFault.QUOTA, "account.quota.full"),
    ],
)
def test_main_faults_have_their_own_finding(error: DialogueFault, expected: str) -> None:
    assert finding_of(DialogueFailure(Stage.CONNECT, error, IMAP), ADDRESS).id == expected


def test_disabled_protocol_has_a_finding_per_protocol() -> None:
    assert [
        finding_of(
            DialogueFailure(Stage.LOGIN, DialogueFault.PROTOCOL_DISABLED, server), ADDRESS
        ).id
        for server in (IMAP, SMTP)
    ] == ["account.imap.disabled", "account.smtp.disabled"]


def test_wrong_name_suggests_a_name_that_is_no_wildcard() -> None:
    certificate = CertificateFacts(
        ("*.hoster.com", "srv12.hoster.com"),
        "Some CA",
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
        "ab" * 32,
    )
    failure = DialogueFailure(
        Stage.TLS, DialogueFault.CERTIFICATE_WRONG_NAME, IMAP, certificate=certificate
    )
    finding = finding_of(failure, ADDRESS)
    assert finding.facts["fitting"] == "srv12.hoster.com"
    assert "srv12.hoster.com" in explain(finding).advice
    assert finding.evidence["certificate_issuer"] == "Some CA"


def test_evidence_contains_the_server_response() -> None:
    failure = DialogueFailure(
        Stage.LOGIN, DialogueFault.AUTH_WRONG, SMTP, "535 5.7.8", "Bad credentials"
    )
    evidence = finding_of(failure, ADDRESS).evidence
    assert evidence["code"] == "535 5.7.8"
    assert evidence["answer"] == "Bad credentials"
    assert evidence["server"] == "smtp.bodega.es:465"


def proof(quota: Quota | None) -> LoggedIn:
    return LoggedIn(IMAP, "PLAIN", "TLSv1.3", 1.0, quota=quota)


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        (None, []),
        (Quota(10, 100), []),
        (Quota(89, 100), []),
        (Quota(90, 100), [("account.quota.nearly-full", Status.WARN)]),
        (Quota(100, 100), [("account.quota.full", Status.FAIL)]),
        (Quota(150, 100), [("account.quota.full", Status.FAIL)]),
        (Quota(5, 0), []),
    ],
)
def test_quota_warns_at_90_percent_and_fails_at_100(
    quota: Quota | None, expected: list[tuple[str, Status]]
) -> None:
    assert [(f.id, f.status) for f in quota_findings(proof(quota))] == expected


def trip(folder: str = "INBOX", junk: bool = False, arrived_ms: float = 900.0) -> RoundTrip:
    return RoundTrip(
        sent_ms=100.0,
        arrived_ms=arrived_ms,
        folder=folder,
        junk=junk,
        attachment_intact=True,
        size=1000,
        cleaned_up=True,
        message_id="<x@y>",
    )


@pytest.mark.fault("hosting.message.delayed")
def test_arrival_is_reported_only_in_another_folder_or_late() -> None:
    def ids_of(seen: RoundTrip) -> list[str]:
        return [finding.id for finding in arrival_findings(seen, Protocol.IMAP)]

    assert not ids_of(trip())
    assert ids_of(trip("Spam", junk=True)) == ["account.mail.in-spam"]
    assert ids_of(trip("Clientes")) == ["account.mail.in-other-folder"]
    assert ids_of(trip(arrived_ms=90_000.0)) == ["hosting.message.delayed"]
    assert all(
        f.link in (Link.ACCOUNT, Link.HOSTING)
        for f in arrival_findings(trip("Spam"), Protocol.IMAP)
    )


def test_pop3_reports_no_delay() -> None:
    assert not arrival_findings(trip(arrived_ms=90_000.0), Protocol.POP3)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (DialogueFault.PROTOCOL_DISABLED, ("account.pop3.disabled", Status.FAIL)),
        (DialogueFault.IN_USE, ("account.mailbox.in-use", Status.FAIL)),
        (DialogueFault.POLICY, ("account.pop3.empties", Status.WARN)),
        (DialogueFault.AUTH_WRONG, ("account.login.refused", Status.FAIL)),
    ],
)
def test_findings_of_pop3_only(failure: DialogueFault, expected: tuple[str, Status]) -> None:
    finding = finding_of(DialogueFailure(Stage.MAILBOX, failure, POP3), ADDRESS)
    assert (finding.id, finding.status) == expected
