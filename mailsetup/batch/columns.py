"""The columns of a table of people, by the names that people give them."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from mailsetup.apply.targets import TARGETS


class Column(StrEnum):
    """What a column holds; the value is its name in our own examples."""

    NAME = "name"
    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105 - a column's name
    PASSWORD_COMMAND = "password command"  # noqa: S105
    SETTINGS = "settings"
    PROGRAM = "program"
    LANGUAGE = "language"
    FIRST_NAME = "first name"
    LAST_NAME = "last name"


_NAMES = {
    Column.NAME: (
        "name", "nombre", "full name", "nombre completo", "nombre y apellidos", "display name",
        "person", "persona", "employee", "empleado", "empleada", "usuario",
    ),
    Column.ADDRESS: (
        "address", "mail", "e mail", "email", "e mail address", "email address", "mail address",
        "correo", "correo electronico", "direccion", "direccion de correo", "cuenta", "account",
        "dirección de correo electrónico", "mailbox", "buzon",
    ),
    Column.PASSWORD: ("password", "pass", "contrasena", "clave", "pwd"),
    Column.PASSWORD_COMMAND: (
        "password command", "command", "orden", "comando", "orden de contrasena",
        "comando de contrasena", "orden para la contrasena",
    ),
    Column.SETTINGS: ("settings", "settings file", "ajustes", "fichero de ajustes",
                      "archivo de ajustes", "configuracion"),
    Column.PROGRAM: ("program", "programs", "programa", "programas", "for", "para", "client",
                     "cliente", "app"),
    Column.LANGUAGE: ("language", "lang", "idioma", "lengua"),
    Column.FIRST_NAME: ("first name", "given name", "nombre de pila", "firstname"),
    Column.LAST_NAME: ("last name", "surname", "family name", "apellido", "apellidos", "lastname"),
}  # fmt: skip


def _folded(name: str) -> str:
    """Letters and single blanks only, without accents or case."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    words = "".join(char if char.isalnum() else " " for char in bare if not _is_mark(char))
    return " ".join(words.split())


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) == "Mn"


_KNOWN = {_folded(name): column for column, names in _NAMES.items() for name in names}


def column(name: str) -> Column | None:
    """The column of this heading, in Spanish or English; None for one that we do not use."""
    return _KNOWN.get(_folded(name[:80]))


_PROGRAMS: Final[Mapping[str, str]] = {
    _folded(word): target.id for target in TARGETS for word in (target.id, *target.synonyms)
}


def program_id(word: str) -> str | None:
    """The program that a cell names: by its id, or by a word that people use for it."""
    return _PROGRAMS.get(_folded(word[:80]))


_LANGUAGES = {
    "es": "es", "en": "en", "spanish": "es", "espanol": "es", "castellano": "es",
    "english": "en", "ingles": "en", "spa": "es", "eng": "en",
}  # fmt: skip


def language_id(word: str) -> str | None:
    """The language that a cell means, ``es`` or ``en`` (also ``es-ES``)."""
    folded = _folded(word[:40])
    return _LANGUAGES.get(folded) or _LANGUAGES.get(folded.split(" ")[0] if folded else "")
