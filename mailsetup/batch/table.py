"""Reads a table of people: a workbook, or delimited text in any encoding.

The result are rows of plain texts with the row numbers that the user's spreadsheet shows. Only
whether the file is a table is checked here. Formulas are never evaluated: of a workbook the stored
values are read. Texts of the file in a reason or a `PeopleTable` have no control characters.
"""

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from mailsetup.batch.columns import Column, column
from mailsetup.batch.workbook import (
    CellKind,
    ReadingCancelledError,
    SheetRow,
    Workbook,
    WorkbookError,
    WorkbookFault,
    WorkbookLimits,
)
from mailsetup.batch.workbook_child import MAX_CELL, MAX_COLUMNS
from mailsetup.files.user_file import FileFailure, read_given_file
from mailsetup.i18n import _
from mailsetup.model.text import plain

MAX_BYTES = 50 * 1024 * 1024
"""Bytes of the file: five hundred for each of `MAX_PEOPLE`."""
MAX_ROWS = 100_000
"""More than this is a mistake, or a case for several tables."""

_DELIMITERS = (";", ",", "\t", "|")
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_HEAD = 65_536
"""Characters from which a text's delimiter is recognised."""
_BLANKS = " \t\r\n\u00a0"
_HEADER_ROWS = 10
"""Rows in which the header is searched for: a title may be above it."""
# Single-byte encodings that spreadsheets write, the most likely first.
_OLD_ENCODINGS = ("cp1252", "mac_roman", "cp850")
_LETTERS = frozenset("áéíóúüñçàèìòùâêîôûäëïöÿãõåæøœßÁÉÍÓÚÜÑÇÀÈÌÒÙÂÊÎÔÛÄËÏÖÃÕÅÆØŒ·ªº¿¡’")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row that is not empty. ``number`` counts from 1, as spreadsheets do."""

    number: int
    cells: dict[Column, str]
    swallowed: int = 0
    """The number of the last row that is part of this one, because a quotation mark here is closed
    there; 0 for none."""
    has_surplus: bool = False
    """Whether a text's row has more cells than the header: a value may have been split."""
    password_kind: CellKind | None = None
    """The type of the password's cell, where it is no text."""


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """The content of the file. ``ignored`` are unknown headings."""

    rows: tuple[TableRow, ...]
    columns: tuple[Column, ...]
    ignored: tuple[str, ...] = ()
    form: str = ""
    """The recognised format: ``CSV ; utf-8``, ``Excel``."""


@dataclass(frozen=True, slots=True)
class TableFailure:
    """Why the file cannot be read as a table; ``reason`` is a sentence."""

    reason: str


