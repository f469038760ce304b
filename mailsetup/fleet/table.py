"""A table of people as it comes from an office: a workbook, or text in whatever form.

What comes out are rows of plain texts with the number that the person sees in their own program.
Nothing is judged here but whether it is a table at all. Formulas are never evaluated and never
carried on: of a workbook only the values that its program had stored are read.
"""

import csv
import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.fleet.columns import Column, column
from mailsetup.i18n import _

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MAX_BYTES = 200 * 1024 * 1024
"""Of the file, and of what a workbook unpacks to."""
MAX_ROWS = 100_000
"""Of people. More than this is a mistake, or a case for several tables."""
MAX_CELL = 8192
"""Characters of one cell."""

_DELIMITERS = (";", ",", "\t", "|")
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_HEAD = 65_536
"""Characters in which a text shows its delimiter."""
_BLANKS = " \t\r\n\u00a0"
_HEADER_ROWS = 10
"""A title may stand above the header; further down nobody looks for it."""
# Single-byte encodings that spreadsheets still write, the likeliest first.
_OLD_ENCODINGS = ("cp1252", "mac_roman", "cp850")
_LETTERS = frozenset("áéíóúüñçàèìòùâêîôûäëïöÿãõåæøœßÁÉÍÓÚÜÑÇÀÈÌÒÙÂÊÎÔÛÄËÏÖÃÕÅÆØŒ·ªº¿¡’")


@dataclass(frozen=True, slots=True)
class Row:
    """One row with something in it. ``number`` counts from 1, as spreadsheets do."""

    number: int
    cells: dict[Column, str]
    swallowed: int = 0
    """The number of the last row that became part of this one, because a quotation mark opened in
    it was closed there only; 0 where everything is in order."""


@dataclass(frozen=True, slots=True)
class Table:
    """What stands in the file. ``ignored`` are headings that mean nothing to us."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    ignored: tuple[str, ...] = ()
    form: str = ""
    """What was recognised, for the technician: ``CSV ; utf-8``, ``Excel``."""


@dataclass(frozen=True, slots=True)
class NotATable:
    """Why the file cannot be read as a table; ``reason`` is a sentence."""

    reason: str


def read_table(path: Path, *, sheet: str = "", encoding: str = "") -> Table | NotATable:
    """Read a table. ``sheet`` names one of a workbook's, otherwise the first with people in it;
    ``encoding`` is that of a text, otherwise it is recognised.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            return NotATable(_("The table is far too large: {path}").format(path=path))
        content = path.read_bytes()
    except OSError:
        return NotATable(_("The table cannot be opened: {path}").format(path=path))
    if not content.strip():
        return NotATable(_("The table is empty: {path}").format(path=path))
    if _is_workbook(path, content):
        return _read_workbook(content, sheet)
    text = _decoded(content, encoding)
    if isinstance(text, NotATable):
        return text
    return _read_text(*text)


# Text -------------------------------------------------------------------------------------------


def _decoded(content: bytes, encoding: str) -> tuple[str, str] | NotATable:
    """The text and the name of its encoding."""
    try:
        if encoding:
            return content.decode(encoding).removeprefix("\ufeff"), encoding
    except LookupError:
        return NotATable(_("This encoding is not known: {name}").format(name=encoding))
    except UnicodeError:
        return NotATable(_("The table is not written in {name}.").format(name=encoding))
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(name, "replace"), name
    if b"\x00" in content[:4096]:
        # UTF-16 without a mark: in western text every second octet is zero.
        zeros = (content[0:4096:2].count(0), content[1:4096:2].count(0))
        name = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        if max(zeros) < len(content[:4096]) // 8:
            return NotATable(_("The file is not a table of text."))
        return content.decode(name, "replace"), name
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        name = max(_OLD_ENCODINGS, key=lambda one: _likeness(content, one))
        return content.decode(name, "replace"), name


def _likeness(content: bytes, encoding: str) -> int:
    """How many of the odd octets become letters of western names, less those that do not."""
    odd = bytes(octet for octet in content[:200_000] if octet > 127).decode(encoding, "replace")
    return sum(1 if char in _LETTERS else -1 for char in odd)


def _read_text(text: str, encoding: str) -> Table | NotATable:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text[:4].lower() == "sep=" and len(text) > 5:
        # Excel's own way of saying it. The line belongs to no table, but it has a number.
        delimiter = text[4]
    else:
        head = text[:_HEAD]
        present = [one for one in _DELIMITERS if one in head] or ["\x1f"]
        delimiter = max(present, key=lambda one: _columns_found(head, one))
    shown = delimiter.replace("\t", "TAB").replace("\x1f", "")
    form = f"CSV {shown} {encoding}".replace("  ", " ")
    found = _with_header(_csv_rows(text, delimiter), form, quoted=True)
    return found if found is not None else _no_header()


def _columns_found(head: str, delimiter: str) -> int:
    found = _header(_csv_rows(head, delimiter))
    return len(found.places) if isinstance(found, _Header) else 0


