"""Findings about the dialogue with a server: its failures, the quota, where the message arrived."""

from collections.abc import Mapping
from typing import Final, assert_never

from mailsetup.model.address import EmailAddress
from mailsetup.model.certificate import CertificateFacts
from mailsetup.model.dialogue import (
    Confidence,
    DialogueFailure,
    DialogueFault,
    LoggedIn,
    RoundTrip,
    Stage,
)
from mailsetup.model.finding import Fact, Finding, Octets, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Protocol, SocketType

_MIB = 1024 * 1024
_ROOM_FOR_TEXT = 20 * 1024
NEARLY_FULL = 0.9
"""Share of the quota."""
SLOW_SECONDS = 60.0
_NOT_BROKEN = frozenset({FindingId.ACCOUNT_POP3_EMPTIES})
"""What prevented the check although mail works."""
_DISABLED: Final[Mapping[Protocol, FindingId]] = {
    Protocol.IMAP: FindingId.ACCOUNT_IMAP_DISABLED,
    Protocol.POP3: FindingId.ACCOUNT_POP3_DISABLED,
    Protocol.SMTP: FindingId.ACCOUNT_SMTP_DISABLED,
}


def finding_of(
    failure: DialogueFailure,
    address: EmailAddress,
    *,
    wait: float = 0.0,
    proven_name: str | None = None,
) -> Finding:
    """The finding for a failure, with its evidence.

    ``wait`` is how long the message was waited for, in seconds. ``proven_name`` is another name of
    the server for which its certificate is valid.
    """
    facts: dict[str, Fact] = {
        "host": failure.server.host,
        "port": failure.server.port,
        "address": str(address),
        "username": failure.server.username,
        "seconds": round(wait),
    }
    if failure.limit is not None:
        facts["limit_mib"] = round(failure.limit / _MIB, 1)
        facts["files_mib"] = round(room_for_files(failure.limit) / _MIB, 1)
    if failure.size is not None:
        facts["size_mib"] = round(failure.size / _MIB, 1)
    if failure.certificate is not None:
        facts |= _certificate_facts(failure.certificate)
    if failure.error is DialogueFault.WRONG_TLS_MODE:
        is_tls = failure.server.security is SocketType.TLS
        facts["other"] = "STARTTLS" if is_tls else "SSL/TLS"
    evidence = evidence_of(failure)
    if proven_name is not None:
        facts["fitting"] = evidence["proven_name"] = proven_name
    identity = _finding_id(failure)
    status = Status.WARN if identity in _NOT_BROKEN else Status.FAIL
    return Finding(identity, status, facts, evidence)


def evidence_of(failure: DialogueFailure) -> dict[str, Fact]:
    """For technicians: the server, the stage that was reached, and the server's response."""
    evidence: dict[str, Fact] = {
        "server": f"{failure.server.host}:{failure.server.port}",
        "protocol": str(failure.server.protocol),
        "security": str(failure.server.security),
        "stage": str(failure.stage),
        "class": str(failure.error),
    }
    if failure.code:
        evidence["code"] = failure.code
    if failure.text:
        evidence["answer"] = failure.text
    if failure.message_id:
        evidence["message_id"] = failure.message_id
    if failure.accepted:
        evidence["accepted"] = failure.accepted
    if failure.size is not None:
        evidence["size"] = failure.size
    if failure.confidence is not Confidence.CERTAIN:
        evidence["confidence"] = str(failure.confidence)
    if failure.certificate is not None:
        evidence["certificate_names"] = failure.certificate.names[:10]
        evidence["certificate_issuer"] = failure.certificate.issuer
        evidence["certificate_expires"] = failure.certificate.not_after.isoformat()
        evidence["certificate_sha256"] = failure.certificate.sha256
    return evidence


def _certificate_facts(certificate: CertificateFacts) -> dict[str, Fact]:
    facts: dict[str, Fact] = {"expires": certificate.not_after.date().isoformat()}
    if certificate.names:
        facts["names"] = certificate.names[:4]
        # Of many names most belong to other customers: only a single one can be suggested.
        names = [name for name in certificate.names if not name.startswith("*.")]
        names = names or list(certificate.names)
        if len(names) == 1:
            facts["fitting"] = names[0]
    if certificate.issuer:
        facts["issuer"] = certificate.issuer
    return facts


