"""The evidence of a finding as rows of label and value."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsetup.assistant.texts.common import yes_no
from mailsetup.i18n import N_, _
from mailsetup.model.finding import Fact, Finding
from mailsetup.model.text import plain

_MAX_SHOWN = 20

_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": N_("Taken with the words"),
        "action": N_("Action"),
        "address": N_("Address"),
        "addresses": N_("Addresses"),
        "all": N_("Last word of SPF"),
        "always": N_("For every message"),
        "answer": N_("Answer"),
        "asked": N_("Asked for"),
        "asks_for": N_("The domain asks for"),
        "author": N_("Author's domain"),
        "blocked": N_("Blocked"),
        "certificate_expires": N_("Certificate valid until"),
        "certificate_issuer": N_("Certificate issued by"),
        "certificate_names": N_("Names in the certificate"),
        "certificate_sha256": N_("Certificate (SHA-256)"),
        "class": N_("Kind of error"),
        "code": N_("Code"),
        "confidence": N_("How certain"),
        "copy_stays": N_("A copy stays here"),
        "count": N_("Count"),
        "defect": N_("Defect"),
        "differences": N_("Differences"),
        "dkim": N_("Signatures (DKIM)"),
        "domain": N_("Domain"),
        "elsewhere": N_("Elsewhere"),
        "fault": N_("Fault"),
        "field": N_("Header field"),
        "fitting": N_("Name that fits"),
        "folder": N_("Folder"),
        "folders": N_("Folders"),
        "from": N_("From"),
        "here": N_("Here"),
        "host": N_("Server"),
        "hostings": N_("Hostings"),
        "hosts": N_("Servers"),
        "issuer": N_("Issued by"),
        "judged": N_("Judged on"),
        "leads_to": N_("Leads to"),
        "left_out": N_("Left out"),
        "limit_messages": N_("Limit (messages)"),
        "lists": N_("Blocklists"),
        "limit_kib": N_("Limit (KiB)"),
        "lookups": N_("Questions to the DNS"),
        "loop": N_("Goes in a circle"),
        "mailbox": N_("Mailbox server"),
        "mailbox_addresses": N_("Mailbox server's addresses"),
        "message_id": N_("Message-ID"),
        "missing": N_("Missing"),
        "mode": N_("Mode"),
        "mx": N_("MX"),
        "name": N_("Name"),
        "names": N_("Names"),
        "offset": N_("Difference"),
        "open": N_("Open"),
        "open_at_your_server": N_("Open at your server"),
        "part": N_("Part"),
        "path": N_("Way of the message"),
        "policy": N_("Policy"),
        "profile": N_("Profile"),
        "program": N_("Program"),
        "protocol": N_("Protocol"),
        "proven_name": N_("Name that fits"),
        "reached_elsewhere": N_("Reached elsewhere"),
        "reason": N_("Reason"),
        "recognised_by": N_("Recognised by"),
        "record": N_("Record"),
        "result": N_("Result"),
        "reverse_name": N_("Reverse name"),
        "rule": N_("Rule"),
        "seconds": N_("Seconds"),
        "security": N_("Encryption"),
        "selector": N_("Selector"),
        "server": N_("Server"),
        "signatures": N_("Signatures"),
        "size": N_("Size"),
        "spf": N_("SPF"),
        "stage": N_("Step"),
        "status": N_("Status"),
        "subscribed": N_("Subscribed"),
        "target": N_("Target"),
        "targets": N_("Targets"),
        "term": N_("Part of the record"),
        "time": N_("Time"),
        "to": N_("To"),
        "tried": N_("Tried"),
        "until": N_("Until"),
        "used_kib": N_("Used (KiB)"),
        "used_messages": N_("Used (messages)"),
    }
)
"""Labels by the names of the JSON document; a name without a label is shown itself."""


def evidence_rows(finding: Finding) -> tuple[tuple[str, str], ...]:
    """The evidence in the order of the finding, in the current language, safe to show."""
    return tuple((_label(name), _value(value)) for name, value in finding.evidence.items())


def _label(name: str) -> str:
    known = _LABELS.get(name)
    return _(known) if known else plain(name.replace("_", " "), 60)


def _value(value: Fact) -> str:
    if isinstance(value, tuple):
        return ", ".join(plain(str(item)) for item in value[:_MAX_SHOWN])
    if isinstance(value, bool):
        return yes_no(value)
    return plain(str(value))
