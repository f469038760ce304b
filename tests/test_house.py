"""The house's own rules: who may import whom, style, types, and the libraries that we rely on."""

import ast
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> str:
    """Run a tool of the virtual environment; its output is shown when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_nobody_imports_what_the_design_forbids() -> None:
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.slow
def test_the_style_is_clean() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_types_are_clean() -> None:
    run("mypy")


def test_qt_survives_thousands_of_signals() -> None:
    """PySide6 6.12.0 ends the process on Python 3.11 after about 500 of them."""
    code = """
from PySide6.QtCore import QObject, Signal
class Source(QObject):
    reported = Signal(object)
seen = []
source = Source()
source.reported.connect(seen.append)
for number in range(5000):
    source.reported.emit(number)
assert len(seen) == 5000
"""
    subprocess.run([sys.executable, "-c", code], check=True)


LOCK_LISTS = ("run.txt", "demo.txt", "test.txt")


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "packaging" / "requirements" / name).read_text()
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("last", range(3), ids=LOCK_LISTS)
def test_the_locked_lists_fit_what_the_project_asks_for(last: int) -> None:
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [project["dependencies"], extras["demo"], extras["test"]][last]
    versions = {
        key.lower().replace("_", "-"): value
        for name in LOCK_LISTS[: last + 1]
        for key, value in locked(name).items()
    }
    for text in wanted:
        requirement = Requirement(text)
        key = requirement.name.lower().replace("_", "-")
        if key != "mailsetup":
            assert versions[key] in requirement.specifier, text


def test_the_users_list_has_nothing_that_only_demo_tests_or_build_need() -> None:
    others = {"aiosmtpd", "pymap", "pysasl", "trustme", "proxy-protocol", "pytest", "hatchling"}
    assert not others & locked("run.txt").keys()
    assert {"aiosmtpd", "pymap", "trustme"} <= locked("demo.txt").keys()


def test_a_package_in_two_lists_has_one_version() -> None:
    for one, other in combinations(LOCK_LISTS, 2):
        both = locked(one).keys() & locked(other).keys()
        assert all(locked(one)[name] == locked(other)[name] for name in both)


@pytest.mark.parametrize("name", LOCK_LISTS)
def test_the_locked_list_has_a_hash_for_everything_and_names_no_server(name: str) -> None:
    text = (ROOT / "packaging" / "requirements" / name).read_text()
    assert "://" not in text
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


def regexes_in(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """Where, and which, text constants of a module can be read as a regular expression."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def operators_of(pattern: Any) -> Iterator[str]:
    """The names of all operators in a parsed regular expression."""
    for operator, argument in pattern:
        yield str(operator)
        stack = [argument]
        while stack:
            each = stack.pop()
            if isinstance(each, re._parser.SubPattern):  # type: ignore[attr-defined]
                yield from operators_of(each)
            elif isinstance(each, list | tuple):
                stack.extend(each)


def uses_what_python_3_11_gets_wrong(text: str | bytes) -> bool:
    """Whether it is a regular expression with a possessive quantifier or an atomic group."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for whole in (text, b"a" + text if isinstance(text, bytes) else "a" + text):
            # A piece of an f-string may begin with the quantifier.
            try:
                parsed = re._parser.parse(whole, re.VERBOSE)  # type: ignore[attr-defined]
            except (re.error, OverflowError, RecursionError):
                continue
            return not {"POSSESSIVE_REPEAT", "ATOMIC_GROUP"}.isdisjoint(operators_of(parsed))
    return False


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        (r"a++", True),
        (rb'"((?:[^"\\]|\\.)*+)"', True),
        (r"(?>a|b)c", True),
        (r"(?:x(?=y?+))", True),
        (r"a{2,3}+", True),
        (r"*+\Z", True),
        (r"a+\+", False),
        (r"[*+]+", False),
        ("C++ (", False),
    ],
)
def test_possessive_quantifiers_are_recognised(text: str | bytes, uses: bool) -> None:
    assert uses_what_python_3_11_gets_wrong(text) is uses


@pytest.mark.parametrize("folder", ["mailsetup", "packaging"])
def test_no_regular_expression_needs_what_python_3_11_gets_wrong(folder: str) -> None:
    """CPython 3.11.0 to 3.11.4 forget where a possessive quantifier over a group ended."""
    wrong = [
        f"{where}: {text!r}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for where, text in regexes_in(path)
        if uses_what_python_3_11_gets_wrong(text)
    ]
    assert wrong == []


def test_every_client_context_is_made_in_one_place() -> None:
    """`ssl.create_default_context` writes session keys to the file that SSLKEYLOGFILE names."""
    makers = {"create_default_context", "_create_unverified_context", "SSLContext", "wrap_socket"}
    allowed = {
        "mailsetup/net/tls.py": {"SSLContext"},
        "mailsetup/demo/mail_system.py": {"SSLContext"},
    }
    wrong = []
    for path in sorted((ROOT / "mailsetup").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            maker = called.attr if isinstance(called, ast.Attribute) else ""
            maker = called.id if isinstance(called, ast.Name) else maker
            if maker in makers - allowed.get(name, set()):
                wrong.append(f"{name}: {maker}")
    assert wrong == []
