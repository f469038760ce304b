"""The texts in both languages."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from mailsetup import i18n

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def translations() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "translations", ROOT / "packaging" / "translations.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_spanish_is_complete_and_its_placeholders_are_those_of_english(
    translations: ModuleType,
) -> None:
    assert translations.problems() == []


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


def test_a_text_inside_an_f_string_is_found_too(translations: ModuleType) -> None:
    source = """f"<b>{escape(_('inside'))}</b> {N_('marked')} {other('not this')}" """
    assert set(translations.hidden(source)) == {"inside", "marked"}
