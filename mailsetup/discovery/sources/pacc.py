"""The PACC document of a domain, accepted only where the DNS holds its digest.

To forge it, both the web server and the DNS would have to be controlled.
"""

import asyncio
import hashlib
import hmac

from mailsetup.discovery.fetch_autoconfig import failed, refused
from mailsetup.formats import pacc
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, Reply
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.http import Follow, HttpFailure, HttpReply
from mailsetup.net.network import Network


class Pacc:
    """``ua-auto-config.<domain>`` with the digest at ``_ua-auto-config.<domain>``."""

    method = Method.PACC

    def location(self, address: EmailAddress) -> str:
        """The document's URL."""
        return f"https://ua-auto-config.{address.domain}/.well-known/user-agent-configuration.json"

    async def discover(self, address: EmailAddress, net: Network) -> SourceResult:
        """Fetch document and digest concurrently; stop as soon as one of them is absent."""
        url = self.location(address)
        document = asyncio.ensure_future(
            net.http.get(url, limit=pacc.MAX_BYTES, follow=Follow.SAME_OWNER)
        )
        records = asyncio.ensure_future(net.dns.txt(pacc.digest_owner(address.domain)))
        try:
            await asyncio.wait([document, records], return_when=asyncio.FIRST_COMPLETED)
            if records.done() and isinstance(records.result(), Absent):
                return NotFound(url, "no-digest")
            reply = await document
            if isinstance(reply, HttpFailure):
                return failed(reply)
            if reply.status != 200:
                return refused(reply)
            return _verified(reply, await records, address)
        finally:
            for task in (document, records):
                task.cancel()
            await asyncio.gather(document, records, return_exceptions=True)


def _verified(reply: HttpReply, records: Reply[str], address: EmailAddress) -> SourceResult:
    if isinstance(records, DnsFailure):
        return Unreachable(reply.url, str(records.fault))
    texts = records.records if isinstance(records, DnsAnswer) else ()
    digests = [digest for text in texts if (digest := pacc.read_digest(text)) is not None]
    seen = hashlib.sha256(reply.body).digest()
    if not any(hmac.compare_digest(seen, digest) for digest in digests):
        return NotFound(reply.url, "digest-mismatch" if digests else "no-digest")
    settings = pacc.read(reply.body, address)
    if settings is None:
        return NotFound(reply.url, "not-json")
    if not settings.servers:
        return NotFound(reply.url, "no-usable-server")
    return Found(settings, Source(Method.PACC, reply.url, Channel.HTTPS), vouched=True)
