"""The house's own rules: who may import whom, style, types, and the libraries that we rely on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> str:
    """Run a tool of the virtual environment; its output is shown when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nobody_imports_what_the_design_forbids() -> None:
    from importlinter.cli import lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_style_is_clean() -> None:
    run("ruff", "check", ".")
    run("ruff", "format", "--check", ".")


@pytest.mark.timeout(300)
def test_the_types_are_clean() -> None:
    run("mypy")


def test_qt_survives_thousands_of_signals() -> None:
    """PySide6 6.12.0 ends the process on Python 3.11 after about 500 of them."""
    code = """
from PySide6.QtCore import QObject, Signal
class Source(QObject):
    told = Signal(object)
seen = []
source = Source()
source.told.connect(seen.append)
for number in range(5000):
    source.told.emit(number)
assert len(seen) == 5000
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "packaging" / "requirements" / name).read_text()
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_the_locked_list_fits_what_the_project_asks_for(name: str) -> None:
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["demo"]]
    if name == "test.txt":
        wanted += project["optional-dependencies"]["test"]
    versions = {key.lower().replace("_", "-"): value for key, value in locked(name).items()}
    for text in wanted:
        requirement = Requirement(text)
        key = requirement.name.lower().replace("_", "-")
        if key != "mailsetup":
            assert versions[key] in requirement.specifier, text


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_the_locked_list_has_a_hash_for_everything_and_names_no_server(name: str) -> None:
    text = (ROOT / "packaging" / "requirements" / name).read_text()
    assert "://" not in text
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
