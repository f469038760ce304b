"""The languages of the program: one row each.

Adding one: a row here and a folder below ``resources/locale``, which ``packaging/translations.py
update`` fills with the texts to translate and with the forms of numbers and dates (CLDR).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mailsetup.model.program_kind import ProgramKind
from mailsetup.model.symptom import Symptom


@dataclass(frozen=True, slots=True)
class Language:
    """What the program knows of a language besides its catalogue and its CLDR data.

    Words in ``aliases``, ``heading_words`` and ``program_words`` are compared without case,
    accents and punctuation.
    """

    code: str
    """ISO 639-1; the name of the folder below ``resources/locale``."""
    name: str
    """The language's name in itself."""
    aliases: tuple[str, ...]
    """Other words for it: in a table of people, and in the names of Windows' locales."""
    yes_letters: str
    """First letters of "yes". None of them may begin another language's "no"."""
    readme: str
    """File name of the instructions that come with published settings."""
    heading_words: Mapping[str, tuple[str, ...]]
    """Headings of a table of people; the keys are the values of `batch.columns.Column`."""
    program_words: Mapping[ProgramKind, tuple[str, ...]] = field(default_factory=dict)
    """Words for kinds of programs in a table of people."""
    symptom_words: Mapping[str, Symptom] = field(default_factory=dict)
    """Words for ``--symptom``."""


_SPANISH: Final = Language(
    code="es",
    name="Español",
    aliases=("spanish", "espanol", "castellano", "spa"),
    yes_letters="s",
    readme="LEEME.txt",
    heading_words={
        "name": (
            "nombre", "nombre completo", "nombre y apellidos", "persona", "empleado", "empleada",
            "usuario",
        ),
        "address": (
            "correo", "correo electronico", "direccion", "direccion de correo",
            "direccion de correo electronico", "cuenta", "buzon",
        ),
        "password": ("contrasena", "clave"),
        "password command": (
            "orden", "comando", "orden de contrasena", "comando de contrasena",
            "orden para la contrasena",
        ),
        "settings": ("ajustes", "fichero de ajustes", "archivo de ajustes", "configuracion"),
        "program": ("programa", "programas", "para", "cliente"),
        "language": ("idioma", "lengua"),
        "first name": ("nombre de pila",),
        "last name": ("apellido", "apellidos"),
    },
    program_words={ProgramKind.PHONE: ("movil",), ProgramKind.OTHER: ("otro",)},
    symptom_words={
        "no-llega": Symptom.NOT_RECEIVING,
        "no-envio": Symptom.NOT_SENDING,
        "adjuntos": Symptom.ATTACHMENTS,
        "spam": Symptom.SPAM,
        "no-les-llega": Symptom.NOT_DELIVERED,
        "migracion": Symptom.MIGRATION,
        "no-se": Symptom.UNSURE,
    },
)  # fmt: skip

_ENGLISH: Final = Language(
    code="en",
    name="English",
    aliases=("english", "ingles", "eng"),
    yes_letters="y",
    readme="README.txt",
    heading_words={
        "name": ("name", "full name", "display name", "person", "employee"),
        "address": (
            "address", "mail", "e mail", "email", "e mail address", "email address",
            "mail address", "account", "mailbox",
        ),
        "password": ("password", "pass", "pwd"),
        "password command": ("password command", "command"),
        "settings": ("settings", "settings file"),
        "program": ("program", "programs", "for", "client", "app"),
        "language": ("language", "lang"),
        "first name": ("first name", "given name", "firstname"),
        "last name": ("last name", "surname", "family name", "lastname"),
    },
    program_words={ProgramKind.PHONE: ("phone",), ProgramKind.OTHER: ("other",)},
    symptom_words={str(symptom): symptom for symptom in Symptom},
)  # fmt: skip

LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {language.code: language for language in (_SPANISH, _ENGLISH)}
)
"""By their codes, in the order in which they are offered."""

SOURCE_LANGUAGE: Final = _ENGLISH.code
"""The language of the message ids, used where there is no other."""

SYMPTOM_WORDS: Final[Mapping[str, Symptom]] = MappingProxyType(
    {word: symptom for row in LANGUAGES.values() for word, symptom in row.symptom_words.items()}
)
"""Those of all languages."""


def language_of_locale(locale_name: str) -> str:
    """The code for a locale's name (``es_MX.UTF-8``, ``Spanish_Spain``); "" for none of ours."""
    return language_named(re.split(r"[_.@ -]", locale_name.lower(), maxsplit=1)[0])


def language_named(word: str) -> str:
    """The code for a language's code or alias, in lower case; "" for none of ours."""
    rows = LANGUAGES.values()
    return next((row.code for row in rows if word in (row.code, *row.aliases)), "")


def parse_symptom(word: str) -> Symptom | None:
    """The complaint that a word names, in any language."""
    return SYMPTOM_WORDS.get(word.strip().lower())


def is_yes(answer: str) -> bool:
    """Whether an answer to a yes-or-no question agrees, in any of the languages."""
    first = answer.strip().casefold()[:1]
    return bool(first) and any(first in row.yes_letters for row in LANGUAGES.values())
