"""Addresses as the operating system resolves them, and a look-up that coalesces its callers."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, DnsFault, Reply
from mailsetup.net.dns.cache import drop_oldest

AddressLookup = Callable[[str], Awaitable[Reply[str]]]
AddressInfo = tuple[int, int, int, str, tuple[object, ...]]


class GetAddrInfo(Protocol):
    """The part of `socket.getaddrinfo` that is used here."""

    def __call__(
        self, host: str, port: None, *, type: int, flags: int
    ) -> Sequence[AddressInfo]: ...


_TIMEOUT = 8.0


async def system_addresses(host: str) -> Reply[str]:
    """Addresses from the operating system, with its hosts file, VPN and mDNS.

    Runs in a daemon thread of its own, because the C library's resolver cannot be interrupted and
    must not delay the exit of the program.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Reply[str]] = loop.create_future()

    def settle(reply: Reply[str]) -> None:
        if not done.done():
            done.set_result(reply)

    def look_up() -> None:
        reply = system_addresses_blocking(host)
        try:
            loop.call_soon_threadsafe(settle, reply)
        except RuntimeError:
            return  # the loop was closed meanwhile

    threading.Thread(target=look_up, daemon=True, name=f"resolve {host}").start()
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await done
    except TimeoutError:
        return DnsFailure(DnsFault.TIMEOUT)


def system_addresses_blocking(
    host: str, getaddrinfo: GetAddrInfo = socket.getaddrinfo
) -> Reply[str]:
    """The same, blocking and without a timeout.

    The system also tries a name below the domains of its search list. Where those have a wildcard
    record, a name that does not exist would be found: the official name reveals that.
    """
    found: Sequence[AddressInfo] = ()
    for name in (host, f"{host}."):
        try:
            found = getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
        except socket.gaierror as error:
            temporary = error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL)
            return DnsFailure(DnsFault.SERVFAIL) if temporary else Absent(nxdomain=True)
        except (UnicodeError, OSError):
            return DnsFailure(DnsFault.MALFORMED)
        official = str(found[0][3]) if found else ""
        # A final dot excludes the search list.
        if "." not in host or not official.lower().startswith(f"{host}."):
            break
    return DnsAnswer(tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))


def coalesced(look_up: AddressLookup) -> AddressLookup:
    """``look_up`` with one call for each host, shared by all callers.

    Failures are not stored: the next caller tries again.
    """
    calls: dict[str, asyncio.Future[Reply[str]]] = {}

    async def shared(host: str) -> Reply[str]:
        task = calls.get(host)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(look_up(host))
            calls[host] = task
            drop_oldest(calls)
        reply = await asyncio.shield(task)
        if not isinstance(reply, DnsAnswer) and calls.get(host) is task:
            del calls[host]
        return reply

    return shared
