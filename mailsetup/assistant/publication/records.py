"""The DNS records of a publication: looked up and compared."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsetup.assistant.publication.result import Difference, PublicationRow, PublicationState
from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.export.publish.publication import Publication
from mailsetup.export.publish.zone import SrvData, TxtData
from mailsetup.model.address import EmailAddress
from mailsetup.model.dns import Absent, DnsAnswer, DnsFailure, Reply
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
        row = _dns_row(method, owner, reply, optional=optional)
        if row is not None or not isinstance(reply, DnsAnswer):
            return row or PublicationRow(method, owner, PublicationState.MISSING, optional=optional)
        served = [(record.priority, record.port, record.target) for record in reply.records]
        # Between IMAP and POP3 the numbers decide; within one name only their order.
        compared = sorted if both else _by_rank
        if compared(wanted) == compared(served):
            return PublicationRow(method, owner, PublicationState.RIGHT, optional=optional)
        change = Difference("records", _srv_text(wanted), _srv_text(served))
        return PublicationRow(
            method, owner, PublicationState.DIFFERS, differences=(change,), optional=optional
        )

    async def compare_txt(self, record: TxtData) -> PublicationRow:
        """Compare one TXT record by the rules of its kind."""
        label = record.owner.removesuffix(f".{self._domain}")
        method = _TXT_METHODS.get(label, str(Method.SRV))
        # The paths of calendars have the name of their SRV records (RFC 6764 section 4).
        owner = record.owner if label in _TXT_METHODS else f"{record.owner} (TXT)"
        reply = await self._net.dns.txt(record.owner)
        row = _dns_row(method, owner, reply)
        if row is not None or not isinstance(reply, DnsAnswer):
            return row or PublicationRow(method, owner, PublicationState.MISSING)
        version = record.text.partition(";")[0] if label in _TXT_METHODS else ""
        served = [text for text in reply.records if text.strip().startswith(version)]
        if not served:
            return PublicationRow(method, owner, PublicationState.MISSING, "absent")
        if label == "_mta-sts":
            return _sts_row(owner, record.text, served)
        if label == "_ua-auto-config":
            return await self._digest_row(record, served)
        if len(served) > 1:
            return PublicationRow(method, owner, PublicationState.DIFFERS, "several-records")
        if _squeezed(served[0]) == _squeezed(record.text):
            return PublicationRow(method, owner, PublicationState.RIGHT)
        change = Difference("text", record.text, plain(served[0], _MAX_SHOWN))
        return PublicationRow(method, owner, PublicationState.DIFFERS, differences=(change,))

    async def _digest_row(self, record: TxtData, served: list[str]) -> PublicationRow:
        """Right where it is the digest of the document that is served, or of the expected one."""
        method = str(Method.PACC)
        if any(_squeezed(text) == _squeezed(record.text) for text in served):
            return PublicationRow(method, record.owner, PublicationState.RIGHT)
        if isinstance(await Pacc().discover(self._address, self._net), Found):
            return PublicationRow(method, record.owner, PublicationState.RIGHT)
        change = Difference("text", record.text, plain(served[0], _MAX_SHOWN))
        return PublicationRow(method, record.owner, PublicationState.DIFFERS, differences=(change,))


def _dns_row(
    method: str, owner: str, reply: Reply[object], *, optional: bool = False
) -> PublicationRow | None:
    """A row for a reply without records; None for one with records."""
    match reply:
        case Absent():
            return PublicationRow(
                method, owner, PublicationState.MISSING, "absent", optional=optional
            )
        case DnsFailure(fault=fault):
            return PublicationRow(
                method, owner, PublicationState.UNREACHABLE, str(fault), optional=optional
            )
        case _:
            return None


def _by_rank(records: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The records with priorities replaced by their ranks."""
    ranks = {
        priority: rank for rank, priority in enumerate(sorted({entry[0] for entry in records}))
    }
    return sorted((ranks[priority], port, target) for priority, port, target in records)


def _srv_text(records: list[tuple[int, int, str]]) -> str:
    texts = (f"{priority} {target or '.'}:{port}" for priority, port, target in sorted(records))
    return plain("; ".join(texts), _MAX_SHOWN)


def _sts_row(owner: str, wanted: str, served: list[str]) -> PublicationRow:
    """Any valid id is right: it only has to change with the policy, which is a row of its own."""
    if len(served) > 1:
        return PublicationRow("mta-sts", owner, PublicationState.DIFFERS, "several-records")
    fields = dict(part.strip().partition("=")[::2] for part in served[0].split(";") if "=" in part)
    if _STS_ID.match(fields.get("id", "")):
        return PublicationRow("mta-sts", owner, PublicationState.RIGHT)
    change = Difference("id", wanted, plain(served[0], _MAX_SHOWN))
    return PublicationRow("mta-sts", owner, PublicationState.DIFFERS, differences=(change,))


def _squeezed(text: str) -> str:
    """Without what RFC 8460 and PACC allow to differ: spaces at separators, a last semicolon."""
    return ";".join(part.strip() for part in text.split(";") if part.strip())
