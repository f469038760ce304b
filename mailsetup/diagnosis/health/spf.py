"""SPF evaluation for one sending address: ``check_host()`` of RFC 7208 section 4.

`mailsetup.diagnosis.health.spf_lint` reads a record without any address.
"""

import asyncio
import ipaddress
from dataclasses import dataclass, field

from mailsetup.diagnosis.health.spf_record import (
    Mechanism,
    SpfPolicy,
    SpfQualifier,
    SpfSyntaxFailure,
    expand,
    macro_letters,
    parse,
    spf_records,
)
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, Reply
from mailsetup.model.hostname import is_ip_literal, is_within
from mailsetup.model.text import plain
from mailsetup.net.dns.resolver import Resolver

MAX_LOOKUPS = 10
"""Terms that cause DNS queries (RFC 7208 section 4.6.4)."""
MAX_VOID = 2
"""Void lookups: those without an answer (RFC 7208 section 4.6.4)."""
MAX_NAMES = 10
"""MX hosts of one ``mx``, reverse names of one address for ``ptr``."""
TIME_LIMIT = 20.0
"""Seconds for one evaluation (RFC 7208 section 4.6.4)."""

LOOKUP_MECHANISMS = frozenset({"include", "a", "mx", "ptr", "exists"})

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class SpfResult:
    """``reason`` is the term that matched, or the error; ``lookups`` are the terms counted."""

    result: SpfQualifier
    reason: str = ""
    lookups: int = 0
    domain: str = ""


async def check_host(ip: str, domain: str, sender: str, helo: str, dns: Resolver) -> SpfResult:
    """RFC 7208 section 4. ``sender`` is the envelope sender, "" for a bounce."""
    client = _client(ip)
    name = domain.lower().rstrip(".")
    if client is None or not _is_queryable(name):
        return SpfResult(SpfQualifier.NONE, "no address or no domain", domain=plain(name, 100))
    local, _, of = sender.rpartition("@")
    full_sender = f"{local or 'postmaster'}@{of or name}"
    run = _Evaluation(client, full_sender, helo, dns)
    try:
        async with asyncio.timeout(TIME_LIMIT):
            result = await run.evaluate(name)
    except TimeoutError:
        return SpfResult(SpfQualifier.TEMPERROR, "time limit", run.lookups, name)
    except _EvaluationError as broken:
        return SpfResult(broken.result, broken.reason, run.lookups, name)
    return SpfResult(result, run.matched, run.lookups, name)