def _finding_id(failure: DialogueFailure) -> FindingId:
    match failure.error:
        case DialogueFault.HOST_NOT_FOUND:
            return FindingId.HOSTING_SERVER_UNRESOLVABLE
        case DialogueFault.RESOLVER:
            return FindingId.CLIENT_DNS_BROKEN
        case DialogueFault.REFUSED | DialogueFault.WRONG_SERVICE:
            return FindingId.HOSTING_SERVER_REFUSED
        case DialogueFault.WRONG_TLS_MODE:
            return FindingId.HOSTING_SERVER_WRONG_SECURITY
        case DialogueFault.RESET if failure.stage is Stage.LOGIN:
            return FindingId.HOSTING_LOGIN_DROPPED
        case DialogueFault.TIMEOUT | DialogueFault.UNREACHABLE | DialogueFault.RESET:
            return FindingId.HOSTING_SERVER_UNREACHABLE
        case DialogueFault.BLOCKED_BY_SERVER:
            return FindingId.HOSTING_SERVER_BLOCKS_US
        case DialogueFault.TEMPORARY | DialogueFault.PROTOCOL_ERROR:
            return FindingId.HOSTING_SERVER_TEMPORARY
        case DialogueFault.STARTTLS_MISSING | DialogueFault.INJECTION:
            return FindingId.HOSTING_STARTTLS_MISSING
        case DialogueFault.TLS_TOO_OLD | DialogueFault.TLS_FAILED:
            return FindingId.HOSTING_TLS_TOO_OLD
        case DialogueFault.CERTIFICATE_EXPIRED:
            return FindingId.HOSTING_TLS_CERTIFICATE_EXPIRED
        case DialogueFault.CERTIFICATE_NOT_YET_VALID:
            return FindingId.CLIENT_CLOCK_WRONG
        case DialogueFault.CERTIFICATE_WRONG_NAME:
            return FindingId.HOSTING_TLS_CERTIFICATE_WRONG_NAME
        case DialogueFault.CERTIFICATE_UNKNOWN_ISSUER | DialogueFault.CERTIFICATE_INVALID:
            return FindingId.HOSTING_TLS_CERTIFICATE_UNKNOWN_ISSUER
        case DialogueFault.NO_COMMON_MECHANISM:
            return FindingId.HOSTING_LOGIN_NO_COMMON_MECHANISM
        case DialogueFault.AUTH_WRONG:
            return FindingId.ACCOUNT_LOGIN_REFUSED
        case DialogueFault.AUTH_APP_PASSWORD:
            return FindingId.ACCOUNT_LOGIN_APP_PASSWORD_NEEDED
        case DialogueFault.AUTH_OAUTH_NEEDED:
            return FindingId.ACCOUNT_LOGIN_OAUTH_NEEDED
        case DialogueFault.AUTH_TOKEN_REFUSED:
            return FindingId.ACCOUNT_LOGIN_SIGN_IN_REFUSED
        case DialogueFault.AUTH_SCOPE_MISSING:
            return FindingId.ACCOUNT_LOGIN_SCOPE_MISSING
        case DialogueFault.AUTH_WEB_LOGIN:
            return FindingId.ACCOUNT_LOGIN_WEB_LOGIN_NEEDED
        case DialogueFault.AUTH_EXPIRED:
            return FindingId.ACCOUNT_LOGIN_EXPIRED
        case DialogueFault.AUTH_LOCKED:
            return FindingId.ACCOUNT_LOGIN_LOCKED
        case DialogueFault.AUTH_RATE_LIMITED:
            return FindingId.ACCOUNT_LOGIN_RATE_LIMITED
        case DialogueFault.TOO_MANY_CONNECTIONS:
            return FindingId.ACCOUNT_LOGIN_TOO_MANY_CONNECTIONS
        case DialogueFault.NOT_PERMITTED:
            return FindingId.ACCOUNT_LOGIN_NOT_PERMITTED
        case DialogueFault.PROTOCOL_DISABLED:
            return _DISABLED[failure.server.protocol]
        case DialogueFault.IN_USE:
            return FindingId.ACCOUNT_MAILBOX_IN_USE
        case DialogueFault.QUOTA:
            return FindingId.ACCOUNT_QUOTA_FULL
        case DialogueFault.SENDER_REJECTED:
            return FindingId.ACCOUNT_SEND_SENDER_NOT_ALLOWED
        case DialogueFault.RECIPIENT_REJECTED:
            return FindingId.ACCOUNT_MAILBOX_MISSING
        case DialogueFault.LIMIT_REACHED:
            return FindingId.ACCOUNT_SEND_LIMIT_REACHED
        case DialogueFault.TOO_LARGE:
            return FindingId.HOSTING_SIZE_TOO_SMALL
        case DialogueFault.ADDRESS_UNSUPPORTED:
            return FindingId.HOSTING_ADDRESS_UNSUPPORTED
        case DialogueFault.POLICY if failure.server.protocol is Protocol.POP3:
            return FindingId.ACCOUNT_POP3_EMPTIES
        case DialogueFault.POLICY:
            return FindingId.HOSTING_MESSAGE_REJECTED
        case DialogueFault.NOT_ARRIVED:
            return FindingId.HOSTING_MESSAGE_NOT_ARRIVED
        case DialogueFault.ATTACHMENT_MISSING:
            return FindingId.HOSTING_ATTACHMENT_REMOVED
        case DialogueFault.ATTACHMENT_ALTERED:
            return FindingId.HOSTING_ATTACHMENT_ALTERED
        case _:
            assert_never(failure.error)


