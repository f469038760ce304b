"""How a language writes numbers and dates: a few values of Unicode's CLDR.

``packaging/translations.py update`` writes them from Babel's copy of CLDR. Babel itself is not
needed at run time: its import and first use take 30 ms, its data 33 MB.
"""

import json
from dataclasses import dataclass
from functools import lru_cache

from mailsetup import resources
from mailsetup.i18n import language


@dataclass(frozen=True, slots=True)
class LocaleData:
    """The values of one language."""

    decimal: str
    """The decimal separator."""
    date: str
    """CLDR's long date, with the placeholders ``{day}``, ``{month}`` and ``{year}``."""
    months: tuple[str, ...]
    """The twelve names, in the form used in a date."""

    @property
    def csv_delimiter(self) -> str:
        """What spreadsheets expect between the values of a line: no decimal separator."""
        return ";" if self.decimal == "," else ","


@lru_cache
def _read(code: str) -> LocaleData:
    row = json.loads(resources.read_text("locale", code, "cldr.json"))
    return LocaleData(row["decimal"], row["date"], tuple(row["months"]))


def locale_data() -> LocaleData:
    """The values of the current language. Raises OSError when the installation is incomplete."""
    return _read(language())
