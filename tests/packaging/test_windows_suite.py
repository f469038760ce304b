"""Which tests run on a Windows Python."""

from pathlib import Path

import pytest

from windows.suite import FOLDERS, QUICK_FOLDERS, chosen

TESTS = Path(__file__).resolve().parents[1]


def test_every_folder_that_is_named_exists() -> None:
    assert [name for name in (*FOLDERS, *QUICK_FOLDERS) if not (TESTS / name).is_dir()] == []
    assert set(QUICK_FOLDERS) < set(FOLDERS)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], [f"tests/{name}" for name in FOLDERS]),
        (["-x"], ["-x", *(f"tests/{name}" for name in FOLDERS)]),
        (["--quick"], [f"tests/{name}" for name in QUICK_FOLDERS]),
        (["tests/net", "-x"], ["tests/net", "-x"]),
    ],
)
def test_arguments_choose_the_tests(words: list[str], expected: list[str]) -> None:
    assert chosen(words) == expected
