"""Questions to the domain name system, with every way of failing kept apart."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

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
from mailsetup.net.dns.dnssec import Validator
from mailsetup.net.dns.message import RecordType, ResourceRecord, ResponseCode
from mailsetup.net.dns.transport import LIFETIME, DnsTransport, NoServerError, system_servers
from mailsetup.net.fd_exhaustion import when_free

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as AsyncResolver
    from dns.message import Message

_K = TypeVar("_K")
_F = TypeVar("_F", bound="asyncio.Future[Any]")

_FIRST_RETRY = 1.0
MAX_REMEMBERED = 2000
"""Answers that a run keeps: a search asks some sixty questions, and several run at a time."""


def by_preference(records: Sequence[MxRecord]) -> tuple[MxRecord, ...]:
    """MX records, best first."""
    return tuple(sorted(records, key=lambda record: (record.preference, record.host)))


def rfc2782_order(
    records: Sequence[SrvRecord], draw: Callable[[int], int] | None = None
) -> tuple[SrvRecord, ...]:
    """SRV records in the order in which to use them: priority, then weighted at random.

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
    """What discovery and the checks ask of the DNS. Names are A-labels without a final dot."""

    async def mx(self, domain: str) -> Reply[MxRecord]:
        """Mail exchangers, best first."""
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
        """The names that a host name leads to by CNAME, in order; none where it is no alias."""
        ...

    async def names_of(self, address: str) -> tuple[str, ...]:
        """The names that an IP address is given in the reverse DNS; anybody can claim any name."""
        ...

    async def is_signed(self, name: str, rdtype: str) -> bool:
        """Whether DNSSEC proves the records under a name, from the root down."""
        ...

    async def is_bogus(self, domain: str) -> bool:
        """Whether DNSSEC is promised for a domain and broken in it."""
        ...


