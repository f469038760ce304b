"""Authentication of a received message: SPF, DKIM and DMARC together.

Only a message that crossed from one administrative domain (RFC 5598 section 2.3) to another allows
a statement about SPF, a missing signature or DMARC: a hosting neither checks nor always signs what
it delivers to itself.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailsetup.diagnosis.health import dkim, dmarc, spf_lint
from mailsetup.diagnosis.health.dkim import DkimSignature, SignatureStatus
from mailsetup.diagnosis.health.received_message import Hop, ReceivedMessage
from mailsetup.diagnosis.health.spf import SpfResult, check_host
from mailsetup.diagnosis.health.spf_coverage import reverse_name
from mailsetup.diagnosis.health.spf_record import SpfQualifier
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import to_a_label
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.public_suffix import owned_domain


def boundary_hop(arrived: ReceivedMessage, *, elsewhere: bool) -> Hop | None:
    """The hop by which the message left its hosting, None where it did not.

    A message to oneself counts only where the receiving side checked SPF: hostings have hosts under
    names that do not look like theirs.
    """
    hop = arrived.handover
    if hop is None or elsewhere:
        return hop
    checked = arrived.authentication.of("spf") if arrived.authentication else ()
    return hop if checked else None


async def evaluate_spf(hop: Hop, arrived: ReceivedMessage, sender: str, dns: Resolver) -> SpfResult:
    """SPF of the envelope sender for the address that delivered the message.

    The receiving side's own result counts where it is a pass: that side saw the address itself.
    ``sender`` is used where the message has no Return-Path field.
    """
    envelope = arrived.envelope_sender if arrived.envelope_sender is not None else sender
    domain = to_a_label(envelope.rpartition("@")[2] or hop.helo) or ""
    reported = arrived.authentication.of("spf") if arrived.authentication else ()
    if any(one.result == "pass" for one in reported):
        return SpfResult(SpfQualifier.PASS, "said by the receiving side", domain=domain)
    return await check_host(hop.address, domain, envelope, hop.helo, dns)


@dataclass(frozen=True, slots=True)
class MessageAuthentication:
    """Results for a message that left its hosting; ``aligned`` is None where it is unknown."""

    hop: Hop
    spf: SpfResult
    aligned: bool | None


async def authenticate(
    hop: Hop,
    arrived: ReceivedMessage,
    spf: SpfResult,
    signatures: Sequence[DkimSignature],
    author: dmarc.DmarcTreeWalk,
    dns: Resolver,
) -> MessageAuthentication:
    """Whether SPF or DKIM passes with an aligned domain (RFC 9989 section 4.4)."""
    reported = arrived.authentication.of("dmarc") if arrived.authentication else ()
    if any(one.result == "pass" for one in reported):
        return MessageAuthentication(hop, spf, aligned=True)
    record = author.record
    strict_spf, strict_dkim = (record.strict_spf, record.strict_dkim) if record else (False, False)
    verified = dkim.domains_with_dkim_pass(arrived) | {
        one.domain for one in signatures if one.status is SignatureStatus.VALID
    }
    # A signature whose key could not be queried may be valid.
    unknown = {one.domain for one in signatures if one.status is SignatureStatus.UNKNOWN} - verified
    claims = [(domain, strict_dkim, True) for domain in verified]
    claims += [(domain, strict_dkim, False) for domain in unknown]
    if spf.result in (SpfQualifier.PASS, SpfQualifier.TEMPERROR):
        claims.append((spf.domain, strict_spf, spf.result is SpfQualifier.PASS))
    alignments = await asyncio.gather(
        *(dmarc.is_aligned(domain, author, dns, strict=strict) for domain, strict, _ in claims)
    )
    results = [
        None if aligned and not proven else aligned
        for aligned, (_, _, proven) in zip(alignments, claims, strict=True)
    ]
    if True in results:
        return MessageAuthentication(hop, spf, aligned=True)
    return MessageAuthentication(hop, spf, aligned=None if None in results else False)


async def findings(
    authentication: MessageAuthentication,
    arrived: ReceivedMessage,
    lint: spf_lint.SpfTree,
    signatures: Sequence[DkimSignature],
    author: dmarc.DmarcTreeWalk,
    dns: Resolver,
) -> tuple[Finding, ...]:
    """SPF of the sending host, and DMARC of the message."""
    found: list[Finding] = []
    reverse: dict[str, Fact] = {"reverse_name": await reverse_name(authentication.hop.address, dns)}
    if owned_domain(authentication.spf.domain or "-") == owned_domain(author.domain):
        host = authentication.hop.name or authentication.hop.helo
        found_spf = spf_lint.sender_finding(
            authentication.spf, host, authentication.hop.address, lint
        )
        if found_spf is not None:
            evidence = {**found_spf.evidence, **reverse}
            found.append(replace(found_spf, evidence=evidence))
    if authentication.aligned is False and author.record is not None:
        policy = author.record.policy_for(author.domain)
        shown: dict[str, Fact] = {
            **await dmarc.evidence(author.record, dns),
            "author": arrived.author_domain,
            "spf": f"{authentication.spf.result} {authentication.spf.domain}".strip(),
            "address": authentication.hop.address,
            "dkim": tuple(str(one) for one in signatures) or ("none",),
            "asks_for": str(policy),
            **reverse,
        }
        if policy is dmarc.DmarcPolicy.NONE:
            found.append(Finding(FindingId.DNS_DMARC_UNIDENTIFIED, Status.WARN, {}, shown))
        else:
            found.append(Finding(FindingId.DNS_DMARC_NOT_ALIGNED, Status.FAIL, {}, shown))
    return tuple(found)
