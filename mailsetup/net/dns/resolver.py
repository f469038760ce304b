"""A stub resolver that distinguishes every kind of failure."""

import asyncio
import ipaddress
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

from mailsetup.model.dns import (
    Absent,
    DnsAnswer,
    DnsFailure,
    DnsFault,
    MxRecord,
    Reply,
    SrvRecord,
)
from mailsetup.model.hostname import is_dns_name, is_ip_literal
from mailsetup.model.network_options import ROOT_ANCHORS
from mailsetup.net.dns.cache import MAX_REMEMBERED, drop_oldest
from mailsetup.net.dns.message import RecordType, ResourceRecord, ResponseCode
from mailsetup.net.dns.transport import LIFETIME, DnsTransport, NoServerError, system_servers
from mailsetup.net.fd_exhaustion import retry_while_exhausted

if TYPE_CHECKING:
    from mailsetup.net.dns.dnssec import Validator


def by_preference(records: Sequence[MxRecord]) -> tuple[MxRecord, ...]:
    """MX records, most preferred first."""
    return tuple(sorted(records, key=lambda record: (record.preference, record.host)))


def rfc2782_order(
    records: Sequence[SrvRecord], draw: Callable[[int], int] | None = None
) -> tuple[SrvRecord, ...]:
    """SRV records in their order of use (RFC 2782): by priority, then weighted at random.

    ``draw(n)`` gives a number from 0 to n inclusive.
    """
    draw = draw or (lambda total: random.randint(0, total))  # noqa: S311 - load sharing, no secret
    ordered: list[SrvRecord] = []
    for priority in sorted({record.priority for record in records}):
        rest = [record for record in records if record.priority == priority]
        rest.sort(key=lambda record: record.weight != 0)
        while rest:
            pick = draw(sum(record.weight for record in rest))
            running = 0
            for record in rest:
                running += record.weight
                if running >= pick:
                    ordered.append(record)
                    rest.remove(record)
                    break
    return tuple(ordered)


class Resolver(Protocol):
    """The DNS as discovery and the checks use it. Names are A-labels without a final dot."""

    async def mx(self, domain: str) -> Reply[MxRecord]:
        """Mail exchangers, most preferred first."""
        ...

    async def srv(self, name: str) -> Reply[SrvRecord]:
        """Service records, unordered."""
        ...

    async def txt(self, name: str) -> Reply[str]:
        """Text records, each with its strings joined without a separator."""
        ...

    async def addresses(self, host: str) -> Reply[str]:
        """IPv6 and IPv4 addresses."""
        ...

    async def aliases(self, host: str) -> tuple[str, ...]:
        """The chain of CNAME targets of a host name; empty where it is no alias."""
        ...

    async def names_of(self, address: str) -> tuple[str, ...]:
        """The names of an IP address in the reverse DNS, which its owner chooses freely."""
        ...

    async def is_signed(self, name: str, rdtype: str) -> bool:
        """Whether DNSSEC proves the records under a name, from the root on."""
        ...

    async def is_bogus(self, domain: str) -> bool:
        """Whether a domain has DNSSEC by its parent zone and invalid signatures."""
        ...


