"""The structure of the source: sizes, names, imports and constants, read from its syntax trees."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

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
LONG_TEXTS = frozenset({"mailsetup/gui/theme.py:_stylesheet"})
"""Functions that are one text."""

_ONE_VERB = "each verb loads its own modules"
_ONE_FACE = "the faces and their libraries are chosen at the start"
_WORKER = "loaded in the worker thread while the window shows"
DOORS: Final[Mapping[str, str]] = {
    "mailsetup/launch.py": _ONE_FACE,
    "mailsetup/cli/main.py": _ONE_VERB,
    "mailsetup/cli/verbs.py": _ONE_VERB,
    "mailsetup/cli/batch_progress.py": "rich, for a terminal only",
    "mailsetup/cli/parser/combinations.py": "the table of programs, for options of some of them",
    "mailsetup/cli/commands/apply.py": "the engine, for a stored password only",
    "mailsetup/cli/commands/discover.py": "the diagnosis, where nothing was found",
    "mailsetup/cli/commands/export.py": "cryptography, to sign a profile only",
    "mailsetup/cli/requested_account.py": "the search, without a settings file only",
    "mailsetup/assistant/service.py": "each use case loads its own modules",
    "mailsetup/apply/targets.py": "each program loads its own exporter and applier",
    "mailsetup/demo/mail_system.py": "the servers, which only the demo's packages bring",
    "mailsetup/net/dns/resolver.py": "dnspython, where an answer has to be validated",
    "mailsetup/net/https_client.py": "httpcore2, for the first request",
    "mailsetup/gui/app.py": _WORKER,
    "mailsetup/gui/jobs/batch.py": _WORKER,
    "mailsetup/gui/jobs/check.py": _WORKER,
    "mailsetup/gui/jobs/demo.py": _WORKER,
    "mailsetup/gui/jobs/keyring.py": _WORKER,
    "mailsetup/gui/jobs/programs.py": _WORKER,
    "mailsetup/gui/jobs/reach.py": _WORKER,
    "mailsetup/gui/jobs/reports.py": _WORKER,
    "mailsetup/gui/jobs/search.py": _WORKER,
    "mailsetup/gui/jobs/sign_in.py": _WORKER,
    "mailsetup/gui/jobs/warm_up.py": _WORKER,
    "mailsetup/gui/report_saver.py": _WORKER,
    "mailsetup/gui/worker/assistant_holder.py": "the demo, when it is opened",
}
"""Modules that import ours inside functions, each with its reason."""
MAX_LATE_IMPORTS = 140
"""A ceiling for the whole package, so that doors do not become the rule."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in TREES}
    assert {
        name: lines for name, lines in lengths.items() if lines > MAX_FILE and name not in TABLES
    } == {}


def test_no_function_is_longer_than_50_lines() -> None:
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
        r"^(Cannot|Malformed|Unusable|Not[A-Z](?!.*Error$)|No[A-Z](?!.*Error$))|(Refused|Refusal|Problem|Trouble|Exception)$"
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
        and re.search(r"[A-Za-z]Fault$", node.name)
        and not any("Enum" in ast.unparse(base) for base in node.bases)
    ]
    assert wrong == []


ALLOWED_NAMES = frozenset(
    {
        "NotFound",  # a source's regular answer: it looked, and nothing is published
        "NotAsked",  # the part of a check that an option leaves out
        "NotOffered",  # the server has no ManageSieve, which is no fault
        "TokenRefusal",  # what a server answers to a token (RFC 7628 section 3.2.3)
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


def test_our_modules_are_imported_at_the_top_but_for_the_doors() -> None:
    """What others wrote is imported late where it is slow, or not there on every system."""
    imports = list(late_imports())
    ours = {place for place, module in imports if module.startswith("mailsetup")}
    assert sorted(ours - DOORS.keys()) == []
    assert sorted(DOORS.keys() - ours) == []
    assert len(imports) <= MAX_LATE_IMPORTS


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
