"""What a message that arrived proves about its sender: SPF, DKIM and DMARC together.

Only a message that crossed from one house to another says anything about SPF, about a missing
signature or about DMARC: what a hosting delivers to itself is neither checked nor always signed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from mailsetup.diagnosis.health import dkim, dmarc, spf_lint
from mailsetup.diagnosis.health.dkim import Signature, Standing
from mailsetup.diagnosis.health.received_message import Hop, ReceivedMessage
from mailsetup.diagnosis.health.spf import SpfResult, check_host
from mailsetup.diagnosis.health.spf_coverage import reverse_of
from mailsetup.diagnosis.health.spf_record import SpfQualifier
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import to_a_label
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.public_suffix import owned_domain


def border_hop(arrived: ReceivedMessage, *, elsewhere: bool) -> Hop | None:
    """The hop by which the message truly left its hosting, None where it did not.

    A message to oneself counts only where the receiving side itself checked who handed it over:
    hostings have machines under names that do not look like theirs.
    """
    hop = arrived.handed_over
    if hop is None or elsewhere:
        return hop
    checked = arrived.authentication.of("spf") if arrived.authentication else ()
    return hop if checked else None


async def judge_spf(hop: Hop, arrived: ReceivedMessage, sender: str, dns: Resolver) -> SpfResult:
    """SPF of the envelope's sender from the address that handed the message over.

    The receiving side's own verdict counts where it is a pass: it saw the address itself.
    ``sender`` stands in where the message does not tell its envelope.
    """
    envelope = arrived.envelope_sender if arrived.envelope_sender is not None else sender
    domain = to_a_label(envelope.rpartition("@")[2] or hop.helo) or ""
    said = arrived.authentication.of("spf") if arrived.authentication else ()
    if any(one.result == "pass" for one in said):
        return SpfResult(SpfQualifier.PASS, "said by the receiving side", domain=domain)
    return await check_host(hop.address, domain, envelope, hop.helo, dns)


@dataclass(frozen=True, slots=True)
class Identity:
    """What was proven of a message that left; ``aligned`` is None where that cannot be told."""

    hop: Hop
    spf: SpfResult
    aligned: bool | None


async def identity(
    hop: Hop,
    arrived: ReceivedMessage,
    spf: SpfResult,
    signatures: Sequence[Signature],
    author: dmarc.DmarcTreeWalk,
    dns: Resolver,
) -> Identity:
    """Whether SPF or DKIM speaks for the author's domain (RFC 9989 section 4.4)."""
    said = arrived.authentication.of("dmarc") if arrived.authentication else ()
    if any(one.result == "pass" for one in said):
        return Identity(hop, spf, aligned=True)
    record = author.record
    strict_spf, strict_dkim = (record.strict_spf, record.strict_dkim) if record else (False, False)
    good = dkim.vouched_domains(arrived) | {
        one.domain for one in signatures if one.standing is Standing.VALID
    }
    # A proof that could not be looked at may be one.
    unseen = {one.domain for one in signatures if one.standing is Standing.UNKNOWN} - good
    claims = [(domain, strict_dkim, True) for domain in good]
    claims += [(domain, strict_dkim, False) for domain in unseen]
    if spf.result in (SpfQualifier.PASS, SpfQualifier.TEMPERROR):
        claims.append((spf.domain, strict_spf, spf.result is SpfQualifier.PASS))
    fits = await asyncio.gather(
        *(dmarc.is_aligned(domain, author, dns, strict=strict) for domain, strict, _ in claims)
    )
    answers = [
        None if fit and not proven else fit
        for fit, (_, _, proven) in zip(fits, claims, strict=True)
    ]
    if True in answers:
        return Identity(hop, spf, aligned=True)
    return Identity(hop, spf, aligned=None if None in answers else False)


async def findings(
    seen: Identity,
    arrived: ReceivedMessage,
    lint: spf_lint.SpfLint,
    signatures: Sequence[Signature],
    author: dmarc.DmarcTreeWalk,
    dns: Resolver,
) -> tuple[Finding, ...]:
    """SPF of the host that sent, and DMARC of the whole."""
    found: list[Finding] = []
    reverse: dict[str, Fact] = {"reverse_name": await reverse_of(seen.hop.address, dns)}
    if owned_domain(seen.spf.domain or "-") == owned_domain(author.domain):
        host = seen.hop.name or seen.hop.helo
        told = spf_lint.sender_finding(seen.spf, host, seen.hop.address, lint)
        if told is not None:
            evidence = {**told.evidence, **reverse}
            found.append(Finding(told.id, told.status, told.facts, evidence))
    if seen.aligned is False and author.record is not None:
        request = author.record.request_for(author.domain)
        shown: dict[str, Fact] = {
            **await dmarc.evidence(author.record, dns),
            "author": arrived.author_domain,
            "spf": f"{seen.spf.result} {seen.spf.domain}".strip(),
            "address": seen.hop.address,
            "dkim": tuple(str(one) for one in signatures) or ("none",),
            "asks_for": str(request),
            **reverse,
        }
        if request is dmarc.DmarcPolicy.NONE:
            found.append(Finding(FindingId.DNS_DMARC_UNIDENTIFIED, Status.WARN, {}, shown))
        else:
            found.append(Finding(FindingId.DNS_DMARC_NOT_ALIGNED, Status.FAIL, {}, shown))
    return tuple(found)
