"""Compile gettext catalogues at first use, so that a checkout runs without a build step.

In a checkout only the text (``.po``) is under version control. It is compiled when it is needed and
stored next to it, with its modification time, as Python does with bytecode. A wheel holds the
compiled catalogue only; ``packaging/hatch_build.py`` makes it.
"""

import gettext
import io
import json
import os
import re
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_MO_MAGIC = 0x950412DE
_FUZZY = re.compile(r"^#,.*\bfuzzy\b", re.MULTILINE)


def read_po(text: str) -> dict[str, str]:
    """The translated messages of a PO file; plural forms are joined by NUL, as in an MO file.

    Fuzzy, obsolete and untranslated entries are left out. Contexts (``msgctxt``) are not used here.
    Raises ValueError where the text is not well formed.
    """
    messages = {}
    for entry in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        keyword = ""
        for line in entry.splitlines():
            if line.startswith("#"):
                continue
            name, _space, literal = line.partition(" ") if line[:1] != '"' else ("", "", line)
            keyword = name or keyword
            # PO's escapes are those of C; of these only JSON's are written.
            fields[keyword] = fields.get(keyword, "") + json.loads(literal, strict=False)
        translations = [value for name, value in fields.items() if name.startswith("msgstr")]
        if translations and all(translations) and not _FUZZY.search(entry):
            ids = (fields[name] for name in ("msgid", "msgid_plural") if name in fields)
            messages["\0".join(ids)] = "\0".join(translations)
    return messages


def mo_bytes(messages: Mapping[str, str]) -> bytes:
    """An MO file without a hash table (GNU gettext manual, "The Format of GNU MO Files")."""
    rows = sorted((key.encode(), value.encode()) for key, value in messages.items())
    texts = [key for key, _value in rows] + [value for _key, value in rows]
    tables = 28
    offset = tables + 8 * len(texts)
    entries = []
    for text in texts:
        entries += [len(text), offset]
        offset += len(text) + 1
    count = len(rows)
    header = struct.pack("<7I", _MO_MAGIC, 0, count, tables, tables + 8 * count, 0, 0)
    return header + struct.pack(f"<{len(entries)}I", *entries) + b"".join(t + b"\0" for t in texts)


def load(folder: Path, name: str) -> gettext.NullTranslations:
    """The catalogue NAME of a folder; without any texts where there is none.

    Raises OSError, ValueError where it cannot be read.
    """
    text, compiled = folder / f"{name}.po", folder / f"{name}.mo"
    changed = _modified(text)
    if changed is not None and changed != _modified(compiled):
        content = mo_bytes(read_po(text.read_text(encoding="utf-8")))
        _store(compiled, content, changed)
        return gettext.GNUTranslations(io.BytesIO(content))
    try:
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    except FileNotFoundError:
        return gettext.NullTranslations()


def _modified(path: Path) -> int | None:
    """Modification time in nanoseconds; None where there is no file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _store(path: Path, content: bytes, modified: int) -> None:
    """Write a compiled catalogue; where that is impossible the next start compiles it again.

    A start with sudo must not create files owned by root in a user's checkout.
    """
    if sys.platform != "win32" and path.parent.stat().st_uid != os.geteuid():
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        try:
            temporary.write_bytes(content)
            os.utime(temporary, ns=(modified, modified))
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
