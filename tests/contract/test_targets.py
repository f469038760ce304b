"""The table of programs is complete, and no other module depends on a program's id."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.contract
from mailsetup import resources
from mailsetup.apply.targets import TARGETS, Automation, Target
from tests.contract.appliers import ApplierContract, ProfileApplierContract

ROOT = Path(__file__).resolve().parents[2]
IDS = frozenset(target.id for target in TARGETS)
FACES = ("cli", "gui", "batch", "assistant", "reporting")
GENERAL_WORDS = frozenset({"other"})
"""Ids that are also ordinary words."""


def test_ids_and_synonyms_name_one_program_each() -> None:
    words = [word for target in TARGETS for word in (target.id, *target.synonyms)]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.id)
def test_a_row_fits_its_exporter(target: Target) -> None:
    assert (target.automation is Automation.APPLY) == (target.load_applier is not None)
    assert target.load_profile_applier in (None, target.load_applier)
    assert resources.read_text("icons", f"{target.icon}.svg")


def test_every_applier_has_its_contract_suite() -> None:
    for module in pkgutil.iter_modules(tests.contract.__path__):
        if module.name.startswith("test_apply_"):
            importlib.import_module(f"tests.contract.{module.name}")
    profiles = {suite.program for suite in ProfileApplierContract.__subclasses__()}
    plain = {
        suite.program
        for suite in ApplierContract.__subclasses__()
        if suite is not ProfileApplierContract
    }
    assert profiles == {one.id for one in TARGETS if one.load_profile_applier is not None}
    assert profiles | plain == {one.id for one in TARGETS if one.load_applier is not None}


def ids_compared(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and id wherever a program's id is compared, matched, or a key of a table."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare():
                places: list[ast.expr] = [node.left, *node.comparators]
            case ast.MatchValue():
                places = [node.value]
            case ast.Dict():
                places = [key for key in node.keys if key is not None]
            case _:
                continue
        for place in places:
            for inner in ast.walk(place):
                if isinstance(inner, ast.Constant) and inner.value in IDS - GENERAL_WORDS:
                    yield inner.lineno, str(inner.value)


def test_no_face_compares_the_id_of_a_program() -> None:
    """Features of a program are columns of its row, so that a new program is one row."""
    found = [
        f"{path.relative_to(ROOT)}:{line} {word}"
        for face in FACES
        for path in sorted((ROOT / "mailsetup" / face).rglob("*.py"))
        for line, word in ids_compared(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_a_compared_id_is_recognised() -> None:
    source = "program == 'outlook'\nmatch program:\n case 'gmail': x = {'kmail': 1}\na in ('aerc',)"
    assert [word for _line, word in ids_compared(ast.parse(source))] == [
        "outlook",
        "aerc",
        "gmail",
        "kmail",
    ]