@dataclass(frozen=True, slots=True)
class _Broken:
    """The end of the reading: where the quoting broke, of a row that had begun further up."""

    last: int


_Cells = Sequence[str] | _Broken


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, _Cells]]:
    """Rows with the number of the line on which each begins."""
    # A longer cell is no cell: an unclosed quotation mark has swallowed the rest of the table.
    csv.field_size_limit(16 * MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            yield number, cells
            number = reader.line_num + 1
    except csv.Error:
        yield number, _Broken(reader.line_num)


def _no_header() -> NotATable:
    return NotATable(
        _(
            "The first row has to name the columns, at least “address” (or “correo”). "
            "Others are: {names}."
        ).format(names=", ".join(one.value for one in Column if one is not Column.ADDRESS))
    )


# Workbooks --------------------------------------------------------------------------------------


def _is_workbook(path: Path, content: bytes) -> bool:
    known = content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    return known or path.suffix.lower() in _WORKBOOKS


def _read_workbook(content: bytes, wanted: str) -> Table | NotATable:
    from python_calamine import CalamineError, CalamineWorkbook

    broken = NotATable(_("This workbook cannot be read. Save it anew as .xlsx or as .csv."))
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, ValueError, OSError):
            return broken
        if unpacked > MAX_BYTES:
            return NotATable(_("The workbook is far too large once it is unpacked."))
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = list(book.sheet_names)
        if wanted and wanted not in names:
            return NotATable(
                _("There is no sheet “{name}” in the workbook, but: {names}.").format(
                    name=wanted, names=", ".join(names[:20])
                )
            )
        for name in [wanted] if wanted else names:
            found = _with_header(_sheet_rows(book.get_sheet_by_name(name)), f"Excel, {name}")
            if found is not None:
                return found
    except (CalamineError, ValueError, OSError):
        return broken
    return _no_header()


def _sheet_rows(sheet: "CalamineSheet") -> Iterator[tuple[int, Sequence[str]]]:
    for number, cells in enumerate(sheet.iter_rows(), 1 + (sheet.start or (0, 0))[0]):
        yield number, [_shown(cell) for cell in cells]


def _shown(cell: object) -> str:
    """A cell's value as a person would have typed it."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


# Both -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Header:
    places: dict[Column, int]
    ignored: tuple[str, ...]


def _header(rows: Iterator[tuple[int, _Cells]]) -> _Header | NotATable | None:
    """The first row that names an address; None where there is none."""
    for number, header in itertools.islice(rows, _HEADER_ROWS):
        if isinstance(header, _Broken):
            return _unclosed(number, header.last)
        places: dict[Column, int] = {}
        ignored = []
        twice = ""
        for place, name in enumerate(header):
            known = column(name)
            if known is None:
                if name.strip():
                    ignored.append(" ".join(name.split())[:60])
            elif known in places:
                twice = twice or name.strip()[:60]
            else:
                places[known] = place
        if Column.ADDRESS not in places:
            continue
        if twice:
            return NotATable(_("Two columns mean the same: “{name}”.").format(name=twice))
        return _Header(places, tuple(ignored))
    return None


def _unclosed(row: int, last: int) -> NotATable:
    if last <= row:
        return NotATable(_("The quotation marks in row {row} do not match.").format(row=row))
    return NotATable(
        _(
            "A quotation mark that opens in row {row} is not closed there, so everything from there"
            " to row {last} was read as one cell. Close it or remove it."
        ).format(row=row, last=last)
    )


def _with_header(
    rows: Iterator[tuple[int, _Cells]], form: str, *, quoted: bool = False
) -> Table | NotATable | None:
    """The rows below the header; None where there is none. ``quoted`` is a text, whose cells may
    stand in quotation marks."""
    found = _header(rows)
    return _below(rows, found, form, quoted=quoted) if isinstance(found, _Header) else found


def _below(
    rows: Iterator[tuple[int, _Cells]], header: _Header, form: str, *, quoted: bool
) -> Table | NotATable:
    found: list[Row] = []
    for number, cells in rows:
        if isinstance(cells, _Broken):
            return _unclosed(number, cells.last)
        taken = {
            name: cells[place] if name is Column.PASSWORD else cells[place].strip(_BLANKS)
            for name, place in header.places.items()
            if place < len(cells)
        }
        if not any(value.strip() for value in taken.values()):
            continue
        if len(found) == MAX_ROWS:
            return NotATable(
                _("The table has more than {limit} people. Split it.").format(limit=MAX_ROWS)
            )
        last = number + sum(cell.count("\n") for cell in cells)
        found.append(Row(number, taken, last if quoted and _holds_rows(taken) else 0))
    if not found:
        return NotATable(_("The table names its columns but holds nobody."))
    return Table(tuple(found), tuple(header.places), header.ignored, form)


def _holds_rows(cells: dict[Column, str]) -> bool:
    """Whether a cell is several rows: people write line breaks in cells, but no addresses there."""
    return any("\n" in value.strip(_BLANKS) and "@" in value for value in cells.values())
