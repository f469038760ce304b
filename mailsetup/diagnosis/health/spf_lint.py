"""The SPF record of a domain with everything that it includes, without a sending address."""

import asyncio
import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from mailsetup.diagnosis.health.spf import (
    LOOKUP_MECHANISMS,
    MAX_LOOKUPS,
    MAX_NAMES,
    MAX_VOID,
    SpfResult,
    check_host,
)
from mailsetup.diagnosis.health.spf_record import (
    Mechanism,
    SpfPolicy,
    SpfQualifier,
    SpfSyntaxFailure,
    parse,
    spf_records,
)
from mailsetup.discovery import providers
from mailsetup.discovery.providers import MailProvider
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.hostname import is_within
from mailsetup.model.text import plain
from mailsetup.net.dns.resolver import Resolver
from mailsetup.net.public_suffix import owned_domain

_MAX_QUERIES = 40
"""Lookups after which reading ends, far beyond the limit of RFC 7208."""


class SpfState(StrEnum):
    """What the domain publishes."""

    MISSING = "missing"
    MULTIPLE = "multiple"
    UNREADABLE = "unreadable"
    PRESENT = "present"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class SpfTree:
    """A record and the records that it includes.

    ``lookups`` counts the terms that cause queries; ``per_include`` is the share of each top-level
    ``include`` or ``redirect``, itself included. ``void`` are the terms without an answer.
    ``all_of`` is the qualifier of the last ``all`` ("" where there is none). ``anyone`` is a term
    that every address matches. ``complete`` is false where a query failed or a term has macros.
    """

    state: SpfState
    records: tuple[str, ...] = ()
    lookups: int = 0
    per_include: tuple[tuple[str, int], ...] = ()
    void: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    all_of: str = ""
    anyone: str = ""
    uses_ptr: bool = False
    includes: tuple[str, ...] = ()
    complete: bool = True


async def read_tree(domain: str, dns: Resolver) -> SpfTree:
    """Read the domain's record and everything that it includes."""
    reply = await dns.txt(domain)
    match reply:
        case DnsFailure():
            return SpfTree(SpfState.UNANSWERED, complete=False)
        case Absent():
            return SpfTree(SpfState.MISSING)
        case DnsAnswer():
            records = spf_records(reply.records)
        case _:
            assert_never(reply)
    if len(records) != 1:
        return SpfTree(SpfState.MULTIPLE if records else SpfState.MISSING, records)
    policy = parse(records[0])
    if isinstance(policy, SpfSyntaxFailure):
        fault = f"term: {plain(policy.text, 80)}"
        return SpfTree(SpfState.UNREADABLE, records, faults=(fault,))
    reader = _TreeReader(dns)
    branch = await reader.policy(policy, domain, ())
    return SpfTree(
        SpfState.PRESENT,
        records,
        lookups=branch.lookups,
        per_include=branch.per_include,
        void=tuple(dict.fromkeys(reader.void)),
        faults=tuple(dict.fromkeys(reader.faults)),
        all_of=branch.all_of,
        anyone=branch.anyone,
        uses_ptr=reader.uses_ptr,
        includes=tuple(dict.fromkeys(reader.includes)),
        complete=reader.complete,
    )


@dataclass(frozen=True, slots=True)
class _Branch:
    lookups: int = 0
    per_include: tuple[tuple[str, int], ...] = ()
    all_of: str = ""
    anyone: str = ""


