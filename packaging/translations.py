#!/usr/bin/env python3
"""The catalogue of texts: ``update`` from the sources, ``compile``, ``check``.

English stands in the sources as message ids; ``resources/locale/es`` holds Spanish, which is
complete or the tests fail. Needs Babel, which the ``test`` extra brings.
"""

import ast
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "resources" / "locale"
TEMPLATE = LOCALE / "mailsetup.pot"
PO = LOCALE / "es" / "LC_MESSAGES" / "mailsetup.po"
MO = PO.with_suffix(".mo")
SOURCES = ("mailsetup", "packaging/bootstrap")
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def extracted() -> Catalog:
    """All texts of the sources."""
    catalog = Catalog(project="mailsetup", charset="utf-8", fuzzy=False)
    for folder in SOURCES:
        found = extract_from_dir(
            str(ROOT / folder), method_map=[("**.py", "python")], keywords=KEYWORDS
        )
        for name, _line, message, _comments, _context in sorted(
            found, key=lambda row: (row[0], row[1])
        ):
            catalog.add(message, locations=[(f"{folder}/{name}", 0)])
        for path in sorted((ROOT / folder).rglob("*.py")):
            for message in hidden(path.read_text(encoding="utf-8")):
                catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalog


def hidden(source: str) -> list[str]:
    """Texts inside f-strings, where the extractor does not look before Python 3.12."""
    return [
        call.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.JoinedStr)
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("_", "N_")
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]


def spanish() -> Catalog:
    """The Spanish catalogue as it stands; an empty one where there is none."""
    if not PO.exists():
        return Catalog(locale="es", charset="utf-8", fuzzy=False)
    with PO.open("rb") as file:
        catalog = read_po(file, locale="es")
    # Babel writes the time into the header; the same texts have to give the same file.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """A catalogue as text, sorted and without locations: moving code does not change it."""
    out = io.BytesIO()
    write_po(out, catalog, width=100, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = out.getvalue().splitlines(keepends=True)
    # Dates would differ with every run.
    return b"".join(line for line in lines if b"-Date:" not in line)


def mo_bytes(catalog: Catalog) -> bytes:
    """A catalogue as the program loads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def update() -> None:
    """Take new texts into the template and into Spanish; nothing is guessed."""
    template = extracted()
    LOCALE.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_bytes(po_bytes(template))
    catalog = spanish()
    catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(po_bytes(catalog))


def compile_spanish() -> None:
    """Write the file that the program loads."""
    MO.write_bytes(mo_bytes(spanish()))


def problems() -> list[str]:
    """What is missing, doubtful or out of date; nothing when all is well."""
    import string

    def fields(text: str) -> set[str]:
        return {name for _t, name, _s, _c in string.Formatter().parse(text) if name is not None}

    catalog = spanish()
    found = []
    for message in extracted():
        if not message.id:
            continue
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        known = catalog.get(message.id)
        translated = known.string if known is not None else ""
        texts = [translated] if isinstance(translated, str) else list(translated or ())
        if known is None or not texts or not all(texts):
            found.append(f"not translated: {originals[0]!r}")
        elif known.fuzzy:
            found.append(f"doubtful: {originals[0]!r}")
        elif any(fields(text) != fields(originals[-1]) for text in texts):
            found.append(f"placeholders differ: {originals[0]!r}")
    if not MO.exists() or MO.read_bytes() != mo_bytes(catalog):
        found.append("the compiled catalogue is out of date: run “translations.py compile”")
    return found


def main(arguments: list[str]) -> int:
    """Carry out one verb."""
    match arguments:
        case ["update"]:
            update()
        case ["compile"]:
            compile_spanish()
        case ["check"]:
            found = problems()
            print("\n".join(found) or "complete")
            return 1 if found else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
