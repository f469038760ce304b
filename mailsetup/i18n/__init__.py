"""The program's texts in the user's language: one gettext catalogue for window and command line.

The message ids are English. `languages` lists the languages; their catalogues and the CLDR data for
numbers and dates are in ``resources/locale``.
"""

import gettext as _gettext
import locale
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from mailsetup import resources
from mailsetup.i18n import catalogue
from mailsetup.i18n.languages import LANGUAGES, SOURCE_LANGUAGE, language_of_locale

_DOMAIN = "mailsetup"

_language: str | None = None
_is_explicit = False
_translations: _gettext.NullTranslations | None = None
_override: ContextVar[str | None] = ContextVar("language", default=None)


def system_language() -> str:
    """The code of the system's language, or of English where there are no texts in it.

    The variables count as for GNU gettext ("Specifying a Priority List of Languages"): LC_ALL
    before LC_MESSAGES before LANG, and LANGUAGE before these, except where they are C.
    """
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((name for name in names if name), "")
    if chosen in ("C", "POSIX"):
        return SOURCE_LANGUAGE
    preferred = map(language_of_locale, os.environ.get("LANGUAGE", "").split(":"))
    listed = next((code for code in preferred if code), "")
    if listed or chosen:
        return listed or language_of_locale(chosen) or SOURCE_LANGUAGE
    languages = map(language_of_locale, display_languages())
    return next((code for code in languages if code), SOURCE_LANGUAGE)


def display_languages() -> tuple[str, ...]:
    """The languages in which Windows or macOS shows its own texts, preferred ones first.

    The format of numbers and dates, which `locale.getlocale` follows, may be another one.
    """
    if sys.platform == "win32":
        import ctypes

        code = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return (locale.windows_locale.get(code, ""),)
    if sys.platform == "darwin":
        return _macos_languages()
    return ()


def _macos_languages() -> tuple[str, ...]:
    """The list of the system settings; a program that is not in a terminal has no LANG."""
    import subprocess

    command = ["/usr/bin/defaults", "read", "-g", "AppleLanguages"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=5).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ()
    return languages_in_property_list(output)


def languages_in_property_list(text: str) -> tuple[str, ...]:
    """The entries of an array such as ``(\n    "es-ES",\n    en\n)``."""
    return tuple(re.findall(r"[\w-]+", text))


def set_language(code: str) -> None:
    """Use this language from now on. Raises ValueError for one that is not in `LANGUAGES`."""
    global _is_explicit
    _check(code)
    _is_explicit = True
    _use(code)


def suggest_language(code: str | None) -> None:
    """Use the language of an earlier run, unless one was set in this run."""
    if code is not None and code in LANGUAGES and not _is_explicit:
        _use(code)


def _check(code: str) -> None:
    if code not in LANGUAGES:
        raise ValueError(code)


def _use(code: str) -> None:
    global _language, _translations
    _language = code
    _translations = translations(code)


@lru_cache(maxsize=len(LANGUAGES))
def translations(code: str) -> _gettext.NullTranslations:
    """The catalogue of one language, whatever language is current."""
    return catalogue.load(resources.path("locale", code, "LC_MESSAGES"), _DOMAIN)


@contextmanager
def override_language(code: str) -> Iterator[None]:
    """Use this language inside the block, in this task or thread only. Raises ValueError."""
    _check(code)
    token = _override.set(code)
    try:
        yield
    finally:
        _override.reset(token)


def load_all() -> None:
    """Read every catalogue now, so that changing the language later takes no time."""
    for code in LANGUAGES:
        translations(code)


def language() -> str:
    """The code of the current language."""
    override = _override.get()
    if override is not None:
        return override
    if _language is None:
        _use(system_language())
    return _language or SOURCE_LANGUAGE


def _current() -> _gettext.NullTranslations:
    override = _override.get()
    if override is not None:
        return translations(override)
    if _translations is None:
        _use(system_language())
    return _translations or _gettext.NullTranslations()


def _(message: str) -> str:
    """A text in the current language."""
    return _current().gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """A text that depends on a number, in the current language."""
    return _current().ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """Mark a text for the catalogue; it is translated where it is shown."""
    return message
