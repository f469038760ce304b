"""The columns of a table of people, recognised by their headings."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from mailsetup.apply.targets import TARGETS, target_of_kind
from mailsetup.i18n.languages import LANGUAGES, language_named


class Column(StrEnum):
    """The content of a column; the value is its heading in the documentation."""

    NAME = "name"
    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105 - a column's name
    PASSWORD_COMMAND = "password command"  # noqa: S105
    SETTINGS = "settings"
    PROGRAM = "program"
    LANGUAGE = "language"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"


def _folded(name: str) -> str:
    """The text without case, accents and punctuation, with single spaces."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    letters = (char for char in bare if unicodedata.category(char) != "Mn")
    words = "".join(char if char.isalnum() else " " for char in letters)
    return " ".join(words.split())


_COLUMNS: Final[Mapping[str, Column]] = {
    word: Column(value)
    for language in LANGUAGES.values()
    for value, words in language.heading_words.items()
    for word in words
}


def column(name: str) -> Column | None:
    """The column of this heading, in any language; None for one that is not used."""
    return _COLUMNS.get(_folded(name[:80]))


_PROGRAMS: Final[Mapping[str, str]] = {
    **{_folded(word): target.id for target in TARGETS for word in (target.id, *target.synonyms)},
    **{
        word: target_of_kind(kind).id
        for language in LANGUAGES.values()
        for kind, words in language.program_words.items()
        for word in words
    },
}


def program_id(word: str) -> str | None:
    """The program that a cell names: by its id, or by a word that people use for it."""
    return _PROGRAMS.get(_folded(word[:80]))


def language_id(word: str) -> str | None:
    """The language that a cell means, by its code (also ``es-ES``) or a word for it."""
    folded = _folded(word[:40])
    first = folded.split(" ")[0] if folded else ""
    return language_named(folded) or language_named(first) or None
