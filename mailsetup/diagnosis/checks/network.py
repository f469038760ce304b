"""The network of this computer: captive portals and rewritten DNS answers.

Checked only where nothing worked: the requests go to hosts unrelated to the mailbox.
"""

import asyncio
import secrets
from typing import Final

from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.text import plain
from mailsetup.net.http import HttpReply
from mailsetup.net.network import Network

# Connectivity-check pages of Mozilla and GNOME, whose content never changes.
KNOWN_PAGES: Final = (
    ("http://detectportal.firefox.com/success.txt", b"success"),
    ("http://nmcheck.gnome.org/check_network_status.txt", b"NetworkManager is online"),
)
_TIMEOUT = 5.0
_LIMIT = 16 * 1024


async def check_network(net: Network) -> tuple[Finding, ...]:
    """Findings about the network; none where it works correctly."""
    portal, rewriting = await asyncio.gather(_captive_portal(net), _dns_rewriting(net))
    return tuple(finding for finding in (portal, rewriting) if finding is not None)


async def _captive_portal(net: Network) -> Finding | None:
    """Whether pages with known content are answered by a sign-in page (RFC 8952)."""
    replies = await asyncio.gather(
        *(net.http.get_plain(url, limit=_LIMIT, timeout=_TIMEOUT) for url, _ in KNOWN_PAGES)
    )
    answers = [
        (reply, reply.status == 200 and reply.body.strip() == expected)
        for reply, (_, expected) in zip(replies, KNOWN_PAGES, strict=True)
        if isinstance(reply, HttpReply)
    ]
    if not answers or any(is_expected for _, is_expected in answers):
        return None
    reply = answers[0][0]
    return Finding(
        FindingId.CLIENT_NETWORK_CAPTIVE_PORTAL,
        Status.FAIL,
        evidence={
            "asked": reply.url,
            "status": reply.status,
            "leads_to": plain(reply.location, 200),
        },
    )


async def _dns_rewriting(net: Network) -> Finding | None:
    """Whether a name that cannot exist has an address (``invalid``: RFC 6761 section 6.4)."""
    label = secrets.token_hex(10)
    names = (f"{label}.invalid", f"www.{label}.com")
    replies = await asyncio.gather(*(net.dns.addresses(name) for name in names))
    for name, reply in zip(names, replies, strict=True):
        if isinstance(reply, DnsAnswer):
            return Finding(
                FindingId.CLIENT_DNS_HIJACKED,
                Status.FAIL,
                evidence={"asked": name, "answer": reply.records[:4]},
            )
    return None
