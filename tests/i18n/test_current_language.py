"""Which language is current, and what follows from it."""

import pytest

from mailsetup import i18n
from mailsetup.i18n.languages import is_yes, language_of_locale


def test_a_text_comes_in_the_language_that_was_chosen() -> None:
    i18n.set_language("es")
    assert i18n._("Cancel") == "Cancelar"
    i18n.set_language("en")
    assert i18n._("Cancel") == "Cancel"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es_MX.UTF-8"}, "es"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANGUAGE": "es:en", "LANG": "en_GB.UTF-8"}, "es"),
        ({"LANG": "C"}, "en"),
        ({}, "en"),
    ],
)
def test_the_system_decides_the_first_language(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert i18n.system_language() == expected


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="tlh"):
        i18n.set_language("tlh")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("es_MX.UTF-8", "es"), ("Spanish_Spain", "es"), ("en", "en"), ("de_DE", ""), ("", "")],
)
def test_a_locale_has_a_language(name: str, expected: str) -> None:
    assert language_of_locale(name) == expected


@pytest.mark.parametrize("answer", ["y", "Yes\n", "s", " SÍ\n"])
def test_yes_is_understood_in_every_language(answer: str) -> None:
    assert is_yes(answer)


@pytest.mark.parametrize("answer", ["", "\n", "n", "no", "1"])
def test_anything_else_is_no(answer: str) -> None:
    assert not is_yes(answer)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ('(\n    "es-ES",\n    en\n)\n', "es"),
        ('(\n    "en-GB",\n    "es-ES"\n)\n', "en"),
        ('(\n    "de-DE",\n    "es-MX"\n)\n', "es"),
        ("(\n)\n", "en"),
        ("", "en"),
    ],
)
def test_the_first_display_language_of_macos_with_texts_is_used(
    monkeypatch: pytest.MonkeyPatch, listed: str, expected: str
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    languages = i18n.languages_in_property_list(listed)
    monkeypatch.setattr(i18n, "display_languages", lambda: languages)
    assert i18n.system_language() == expected
