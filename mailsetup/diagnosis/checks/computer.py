"""Faults of this computer and its network that look like faults of the server.

Checked only where a server could not be reached or its certificate was not valid. Other hosts are
connected to for comparison; no mail protocol is spoken with them.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from mailsetup.diagnosis.checks.network import KNOWN_PAGES
from mailsetup.model.certificate import TlsFault
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, Stage
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Protocol
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure
from mailsetup.net.http import HttpReply
from mailsetup.net.network import Network

_TIMEOUT = 5.0
_LIMIT = 16 * 1024
CLOCK_TOLERANCE = timedelta(minutes=10)
"""A smaller difference explains no certificate error."""

# Servers that always answer, for comparison: a network that blocks a port blocks it for them too.
_COMPARED: Final[Mapping[int, str]] = {
    993: "imap.gmail.com",
    995: "pop.gmail.com",
    465: "smtp.gmail.com",
    587: "smtp.gmail.com",
    143: "outlook.office365.com",
    110: "outlook.office365.com",
}
_WEB = ("v1.ispdb.net", 443)
_OWN_PORTS: Final[Mapping[Protocol, tuple[int, int]]] = {
    Protocol.IMAP: (993, 143),
    Protocol.POP3: (995, 110),
    Protocol.SMTP: (465, 587),
}

# Issuer names of antivirus programs and company proxies that intercept TLS.
_INTERCEPTORS = (
    "avast", "avg ", "eset", "kaspersky", "bitdefender", "norton", "mcafee", "panda", "g data",
    "dr.web", "sophos", "fortinet", "fortigate", "zscaler", "palo alto", "check point", "sonicwall",
    "watchguard", "blue coat", "netskope", "cisco umbrella", "untangle", "trend micro", "adguard",
    "mitmproxy", "fiddler", "charles proxy", "web shield", "mail shield", "mail scanner",
)  # fmt: skip

_UNREACHED = (DialogueFault.TIMEOUT, DialogueFault.UNREACHABLE, DialogueFault.RESET)
_OUTDATED = (DialogueFault.CERTIFICATE_EXPIRED, DialogueFault.CERTIFICATE_NOT_YET_VALID)


async def check_computer(failures: Sequence[DialogueFailure], net: Network) -> tuple[Finding, ...]:
    """Findings that explain the failures of servers; none where the servers themselves fail."""
    clock, intercepted, blocked = await asyncio.gather(
        _clock([one for one in failures if one.error in _OUTDATED], net),
        _interception(
            [one for one in failures if one.error is DialogueFault.CERTIFICATE_UNKNOWN_ISSUER], net
        ),
        _blocked_ports([one for one in failures if _is_unreached(one)], net),
    )
    return tuple(finding for finding in (clock, intercepted, blocked) if finding is not None)


def _is_unreached(failure: DialogueFailure) -> bool:
    # A server that closes the connection at the login was reached: its port is open.
    return failure.error in _UNREACHED and failure.stage is not Stage.LOGIN


# The clock --------------------------------------------------------------------------------------


async def _clock(failures: Sequence[DialogueFailure], net: Network) -> Finding | None:
    """Whether the certificates are valid and this computer's clock is wrong."""
    certificates = [one.certificate for one in failures if one.certificate is not None]
    if not certificates:
        return None
    reported = await _reported_time(net)
    if reported is None:
        return None
    offset = net.clock.now() - reported
    are_valid = any(one.not_before <= reported <= one.not_after for one in certificates)
    if abs(offset) < CLOCK_TOLERANCE or not are_valid:
        return None
    return Finding(
        FindingId.CLIENT_CLOCK_WRONG,
        Status.FAIL,
        {"offset": duration(abs(offset))},
        {"here": net.clock.now().isoformat(timespec="seconds"), "elsewhere": reported.isoformat()},
    )


