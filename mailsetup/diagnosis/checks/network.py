"""The network that this computer is on: does it answer truthfully, and does it let us out?

Asked only where nothing worked: the questions go to hosts that have nothing to do with the mailbox.
"""

import asyncio
import secrets

from mailsetup.model.dns import DnsAnswer
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.text import plain
from mailsetup.net.http import HttpReply
from mailsetup.net.network import Network

# Pages that say always the same to everybody, kept for this very question by Mozilla and GNOME.
KNOWN_PAGES = (
    ("http://detectportal.firefox.com/success.txt", b"success"),
    ("http://nmcheck.gnome.org/check_network_status.txt", b"NetworkManager is online"),
)
_TIMEOUT = 5.0
_LIMIT = 16 * 1024


async def check_network(net: Network) -> tuple[Finding, ...]:
    """Findings about the network; none where it behaves."""
    portal, invented = await asyncio.gather(_captive_portal(net), _invented_answer(net))
    return tuple(finding for finding in (portal, invented) if finding is not None)


async def _captive_portal(net: Network) -> Finding | None:
    """Somebody else answers for pages whose answer is known (a sign-in page, RFC 8952)."""
    replies = await asyncio.gather(
        *(net.http.get_plain(url, limit=_LIMIT, timeout=_TIMEOUT) for url, _ in KNOWN_PAGES)
    )
    answers = [
        (reply, reply.status == 200 and reply.body.strip() == promised)
        for reply, (_, promised) in zip(replies, KNOWN_PAGES, strict=True)
        if isinstance(reply, HttpReply)
    ]
    if not answers or any(as_promised for _, as_promised in answers):
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


async def _invented_answer(net: Network) -> Finding | None:
    """A name that cannot exist is answered (RFC 6761 section 6.4 keeps ``invalid`` empty)."""
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