class DnsResolver:
    """A stub resolver. Each question is asked once a run, also by several askers."""

    def __init__(
        self, nameserver: tuple[str, int] | None = None, anchors: Sequence[str] = ROOT_ANCHORS
    ) -> None:
        self._nameserver = nameserver
        self._exchange: DnsTransport | None = None
        self._with_signatures: AsyncResolver | None = None
        self._validator = Validator(self._signed_message, anchors)
        self._asked: dict[tuple[str, RecordType], asyncio.Task[Reply[ResourceRecord]]] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}

    async def mx(self, domain: str) -> Reply[MxRecord]:
        """Mail exchangers, best first."""
        reply = await self._ask(domain, RecordType.MX)
        if not isinstance(reply, DnsAnswer):
            return reply
        records = [MxRecord(record.numbers[0], record.text) for record in reply.records]
        return DnsAnswer(by_preference(records), reply.validated)

    async def srv(self, name: str) -> Reply[SrvRecord]:
        """Service records, unordered."""
        reply = await self._ask(name, RecordType.SRV)
        if not isinstance(reply, DnsAnswer):
            return reply
        records = []
        for record in reply.records:
            priority, weight, port = record.numbers
            records.append(SrvRecord(priority, weight, port, record.text))
        return DnsAnswer(tuple(records), reply.validated)

    async def txt(self, name: str) -> Reply[str]:
        """Text records, each with its strings joined without a separator."""
        reply = await self._ask(name, RecordType.TXT)
        if not isinstance(reply, DnsAnswer):
            return reply
        return DnsAnswer(tuple(record.text for record in reply.records), reply.validated)

    async def addresses(self, host: str) -> Reply[str]:
        """IPv6 and IPv4 addresses, asked side by side."""
        if is_ip_literal(host):
            return DnsAnswer((host,))
        if not is_dns_name(host):
            return Absent(nxdomain=True)
        both = self._asking(host, RecordType.AAAA), self._asking(host, RecordType.A)
        if not all(task.done() for task in both):
            await asyncio.wait(both)
        six, four = (task.result() for task in both)
        replies = [reply for reply in (six, four) if isinstance(reply, DnsAnswer)]
        found = [record.text for reply in replies for record in reply.records]
        if found:
            validated = all(not isinstance(r, DnsAnswer) or r.validated for r in (six, four))
            return DnsAnswer(tuple(found), validated)
        # A resolver that answers one of the two questions only is still a fault, not an absence.
        for reply in (four, six):
            if isinstance(reply, DnsFailure):
                return reply
        return Absent(nxdomain=isinstance(four, Absent) and four.nxdomain)

    async def aliases(self, host: str) -> tuple[str, ...]:
        """The CNAME chain, as the answer to a question for addresses shows it."""
        await self._ask(host, RecordType.A)
        return self._aliases.get(host.lower().rstrip("."), ())

    async def names_of(self, address: str) -> tuple[str, ...]:
        """PTR records."""
        import ipaddress

        try:
            name = ipaddress.ip_address(address).reverse_pointer
        except ValueError:
            return ()
        reply = await self._ask(name, RecordType.PTR)
        records = reply.records if isinstance(reply, DnsAnswer) else ()
        return tuple(record.text for record in records if record.text)

    async def is_signed(self, name: str, rdtype: str) -> bool:
        """Validate by ourselves, with the signatures that the resolver hands on."""
        return await self._validator.is_proven(name, rdtype)

    async def is_bogus(self, domain: str) -> bool:
        """Judge by ourselves: a resolver that validates would only say that it has no answer."""
        return is_dns_name(domain) and await self._validator.is_bogus(f"{domain}.")

    async def close(self) -> None:
        """Give up all questions that are still open."""
        open_tasks = [task for task in self._asked.values() if not task.done()]
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)
        self._asked.clear()
        await self._validator.close()

    async def _ask(self, name: str, kind: RecordType) -> Reply[ResourceRecord]:
        if not is_dns_name(name):
            return Absent(nxdomain=True)
        task = self._asking(name, kind)
        if not task.done():
            # Waited for, not awaited: one asker who gives up must not take the answer away from
            # the others.
            await asyncio.wait((task,))
        return task.result()

    def _asking(self, name: str, kind: RecordType) -> "asyncio.Task[Reply[ResourceRecord]]":
        """The question, on its way or answered. The name must be fit for the DNS."""
        key = (name.lower().rstrip("."), kind)
        task = self._asked.get(key)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._query(*key))
            self._asked[key] = task
            forget_oldest(self._asked)
        return task

    async def _query(self, name: str, kind: RecordType) -> Reply[ResourceRecord]:
        reply = await self._reply(name, kind)
        if isinstance(reply, DnsFailure):
            # Silence is not kept: whoever asks later asks anew.
            self._asked.pop((name, kind), None)
        return reply

    async def _reply(self, name: str, kind: RecordType) -> Reply[ResourceRecord]:
        if self._exchange is None:
            self._exchange = DnsTransport(
                (self._nameserver,) if self._nameserver else system_servers()
            )
        exchange = self._exchange
        try:
            told = await when_free(partial(exchange.ask, name, kind))
        except TimeoutError:
            return DnsFailure(DnsFault.TIMEOUT)
        except NoServerError as error:
            fault = DnsFault.SERVFAIL if error.is_known else DnsFault.NO_RESOLVER
            return DnsFailure(fault)
        except OSError:
            return DnsFailure(DnsFault.NO_RESOLVER)
        # An alias whose target is gone still tells whose it was.
        self._note_aliases(name, told.reply.aliases)
        if not told.reply.records:
            return Absent(nxdomain=told.reply.code == ResponseCode.NO_SUCH_NAME)
        validated = told.reply.is_authentic and _on_loopback(told.server)
        return DnsAnswer(told.reply.records, validated)

    def _note_aliases(self, name: str, chain: tuple[str, ...]) -> None:
        if chain:
            self._aliases[name] = chain
            while len(self._aliases) > MAX_REMEMBERED:
                del self._aliases[next(iter(self._aliases))]

    async def _signed_message(self, name: str, rdtype: str) -> "Message | None":
        """The whole answer with its signatures, or None when there is none."""
        import dns.exception

        try:
            answer = await self._signing_resolver().resolve(
                name, rdtype, search=False, lifetime=LIFETIME, raise_on_no_answer=False
            )
        except (dns.exception.DNSException, ValueError, OSError):
            return None
        return answer.response

    def _signing_resolver(self) -> "AsyncResolver":
        if self._with_signatures is None:
            import dns.asyncresolver
            import dns.flags

            if self._nameserver is None:
                resolver = dns.asyncresolver.Resolver()
            else:
                resolver = dns.asyncresolver.Resolver(configure=False)
                resolver.nameservers = [self._nameserver[0]]
                resolver.port = self._nameserver[1]
            resolver.timeout = _FIRST_RETRY
            resolver.use_edns(0, dns.flags.DO, 1232)
            # Checking is ours: without this a resolver keeps to itself what it found wrong.
            resolver.set_flags(dns.flags.RD | dns.flags.CD)
            self._with_signatures = resolver
        return self._with_signatures


