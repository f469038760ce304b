"""Content of a table in all output: terminal, JSON, CSV, HTML."""

import csv
import io
import json
import unicodedata
from pathlib import Path

import pytest

from mailsetup.batch.overview import harmless
from mailsetup.cli.main import main
from tests.support.batch.workbooks import cells_of, xlsx

EVIL = "\x1b]0;pwned\x07\x1b[2J\x9b31m\u202egpj\u2028x"
HEADINGS = ("name", "address", "program", "language", "settings", f"mail{EVIL}", f"note {EVIL}")
GOOD = ("Ana", "ana@gmail.com", "", "", "", "", EVIL)
BAD = (
    (EVIL, "eva@gmail.com", "", "", "", "", ""),
    ("Eva", f"eva{EVIL}@gmail.com", "", "", "", "", ""),
    ("Eva", "eva@gmail.com", EVIL, "", "", "", ""),
    ("Eva", "eva@gmail.com", "", EVIL, "", "", ""),
    ("Eva", "eva@gmail.com", "", "", EVIL, "", ""),
    ("Eva", "eva@gmail.com", "", "", "missing.json", "", ""),
)


def controls(text: str) -> set[str]:
    """Characters that could do something to a terminal or to the direction of a text."""
    return {
        char
        for char in text
        if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}
    }


def tables(tmp_path: Path) -> list[str]:
    """The same people as a text and as a workbook with a hostile sheet name."""
    headings = tuple(heading for heading in HEADINGS if not heading.startswith("mail"))
    rows = [tuple(row[:5] + row[6:]) for row in (GOOD, *BAD)]
    text = tmp_path / f"a{EVIL.replace('/', '')}.csv"
    with text.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([headings, *rows])
    book = tmp_path / "people.xlsx"
    # XML holds no C0 controls at all.
    cleaned = [
        tuple(cell.replace("\x1b", "").replace("\x07", "") for cell in row)
        for row in (headings, *rows)
    ]
    book.write_bytes(xlsx({"\x9b2J\u202eevil": cells_of(*cleaned)}))
    return [str(text), str(book)]


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "words",
    [("--dry-run",), ("--dry-run", "--skip-bad"), ("--skip-bad",), ("--sheet", EVIL)],
)
def test_control_characters_of_a_table_do_not_reach_a_terminal(
    tmp_path: Path, which: int, words: tuple[str, ...]
) -> None:
    table = tables(tmp_path)[which]
    out, err = io.StringIO(), io.StringIO()
    folder = tmp_path / f"out{EVIL.replace('/', '')}"
    main(["batch", table, "--out", str(folder), "--offline", *words], io.StringIO(), out, err)
    assert len(out.getvalue() + err.getvalue()) > 20
    assert controls(out.getvalue()) | controls(err.getvalue()) == set()


@pytest.mark.parametrize("which", [0, 1])
def test_content_of_a_table_has_no_effect_in_a_report(tmp_path: Path, which: int) -> None:
    table = tables(tmp_path)[which]
    out, err = io.StringIO(), io.StringIO()
    words = ["batch", table, "--out", str(tmp_path / "out"), "--offline", "--skip-bad", "--json"]
    assert main(words, io.StringIO(), out, err) == 0
    document = json.loads(out.getvalue())
    assert len(document["skipped"]) == len(BAD)
    assert controls(json.dumps(document, ensure_ascii=False)) == set()
    for path in (tmp_path / "out").rglob("*.*"):
        if path.suffix in {".html", ".json", ".csv"}:
            text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
            assert controls(text) == set(), path


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "|x",
        "%x",
        "\t=1",
        "\r=1",
        " =1",
        "\u200b=1",
        "\ufeff=1",
        "＝1",
        "＠x",
    ],
)
def test_no_cell_of_a_report_is_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")


def test_an_output_folder_that_cannot_be_made_is_named_without_its_controls(
    tmp_path: Path,
) -> None:
    (tmp_path / f"file{EVIL[:4]}").write_text("x")
    path = tmp_path / "people.csv"
    path.write_text("address\nana@gmail.com\n")
    out, err = io.StringIO(), io.StringIO()
    words = ["batch", str(path), "--offline", "--out", str(tmp_path / f"file{EVIL[:4]}" / "out")]
    assert main(words, io.StringIO(), out, err) == 2
    assert len(err.getvalue()) > 20
    assert controls(err.getvalue()) == set()
