"""The program's texts in the person's language: one gettext catalogue for window and command line.

English is the language of the message ids; Spanish comes from the compiled catalogue.
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

LANGUAGES = ("es", "en")
_DOMAIN = "mailsetup"

_language: str | None = None
_asked_for = False
_translations: _gettext.NullTranslations | None = None
# A text for somebody else, while everything around goes on in the person's own language.
_for_another: ContextVar[str | None] = ContextVar("language", default=None)


def system_language() -> str:
    """``es`` where the system speaks any Spanish, otherwise ``en``.

    The variables count as for GNU gettext ("Specifying a Priority List of Languages"): LC_ALL
    before LC_MESSAGES before LANG, and LANGUAGE before these, except where they say C.
    """
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    chosen = next((name for name in names if name), "")
    if chosen in ("C", "POSIX"):
        return "en"
    wished = (_known(name) for name in os.environ.get("LANGUAGE", "").split(":"))
    listed = next((language for language in wished if language), "")
    if listed or chosen:
        return listed or _known(chosen) or "en"
    if sys.platform in ("win32", "darwin"):
        try:
            return _known(locale.getlocale()[0] or "") or "en"
        except ValueError:  # a locale that Python does not know, such as macOS's "UTF-8"
            return "en"
    return "en"


def _known(name: str) -> str:
    """The language of a locale's name; "" for one that there are no texts in."""
    word = re.split(r"[_.@ -]", name.lower(), maxsplit=1)[0]
    return {"es": "es", "spanish": "es", "en": "en", "english": "en"}.get(word, "")


def set_language(language: str) -> None:
    """Speak this language from now on: ``es`` or ``en``. Raises ValueError for another."""
    global _asked_for
    if language not in LANGUAGES:
        raise ValueError(language)
    _asked_for = True
    _speak(language)


def suggest_language(language: str | None) -> None:
    """Speak a language of an earlier run, unless one was asked for in this one."""
    if language in LANGUAGES and not _asked_for:
        _speak(language)


def _speak(language: str) -> None:
    global _language, _translations
    _language = language
    _translations = _texts(language)


@lru_cache(maxsize=len(LANGUAGES))
def _texts(language: str) -> _gettext.NullTranslations:
    return _gettext.translation(
        _DOMAIN, localedir=resources.path("locale"), languages=[language], fallback=True
    )


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak this language inside, in this task or thread alone. Raises ValueError for another."""
    if language not in LANGUAGES:
        raise ValueError(language)
    token = _for_another.set(language)
    try:
        yield
    finally:
        _for_another.reset(token)


def load_all() -> None:
    """Read every catalogue, so that nobody waits for one later; gettext keeps them."""
    for known in LANGUAGES:
        _gettext.translation(
            _DOMAIN, localedir=resources.path("locale"), languages=[known], fallback=True
        )


def language() -> str:
    """The language spoken now."""
    other = _for_another.get()
    if other is not None:
        return other
    if _language is None:
        _speak(system_language())
    return _language or "en"


def _current() -> _gettext.NullTranslations:
    other = _for_another.get()
    if other is not None:
        return _texts(other)
    if _translations is None:
        _speak(system_language())
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
