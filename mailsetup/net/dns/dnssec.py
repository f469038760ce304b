"""DNSSEC validation by dnspython, from the root's keys down to the records in question.

That a resolver validated (the AD bit) proves nothing over a network; signatures prove the same from
anywhere (RFC 4035 section 5). Import this module late: dnspython takes 120 ms.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import dns.asyncresolver
import dns.dnssec
import dns.exception
import dns.flags
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.name import Name
from dns.rdata import Rdata
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rrset import RRset

from mailsetup.model.network_options import ROOT_ANCHORS

Fetch = Callable[[str, str], Awaitable[Message | None]]
"""Queries a name (with its final dot) and a type, with the DO bit set."""
_FIRST_RETRY = 1.0


class SignedQueries:
    """Queries whose responses include signatures, to one name server or to the system's."""

    def __init__(self, nameserver: tuple[str, int] | None, lifetime: float) -> None:
        if nameserver is None:
            resolver = dns.asyncresolver.Resolver()
        else:
            resolver = dns.asyncresolver.Resolver(configure=False)
            resolver.nameservers = [nameserver[0]]
            resolver.port = nameserver[1]
        resolver.timeout = _FIRST_RETRY
        resolver.use_edns(0, dns.flags.DO, 1232)
        # Checking disabled (CD): otherwise a validating resolver withholds bogus records.
        resolver.set_flags(dns.flags.RD | dns.flags.CD)
        self._resolver = resolver
        self._lifetime = lifetime

    async def fetch(self, name: str, rdtype: str) -> Message | None:
        """The whole response with its signatures, or None for any failure."""
        try:
            answer = await self._resolver.resolve(
                name, rdtype, search=False, lifetime=self._lifetime, raise_on_no_answer=False
            )
        except (dns.exception.DNSException, ValueError, OSError):
            return None
        return answer.response


class Validator:
    """Validates chains of signatures. The keys of each zone are queried once."""

    def __init__(
        self,
        fetch: Fetch,
        anchors: Sequence[str] = ROOT_ANCHORS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._fetch = fetch
        self._anchors = anchors
        self._now = now
        self._queries: dict[tuple[Name, str], asyncio.Task[Message | None]] = {}
        self._keys: dict[Name, asyncio.Task[RRset | None]] = {}

    async def is_proven(self, name: str, rdtype: str) -> bool:
        """Whether the records exist under exactly this name and have valid signatures.

        False also where that is undecidable: no signatures, a wildcard, an alias in between.
        """
        try:
            owner = dns.name.from_text(name)
        except (dns.exception.DNSException, ValueError):
            return False
        # All keys of the path are queried concurrently, whether or not each name is a zone.
        zones = [owner]
        while zones[-1] != dns.name.root:
            zones.append(zones[-1].parent())
        for zone in zones:
            self._query(zone, "DNSKEY")
            if zone != dns.name.root:
                self._query(zone, "DS")
        return await self._records(owner, rdtype) is not None

    async def is_bogus(self, zone: str) -> bool:
        """Whether the parent zone announces signatures (DS) that are not valid in this zone.

        Validating resolvers answer SERVFAIL for it then. False where nothing is announced, where
        the name is no zone, and where that is undecidable.
        """
        try:
            owner = dns.name.from_text(zone)
        except (dns.exception.DNSException, ValueError):
            return False
        parent_ds, start = await asyncio.gather(
            self._records(owner, "DS"), self._query(owner, "SOA")
        )
        if parent_ds is None or start is None or not start.answer:
            return False
        return await self._records(owner, "SOA") is None

    async def _records(self, owner: Name, rdtype: str) -> RRset | None:
        """The records under a name if the keys of the zone that signed them prove them."""
        message = await self._query(owner, rdtype)
        found = _signed(message, owner, rdtype)
        if found is None:
            return None
        records, signatures = found
        signer: Name = signatures[0].signer
        if not owner.is_subdomain(signer) or (rdtype == "DS" and signer == owner):
            return None
        keys = await self._zone_keys(signer)
        if keys is None or not self._verifies(records, signatures, keys):
            return None
        return records

    async def _zone_keys(self, zone: Name) -> RRset | None:
        task = self._keys.get(zone)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._find_keys(zone))
            self._keys[zone] = task
        return await asyncio.shield(task)

    async def _find_keys(self, zone: Name) -> RRset | None:
        """A zone's keys, proven by the DS records of its parent; the root's by the anchors."""
        found = _signed(await self._query(zone, "DNSKEY"), zone, "DNSKEY")
        if found is None:
            return None
        keys, signatures = found
        if zone == dns.name.root:
            entries = dns.rrset.from_text(zone, 0, "IN", "DS", *self._anchors)
        else:
            parent_ds = await self._records(zone, "DS")
            if parent_ds is None:
                return None
            entries = parent_ds
        trusted = [key for key in keys if any(_is_digest(zone, key, ds) for ds in entries)]
        if not trusted:
            return None
        entry_point = dns.rrset.from_rdata_list(zone, keys.ttl, trusted)
        return keys if self._verifies(keys, signatures, entry_point) else None

    def _verifies(self, records: RRset, signatures: RRset, keys: RRset) -> bool:
        try:
            dns.dnssec.validate(records, signatures, {keys.name: keys}, now=self._now())
        except (dns.exception.DNSException, ValueError):
            return False
        return True

    def _query(self, name: Name, rdtype: str) -> asyncio.Task[Message | None]:
        key = (name, rdtype)
        task = self._queries.get(key)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._fetch(name.to_text(), rdtype))
            self._queries[key] = task
        return task

    async def close(self) -> None:
        """Cancel all pending queries."""
        tasks = [
            task for task in (*self._queries.values(), *self._keys.values()) if not task.done()
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _signed(message: Message | None, owner: Name, rdtype: str) -> tuple[RRset, RRset] | None:
    """Records of a type with their signatures; never those synthesised from a wildcard."""
    if message is None:
        return None
    kind: RdataType = dns.rdatatype.from_text(rdtype)
    here = dns.rdataclass.IN
    records = message.get_rrset(message.answer, owner, here, kind)
    signatures = message.get_rrset(message.answer, owner, here, dns.rdatatype.RRSIG, kind)
    if records is None or signatures is None:
        return None
    # Fewer labels mean a wildcard, which needs a proof that no closer name exists.
    if any(signature.labels != len(owner) - 1 for signature in signatures):
        return None
    return records, signatures


def _is_digest(zone: Name, key: Rdata, entry: Rdata) -> bool:
    """Whether a DS record is the digest of a key. SHA-1 (type 1) is not accepted (RFC 8624)."""
    if not isinstance(key, DNSKEY) or not isinstance(entry, DS) or entry.digest_type not in (2, 4):
        return False
    try:
        return bool(dns.dnssec.make_ds(zone, key, entry.digest_type) == entry)
    except (dns.exception.DNSException, ValueError):
        return False
