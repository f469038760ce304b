"""DMARC: the policy of a domain for mail that fails authentication (RFC 9989).

The queries of the DNS tree walk follow from the name alone, so all of them (eight at most) are sent
concurrently; the replies are then evaluated in the order of the walk.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailsetup.diagnosis.health.tag_list import MAX_TEXT
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import is_within, to_a_label
from mailsetup.model.text import plain
from mailsetup.net.dns.resolver import Resolver

MAX_QUERIES = 8
"""RFC 9989 section 4.10."""
_LABELS_AFTER_CUT = 7
OBSOLETE = frozenset({"pct", "rf", "ri"})
"""Tags of RFC 7489 that RFC 9989 removed."""
_MAX_REPORTS = 4
_VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
_MEANT = re.compile(r"\W*v\s*=\s*dmarc", re.IGNORECASE)
"""A text meant as a DMARC record, with a mistake in its first tag."""
_MAILTO = re.compile(r"mailto:[^@\s,;!]+@([^@\s,;!?]+)(?:![0-9]+[kmgt]?)?\Z", re.IGNORECASE)
_HTTPS = re.compile(r"https://[^\s,;!]+\Z", re.IGNORECASE)


class DmarcPolicy(StrEnum):
    """What receivers shall do with mail that fails DMARC, weakest first."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


_WEAKER: Final[Mapping[DmarcPolicy, DmarcPolicy]] = {
    DmarcPolicy.REJECT: DmarcPolicy.QUARANTINE,
    DmarcPolicy.QUARANTINE: DmarcPolicy.NONE,
}


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """A usable record. ``faults`` are its mistakes, ``obsolete`` its tags that are ignored now.

    ``policy`` and ``subdomains`` are the tags ``p`` and ``sp``, the latter None where absent.
    ``reports_to`` are the domains of the ``mailto:`` URIs in ``rua``.
    """

    domain: str
    text: str
    policy: DmarcPolicy = DmarcPolicy.NONE
    subdomains: DmarcPolicy | None = None
    strict_spf: bool = False
    strict_dkim: bool = False
    psd: str = "u"
    testing: bool = False
    reports_to: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    obsolete: tuple[str, ...] = ()

    def policy_for(self, domain: str) -> DmarcPolicy:
        """The policy for mail from a domain that exists (RFC 9989 sections 4.7 and 4.10.1)."""
        policy = self.policy
        if domain != self.domain:
            policy = self.subdomains or policy
        return _WEAKER.get(policy, policy) if self.testing else policy


@dataclass(frozen=True, slots=True)
class DmarcFailure:
    """Texts meant as DMARC records that do not count as one."""

    domain: str
    texts: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class DmarcTreeWalk:
    """The result of the DNS tree walk from a domain.

    ``record`` is the one that applies to the domain. ``organisation`` is its Organizational Domain,
    None where part of the walk failed. ``invalid`` is a text at one of these two names without
    being a record. ``complete`` is false where a query failed that matters.
    """

    domain: str
    record: DmarcRecord | None = None
    organisation: str | None = None
    invalid: DmarcFailure | None = None
    complete: bool = True


def tree_walk_names(domain: str) -> tuple[str, ...]:
    """The domains whose records are queried, the domain itself first (RFC 9989 section 4.10)."""
    labels = domain.lower().rstrip(".").split(".")
    names = [".".join(labels)]
    rest = labels[-_LABELS_AFTER_CUT:] if len(labels) > _LABELS_AFTER_CUT else labels[1:]
    while rest:
        names.append(".".join(rest))
        rest = rest[1:]
    return tuple(names[:MAX_QUERIES])


