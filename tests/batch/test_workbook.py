"""Hostile workbooks, and those whose stored values differ from the shown ones."""

import asyncio
import io
import multiprocessing
import struct
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsetup.batch.columns import Column
from mailsetup.batch.table import PeopleTable, TableFailure, read_table
from mailsetup.batch.table_check import BatchPlan, Defaults, check_table
from mailsetup.batch.workbook import WorkbookLimits
from tests.support.batch.workbooks import (
    cell_at,
    cells_of,
    ods,
    ods_rows,
    ole,
    record,
    shared,
    xls,
    xlsb,
    xlsx,
    zipped,
)

pytestmark = pytest.mark.slow

SECONDS = 4.0
"""Of the clock and of processor time, where a test waits for the limit itself."""
PEOPLE = (("address", "name"), ("ana@b.es", "Ana"))


def lying(content: bytes) -> bytes:
    """A zip file whose directory says that its entries unpack to one octet."""
    changed = bytearray(content)
    place = 0
    while (place := changed.find(b"PK\x01\x02", place)) >= 0:
        changed[place + 24 : place + 28] = struct.pack("<I", 1)
        place += 4
    return bytes(changed)


def many_references() -> bytes:
    """A hundred thousand cells of one text of 6000 characters."""
    row = "<c t='s'><v>0</v></c>" * 10
    rows = f"<row>{row}</row>" * 10_000
    return xlsx({"People": rows}, strings=shared("x" * 6000))


def entities() -> bytes:
    """The XML bomb that is known as billion laughs."""
    lines = "<!ENTITY l0 'ha'>" + "".join(
        f"<!ENTITY l{level} '{f'&l{level - 1};' * 10}'>" for level in range(1, 12)
    )
    with zipfile.ZipFile(io.BytesIO(xlsx({"People": cells_of(*PEOPLE)}))) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert isinstance(sheet, bytes)
    text = sheet.decode().replace("?>", f"?><!DOCTYPE worksheet [{lines}]>", 1)
    parts["xl/worksheets/sheet1.xml"] = text.replace("Ana", "&l11;")
    return zipped(parts)


def repeated(columns: int, rows: int) -> bytes:
    return ods(
        "<table:table table:name='People'><table:table-row"
        f" table:number-rows-repeated='{rows}'><table:table-cell"
        f" table:number-columns-repeated='{columns}' office:value-type='string'>"
        "<text:p>address</text:p></table:table-cell></table:table-row></table:table>"
    )


HOSTILE: dict[str, Callable[[], bytes]] = {
    "two cells at the corners": lambda: xlsx({"P": cell_at("A1") + cell_at("XFD1048576")}),
    "a cell far down and right": lambda: xlsx({"P": cell_at("A1") + cell_at("ZZ200000")}),
    "a forged count of shared strings": lambda: xlsx(
        {"P": "<row r='1'><c t='s'><v>0</v></c></row>"}, strings=shared("address", count=2**32)
    ),
    "an element that is never closed": lambda: ods(
        "<table:table table:name='P'>", is_closed=False
    ),
    "a row that is never closed": lambda: ods(
        "<table:table table:name='P'><table:table-row>", is_closed=False
    ),
    "one text in a hundred thousand cells": many_references,
    "a zip file that lies about its sizes": lambda: lying(
        xlsx({"P": "<row><c><v>" + "1" * 300_000_000 + "</v></c></row>"})
    ),
    "a row that is repeated": lambda: repeated(1000, 2**20),
    "a row that is repeated for ever": lambda: repeated(16_384, 2**62),
    "elements a million deep": lambda: xlsx(
        {"P": "<row><c t='s'><v>0</v></c></row>"},
        strings="<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        + "<si><r>" * 1_000_000,
    ),
    "a truncated zip file": lambda: xlsx({"P": cells_of(*PEOPLE)})[:-30],
    "half of a zip file": lambda: xlsx({"P": cells_of(*PEOPLE)})[:900],
    "a BIFF record that is longer than the file": lambda: ole(
        "Workbook", record(0x809, bytes(16)) + struct.pack("<HH", 0xFC, 0xFFFF)
    ),
    "BIFF cells at the corners": lambda: xls((0, 0, "address"), (65_535, 65_535, "x")),
    "an OLE container that refers to itself": lambda: (
        xls((0, 0, "address"))[:512] + struct.pack("<128I", *([0xFFFFFFFD] + [2] * 127))
        + xls((0, 0, "address"))[1024:]
    ),
    "an OLE container cut off": lambda: xls((0, 0, "address"))[:1600],
    "XLSB cells at the corners": lambda: xlsb((0, 0, "address"), (1_048_575, 16_383, "x")),
    "a zip file of something else": lambda: zipped({"hello.txt": "hello"}),
}  # fmt: skip