def read_table(
    path: Path,
    *,
    sheet: str = "",
    encoding: str = "",
    limits: WorkbookLimits | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> PeopleTable | TableFailure:
    """Read a table. ``sheet`` is a worksheet's name; by default the first visible one with people
    is read. ``encoding`` is a text's; by default it is recognised.

    ``limits`` are for a workbook, whose reading ends soon after ``is_cancelled`` is true.
    """
    content = read_given_file(path, MAX_BYTES)
    if isinstance(content, FileFailure):
        return TableFailure(content.reason)
    if not content.strip():
        return TableFailure(_("The table is empty: {path}").format(path=plain(str(path))))
    if _is_workbook(path, content):
        if encoding:
            return TableFailure(_("--encoding is for texts such as CSV; this table is a workbook."))
        return _read_workbook(content, sheet, limits, is_cancelled)
    if sheet:
        return TableFailure(_("--sheet is for workbooks; this table is a text."))
    text = _decoded(content, encoding)
    if isinstance(text, TableFailure):
        return text
    return _read_text(*text)


# Text -------------------------------------------------------------------------------------------


def _decoded(content: bytes, encoding: str) -> tuple[str, str] | TableFailure:
    """The text and the name of its encoding."""
    try:
        if encoding:
            return content.decode(encoding).removeprefix("\ufeff"), encoding
    except LookupError:
        return TableFailure(
            _("This encoding is not known: {name}").format(name=plain(encoding, 40))
        )
    except (UnicodeError, ValueError):
        # Also for names of codecs that decode no text, or a NUL in the name.
        shown = plain(encoding, 40)
        return TableFailure(_("The table is not written in {name}.").format(name=shown))
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(name, "replace"), name
    if b"\x00" in content[:4096]:
        # UTF-16 without a byte order mark: in western text every second octet is zero.
        zeros = (content[0:4096:2].count(0), content[1:4096:2].count(0))
        name = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        if max(zeros) < len(content[:4096]) // 8:
            return TableFailure(_("The file is not a table of text."))
        return content.decode(name, "replace"), name
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        name = max(_OLD_ENCODINGS, key=lambda one: _likeness(content, one))
        return content.decode(name, "replace"), name


def _likeness(content: bytes, encoding: str) -> int:
    """The number of octets above 127 that become letters of western names, minus the others."""
    odd = bytes(octet for octet in content[:200_000] if octet > 127).decode(encoding, "replace")
    return sum(1 if char in _LETTERS else -1 for char in odd)


def _read_text(text: str, encoding: str) -> PeopleTable | TableFailure:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text[:4].lower() == "sep=" and text[5:6] == "\n" and _is_delimiter(text[4]):
        # Excel's directive. The line is not part of the table, but it has a number.
        delimiter = text[4]
    else:
        head = text[:_HEAD]
        present = [one for one in _DELIMITERS if one in head] or ["\x1f"]
        delimiter = max(present, key=lambda one: _columns_found(head, one))
    shown = delimiter.replace("\t", "TAB").replace("\x1f", "")
    form = f"CSV {shown} {encoding}".replace("  ", " ")
    found = _with_header(_csv_rows(text, delimiter), form, quoted=True)
    return found if found is not None else _no_header()


def _is_delimiter(char: str) -> bool:
    """Whether Python's csv module accepts it and a terminal shows it."""
    return char == "\t" or (char.isprintable() and not char.isalnum() and char not in "\"' ")


def _columns_found(head: str, delimiter: str) -> int:
    found = _header(_csv_rows(head, delimiter))
    return len(found.places) if isinstance(found, _Header) else 0


@dataclass(frozen=True, slots=True)
class _Broken:
    """The row in which the reading ended, because the quoting of an earlier row is broken."""

    number: int
    last: int


_Line = SheetRow | _Broken


def _csv_rows(text: str, delimiter: str) -> Iterator[_Line]:
    """Rows with the number of their first line."""
    # In a longer cell, an unclosed quotation mark has swallowed the rest of the table.
    csv.field_size_limit(16 * MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield SheetRow(number, cells, {})
            number = reader.line_num + 1
    except csv.Error:
        yield _Broken(number, reader.line_num)


def _no_header() -> TableFailure:
    return TableFailure(
        _(
            "The first row has to name the columns, at least “address” (or “correo”). "
            "Others are: {names}."
        ).format(names=", ".join(one.value for one in Column if one is not Column.ADDRESS))
    )


# Workbooks --------------------------------------------------------------------------------------


def _is_workbook(path: Path, content: bytes) -> bool:
    known = content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    return known or path.suffix.lower() in _WORKBOOKS


def _read_workbook(
    content: bytes, wanted: str, limits: WorkbookLimits | None, is_cancelled: Callable[[], bool]
) -> PeopleTable | TableFailure:
    try:
        with Workbook(content, limits, is_cancelled) as book:
            return _first_table(book, wanted)
    except WorkbookError as error:
        return TableFailure(_workbook_sentence(error.fault))
    except ReadingCancelledError:
        return TableFailure(_("Cancelled."))


def _first_table(book: Workbook, wanted: str) -> PeopleTable | TableFailure:
    """The sheet of this name; otherwise the first visible one that names an address."""
    names = [name for name, _visible in book.sheets]
    if wanted:
        if wanted not in names:
            return TableFailure(
                _("There is no sheet “{name}” in the workbook, but: {names}.").format(
                    name=plain(wanted, 60),
                    names=", ".join(plain(name, 60) for name in names[:20]),
                )
            )
        return _of_sheet(book, names.index(wanted)) or _no_header()
    for index, (_name, is_visible) in enumerate(book.sheets):
        found = _of_sheet(book, index) if is_visible else None
        if found is not None:
            return found
    for index, (name, is_visible) in enumerate(book.sheets):
        if not is_visible and _of_sheet(book, index) is not None:
            # Former employees, or a draft: the user does not see hidden sheets.
            return TableFailure(
                _("The people are on a hidden sheet, “{name}”. Show the sheet first.").format(
                    name=plain(name, 60)
                )
            )
    return _no_header()


def _of_sheet(book: Workbook, index: int) -> PeopleTable | TableFailure | None:
    return _with_header(book.rows(index), f"Excel, {plain(book.sheets[index][0], 60)}")


def _workbook_sentence(fault: WorkbookFault) -> str:
    match fault:
        case WorkbookFault.BROKEN:
            return _(
                "This workbook cannot be read. Open it, save the sheet with the people as .csv,"
                " and use that."
            )
        case WorkbookFault.PASSWORD:
            return _(
                "This workbook is protected with a password. Open it and save it without one,"
                " or save the sheet as .csv."
            )
        case WorkbookFault.LARGE:
            return _(
                "The workbook is far too large once it is unpacked."
                " Save the sheet with the people as .csv, and use that."
            )
        case WorkbookFault.NOT_STARTED:
            return _(
                "Workbooks cannot be read on this computer now. Save the sheet with the people as"
                " .csv, and use that."
            )
        case _:
            assert_never(fault)


# Both -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Header:
    places: dict[Column, int]
    ignored: tuple[str, ...]
    width: int
    """The number of cells of the row, also those without a heading."""


def _header(rows: Iterable[_Line]) -> _Header | TableFailure | None:
    """The first row that names an address; None where there is none."""
    for header in itertools.islice(rows, _HEADER_ROWS):
        if isinstance(header, _Broken):
            return _unclosed(header.number, header.last)
        places: dict[Column, int] = {}
        ignored = []
        twice = ""
        for place, name in enumerate(header.cells):
            known = column(name)
            if known is None:
                if name.strip():
                    ignored.append(plain(name, 60))
            elif known in places:
                twice = twice or plain(name, 60)
            else:
                places[known] = place
        if Column.ADDRESS not in places:
            continue
        if len(header.cells) > MAX_COLUMNS:
            return TableFailure(
                _(
                    "The table has more than {limit} columns. Remove those that are not needed."
                ).format(limit=MAX_COLUMNS)
            )
        if twice:
            return TableFailure(_("Two columns mean the same: “{name}”.").format(name=twice))
        return _Header(places, tuple(ignored), len(header.cells))
    return None


def _unclosed(row: int, last: int) -> TableFailure:
    if last <= row:
        return TableFailure(_("The quotation marks in row {row} do not match.").format(row=row))
    return TableFailure(
        _(
            "A quotation mark that opens in row {row} is not closed there, so everything from there"
            " to row {last} was read as one cell. Close it or remove it."
        ).format(row=row, last=last)
    )


def _with_header(
    rows: Iterator[_Line], form: str, *, quoted: bool = False
) -> PeopleTable | TableFailure | None:
    """The rows below the header; None where there is none. ``quoted``: a text, whose cells
    may be in quotation marks."""
    found = _header(rows)
    return _below(rows, found, form, quoted=quoted) if isinstance(found, _Header) else found


def _below(
    rows: Iterator[_Line], header: _Header, form: str, *, quoted: bool
) -> PeopleTable | TableFailure:
    found: list[TableRow] = []
    for line in rows:
        if isinstance(line, _Broken):
            return _unclosed(line.number, line.last)
        row = _row_below(line, header, quoted=quoted)
        if not any(value.strip() for value in row.cells.values()) and not row.has_surplus:
            continue
        if len(found) == MAX_ROWS:
            return TableFailure(
                _("The table has more than {limit} people. Split it.").format(limit=MAX_ROWS)
            )
        found.append(row)
    if not found:
        return TableFailure(_("The table names its columns but holds nobody."))
    return PeopleTable(tuple(found), tuple(header.places), header.ignored, form)


def _row_below(line: SheetRow, header: _Header, *, quoted: bool) -> TableRow:
    cells = line.cells
    taken = {
        name: cells[place] if name is Column.PASSWORD else cells[place].strip(_BLANKS)
        for name, place in header.places.items()
        if place < len(cells)
    }
    swallowed = 0
    if quoted and _holds_rows(taken):
        swallowed = line.number + sum(cell.count("\n") for cell in cells)
    # In a workbook a cell outside the columns is a remark; nothing can have moved there.
    surplus = quoted and any(cell.strip(_BLANKS) for cell in cells[header.width :])
    kind = line.kinds.get(header.places.get(Column.PASSWORD, -1))
    return TableRow(line.number, taken, swallowed, surplus, kind)


def _holds_rows(cells: dict[Column, str]) -> bool:
    """Whether a cell contains several rows: line breaks are common in cells, but not addresses."""
    return any("\n" in value.strip(_BLANKS) and "@" in value for value in cells.values())