async def tree_walk(domain: str, dns: Resolver) -> DmarcTreeWalk:
    """Find the record that applies to a domain, and its Organizational Domain."""
    names = tree_walk_names(domain)
    replies = await asyncio.gather(*(dns.txt(f"_dmarc.{name}") for name in names))
    found: list[DmarcRecord] = []
    invalid: list[DmarcFailure] = []
    complete = True
    for name, reply in zip(names, replies, strict=True):
        if isinstance(reply, DnsFailure):
            complete = False
            break
        read = read_records(name, reply.records if isinstance(reply, DnsAnswer) else ())
        if isinstance(read, DmarcFailure):
            invalid.append(read)
        elif read is not None:
            found.append(read)
            if read.psd in ("y", "n"):
                break
    organisation = _organisation(names, found)
    chosen = _policy(names[0], organisation, found)
    if not complete and (not found or found[0].domain != names[0]):
        # The record that applies may be at the name whose query failed.
        chosen = None
    own = (names[0], organisation)
    return DmarcTreeWalk(
        names[0],
        record=chosen,
        organisation=organisation if complete else None,
        invalid=next((one for one in invalid if one.domain in own), None),
        complete=complete,
    )


def _organisation(names: Sequence[str], found: Sequence[DmarcRecord]) -> str:
    """RFC 9989 section 4.10.2."""
    if not found:
        return names[0]
    last = found[-1]
    if last.psd == "n":
        return last.domain
    if last.psd == "y" and last.domain != names[0]:
        start = names[0].split(".")
        return ".".join(start[-(last.domain.count(".") + 2) :])
    # Names get shorter during the walk: the last one has the fewest labels.
    return last.domain


def _policy(domain: str, organisation: str, found: Sequence[DmarcRecord]) -> DmarcRecord | None:
    """Of the Author Domain, else the Organizational Domain, else the PSD above (section 4.10.1)."""
    at = {record.domain: record for record in found}
    above = found[-1] if found and found[-1].psd == "y" else None
    return at.get(domain) or at.get(organisation) or above


# One name's records -----------------------------------------------------------------------------


def read_records(domain: str, texts: Sequence[str]) -> DmarcRecord | DmarcFailure | None:
    """The DMARC record among a name's TXT records; with several, none applies."""
    records = [text for text in texts if _VERSION.match(text)]
    if len(records) > 1:
        return DmarcFailure(domain, tuple(records), f"{len(records)} records")
    if records:
        return read_record(domain, records[0])
    meant = tuple(text for text in texts if _MEANT.match(text))
    return DmarcFailure(domain, meant, "does not begin with v=DMARC1;") if meant else None


def read_record(domain: str, text: str) -> DmarcRecord | DmarcFailure:
    """RFC 9989 section 4.7: unknown tags are ignored; without a policy there must be ``rua``."""
    if len(text) > MAX_TEXT:
        return DmarcFailure(domain, (text,), f"{len(text)} characters")
    tags: dict[str, str] = {}
    faults: list[str] = []
    for part in (part.strip() for part in text.split(";")[1:]):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not part:
            continue
        if not equals or not name.isascii() or not name.isalnum():
            faults.append(f"not a tag: {plain(part, 60)}")
        elif name.lower() in tags:
            faults.append(f"twice: {plain(name, 20)}")
        else:
            tags[name.lower()] = value
    reports = [uri.strip() for uri in tags.get("rua", "").split(",") if uri.strip()]
    hosts = [host for uri in reports if (host := _report_host(uri)) is not None]
    faults += [f"rua: {plain(uri, 60)}" for uri in reports if _report_host(uri) is None]
    policies: dict[str, DmarcPolicy | None] = {}
    for name in ("p", "sp", "np"):
        value = tags.get(name, "").lower()
        policies[name] = DmarcPolicy(value) if value in set(DmarcPolicy) else None
        if name in tags and policies[name] is None:
            faults.append(f"{name}={plain(value, 20)}")
    choices = {"adkim": "rs", "aspf": "rs", "psd": "ynu", "t": "yn"}
    faults += [
        f"{name}={plain(tags[name], 20)}"
        for name, letters in choices.items()
        if name in tags and (len(tags[name]) != 1 or tags[name].lower() not in letters)
    ]
    invalid_policy = policies["p"] is None or any(
        n in tags and policies[n] is None for n in ("sp", "np")
    )
    if invalid_policy and not hosts:
        return DmarcFailure(domain, (text,), ", ".join(faults) or "no p")
    return DmarcRecord(
        domain=domain,
        text=text,
        policy=(policies["p"] or DmarcPolicy.NONE) if not invalid_policy else DmarcPolicy.NONE,
        subdomains=policies["sp"] if not invalid_policy else None,
        strict_spf=tags.get("aspf", "").lower() == "s",
        strict_dkim=tags.get("adkim", "").lower() == "s",
        psd=tags["psd"].lower() if tags.get("psd", "").lower() in ("y", "n") else "u",
        testing=tags.get("t", "").lower() == "y",
        reports_to=tuple(dict.fromkeys(host for host in hosts if host)),
        faults=tuple(faults),
        obsolete=tuple(sorted(OBSOLETE & tags.keys())),
    )


