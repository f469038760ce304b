"""A folder's name for every person: safe on every system and nobody else's."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from mailsetup.export.filename import is_safe_name
from mailsetup.model.address import EmailAddress

_MAX = 40
"""Characters: a path on Windows has 260 in all, and the files' own names come behind."""


class FolderNames:
    """The names given out so far, compared as Windows and macOS do: without case."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}

    def give(self, person: str, address: EmailAddress) -> str:
        """A new name, made from the person's if it has letters that every system knows, otherwise
        from the address. A name that is taken gets a short mark of the address.
        """
        plain = _slug(person) or _slug(address.local) or "person"
        name = plain
        digest = hashlib.sha256(address.ascii.encode()).hexdigest()
        for length in (6, 12, 64):
            if is_safe_name(name) and name.casefold() not in self._taken:
                break
            name = f"{plain}-{digest[:length]}"
        self._taken.add(name.casefold())
        return name


def _slug(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded)[:_MAX].strip("-")
