"""Questions to the domain name system, with every way of failing kept apart."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from mailsetup.model.hostname import is_dns_name, is_ip_literal
from mailsetup.net.descriptors import is_exhaustion, when_free
from mailsetup.net.dnssec import ROOT_ANCHORS, Validator

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as AsyncResolver
    from dns.message import Message
    from dns.rdata import Rdata
    from dns.resolver import Answer as DnsAnswer

R = TypeVar("R", covariant=True)
_K = TypeVar("_K")
_F = TypeVar("_F", bound="asyncio.Future[Any]")

QUERY_LIFETIME = 4.0
"""Seconds for one question with all its repetitions."""
_FIRST_RETRY = 1.0
_MAX_RECORDS = 64
_MAX_ALIASES = 8
MAX_REMEMBERED = 2000
"""Answers that a run keeps: a search asks some sixty questions, and several run at a time."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[R]):
    """Records. ``validated`` means DNSSEC-validated by a resolver on this very machine."""

    records: tuple[R, ...]
    validated: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The name does not exist (``nxdomain``), or has no record of this type."""

    nxdomain: bool


class ResolverFault(StrEnum):
    """Why there is no answer at all."""

    TIMEOUT = "timeout"
    SERVFAIL = "servfail"
    NO_RESOLVER = "no-resolver"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The resolver did not answer, or answered that it cannot tell."""

    fault: ResolverFault


Reply = Answer[R] | Absent | NoAnswer


@dataclass(frozen=True, slots=True)
class MxRecord:
    """RFC 5321 section 5: lower preference first; an empty host is a null MX (RFC 7505)."""

    preference: int
    host: str


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """RFC 2782. An empty target means that the service is not offered."""

    priority: int
    weight: int
    port: int
    target: str


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
    """A stub resolver on dnspython. Each question is asked once a run, also by several askers."""

    def __init__(
        self, nameserver: tuple[str, int] | None = None, anchors: Sequence[str] = ROOT_ANCHORS
    ) -> None:
        self._nameserver = nameserver
        self._resolver: AsyncResolver | None = None
        self._with_signatures: AsyncResolver | None = None
        self._validator = Validator(self._signed_message, anchors)
        self._asked: dict[tuple[str, str], asyncio.Task[Reply[Rdata]]] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}

    async def mx(self, domain: str) -> Reply[MxRecord]:
        """Mail exchangers, best first."""
        reply = await self._ask(domain, "MX")
        if not isinstance(reply, Answer):
            return reply
        records = [MxRecord(int(rd.preference), _host(rd.exchange)) for rd in _any(reply.records)]
        return Answer(by_preference(records), reply.validated)

    async def srv(self, name: str) -> Reply[SrvRecord]:
        """Service records, unordered."""
        reply = await self._ask(name, "SRV")
        if not isinstance(reply, Answer):
            return reply
        return Answer(
            tuple(
                SrvRecord(int(rd.priority), int(rd.weight), int(rd.port), _host(rd.target))
                for rd in _any(reply.records)
            ),
            reply.validated,
        )

    async def txt(self, name: str) -> Reply[str]:
        """Text records, each with its strings joined without a separator."""
        reply = await self._ask(name, "TXT")
        if not isinstance(reply, Answer):
            return reply
        return Answer(
            tuple(b"".join(rd.strings).decode("utf-8", "replace") for rd in _any(reply.records)),
            reply.validated,
        )

    async def addresses(self, host: str) -> Reply[str]:
        """IPv6 and IPv4 addresses, asked side by side."""
        if is_ip_literal(host):
            return Answer((host,))
        six, four = await asyncio.gather(self._ask(host, "AAAA"), self._ask(host, "A"))
        found = [
            str(rd.address)
            for reply in (six, four)
            if isinstance(reply, Answer)
            for rd in _any(reply.records)
        ]
        if found:
            validated = all(not isinstance(r, Answer) or r.validated for r in (six, four))
            return Answer(tuple(found), validated)
        # A resolver that answers one of the two questions only is still a fault, not an absence.
        for reply in (four, six):
            if isinstance(reply, NoAnswer):
                return reply
        return Absent(nxdomain=isinstance(four, Absent) and four.nxdomain)

    async def aliases(self, host: str) -> tuple[str, ...]:
        """The CNAME chain, as the answer to a question for addresses shows it."""
        await self._ask(host, "A")
        return self._aliases.get(host.lower().rstrip("."), ())

    async def names_of(self, address: str) -> tuple[str, ...]:
        """PTR records."""
        import dns.exception
        import dns.reversename

        try:
            name = str(dns.reversename.from_address(address)).rstrip(".")
        except (dns.exception.DNSException, ValueError):
            return ()
        reply = await self._ask(name, "PTR")
        if not isinstance(reply, Answer):
            return ()
        hosts = (_host(rd.target) for rd in _any(reply.records))
        return tuple(host for host in hosts if host)

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

    async def _ask(self, name: str, rdtype: str) -> "Reply[Rdata]":
        if not is_dns_name(name):
            return Absent(nxdomain=True)
        key = (name.lower().rstrip("."), rdtype)
        task = self._asked.get(key)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._query(*key))
            self._asked[key] = task
            forget_oldest(self._asked)
        # Shielded: one asker who gives up must not take the answer away from the others.
        reply = await asyncio.shield(task)
        if isinstance(reply, NoAnswer) and self._asked.get(key) is task:
            # Silence is not kept: whoever asks later asks anew.
            del self._asked[key]
        return reply

    async def _query(self, name: str, rdtype: str) -> "Reply[Rdata]":
        import dns.exception
        import dns.flags
        import dns.resolver

        try:
            answer = await when_free(lambda: self._resolve(f"{name}.", rdtype))
        except dns.resolver.NXDOMAIN as error:
            # An alias whose target is gone still tells whose it was.
            responses: dict[object, Message] = error.responses()  # type: ignore[no-untyped-call]
            response = next(iter(responses.values()), None)
            if response is not None:
                self._note_aliases(name, _cnames(response))
            return Absent(nxdomain=True)
        except dns.exception.Timeout:
            return NoAnswer(ResolverFault.TIMEOUT)
        except dns.resolver.NoNameservers:
            return NoAnswer(ResolverFault.SERVFAIL)
        except dns.resolver.NoResolverConfiguration:
            return NoAnswer(ResolverFault.NO_RESOLVER)
        except (dns.exception.DNSException, ValueError):
            return NoAnswer(ResolverFault.MALFORMED)
        except OSError:
            return NoAnswer(ResolverFault.NO_RESOLVER)
        chain = answer.chaining_result.cnames
        self._note_aliases(name, tuple(_host(rrset[0].target) for rrset in chain[:_MAX_ALIASES]))
        if answer.rrset is None:
            return Absent(nxdomain=False)
        validated = bool(answer.response.flags & dns.flags.AD) and _on_loopback(answer.nameserver)
        return Answer(tuple(answer.rrset)[:_MAX_RECORDS], validated)

    def _note_aliases(self, name: str, chain: tuple[str, ...]) -> None:
        if chain:
            self._aliases[name] = chain
            while len(self._aliases) > MAX_REMEMBERED:
                del self._aliases[next(iter(self._aliases))]

    async def _resolve(self, name: str, rdtype: str) -> "DnsAnswer":
        """Ask once. Raises what dnspython raises, and OSError when nothing more can be opened."""
        import dns.resolver

        try:
            return await self._configured().resolve(
                name, rdtype, search=False, lifetime=QUERY_LIFETIME, raise_on_no_answer=False
            )
        except dns.resolver.NoNameservers as error:
            # dnspython takes a failed socket for a failed server.
            for _server, _tcp, _port, cause, _response in error.kwargs.get("errors", ()):
                if is_exhaustion(cause):
                    raise cause from None
            raise

    async def _signed_message(self, name: str, rdtype: str) -> "Message | None":
        """The whole answer with its signatures, or None when there is none."""
        import dns.exception
        import dns.flags

        try:
            resolver = self._configured()
            asked = self._with_signatures
            if asked is None:
                import copy

                asked = copy.copy(resolver)
                asked.use_edns(0, dns.flags.DO, 1232)
                # Checking is ours: without this a resolver keeps to itself what it found wrong.
                asked.set_flags(dns.flags.RD | dns.flags.CD)
                self._with_signatures = asked
            answer = await asked.resolve(
                name, rdtype, search=False, lifetime=QUERY_LIFETIME, raise_on_no_answer=False
            )
        except (dns.exception.DNSException, ValueError, OSError):
            return None
        return answer.response

    def _configured(self) -> "AsyncResolver":
        if self._resolver is None:
            import dns.asyncresolver
            import dns.flags

            if self._nameserver is None:
                resolver = dns.asyncresolver.Resolver()
            else:
                resolver = dns.asyncresolver.Resolver(configure=False)
                resolver.nameservers = [self._nameserver[0]]
                resolver.port = self._nameserver[1]
            resolver.timeout = _FIRST_RETRY
            resolver.use_edns(0, 0, 1232)
            # AD in a question asks for the resolver's verdict without the signatures (RFC 6840).
            resolver.flags = dns.flags.RD | dns.flags.AD
            self._resolver = resolver
        return self._resolver


