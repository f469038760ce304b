"""The script that keeps the catalogues of texts."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


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


def test_every_language_is_complete_and_its_placeholders_are_those_of_english(
    translations: ModuleType,
) -> None:
    assert translations.problems() == []


def test_a_text_inside_an_f_string_is_found_too(translations: ModuleType) -> None:
    source = """f"<b>{escape(_('inside'))}</b> {N_('marked')} {other('not this')}" """
    assert set(translations.texts_in_f_strings(source)) == {"inside", "marked"}