def _client(ip: str) -> IpAddress | None:
    try:
        address = ipaddress.ip_address(ip.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_queryable(name: str) -> bool:
    """At least two labels, none empty or too long (RFC 7208 section 4.3)."""
    labels = name.split(".")
    return len(labels) > 1 and len(name) <= 253 and all(0 < len(label) < 64 for label in labels)


class _EvaluationError(Exception):
    """Ends an evaluation from any depth; not raised out of this module."""

    def __init__(self, result: SpfQualifier, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = plain(reason, 120)


@dataclass(slots=True)
class _Evaluation:
    client: IpAddress
    sender: str
    helo: str
    dns: Resolver
    lookups: int = 0
    voids: int = 0
    matched: str = ""
    _validated: list[str] | None = field(default=None)

    async def evaluate(self, domain: str) -> SpfQualifier:
        """``check_host()`` for one domain; ``include`` and ``redirect`` call it recursively."""
        policy = await self._policy(domain)
        if policy is None:
            return SpfQualifier.NONE
        for mechanism in policy.mechanisms:
            if await self._matches(mechanism, domain):
                self.matched = plain(mechanism.text, 120)
                return mechanism.result
        if policy.redirect is None:
            self.matched = ""
            return SpfQualifier.NEUTRAL
        self._count(policy.redirect)
        target = await self._expanded(policy.redirect, domain)
        result = await self.evaluate(target) if _is_queryable(target) else SpfQualifier.NONE
        if result is SpfQualifier.NONE:
            raise _EvaluationError(SpfQualifier.PERMERROR, f"redirect={target} has no record")
        return result

    async def _policy(self, domain: str) -> SpfPolicy | None:
        reply = await self.dns.txt(domain)
        if isinstance(reply, DnsFailure):
            raise _EvaluationError(SpfQualifier.TEMPERROR, f"{domain}: {reply.fault}")
        records = spf_records(reply.records) if isinstance(reply, DnsAnswer) else ()
        if not records:
            return None
        if len(records) > 1:
            raise _EvaluationError(SpfQualifier.PERMERROR, f"{domain}: {len(records)} records")
        policy = parse(records[0])
        if isinstance(policy, SpfSyntaxFailure):
            raise _EvaluationError(SpfQualifier.PERMERROR, f"{domain}: {policy.text}")
        return policy

    async def _matches(self, mechanism: Mechanism, domain: str) -> bool:
        if mechanism.kind in LOOKUP_MECHANISMS:
            self._count(mechanism.text)
        match mechanism.kind:
            case "all":
                return True
            case "ip4" | "ip6":
                network = mechanism.network
                return network is not None and self.client in network
            case "include":
                return await self._matches_include(mechanism, domain)
            case "a":
                return await self._matches_a(mechanism, domain)
            case "mx":
                return await self._matches_mx(mechanism, domain)
            case "exists":
                target = await self._expanded(mechanism.target, domain)
                return any(":" not in found for found in await self._addresses(target, four=True))
            case _:
                return await self._matches_ptr(mechanism, domain)

    async def _matches_include(self, mechanism: Mechanism, domain: str) -> bool:
        target = await self._expanded(mechanism.target, domain)
        result = await self.evaluate(target) if _is_queryable(target) else SpfQualifier.NONE
        if result is SpfQualifier.NONE:
            raise _EvaluationError(SpfQualifier.PERMERROR, f"include:{target} has no record")
        return result is SpfQualifier.PASS

    async def _matches_a(self, mechanism: Mechanism, domain: str) -> bool:
        target = await self._target(mechanism, domain)
        found = await self._addresses(target, four=self.client.version == 4)
        return any(self._is_in(address, mechanism) for address in found)

    async def _matches_mx(self, mechanism: Mechanism, domain: str) -> bool:
        target = await self._target(mechanism, domain)
        reply = await self.dns.mx(target) if _is_queryable(target) else Absent(nxdomain=True)
        if isinstance(reply, DnsFailure):
            raise _EvaluationError(SpfQualifier.TEMPERROR, f"{target}: {reply.fault}")
        if isinstance(reply, Absent):
            self._count_void(target)
            return False
        hosts = [record.host for record in reply.records if record.host]
        if len(hosts) > MAX_NAMES:
            raise _EvaluationError(SpfQualifier.PERMERROR, f"{target}: {len(hosts)} exchangers")
        for host, answer in zip(hosts, await self._all_addresses(hosts), strict=True):
            if isinstance(answer, DnsFailure):
                raise _EvaluationError(SpfQualifier.TEMPERROR, f"{host}: {answer.fault}")
            found = answer.records if isinstance(answer, DnsAnswer) else ()
            if any(self._is_in(address, mechanism) for address in found):
                return True
        return False

    async def _all_addresses(self, hosts: list[str]) -> list[Reply[str]]:
        return await asyncio.gather(*(self.dns.addresses(host) for host in hosts))

    async def _matches_ptr(self, mechanism: Mechanism, domain: str) -> bool:
        target = await self._target(mechanism, domain)
        return any(is_within(name, target) for name in await self._validated_names())

    async def _target(self, mechanism: Mechanism, domain: str) -> str:
        return await self._expanded(mechanism.target, domain) if mechanism.target else domain

    async def _addresses(self, name: str, *, four: bool) -> list[str]:
        """The addresses of one family; an empty answer counts as a void lookup."""
        is_queryable = _is_queryable(name) and not is_ip_literal(name)
        reply: Reply[str] = (
            await self.dns.addresses(name) if is_queryable else Absent(nxdomain=True)
        )
        if isinstance(reply, DnsFailure):
            raise _EvaluationError(SpfQualifier.TEMPERROR, f"{name}: {reply.fault}")
        records = reply.records if isinstance(reply, DnsAnswer) else ()
        found = [address for address in records if (":" not in address) is four]
        if not found:
            self._count_void(name)
        return found

    def _is_in(self, text: str, mechanism: Mechanism) -> bool:
        address = _client(text)
        if address is None or address.version != self.client.version:
            return False
        prefix = mechanism.prefix4 if address.version == 4 else mechanism.prefix6
        return self.client in ipaddress.ip_network(f"{address}/{prefix}", strict=False)

    async def _validated_names(self) -> list[str]:
        """The client's validated reverse names (RFC 7208 section 5.5), queried once."""
        if self._validated is None:
            names = (await self.dns.names_of(str(self.client)))[:MAX_NAMES]
            answers = await self._all_addresses(list(names))
            self._validated = [
                name.lower().rstrip(".")
                for name, answer in zip(names, answers, strict=True)
                if isinstance(answer, DnsAnswer)
                and any(_client(address) == self.client for address in answer.records)
            ]
        return self._validated

    async def _expanded(self, text: str, domain: str) -> str:
        local, _, of = self.sender.rpartition("@")
        values = {
            "s": self.sender,
            "l": local,
            "o": of,
            "d": domain,
            "i": _dotted(self.client),
            "h": self.helo,
            "v": "in-addr" if self.client.version == 4 else "ip6",
        }
        if "p" in macro_letters(text):
            values["p"] = self._best_name(await self._validated_names(), domain)
        name = expand(text, values)
        if name is None:
            raise _EvaluationError(SpfQualifier.PERMERROR, text)
        return name

    def _best_name(self, names: list[str], domain: str) -> str:
        below = [name for name in names if is_within(name, domain)]
        return domain if domain in names else next(iter((*below, *names)), "unknown")

    def _count(self, what: str) -> None:
        self.lookups += 1
        if self.lookups > MAX_LOOKUPS:
            raise _EvaluationError(
                SpfQualifier.PERMERROR, f"more than {MAX_LOOKUPS} look-ups at {what}"
            )

    def _count_void(self, what: str) -> None:
        self.voids += 1
        if self.voids > MAX_VOID:
            raise _EvaluationError(
                SpfQualifier.PERMERROR, f"more than {MAX_VOID} void look-ups at {what}"
            )


def _dotted(address: IpAddress) -> str:
    """The ``i`` macro: an IPv6 address as single nibbles (RFC 7208 section 7.3)."""
    if address.version == 4:
        return str(address)
    return ".".join(address.exploded.replace(":", ""))