@dataclass(slots=True)
class _TreeReader:
    """Reads a record and its includes, branches concurrently."""

    dns: Resolver
    queries: int = 0
    void: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    uses_ptr: bool = False
    complete: bool = True

    async def policy(self, policy: SpfPolicy, domain: str, above: tuple[str, ...]) -> _Branch:
        """One record. ``above`` are the domains that include it."""
        mechanisms = _reachable(policy.mechanisms)
        closing = mechanisms[-1] if mechanisms and mechanisms[-1].kind == "all" else None
        redirect = policy.redirect if closing is None else None
        here = (*above, domain)
        terms = [m for m in mechanisms if m.kind in LOOKUP_MECHANISMS]
        branches = await asyncio.gather(*(self._term(term, domain, here) for term in terms))
        counts = [
            (term.text, 1 + branch.lookups) for term, branch in zip(terms, branches, strict=True)
        ]
        inside = [branch for t, branch in zip(terms, branches, strict=True) if t.kind == "include"]
        anyone = next((m.text for m in mechanisms if _matches_everyone(m)), "")
        anyone = anyone or next((b.anyone for b in inside if b.anyone), "")
        all_of = (closing.text[0] if closing.text[0] in "+-~?" else "+") if closing else ""
        if redirect is not None:
            self.queries += 1
            redirected = await self._record(redirect, here)
            counts.append((f"redirect={redirect}", 1 + redirected.lookups))
            all_of, anyone = redirected.all_of, anyone or redirected.anyone
        total = sum(count for _, count in counts)
        shown = tuple(pair for pair in counts if pair[0].lstrip("+-~?").lower()[:1] in "ir")
        return _Branch(total, shown, all_of, plain(anyone, 80))

    async def _term(self, term: Mechanism, domain: str, above: tuple[str, ...]) -> _Branch:
        self.queries += 1
        match term.kind:
            case "include":
                return await self._record(term.target, above)
            case "ptr":
                self.uses_ptr = True
            case "exists":
                self.complete = False
            case _:
                await self._host(term, term.target or domain)
        return _Branch()

    async def _record(self, target: str, above: tuple[str, ...]) -> _Branch:
        name = target.lower().rstrip(".")
        if "%" in name or self.queries > _MAX_QUERIES:
            self.complete = False
            return _Branch()
        self.includes.append(name)
        if name in above:
            self.faults.append(f"loop: {plain(name, 80)}")
            return _Branch()
        reply = await self.dns.txt(name)
        if isinstance(reply, DnsFailure):
            self.complete = False
            return _Branch()
        records = spf_records(reply.records) if isinstance(reply, DnsAnswer) else ()
        if len(records) != 1:
            self.faults.append(f"{len(records)} records: {plain(name, 80)}")
            return _Branch()
        policy = parse(records[0])
        if isinstance(policy, SpfSyntaxFailure):
            self.faults.append(f"term: {plain(policy.text, 80)} ({plain(name, 80)})")
            return _Branch()
        return await self.policy(policy, name, above)

    async def _host(self, term: Mechanism, target: str) -> None:
        """Note whether an ``a`` or ``mx`` is a void lookup or has too many hosts."""
        if "%" in target or self.queries > _MAX_QUERIES:
            self.complete = False
            return
        name = target.lower().rstrip(".")
        reply = await (self.dns.mx(name) if term.kind == "mx" else self.dns.addresses(name))
        if isinstance(reply, DnsFailure):
            self.complete = False
        elif isinstance(reply, Absent):
            self.void.append(plain(term.text, 80))
        elif term.kind == "mx" and len(reply.records) > MAX_NAMES:
            self.faults.append(f"{len(reply.records)} exchangers: {plain(name, 80)}")


def _reachable(mechanisms: tuple[Mechanism, ...]) -> tuple[Mechanism, ...]:
    """The mechanisms up to ``all``: those behind it are ignored (RFC 7208 section 5.1)."""
    for index, mechanism in enumerate(mechanisms):
        if mechanism.kind == "all":
            return mechanisms[: index + 1]
    return mechanisms


def _matches_everyone(mechanism: Mechanism) -> bool:
    if mechanism.result is not SpfQualifier.PASS:
        return False
    network = mechanism.network
    if isinstance(network, ipaddress.IPv4Network):
        return network.prefixlen == 0
    return mechanism.kind == "all"


def findings(tree: SpfTree) -> tuple[Finding, ...]:
    """Findings about the record alone; none where it could not be queried."""
    match tree.state:
        case SpfState.UNANSWERED:
            return ()
        case SpfState.MISSING:
            return (Finding(FindingId.DNS_SPF_MISSING, Status.WARN),)
        case SpfState.MULTIPLE:
            facts: dict[str, Fact] = {"count": len(tree.records)}
            return (Finding(FindingId.DNS_SPF_MULTIPLE, Status.FAIL, facts, evidence(tree)),)
        case SpfState.UNREADABLE:
            return (_invalid(tree, Status.FAIL),)
        case SpfState.PRESENT:
            return tuple(_about_present(tree))
        case _:
            assert_never(tree.state)