def _on_loopback(nameserver: str) -> bool:
    import ipaddress

    return ipaddress.ip_address(nameserver).is_loopback


async def system_addresses(host: str) -> Reply[str]:
    """Addresses as the operating system sees them: hosts file, VPN, mDNS and all.

    Runs in a daemon thread of its own, because the C library's resolver cannot be interrupted and
    must not hold up the end of the program.
    """
    import threading

    loop = asyncio.get_running_loop()
    done: asyncio.Future[Reply[str]] = loop.create_future()

    def settle(reply: Reply[str]) -> None:
        if not done.done():
            done.set_result(reply)

    def look_up() -> None:
        reply = asked_of_system(host)
        try:
            loop.call_soon_threadsafe(settle, reply)
        except RuntimeError:
            return  # the loop ended while the C library was still busy

    threading.Thread(target=look_up, daemon=True, name=f"resolve {host}").start()
    try:
        async with asyncio.timeout(2 * LIFETIME):
            return await done
    except TimeoutError:
        return DnsFailure(DnsFault.TIMEOUT)


def asked_of_system(host: str, getaddrinfo: Any = socket.getaddrinfo) -> Reply[str]:
    """The same, at once and for as long as it takes.

    A name that does not exist is tried below the network's own domains too (the search list), and
    where those answer for everything it would be there after all: that is looked through.
    """
    found: list[Any] = []
    for name in (host, f"{host}."):
        try:
            found = getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
        except socket.gaierror as error:
            temporary = error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
            return DnsFailure(DnsFault.SERVFAIL) if temporary else Absent(nxdomain=True)
        except (UnicodeError, OSError):
            return DnsFailure(DnsFault.MALFORMED)
        official = str(found[0][3]) if found else ""
        # With its final dot a name stands for itself alone.
        if "." not in host or not official.lower().startswith(f"{host}."):
            break
    return DnsAnswer(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))


def forget_oldest(asked: "dict[_K, _F]") -> None:
    """Keep the memory of answers flat, however many are asked for. Open questions stay."""
    while len(asked) > MAX_REMEMBERED:
        oldest = next(iter(asked))
        if not asked[oldest].done():
            return
        del asked[oldest]


AddressLookup = Callable[[str], Awaitable[Reply[str]]]


def asked_once(look_up: AddressLookup) -> AddressLookup:
    """The same look-up, asked once for every host however many connections want it.

    Failures are not kept: the next asker tries again.
    """
    asked: dict[str, asyncio.Future[Reply[str]]] = {}

    async def once(host: str) -> Reply[str]:
        task = asked.get(host)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(look_up(host))
            asked[host] = task
            forget_oldest(asked)
        reply = await asyncio.shield(task)
        if not isinstance(reply, DnsAnswer) and asked.get(host) is task:
            del asked[host]
        return reply

    return once
