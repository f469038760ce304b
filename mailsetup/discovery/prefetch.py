"""The questions to the DNS that a search begins with, before anything else is computed.

What exists decides what is worth connecting to, and the answers are on their way while requests are
still being written. Whoever needs one of them later shares it.
"""

from collections.abc import Awaitable, Collection, Sequence
from urllib.parse import urlsplit

from mailsetup.discovery.source import DiscoverySource
from mailsetup.discovery.sources.srv import BESIDE, LABELS
from mailsetup.formats.pacc import digest_owner
from mailsetup.model.address import EmailAddress
from mailsetup.model.source import Method
from mailsetup.net.network import Network


def first_questions(
    sources: Collection[DiscoverySource], address: EmailAddress, net: Network
) -> Sequence[Awaitable[object]]:
    """What decides whether these sources have anything, in the order of their rank."""
    methods = {source.method for source in sources}
    questions: list[Awaitable[object]] = []
    if Method.PACC in methods:
        questions.append(net.dns.txt(digest_owner(address.domain)))
    for source in sources:
        host = urlsplit(source.location(address)).hostname
        if host is not None:
            questions.append(net.look_up(host))
    if Method.SRV in methods:
        labels = [label for label, *_ in (*LABELS, *BESIDE)]
        questions += (net.dns.srv(f"{label}._tcp.{address.domain}") for label in labels)
    return questions
