#!/usr/bin/env python3
"""Write ``docs/json.md`` from the JSON Schema: ``packaging/json_reference.py``."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "resources" / "schema" / "mailsetup-1.schema.json"
PAGE = ROOT / "docs" / "json.md"

_INTRODUCTION = """# JSON documents

Every document that `--json` prints, and the settings files that `--settings` reads, follow one JSON
Schema, `resources/schema/mailsetup-1.schema.json` (`mailsetup schema` prints it). The tests check
every printed document against it. [command-line.md](command-line.md) shows the two most used ones.
Members are added, never removed or changed in meaning. This page is written by
`packaging/json_reference.py`.
"""


def page(schema: Mapping[str, Any]) -> str:
    """The reference as Markdown: the documents first, then the parts that they are made of."""
    definitions: Mapping[str, Mapping[str, Any]] = schema["$defs"]
    documents = [_target(entry) for entry in schema["anyOf"]]
    parts = [name for name in definitions if name not in documents]
    chapters = [_INTRODUCTION, "## Documents\n"]
    chapters += [_chapter(name, definitions[name]) for name in documents]
    chapters.append("## Parts\n")
    chapters += [_chapter(name, definitions[name]) for name in parts]
    return "\n".join(chapters)


def _chapter(name: str, definition: Mapping[str, Any]) -> str:
    lines = [f"### {name}\n"]
    if "description" in definition:
        lines.append(f"{definition['description']}\n")
    properties = dict(_properties(definition))
    if properties:
        required = set(_required(definition))
        lines += ["| member | type | always | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{member}` | {_type(value)} | {'yes' if member in required else ''} "
            f"| {_escaped(value.get('description', ''))} |"
            for member, value in properties.items()
        ]
        lines.append("")
    else:
        lines.append(f"{_type(definition)}\n")
    return "\n".join(lines)


def _properties(definition: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from definition.get("properties", {}).items()
    for part in definition.get("allOf", ()):
        yield from _properties(part)


def _required(definition: Mapping[str, Any]) -> Iterator[str]:
    yield from definition.get("required", ())
    for part in definition.get("allOf", ()):
        yield from _required(part)


def _type(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        name = _target(value)
        return f"[{name}](#{name})"
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if "enum" in value:
        return " · ".join(f"`{json.dumps(one, ensure_ascii=False)}`" for one in value["enum"])
    for union in ("anyOf", "oneOf"):
        if union in value:
            return " or ".join(_type(one) for one in value[union])
    kind = value.get("type", "any")
    if kind == "array":
        return f"list of {_type(value.get('items', {}))}"
    if kind == "object" and "properties" in value:
        return "object with " + ", ".join(f"`{member}`" for member in value["properties"])
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _target(value: Mapping[str, Any]) -> str:
    return str(value["$ref"]).rpartition("/")[2]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> int:
    """Write the page."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    PAGE.write_text(page(schema), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