EXAGGERATING: dict[str, Callable[[], bytes]] = {
    "a column that is repeated": lambda: repeated(2**31 - 1, 1),
    "a forged count of BIFF strings": lambda: xls(
        (0, 0, "address"), middle=record(0xFC, struct.pack("<II", 2**32 - 1, 2**32 - 1))
    ),
    "ten thousand sheets": lambda: xlsx({f"S{number}": "" for number in range(10_000)}),
}
"""Files that the library reads without harm."""


def written(tmp_path: Path, content: bytes, name: str = "people.xlsx") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def refused(path: Path, limits: WorkbookLimits | None = None) -> str:
    found = read_table(path, limits=limits)
    assert isinstance(found, TableFailure), found
    return found.reason


def table(tmp_path: Path, content: bytes, name: str = "people.xlsx") -> PeopleTable:
    found = read_table(written(tmp_path, content, name))
    assert isinstance(found, PeopleTable), found
    return found


def plan(tmp_path: Path, content: bytes) -> BatchPlan:
    return check_table(table(tmp_path, content), Defaults("en"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_workbook_that_would_end_the_program_is_refused_with_what_to_do(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, HOSTILE[name]())
    begun = time.monotonic()
    reason = refused(path, WorkbookLimits(seconds=SECONDS))
    assert reason.startswith("This workbook cannot be read.")
    assert ".csv" in reason
    assert time.monotonic() - begun < 4 * SECONDS
    assert multiprocessing.active_children() == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", EXAGGERATING)
def test_a_workbook_that_claims_too_much_is_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, EXAGGERATING[name]())
    assert len(refused(path, WorkbookLimits(seconds=SECONDS))) > 20
    assert multiprocessing.active_children() == []


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    found = read_table(written(tmp_path, entities()), limits=WorkbookLimits(seconds=SECONDS))
    assert isinstance(found, TableFailure) or len(repr(found)) < 10_000


def test_a_workbook_that_claims_to_be_huge_is_not_unpacked(tmp_path: Path) -> None:
    bomb = zipped({"xl/workbook.xml": bytes(210 * 1024 * 1024)})
    assert "too large" in refused(written(tmp_path, bomb))


@pytest.mark.parametrize(
    "content",
    [
        ole("EncryptedPackage", b"x"),
        xls((0, 0, "address"), middle=record(0x2F, bytes(6))),
        xls((0, 0, "address"), middle=record(0x86, b"") + record(0x2F, struct.pack("<HI", 1, 1))),
        ods(
            ods_rows(*PEOPLE),
            manifest="<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>",
        ),
    ],
    ids=["xlsx", "xls, XOR", "xls, RC4", "ods"],
)
def test_an_encrypted_workbook_is_reported(tmp_path: Path, content: bytes) -> None:
    assert "protected with a password" in refused(written(tmp_path, content))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.xlsx", xlsx({"People": cells_of(*PEOPLE)})),
        ("people.ods", ods(ods_rows(*PEOPLE))),
        ("people.xls", xls((0, 0, "address"), (0, 1, "name"), (1, 0, "ana@b.es"), (1, 1, "Ana"))),
        ("people.xlsb", xlsb((0, 0, "address"), (1, 0, "ana@b.es"))),
    ],
)
def test_each_kind_of_workbook_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    (row,) = table(tmp_path, content, name).rows
    assert (row.number, row.cells[Column.ADDRESS]) == (2, "ana@b.es")


def test_twenty_thousand_people_are_read_within_the_limits(tmp_path: Path) -> None:
    rows = [(f"p{number}@b.es", f"Person {number}", "x" * 40, "") for number in range(20_000)]
    content = xlsx({"P": cells_of(("address", "name", "note", "program"), *rows)})
    assert len(table(tmp_path, content).rows) == 20_000


def test_reading_ends_soon_after_it_is_cancelled(tmp_path: Path) -> None:
    path = written(tmp_path, HOSTILE["an element that is never closed"]())
    over = threading.Event()
    timer = threading.Timer(1.0, over.set)
    timer.start()
    begun = time.monotonic()
    assert isinstance(read_table(path, is_cancelled=over.is_set), TableFailure)
    assert time.monotonic() - begun < 8
    assert multiprocessing.active_children() == []


async def test_a_workbook_is_read_from_a_thread_while_a_loop_runs(tmp_path: Path) -> None:
    path = written(tmp_path, xlsx({"P": cells_of(*PEOPLE)}))
    found = await asyncio.to_thread(read_table, path)
    assert isinstance(found, PeopleTable)


