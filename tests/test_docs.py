"""The documents name what is there: paths, modules, decision records, the JSON reference."""

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests" / "bench" / "README.md"]
)
DECISIONS = ROOT / "docs" / "decisions"
_FOLDERS = ("mailsetup", "tests", "packaging", "resources", "docs", ".ci")
_PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, _FOLDERS))})/[\w./-]*)`")
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
_PLACEHOLDERS = ("NAME", "CODE", "VERSION", "*")
_TRANSLATED_EXAMPLES = {"company.com": "empresa.es", "company": "empresa", "people": "personas"}
"""What stands for itself in an example of README.md -> in README.es.md."""
_REFERENCE = re.compile(r"(?<!`)`(mailsetup(?:\.\w+)+)`(?!`)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = [ROOT / name for name in _PATH.findall(text)]
    named += [document.parent / name for name in _LINK.findall(text)]
    missing = [str(path) for path in named if not path.exists()]
    assert [path for path in missing if not any(word in path for word in _PLACEHOLDERS)] == []


def read_me(suffix: str = "") -> str:
    return (ROOT / f"README{suffix}.md").read_text(encoding="utf-8")


def test_both_read_mes_have_the_same_headings() -> None:
    english, spanish = (re.findall(r"^#+(?= )", read_me(suffix), re.M) for suffix in ("", ".es"))
    assert english == spanish


def test_both_read_mes_have_the_same_commands() -> None:
    assert commands(with_spanish_examples(read_me())) == commands(read_me(".es"))


def test_both_read_mes_name_the_same_options_and_addresses_of_the_demo() -> None:
    english, spanish = (
        sorted(re.findall(r"--[a-z][a-z-]+|`\w+@\w+\.test`", read_me(suffix)))
        for suffix in ("", ".es")
    )
    assert english == spanish


def test_each_read_me_begins_with_a_link_to_the_other() -> None:
    assert "](README.es.md)" in "".join(read_me().splitlines()[:4])
    assert "](README.md)" in "".join(read_me(".es").splitlines()[:4])


@pytest.mark.parametrize(("suffix", "language"), [("", "en"), (".es", "es")])
def test_a_read_me_links_to_files_that_exist_with_pictures_in_its_language(
    suffix: str, language: str
) -> None:
    text = read_me(suffix)
    assert [name for name in _LINK.findall(text) if not (ROOT / name).is_file()] == []
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert pictures
    assert [name for name in pictures if not name.endswith(f"-{language}-light.png")] == []


def commands(text: str) -> list[str]:
    """The lines of the code blocks, without the words that explain them."""
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
    return [re.split(r"\s{2,}", line)[0] for block in blocks for line in block.splitlines()]


def with_spanish_examples(text: str) -> str:
    for english, spanish in _TRANSLATED_EXAMPLES.items():
        text = re.sub(rf"\b{re.escape(english)}\b", spanish, text)
    return text


def test_every_package_has_a_paragraph_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "mailsetup").glob("*/__init__.py")
    }
    assert sorted(name for name in packages if f"`{name}`" not in text) == []


def test_every_module_that_a_docstring_refers_to_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("mailsetup", "tests", "packaging")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in _REFERENCE.findall(path.read_text(encoding="utf-8"))
        if not name.endswith(".cfg") and not _resolves(name)
    ]
    assert missing == []


def _resolves(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute that a module's source defines."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:count])
        source = (
            base.with_suffix(".py") if base.with_suffix(".py").exists() else base / "__init__.py"
        )
        if source.exists():
            rest = parts[count:]
            text = source.read_text(encoding="utf-8")
            return all(re.search(rf"\b{re.escape(part)}\b", text) for part in rest)
    return False


def decisions() -> Iterator[Path]:
    yield from sorted(DECISIONS.glob("[0-9]*.md"))


def test_decision_records_are_numbered_and_listed() -> None:
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in decisions()]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert [name for name in names if f"({name})" not in index] == []


@pytest.mark.parametrize("record", list(decisions()), ids=lambda path: path.stem)
def test_a_decision_record_gives_its_reason_and_its_consequences(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections == ["Context", "Decision", "Measurement", "Consequences"]


def test_the_json_reference_is_what_the_schema_says() -> None:
    tool = _load(ROOT / "packaging" / "json_reference.py")
    schema = json.loads(tool.SCHEMA.read_text(encoding="utf-8"))
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(schema)


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
