"""The structure of the source: sizes, names, imports and constants, read from its syntax trees."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "mailsetup"
TREES = {
    path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))
}
Function = ast.FunctionDef | ast.AsyncFunctionDef

MAX_FILE = 400
MAX_FUNCTION = 50
TABLES = frozenset({"mailsetup/diagnosis/catalogue.py"})
"""Modules that are one table."""
LONG_TEXTS = frozenset({"mailsetup/gui/theme.py:stylesheet"})
"""Functions that are one text."""

DOORS: dict[str, str] = {}
"""Modules that import ours inside functions, each with its reason."""
SLOW_PACKAGES = frozenset(
    {
        "PySide6",
        "cryptography",
        "dns",
        "httpcore2",
        "keyring",
        "oauthlib",
        "rich",
        "segno",
        "python_calamine",
    }
)
"""Third-party packages that take more than 20 ms to import, and are not needed by every start."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in TREES}
    assert {
        name: lines for name, lines in lengths.items() if lines > MAX_FILE and name not in TABLES
    } == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{name_of(path)}:{function.name}": lines
        for path, tree in TREES.items()
        for function in functions(tree)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION
        and not is_one_match(function)
    }
    assert {name: lines for name, lines in long.items() if name not in LONG_TEXTS} == {}


def is_one_match(function: Function) -> bool:
    """Whether a function is one `match` statement, that is, a table with patterns."""
    body = [node for node in function.body if not isinstance(node, ast.Expr)]
    long = [node for node in body if (node.end_lineno or 0) - node.lineno > 25]
    return len(long) == 1 and isinstance(long[0], ast.Match)


def classes() -> Iterator[tuple[str, str]]:
    """Every class at the top of a module: its name and where it is."""
    for path, tree in TREES.items():
        yield from (
            (node.name, name_of(path)) for node in tree.body if isinstance(node, ast.ClassDef)
        )


def test_a_public_class_name_is_unique_in_the_package() -> None:
    places = defaultdict(list)
    for name, place in classes():
        if not name.startswith("_"):
            places[name].append(place)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_failures_are_named_alike() -> None:
    """`XFault` is an enum of reasons, `XFailure` carries one, `XError` is an exception."""
    other = re.compile(
        r"^(Cannot|Malformed|Unusable|Not[A-Z]|No[A-Z])|(Refused|Refusal|Problem|Trouble|Exception)$"
    )
    allowed = ALLOWED_NAMES
    assert [
        f"{place}: {name}"
        for name, place in classes()
        if other.search(name) and name not in allowed
    ] == []
    wrong = [
        f"{name_of(path)}: {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and node.name.endswith("Fault")
        and not any("Enum" in ast.unparse(base) for base in node.bases)
    ]
    assert wrong == []


ALLOWED_NAMES = frozenset(
    {
        "NotFound",  # a source's regular answer: it looked, and nothing is published
        "NotAsked",
        "NotOffered",
    }
)


def test_constant_tables_cannot_be_changed() -> None:
    """A dict or list at the top of a module is declared `Final[Mapping]`, or is another type."""
    wrong = []
    for path, tree in TREES.items():
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(
                node.value, ast.Dict | ast.DictComp | ast.List | ast.ListComp | ast.Set
            ):
                wrong.append(f"{name_of(path)}: {ast.unparse(node.targets[0])}")
            if isinstance(node, ast.AnnAssign) and re.match(
                r"(Final\[)?(dict|list|set)\b", ast.unparse(node.annotation)
            ):
                wrong.append(f"{name_of(path)}: {ast.unparse(node.target)}")
    assert wrong == []


def late_imports() -> Iterator[tuple[str, str]]:
    """Every module that is imported inside a function: where, and which."""
    for path, tree in TREES.items():
        for function in functions(tree):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and node.module:
                    yield name_of(path), node.module
                elif isinstance(node, ast.Import):
                    yield from ((name_of(path), alias.name) for alias in node.names)


def test_imports_stand_at_the_top_but_for_the_doors_and_slow_packages() -> None:
    wrong = {
        f"{place}: {module}"
        for place, module in late_imports()
        if place not in DOORS and module.partition(".")[0] not in SLOW_PACKAGES
    }
    assert sorted(wrong) == []


def test_no_door_is_listed_that_is_not_one() -> None:
    places = {place for place, _module in late_imports()}
    assert sorted(DOORS.keys() - places) == []


def test_test_folders_hold_tests_only() -> None:
    """Helpers stand in tests/support, contract suites in tests/contract."""
    elsewhere = [
        name_of(path)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if not path.name.startswith("test_")
        and path.name != "conftest.py"
        and path.relative_to(ROOT).parts[1] not in ("support", "contract", "bench")
    ]
    assert elsewhere == []