def _cnames(response: "Message") -> tuple[str, ...]:
    import dns.rdatatype

    chain = [rrset for rrset in response.answer if rrset.rdtype == dns.rdatatype.CNAME]
    return tuple(_host(rrset[0].target) for rrset in chain[:_MAX_ALIASES])


def _any(records: "tuple[Rdata, ...]") -> tuple[Any, ...]:
    # dnspython types every record as Rdata; the question's type says which attributes it has.
    return records


def _host(name: object) -> str:
    text = str(name).rstrip(".").lower()
    return text if is_dns_name(text) else ""


def _on_loopback(nameserver: str | None) -> bool:
    import ipaddress

    try:
        return nameserver is not None and ipaddress.ip_address(nameserver).is_loopback
    except ValueError:
        return False


async def system_addresses(host: str) -> Reply[str]:
    """Addresses as the operating system sees them: hosts file, VPN, mDNS and all.

    Runs in a daemon thread of its own, because the C library's resolver cannot be interrupted and
    must not hold up the end of the program.
    """
    import socket
    import threading

    loop = asyncio.get_running_loop()
    done: asyncio.Future[Reply[str]] = loop.create_future()

    def settle(reply: Reply[str]) -> None:
        if not done.done():
            done.set_result(reply)

    def look_up() -> None:
        reply: Reply[str]
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            reply = Answer(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except socket.gaierror as error:
            temporary = error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
            reply = NoAnswer(ResolverFault.SERVFAIL) if temporary else Absent(nxdomain=True)
        except (UnicodeError, OSError):
            reply = NoAnswer(ResolverFault.MALFORMED)
        try:
            loop.call_soon_threadsafe(settle, reply)
        except RuntimeError:
            return  # the loop ended while the C library was still busy

    threading.Thread(target=look_up, daemon=True, name=f"resolve {host}").start()
    try:
        async with asyncio.timeout(2 * QUERY_LIFETIME):
            return await done
    except TimeoutError:
        return NoAnswer(ResolverFault.TIMEOUT)


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
        if not isinstance(reply, Answer) and asked.get(host) is task:
            del asked[host]
        return reply

    return once