def _report_host(uri: str) -> str | None:
    """The host of a report's address; "" for a web address, None for what is no address."""
    mail = _MAILTO.match(uri)
    if mail is not None:
        return to_a_label(mail[1])
    return "" if _HTTPS.match(uri) else None


# Alignment and reports --------------------------------------------------------------------------


async def is_aligned(
    one: str, author: DmarcTreeWalk, dns: Resolver, *, strict: bool
) -> bool | None:
    """Whether an authenticated domain is aligned (RFC 9989 section 4.4); None where unknown."""
    domain = one.lower().rstrip(".")
    if domain == author.domain:
        return True
    if strict or not domain:
        return False
    if author.organisation is None:
        return None
    other = await tree_walk(domain, dns)
    return None if other.organisation is None else other.organisation == author.organisation


async def unauthorized_report_hosts(record: DmarcRecord, dns: Resolver) -> tuple[str, ...]:
    """Domains in ``rua`` that do not accept this domain's reports (RFC 9990 section 3)."""
    foreign = [
        host
        for host in record.reports_to[:_MAX_REPORTS]
        if not (is_within(host, record.domain) or is_within(record.domain, host))
    ]
    walks = await asyncio.gather(*(tree_walk(name, dns) for name in (record.domain, *foreign)))
    home = walks[0].organisation
    queried = [one.domain for one in walks[1:] if one.organisation not in (home, None)]
    replies = await asyncio.gather(
        *(dns.txt(f"{record.domain}._report._dmarc.{host}") for host in queried)
    )
    return tuple(
        host
        for host, reply in zip(queried, replies, strict=True)
        if isinstance(reply, Absent)
        or (isinstance(reply, DnsAnswer) and not any(_VERSION.match(t) for t in reply.records))
    )


# Findings ---------------------------------------------------------------------------------------


async def findings(walk: DmarcTreeWalk, dns: Resolver) -> tuple[Finding, ...]:
    """Findings about the records alone; none where they could not be queried."""
    if walk.invalid is not None:
        shown: dict[str, Fact] = {
            "name": f"_dmarc.{walk.invalid.domain}",
            "record": tuple(plain(text, 300) for text in walk.invalid.texts[:4]),
            "reason": walk.invalid.reason,
        }
        return (Finding(FindingId.DNS_DMARC_INVALID, Status.WARN, {}, shown),)
    record = walk.record
    if record is None:
        if not walk.complete:
            return ()
        names = tuple(f"_dmarc.{name}" for name in tree_walk_names(walk.domain))
        return (Finding(FindingId.DNS_DMARC_MISSING, Status.WARN, {}, {"asked": names}),)
    if record.faults:
        return (Finding(FindingId.DNS_DMARC_INVALID, Status.WARN, {}, await evidence(record, dns)),)
    return ()


async def evidence(record: DmarcRecord, dns: Resolver) -> dict[str, Fact]:
    """The record and its mistakes, for technicians."""
    shown: dict[str, Fact] = {
        "name": f"_dmarc.{record.domain}",
        "record": (plain(record.text, 300),),
    }
    if record.faults:
        shown["reason"] = ", ".join(record.faults[:6])
    if record.obsolete:
        shown["obsolete"] = record.obsolete
    refused = await unauthorized_report_hosts(record, dns)
    if refused:
        shown["reports_refused_by"] = refused
    return shown
