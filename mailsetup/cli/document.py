"""The JSON documents of the command-line contract about settings."""

from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.settings_json import SCHEMA, Document, Json, hint_to_json, settings_to_json
from mailsetup.model.source_result import SourceAttempt


def discovery_document(address: EmailAddress, discovery: Discovery) -> Document:
    """What ``discover --json`` prints."""
    document: Document = {"schema": SCHEMA, "address": str(address)}
    if address.is_international:
        document["address_ascii"] = address.ascii
    document["outcome"] = str(discovery.outcome)
    document["settings"] = (
        settings_to_json(discovery.settings) if discovery.settings is not None else None
    )
    source = discovery.source
    document["source"] = (
        {
            "method": str(source.method),
            "location": source.location,
            "channel": str(source.channel),
        }
        if source is not None
        else None
    )
    document["confirm"] = list(discovery.confirm)
    document["tried"] = [_tried(tried) for tried in discovery.tried]
    document["warnings"] = list(discovery.warnings)
    if discovery.hints:
        document["hints"] = [hint_to_json(hint) for hint in discovery.hints]
    document["elapsed_ms"] = round(discovery.elapsed_ms, 1)
    return document


def _tried(tried: SourceAttempt) -> Json:
    entry: dict[str, Json] = {
        "method": str(tried.method),
        "outcome": str(tried.status),
        "ms": round(tried.elapsed_ms, 1),
    }
    if tried.location:
        entry["location"] = tried.location
    if tried.reason:
        entry["reason"] = tried.reason
    return entry