def _about_present(tree: SpfTree) -> list[Finding]:
    found = []
    if tree.lookups > MAX_LOOKUPS:
        facts: dict[str, Fact] = {"count": tree.lookups}
        found.append(
            Finding(FindingId.DNS_SPF_TOO_MANY_LOOKUPS, Status.FAIL, facts, evidence(tree))
        )
    elif tree.faults:
        found.append(_invalid(tree, Status.FAIL))
    elif len(tree.void) > MAX_VOID:
        # Whether a receiver evaluates the third one depends on the sending address.
        found.append(_invalid(tree, Status.WARN))
    if tree.anyone or (tree.all_of in ("", "?") and tree.complete and not tree.faults):
        found.append(Finding(FindingId.DNS_SPF_PERMISSIVE, Status.WARN, {}, evidence(tree)))
    return found


def _invalid(tree: SpfTree, status: Status) -> Finding:
    reason = tree.faults[:3] or tuple(f"void: {term}" for term in tree.void[:3])
    return Finding(FindingId.DNS_SPF_INVALID, status, {"reason": reason}, evidence(tree))


def evidence(tree: SpfTree) -> dict[str, Fact]:
    """The record and its counts, for technicians."""
    shown: dict[str, Fact] = {"record": tuple(plain(text, 300) for text in tree.records[:4])}
    if tree.state is SpfState.PRESENT:
        shown["lookups"] = tree.lookups
        shown["all"] = f"{tree.all_of}all" if tree.all_of else "none"
    if tree.per_include:
        counts = tree.per_include[:20]
        shown["lookups_by_term"] = tuple(f"{plain(term, 80)}: {n}" for term, n in counts)
    if tree.faults:
        shown["faults"] = tree.faults[:6]
    if tree.void:
        shown["void"] = tree.void[:6]
    if tree.anyone:
        shown["anyone"] = tree.anyone
    if tree.uses_ptr:
        shown["ptr"] = True
    return shown


async def provider_finding(tree: SpfTree, domain: str, host: str, dns: Resolver) -> Finding | None:
    """A record without the SPF names of the hosting, found without any message.

    None where the record could not be read completely, where the hosting's SPF names are unknown,
    or where the outgoing server itself passes.
    """
    provider = providers.by_host(host)
    if provider is None or tree.state is not SpfState.PRESENT:
        return None
    expected = _senders_of(provider)
    if not expected or not tree.complete or tree.faults or tree.anyone:
        return None
    if any(_is_among(name, expected) for name in tree.includes):
        return None
    if await _host_passes(domain, host, dns):
        return None
    shown = evidence(tree) | {
        "judged": "by the hosting's published senders",
        "expected": tuple(expected[:6]),
        "hosting": provider.name,
    }
    return Finding(FindingId.DNS_SPF_SENDER_NOT_COVERED, Status.WARN, {"host": host}, shown)


def _senders_of(provider: MailProvider) -> list[str]:
    """The ``spf`` names in all rows of the provider."""
    if not provider.spf:
        return []
    rows = [row for row in providers.load() if row.name == provider.name or row is provider]
    return [name for row in rows for name in row.spf]


def _is_among(include: str, expected: list[str]) -> bool:
    return any(
        is_within(include, owned_domain(name)) or is_within(include, name) for name in expected
    )


async def _host_passes(domain: str, host: str, dns: Resolver) -> bool:
    reply = await dns.addresses(host)
    if not isinstance(reply, DnsAnswer):
        # Its addresses are unknown: assume that it passes.
        return True
    results = await asyncio.gather(
        *(check_host(ip, domain, f"postmaster@{domain}", host, dns) for ip in reply.records[:4])
    )
    return any(r.result in (SpfQualifier.PASS, SpfQualifier.TEMPERROR) for r in results)


def sender_finding(result: SpfResult, host: str, ip: str, tree: SpfTree) -> Finding | None:
    """A finding where the host that sent a message does not pass."""
    if result.result not in (SpfQualifier.FAIL, SpfQualifier.SOFTFAIL, SpfQualifier.NEUTRAL):
        return None
    status = Status.WARN if result.result is SpfQualifier.NEUTRAL else Status.FAIL
    shown = evidence(tree) | {
        "judged": "by a message that arrived",
        "address": ip,
        "result": str(result.result),
        "term": result.reason or "none",
        "domain": result.domain,
    }
    return Finding(FindingId.DNS_SPF_SENDER_NOT_COVERED, status, {"host": host or ip}, shown)
