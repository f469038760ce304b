"""JSON objects from outside."""

import json


def parse_json_object(text: str | bytes) -> dict[str, object] | None:
    """The object that a JSON text contains; None for invalid JSON and for other types."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
