"""DNSSEC, validated here: from the root's keys down to the records that are asked about.

A resolver's word that it validated (the AD bit) is worth nothing when it comes over a network; its
signatures are worth the same from anywhere (RFC 4035 section 5).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from mailsetup.model.network_options import ROOT_ANCHORS

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name
    from dns.rdatatype import RdataType
    from dns.rrset import RRset

Fetch = Callable[[str, str], Awaitable["Message | None"]]
"""Asks for a name (with its final dot) and a type, with the DO bit set."""


class Validator:
    """Follows signatures. Every zone's keys are asked for once."""

    def __init__(
        self,
        fetch: Fetch,
        anchors: Sequence[str] = ROOT_ANCHORS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._fetch = fetch
        self._anchors = anchors
        self._now = now
        self._asked: dict[tuple[Name, str], asyncio.Task[Message | None]] = {}
        self._keys: dict[Name, asyncio.Task[RRset | None]] = {}

    async def is_proven(self, name: str, rdtype: str) -> bool:
        """Whether the records exist under exactly this name and are validly signed.

        False also where that cannot be told: no signatures, a wildcard, an alias on the way.
        """
        import dns.exception
        import dns.name

        try:
            owner = dns.name.from_text(name)
        except (dns.exception.DNSException, ValueError):
            return False
        # All keys on the way are asked for at once, whether or not a zone begins at each name.
        zones = [owner]
        while zones[-1] != dns.name.root:
            zones.append(zones[-1].parent())
        for zone in zones:
            self._ask(zone, "DNSKEY")
            if zone != dns.name.root:
                self._ask(zone, "DS")
        return await self._records(owner, rdtype) is not None

    async def is_bogus(self, zone: str) -> bool:
        """Whether the zone above promises signatures that this zone does not keep.

        Every resolver that validates refuses to answer for it then. False where nothing is
        promised, where a name is no zone of its own, and where that cannot be told.
        """
        import dns.exception
        import dns.name

        try:
            owner = dns.name.from_text(zone)
        except (dns.exception.DNSException, ValueError):
            return False
        above, start = await asyncio.gather(self._records(owner, "DS"), self._ask(owner, "SOA"))
        if above is None or start is None or not start.answer:
            return False
        return await self._records(owner, "SOA") is None

    async def _records(self, owner: "Name", rdtype: str) -> "RRset | None":
        """The records under a name when the keys of the zone that signed them prove them."""
        message = await self._ask(owner, rdtype)
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

    async def _zone_keys(self, zone: "Name") -> "RRset | None":
        task = self._keys.get(zone)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._find_keys(zone))
            self._keys[zone] = task
        return await asyncio.shield(task)

    async def _find_keys(self, zone: "Name") -> "RRset | None":
        """A zone's keys, proven by its DS records above it, or by the anchors for the root."""
        import dns.dnssec
        import dns.name
        import dns.rrset

        found = _signed(await self._ask(zone, "DNSKEY"), zone, "DNSKEY")
        if found is None:
            return None
        keys, signatures = found
        if zone == dns.name.root:
            entries = dns.rrset.from_text(zone, 0, "IN", "DS", *self._anchors)
        else:
            above = await self._records(zone, "DS")
            if above is None:
                return None
            entries = above
        trusted = [key for key in keys if any(_is_digest(zone, key, ds) for ds in entries)]
        if not trusted:
            return None
        entrance = dns.rrset.from_rdata_list(zone, keys.ttl, trusted)
        return keys if self._verifies(keys, signatures, entrance) else None

    def _verifies(self, records: "RRset", signatures: "RRset", keys: "RRset") -> bool:
        import dns.dnssec
        import dns.exception

        try:
            dns.dnssec.validate(records, signatures, {keys.name: keys}, now=self._now())
        except (dns.exception.DNSException, ValueError):
            return False
        return True

    def _ask(self, name: "Name", rdtype: str) -> "asyncio.Task[Message | None]":
        key = (name, rdtype)
        task = self._asked.get(key)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._fetch(name.to_text(), rdtype))
            self._asked[key] = task
        return task

    async def close(self) -> None:
        """Give up what is still open."""
        tasks = [task for task in (*self._asked.values(), *self._keys.values()) if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _signed(message: "Message | None", owner: "Name", rdtype: str) -> "tuple[RRset, RRset] | None":
    """Records of a type with their signatures; never those that a wildcard stood for."""
    import dns.rdataclass
    import dns.rdatatype

    if message is None:
        return None
    kind: RdataType = dns.rdatatype.from_text(rdtype)
    here = dns.rdataclass.IN
    records = message.get_rrset(message.answer, owner, here, kind)
    signatures = message.get_rrset(message.answer, owner, here, dns.rdatatype.RRSIG, kind)
    if records is None or signatures is None:
        return None
    # With fewer labels signed than asked for, proof would be needed that nothing nearer exists.
    if any(signature.labels != len(owner) - 1 for signature in signatures):
        return None
    return records, signatures


def _is_digest(zone: "Name", key: object, entry: object) -> bool:
    """Whether a DS record stands for a key. SHA-1 (type 1) is not accepted (RFC 8624)."""
    import dns.dnssec
    import dns.exception

    digest_type = getattr(entry, "digest_type", 0)
    if digest_type not in (2, 4):
        return False
    try:
        return bool(dns.dnssec.make_ds(zone, key, digest_type) == entry)  # type: ignore[arg-type]
    except (dns.exception.DNSException, ValueError):
        return False
