"""The DNS records of a publication: looked up and compared."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsetup.assistant.publication.result import Difference, PublicationPart, PublicationRow
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.export.publish.publication import Publication
from mailsetup.export.publish.zone import SrvData, TxtData
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure
from mailsetup.model.source import Method
from mailsetup.model.source_result import Found
from mailsetup.model.text import plain
from mailsetup.net.network import Network

_MAX_SHOWN: Final = 300
_STS_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}\Z")
"""RFC 8461 section 3.1."""
_TXT_METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "_ua-auto-config": str(Method.PACC),
        "_mta-sts": "mta-sts",
        "_smtp._tls": "tls-rpt",
    }
)


class RecordComparison:
    """Looks up the records of a publication."""

    def __init__(self, expected: Publication, net: Network) -> None:
        self._expected = expected
        self._domain = expected.domain
        self._net = net
        self._address = EmailAddress("postmaster", expected.domain)

    async def compare_srv(self, owner: str) -> PublicationRow:
        """Compare the SRV records of one service (RFC 6186)."""
        protocols = {server.protocol for server in self._expected.settings.incoming}
        both = len(protocols) > 1 and owner.startswith(("_imap", "_pop3"))
        wanted = [
            (record.priority, record.port, record.target)
            for record in self._expected.records
            if isinstance(record, SrvData) and record.owner == owner
        ]
        optional = owner.startswith("_autodiscover.")
        method = str(Method.AUTODISCOVER if optional else Method.SRV)
        reply = await self._net.dns.srv(owner)
        part = PublicationPart(method, owner, optional)
        if not isinstance(reply, DnsAnswer):
            return _without_records(part, reply)
        served = [(record.priority, record.port, record.target) for record in reply.records]
        # Between IMAP and POP3 the numbers decide; within one name only their order.
        compared = sorted if both else _by_rank
        if compared(wanted) == compared(served):
            return part.compared()
        return part.compared(Difference("records", _srv_text(wanted), _srv_text(served)))

    async def compare_txt(self, record: TxtData) -> PublicationRow:
        """Compare one TXT record by the rules of its kind."""
        label = record.owner.removesuffix(f".{self._domain}")
        method = _TXT_METHODS.get(label, str(Method.SRV))
        # The paths of calendars have the name of their SRV records (RFC 6764 section 4).
        owner = record.owner if label in _TXT_METHODS else f"{record.owner} (TXT)"
        reply = await self._net.dns.txt(record.owner)
        part = PublicationPart(method, owner)
        if not isinstance(reply, DnsAnswer):
            return _without_records(part, reply)
        version = record.text.partition(";")[0] if label in _TXT_METHODS else ""
        served = [text for text in reply.records if text.strip().startswith(version)]
        if not served:
            return part.missing("absent")
        if label == "_mta-sts":
            return _sts_row(part, record.text, served)
        if label == "_ua-auto-config":
            return await self._digest_row(part, record, served)
        if len(served) > 1:
            return part.differs("several-records")
        if _normalised(served[0]) == _normalised(record.text):
            return part.compared()
        return part.compared(Difference("text", record.text, plain(served[0], _MAX_SHOWN)))

    async def _digest_row(
        self, part: PublicationPart, record: TxtData, served: list[str]
    ) -> PublicationRow:
        """Right where it is the digest of the document that is served, or of the expected one."""
        if any(_normalised(text) == _normalised(record.text) for text in served):
            return part.compared()
        if isinstance(await Pacc().discover(self._address, self._net), Found):
            return part.compared()
        return part.compared(Difference("text", record.text, plain(served[0], _MAX_SHOWN)))


def _without_records(part: PublicationPart, reply: Absent | DnsFailure) -> PublicationRow:
    if isinstance(reply, DnsFailure):
        return part.unreachable(str(reply.fault))
    return part.missing("absent")


def _by_rank(records: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The records with priorities replaced by their ranks."""
    ranks = {
        priority: rank for rank, priority in enumerate(sorted({entry[0] for entry in records}))
    }
    return sorted((ranks[priority], port, target) for priority, port, target in records)


def _srv_text(records: list[tuple[int, int, str]]) -> str:
    texts = (f"{priority} {target or '.'}:{port}" for priority, port, target in sorted(records))
    return plain("; ".join(texts), _MAX_SHOWN)


def _sts_row(part: PublicationPart, wanted: str, served: list[str]) -> PublicationRow:
    """Any valid id is right: it only has to change with the policy, which is a row of its own."""
    if len(served) > 1:
        return part.differs("several-records")
    fields = dict(part.strip().partition("=")[::2] for part in served[0].split(";") if "=" in part)
    if _STS_ID.match(fields.get("id", "")):
        return part.compared()
    return part.compared(Difference("id", wanted, plain(served[0], _MAX_SHOWN)))


def _normalised(text: str) -> str:
    """Without what RFC 8460 and PACC allow to differ: spaces at separators, a last semicolon."""
    return ";".join(part.strip() for part in text.split(";") if part.strip())
