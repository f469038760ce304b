"""Names of people's folders: unique, and valid on every system."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from mailsetup.export.filename import is_safe_name
from mailsetup.model.address import EmailAddress

_MAX = 40
"""Characters: a path on Windows has at most 260, with the names of the files."""


class FolderNames:
    """The names used so far, compared without case, as Windows and macOS do."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}

    def give(self, person: str, address: EmailAddress) -> str:
        """A new name: the person's in ASCII where that leaves something, otherwise the address. A
        name that is used already gets a short hash of the address.
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
