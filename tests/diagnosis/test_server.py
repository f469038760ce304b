"""What failures of a server's dialogue mean for the chain."""

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
def test_every_class_of_failure_has_a_finding_with_words(error: DialogueFault) -> None:
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
def test_the_main_faults_each_have_their_own_finding(error: DialogueFault, expected: str) -> None:
    assert finding_of(DialogueFailure(Stage.CONNECT, error, IMAP), ADDRESS).id == expected


def test_a_switched_off_protocol_is_told_apart_by_direction() -> None:
    assert [
        finding_of(
            DialogueFailure(Stage.LOGIN, DialogueFault.PROTOCOL_DISABLED, server), ADDRESS
        ).id
        for server in (IMAP, SMTP)
    ] == ["account.imap.disabled", "account.smtp.disabled"]


def test_a_wrong_name_proposes_a_name_of_the_certificate_that_is_no_wildcard() -> None:
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


def test_the_evidence_keeps_the_servers_own_words() -> None:
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
def test_a_quota_warns_at_ninety_percent_and_breaks_at_a_hundred(
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
def test_where_and_when_the_message_arrived_is_told_only_if_worth_a_word() -> None:
    def told(seen: RoundTrip) -> list[str]:
        return [finding.id for finding in arrival_findings(seen, Protocol.IMAP)]

    assert not told(trip())
    assert told(trip("Spam", junk=True)) == ["account.mail.in-spam"]
    assert told(trip("Clientes")) == ["account.mail.in-other-folder"]
    assert told(trip(arrived_ms=90_000.0)) == ["hosting.message.delayed"]
    assert all(
        f.link in (Link.ACCOUNT, Link.HOSTING)
        for f in arrival_findings(trip("Spam"), Protocol.IMAP)
    )


def test_pop3_looks_too_seldom_to_call_a_message_late() -> None:
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
def test_a_maildrop_has_faults_of_its_own(
    failure: DialogueFault, expected: tuple[str, Status]
) -> None:
    finding = finding_of(DialogueFailure(Stage.MAILBOX, failure, POP3), ADDRESS)
    assert (finding.id, finding.status) == expected
