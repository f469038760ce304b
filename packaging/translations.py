#!/usr/bin/env python3
"""The texts of every language: ``update`` from the sources, ``compile``, ``check``.

The message ids in the sources are English. Every other language of ``mailsetup/i18n/languages.py``
has a folder below ``resources/locale``, and its catalogue is complete or the tests fail. ``update``
also writes the forms of numbers and dates. Needs Babel, which the ``test`` extra brings.
"""

import ast
import io
import json
import re
import string
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mailsetup.i18n import catalogue  # noqa: E402
from mailsetup.i18n.languages import LANGUAGES, SOURCE_LANGUAGE  # noqa: E402

LOCALE = ROOT / "resources" / "locale"
TEMPLATE = LOCALE / "mailsetup.pot"
TRANSLATED = tuple(code for code in LANGUAGES if code != SOURCE_LANGUAGE)
SOURCES = ("mailsetup", "packaging/bootstrap")
KEYWORDS: Final[Mapping[str, tuple[int, int] | None]] = {"_": None, "N_": None, "ngettext": (1, 2)}


def po_path(code: str) -> Path:
    """The catalogue of a language."""
    return LOCALE / code / "LC_MESSAGES" / "mailsetup.po"


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
            for message in texts_in_f_strings(path.read_text(encoding="utf-8")):
                catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)])
    return catalog


def texts_in_f_strings(source: str) -> list[str]:
    """Texts inside f-strings, which the extractor does not read before Python 3.12."""
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


def translated(code: str) -> Catalog:
    """A language's catalogue as it is; an empty one where there is none."""
    path = po_path(code)
    if not path.exists():
        return Catalog(locale=code, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
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


def cldr_bytes(code: str) -> bytes:
    """The forms of numbers and dates that the program uses (see `mailsetup.i18n.locale_data`)."""
    locale = Locale.parse(code)
    fields = {"d": "{day}", "dd": "{day:02}", "MMMM": "{month}", "y": "{year}"}
    # CLDR, part 4, "Date Format Patterns": letters are fields, quotes enclose literal text.
    pieces = re.findall(r"'([^']*)'|([a-zA-Z]+)|([^a-zA-Z']+)", locale.date_formats["long"].pattern)
    months = locale.months["format"]["wide"]
    row = {
        "decimal": locale.number_symbols["latn"]["decimal"],
        "date": "".join(quoted or other or fields[name] for quoted, name, other in pieces),
        "months": [months[number] for number in range(1, 13)],
    }
    return (json.dumps(row, ensure_ascii=False, indent=1) + "\n").encode()


def update() -> None:
    """Add new texts to the template and to every language, untranslated."""
    template = extracted()
    TEMPLATE.write_bytes(po_bytes(template))
    for code in LANGUAGES:
        po_path(code).parent.parent.mkdir(parents=True, exist_ok=True)
        (LOCALE / code / "cldr.json").write_bytes(cldr_bytes(code))
    for code in TRANSLATED:
        catalog = translated(code)
        catalog.update(template, no_fuzzy_matching=True, update_header_comment=False)
        po_path(code).parent.mkdir(exist_ok=True)
        po_path(code).write_bytes(po_bytes(catalog))


def compile_all() -> None:
    """Write the compiled catalogues, which a checkout otherwise does at first use."""
    for code in TRANSLATED:
        catalogue.load(po_path(code).parent, "mailsetup")


def problems() -> list[str]:
    """What is missing, fuzzy or out of date; nothing when all is well."""
    template = extracted()
    found = []
    for code in TRANSLATED:
        found += [f"{code}: {problem}" for problem in _untranslated(template, translated(code))]
    for code in LANGUAGES:
        path = LOCALE / code / "cldr.json"
        if not path.exists() or path.read_bytes() != cldr_bytes(code):
            found.append(f"{code}: numbers and dates are out of date: run “translations.py update”")
    return found


def _untranslated(template: Catalog, catalog: Catalog) -> list[str]:
    found = []
    for message in template:
        if not message.id:
            continue
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        known = catalog.get(message.id)
        translation = known.string if known is not None else ""
        texts = [translation] if isinstance(translation, str) else list(translation or ())
        if known is None or not texts or not all(texts):
            found.append(f"not translated: {originals[0]!r}")
        elif known.fuzzy:
            found.append(f"fuzzy: {originals[0]!r}")
        elif any(_fields(text) != _fields(originals[-1]) for text in texts):
            found.append(f"placeholders differ: {originals[0]!r}")
    return found


def _fields(text: str) -> set[str]:
    return {name for _t, name, _s, _c in string.Formatter().parse(text) if name is not None}


def main(arguments: list[str]) -> int:
    """Run one verb."""
    match arguments:
        case ["update"]:
            update()
        case ["compile"]:
            compile_all()
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
