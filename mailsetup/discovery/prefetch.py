"""DNS queries that are sent before the sources start.

The answers arrive while requests are still being composed; a source that needs one later shares it
(the resolver coalesces equal queries).
"""

from collections.abc import Awaitable, Collection, Sequence
from urllib.parse import urlsplit

from mailsetup.discovery.source import DiscoverySource
from mailsetup.formats import srv_labels
from mailsetup.formats.pacc import digest_owner
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.net.network import Network


def prefetch_queries(
    sources: Collection[DiscoverySource], address: EmailAddress, net: Network
) -> Sequence[Awaitable[object]]:
    """The queries that decide whether these sources exist, in the sources' order."""
    methods = {source.method for source in sources}
    queries: list[Awaitable[object]] = []
    if Method.PACC in methods:
        queries.append(net.dns.txt(digest_owner(address.domain)))
    for source in sources:
        host = urlsplit(source.location(address)).hostname
        if host is not None:
            queries.append(net.look_up(host))
    if Method.SRV in methods:
        labels = (*srv_labels.MAIL.values(), *srv_labels.SERVICES.values())
        queries += (net.dns.srv(f"{label}._tcp.{address.domain}") for label in labels)
    return queries