# Which sheets and cells are read ------------------------------------------------------------------


def test_hidden_sheets_are_skipped_unless_they_are_named(tmp_path: Path) -> None:
    sheets = {
        "Bajas 2019": cells_of(("address",), ("old@b.es",)),
        "Personal": cells_of(("address",), ("ana@b.es",)),
    }
    path = written(tmp_path, xlsx(sheets, hidden=("Bajas 2019",)))
    found = read_table(path)
    assert isinstance(found, PeopleTable)
    assert found.rows[0].cells[Column.ADDRESS] == "ana@b.es"
    named = read_table(path, sheet="Bajas 2019")
    assert isinstance(named, PeopleTable)
    assert named.rows[0].cells[Column.ADDRESS] == "old@b.es"


def test_people_on_a_hidden_sheet_are_not_set_up_by_default(tmp_path: Path) -> None:
    sheets = {"Notes": cells_of(("hello",)), "Old": cells_of(("address",), ("old@b.es",))}
    reason = refused(written(tmp_path, xlsx(sheets, hidden=("Old",))))
    assert "hidden sheet" in reason
    assert "Old" in reason


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("<c t='n'><v>12345</v></c>", "number"),
        ("<c t='n'><v>12345678901234567890</v></c>", "number"),
        ("<c t='d'><v>2024-05-01T00:00:00</v></c>", "date"),
        ("<c t='b'><v>1</v></c>", "true or false"),
        ("<c r='B2' t='e'><v>#N/A</v></c>", "error"),
    ],
)
def test_a_password_stored_as_another_type_is_reported_with_its_row(
    tmp_path: Path, value: str, word: str
) -> None:
    rows = cells_of(("address", "password")) + (
        "<row r='2'><c r='A2' t='inlineStr'><is><t>ana@b.es</t></is></c>"
        f"{value}</row><row r='3'><c t='inlineStr'><is><t>eva@b.es</t></is></c>"
        "<c t='inlineStr'><is><t>12345</t></is></c></row>"
    )
    checked = plan(tmp_path, xlsx({"People": rows}))
    assert [person.row for person in checked.people] == [3]
    (problem,) = checked.problems
    assert problem.row == 2
    assert word in problem.reason
    assert "12345" not in problem.reason


@pytest.mark.parametrize(
    "first",
    [
        cells_of(*((f"Product {number}", "x" * 200) for number in range(5000))),
        cells_of(("January", *("x" for _day in range(1500))), ("more",)),
        "",
    ],
    ids=["long", "wide", "empty"],
)
def test_sheets_without_people_are_skipped(tmp_path: Path, first: str) -> None:
    people = cells_of(("address",), *((f"p{number}@b.es",) for number in range(3000)))
    found = table(tmp_path, xlsx({"First": first, "People": people, "Last": first}))
    assert "People" in found.form
    assert [row.cells[Column.ADDRESS] for row in found.rows] == [
        f"p{number}@b.es" for number in range(3000)
    ]


def test_a_table_may_be_anywhere_on_its_sheet(tmp_path: Path) -> None:
    """The rows and the errors in them are found where the spreadsheet shows them."""
    text = "<c r='{}' t='inlineStr'><is><t>{}</t></is></c>"
    heads = "".join(text.format(f"{letter}7", word) for letter, word in HEADS.items())
    person = text.format("D9", "ana@b.es") + "<c r='E9' t='e'><v>#REF!</v></c>"
    other = text.format("D12", "eva@b.es") + text.format("E12", "secret")
    rows = f"<row r='7'>{heads}</row><row r='9'>{person}</row><row r='12'>{other}</row>"
    checked = plan(tmp_path, xlsx({"People": rows}))
    assert [one.row for one in checked.people] == [12]
    assert [one.row for one in checked.problems] == [9]
    assert "error" in checked.problems[0].reason


HEADS = {"D": "address", "E": "password"}


def test_a_sheet_with_too_many_columns_is_reported(tmp_path: Path) -> None:
    rows = cells_of(("address", *("x" for _column in range(1001))), ("ana@b.es",))
    assert "more than 1000 columns" in refused(written(tmp_path, xlsx({"People": rows})))


def test_the_name_of_a_sheet_reaches_a_terminal_without_control_characters(tmp_path: Path) -> None:
    content = xlsx({"\u202eevil": cells_of(*PEOPLE)})
    assert "\u202e" not in table(tmp_path, content).form
    found = read_table(written(tmp_path, content), sheet="\x1b[2J")
    assert isinstance(found, TableFailure)
    assert not {"\x1b", "\u202e"} & set(found.reason)