async def _reported_time(net: Network) -> datetime | None:
    """The ``Date`` of servers over plain HTTP: with a wrong clock every TLS connection fails."""
    replies = await asyncio.gather(
        *(net.http.get_plain(url, limit=_LIMIT, timeout=_TIMEOUT) for url, _ in KNOWN_PAGES)
    )
    dates = [reply.date for reply in replies if isinstance(reply, HttpReply) and reply.date]
    return dates[0] if dates else None


def duration(span: timedelta) -> str:
    """A duration in SI symbols, the same in every language: ``3 d 4 h``, ``25 min``."""
    minutes = round(span.total_seconds() / 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


# TLS interception --------------------------------------------------------------------------------


async def _interception(failures: Sequence[DialogueFailure], net: Network) -> Finding | None:
    """Whether a program or proxy here issues its own certificates for other hosts."""
    issuers = {one.certificate.issuer for one in failures if one.certificate is not None}
    if not issuers:
        return None
    issuer = sorted(issuers)[0]
    evidence = "its name"
    if not any(name in f"{issuer.lower()} " for name in _INTERCEPTORS):
        elsewhere = await _issuer_elsewhere(net)
        if elsewhere not in issuers:
            return None
        evidence = "it also vouches for a server elsewhere"
    return Finding(
        FindingId.CLIENT_TLS_INTERCEPTED,
        Status.FAIL,
        {"issuer": issuer},
        {"issuer": issuer, "recognised_by": evidence},
    )


async def _issuer_elsewhere(net: Network) -> str:
    """The issuer of a well-known server's certificate, "" where the certificate is trusted."""
    outcome = await _connected(net, _COMPARED[993], 993, tls=True)
    if isinstance(outcome, Connection):
        outcome.close()
        return ""
    tls = outcome.tls if outcome is not None else None
    if tls is None or tls.fault is not TlsFault.UNKNOWN_ISSUER or tls.certificate is None:
        return ""
    return tls.certificate.issuer


# Ports ------------------------------------------------------------------------------------------


async def _blocked_ports(failures: Sequence[DialogueFailure], net: Network) -> Finding | None:
    """Whether the network blocks ports, and which ports of the server it leaves open.

    A port counts as blocked only where a server elsewhere cannot be reached at it either, while
    another connection succeeds; otherwise it is this one server that does not answer.
    """
    suspects = {one.server.port for one in failures if one.server.port in _COMPARED}
    if not suspects:
        return None
    own = {
        (one.server.host, port)
        for one in failures
        for port in _OWN_PORTS[one.server.protocol]
        if port != one.server.port
    }
    compared = {(host, port) for port, host in _COMPARED.items()}
    reached = await _reachable({*own, *compared, _WEB}, net)
    blocked = sorted(port for port in suspects if (_COMPARED[port], port) not in reached)
    if not blocked or not reached:
        return None
    open_here = sorted({port for host, port in reached & own})
    facts: dict[str, Fact] = {"blocked": ", ".join(map(str, blocked))}
    if open_here:
        facts["open"] = ", ".join(map(str, open_here))
    return Finding(
        FindingId.CLIENT_NETWORK_PORT_BLOCKED,
        Status.FAIL,
        facts,
        {
            "blocked": tuple(map(str, blocked)),
            "open_at_your_server": tuple(map(str, open_here)),
            "reached_elsewhere": tuple(f"{host}:{port}" for host, port in sorted(reached - own)),
        },
    )


async def _reachable(endpoints: Iterable[tuple[str, int]], net: Network) -> set[tuple[str, int]]:
    """The endpoints (host, port) that accept a connection."""
    ordered = sorted(set(endpoints))
    outcomes = await asyncio.gather(*(_connected(net, *endpoint) for endpoint in ordered))
    reached: set[tuple[str, int]] = set()
    for endpoint, outcome in zip(ordered, outcomes, strict=True):
        if isinstance(outcome, Connection):
            outcome.close()
            reached.add(endpoint)
    return reached


async def _connected(
    net: Network, host: str, port: int, *, tls: bool = False
) -> Connection | ConnectFailure | None:
    try:
        async with asyncio.timeout(_TIMEOUT):
            return await net.connect(host, port, implicit_tls=tls, explain=tls)
    except TimeoutError:
        return None