def room_for_files(limit: int) -> int:
    """How many octets of attachments fit into a message of at most ``limit`` octets.

    Base64 in lines of 76 characters (RFC 2045 section 6.8) turns 57 octets into 78; text and header
    need room as well.
    """
    return max(limit - _ROOM_FOR_TEXT, 0) * 57 // 78


def quota_findings(proof: LoggedIn) -> tuple[Finding, ...]:
    """A finding where the mailbox is full or nearly full."""
    quota = proof.quota
    if quota is None or quota.share < NEARLY_FULL:
        return ()
    facts: dict[str, Fact] = {
        "percent": min(round(quota.share * 100), 100),
        "used": quota.used if quota.counts_messages else Octets(quota.used * 1024),
        "limit": quota.limit if quota.counts_messages else Octets(quota.limit * 1024),
    }
    unit = "messages" if quota.counts_messages else "kib"
    evidence: dict[str, Fact] = {f"used_{unit}": quota.used, f"limit_{unit}": quota.limit}
    if quota.used >= quota.limit:
        return (Finding(FindingId.ACCOUNT_QUOTA_FULL, Status.FAIL, facts, evidence),)
    return (Finding(FindingId.ACCOUNT_QUOTA_NEARLY_FULL, Status.WARN, facts, evidence),)


def arrival_findings(trip: RoundTrip, protocol: Protocol) -> tuple[Finding, ...]:
    """A message that arrived in another folder than INBOX, or late.

    By POP3 a message is visible at the next login only, so its delay is not measured.
    """
    findings: list[Finding] = []
    if trip.folder.upper() != "INBOX":
        kind = (
            FindingId.ACCOUNT_MAIL_IN_SPAM if trip.junk else FindingId.ACCOUNT_MAIL_IN_OTHER_FOLDER
        )
        findings.append(Finding(kind, Status.WARN, {"folder": trip.folder}))
    seconds = trip.arrived_ms / 1000
    if seconds > SLOW_SECONDS and protocol is not Protocol.POP3:
        facts: dict[str, Fact] = {"seconds": round(seconds)}
        findings.append(Finding(FindingId.HOSTING_MESSAGE_DELAYED, Status.WARN, facts))
    return tuple(findings)
