"""Holds what the program prints against the schema that it publishes."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from mailsetup import resources


@cache
def validator(kind: str = "") -> Draft202012Validator:
    """The published schema, or one kind of document in it."""
    schema = json.loads(resources.read_text("schema", "mailsetup-1.schema.json"))
    Draft202012Validator.check_schema(schema)
    if kind:
        schema = {"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]}
    return Draft202012Validator(schema)


def valid(document: Any, kind: str = "") -> Any:
    """The document itself, once it was seen to follow the schema."""
    wanted = kind or ("error" if document.get("outcome") == "error" else "")
    faults = [
        f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:300]}"
        for fault in validator(wanted).iter_errors(document)
    ]
    assert faults == [], faults
    return document