class DnsResolver:
    """A stub resolver. Each query is sent once in a run and shared by its callers."""

    def __init__(
        self, nameserver: tuple[str, int] | None = None, anchors: Sequence[str] = ROOT_ANCHORS
    ) -> None:
        self._nameserver = nameserver
        self._transport: DnsTransport | None = None
        self._anchors = anchors
        self._validator: Validator | None = None
        self._queries: dict[tuple[str, RecordType], asyncio.Task[Reply[ResourceRecord]]] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}

    async def mx(self, domain: str) -> Reply[MxRecord]:
        """Mail exchangers, most preferred first."""
        reply = await self._query(domain, RecordType.MX)
        if not isinstance(reply, DnsAnswer):
            return reply
        records = [MxRecord(record.numbers[0], record.text) for record in reply.records]
        return DnsAnswer(by_preference(records), reply.validated)

    async def srv(self, name: str) -> Reply[SrvRecord]:
        """Service records, unordered."""
        reply = await self._query(name, RecordType.SRV)
        if not isinstance(reply, DnsAnswer):
            return reply
        records = []
        for record in reply.records:
            priority, weight, port = record.numbers
            records.append(SrvRecord(priority, weight, port, record.text))
        return DnsAnswer(tuple(records), reply.validated)

    async def txt(self, name: str) -> Reply[str]:
        """Text records, each with its strings joined without a separator."""
        reply = await self._query(name, RecordType.TXT)
        if not isinstance(reply, DnsAnswer):
            return reply
        return DnsAnswer(tuple(record.text for record in reply.records), reply.validated)

    async def addresses(self, host: str) -> Reply[str]:
        """IPv6 and IPv4 addresses, queried concurrently."""
        if is_ip_literal(host):
            return DnsAnswer((host,))
        if not is_dns_name(host):
            return Absent(nxdomain=True)
        both = self._started(host, RecordType.AAAA), self._started(host, RecordType.A)
        if not all(task.done() for task in both):
            await asyncio.wait(both)
        six, four = (task.result() for task in both)
        replies = [reply for reply in (six, four) if isinstance(reply, DnsAnswer)]
        found = [record.text for reply in replies for record in reply.records]
        if found:
            validated = all(not isinstance(r, DnsAnswer) or r.validated for r in (six, four))
            return DnsAnswer(tuple(found), validated)
        # Where only one of the two queries failed, the result is a failure and no absence.
        for reply in (four, six):
            if isinstance(reply, DnsFailure):
                return reply
        return Absent(nxdomain=isinstance(four, Absent) and four.nxdomain)

    async def aliases(self, host: str) -> tuple[str, ...]:
        """The CNAME chain in the response to an A query."""
        await self._query(host, RecordType.A)
        return self._aliases.get(host.lower().rstrip("."), ())

    async def names_of(self, address: str) -> tuple[str, ...]:
        """PTR records."""
        try:
            name = ipaddress.ip_address(address).reverse_pointer
        except ValueError:
            return ()
        reply = await self._query(name, RecordType.PTR)
        records = reply.records if isinstance(reply, DnsAnswer) else ()
        return tuple(record.text for record in records if record.text)

    async def is_signed(self, name: str, rdtype: str) -> bool:
        """Validated here, with the signatures that the resolver forwards."""
        return await self._validating().is_proven(name, rdtype)

    async def is_bogus(self, domain: str) -> bool:
        """Validated here: a validating resolver would answer SERVFAIL without a reason."""
        return is_dns_name(domain) and await self._validating().is_bogus(f"{domain}.")

    async def close(self) -> None:
        """Cancel all pending queries."""
        open_tasks = [task for task in self._queries.values() if not task.done()]
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)
        self._queries.clear()
        if self._validator is not None:
            await self._validator.close()

    def _validating(self) -> "Validator":
        if self._validator is None:
            # dnspython takes 120 ms to import.
            from mailsetup.net.dns.dnssec import SignedQueries, Validator

            queries = SignedQueries(self._nameserver, LIFETIME)
            self._validator = Validator(queries.fetch, self._anchors)
        return self._validator

    async def _query(self, name: str, kind: RecordType) -> Reply[ResourceRecord]:
        if not is_dns_name(name):
            return Absent(nxdomain=True)
        task = self._started(name, kind)
        if not task.done():
            # Not awaited directly: the cancellation of one caller must not cancel the query of
            # the others.
            await asyncio.wait((task,))
        return task.result()

    def _started(self, name: str, kind: RecordType) -> "asyncio.Task[Reply[ResourceRecord]]":
        """The query, pending or done. The name must be valid in the DNS."""
        key = (name.lower().rstrip("."), kind)
        task = self._queries.get(key)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._send(*key))
            self._queries[key] = task
            drop_oldest(self._queries)
        return task

    async def _send(self, name: str, kind: RecordType) -> Reply[ResourceRecord]:
        reply = await self._reply(name, kind)
        if isinstance(reply, DnsFailure):
            # Failures are not stored: the next caller sends a query again.
            self._queries.pop((name, kind), None)
        return reply

    async def _reply(self, name: str, kind: RecordType) -> Reply[ResourceRecord]:
        if self._transport is None:
            self._transport = DnsTransport(
                (self._nameserver,) if self._nameserver else system_servers()
            )
        transport = self._transport
        try:
            response = await retry_while_exhausted(partial(transport.ask, name, kind))
        except TimeoutError:
            return DnsFailure(DnsFault.TIMEOUT)
        except NoServerError as error:
            fault = DnsFault.SERVFAIL if error.is_known else DnsFault.NO_RESOLVER
            return DnsFailure(fault)
        except OSError:
            return DnsFailure(DnsFault.NO_RESOLVER)
        # An alias is evidence even where its target does not exist any more.
        self._store_aliases(name, response.reply.aliases)
        if not response.reply.records:
            return Absent(nxdomain=response.reply.code == ResponseCode.NO_SUCH_NAME)
        validated = response.reply.is_authentic and _on_loopback(response.server)
        return DnsAnswer(response.reply.records, validated)

    def _store_aliases(self, name: str, chain: tuple[str, ...]) -> None:
        if chain:
            self._aliases[name] = chain
            while len(self._aliases) > MAX_REMEMBERED:
                del self._aliases[next(iter(self._aliases))]


def _on_loopback(nameserver: str) -> bool:
    return ipaddress.ip_address(nameserver).is_loopback
