"""Workbooks for tests: ordinary ones, and small hostile ones."""

import io
import struct
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8"?>'


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def cells_of(*rows: tuple[str, ...], formula: str = "") -> str:
    """The rows of a sheet with texts; a cell that begins with ``=`` is a formula with its value."""
    lines = []
    for number, cells in enumerate(rows, 1):
        shown = "".join(
            f"<c t='str'><f>{escape(cell[1:])}</f><v>{escape(formula)}</v></c>"
            if cell.startswith("=")
            else f"<c t='inlineStr'><is><t>{escape(cell)}</t></is></c>"
            for cell in cells
        )
        lines.append(f"<row r='{number}'>{shown}</row>")
    return "".join(lines)


def cell_at(reference: str, text: str = "address") -> str:
    """A row with one cell, wherever it is."""
    number = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    inside = f"<c r='{reference}' t='inlineStr'><is><t>{text}</t></is></c>"
    return f"<row r='{number}'>{inside}</row>"


def xlsx(sheets: Mapping[str, str], *, hidden: tuple[str, ...] = (), strings: str = "") -> bytes:
    """A workbook of these sheets: name and the content of ``sheetData``. ``strings`` is the part
    of shared strings."""
    numbered = list(enumerate(sheets.items(), 1))
    overrides = "".join(
        f"<Override PartName='/xl/worksheets/sheet{number}.xml' ContentType='{_KIND}"
        ".worksheet+xml'/>"
        for number, _sheet in numbered
    )
    state = dict.fromkeys(hidden, " state='hidden'")
    listed = "".join(
        f"<sheet name={quoteattr(name)} sheetId='{number}'{state.get(name, '')} r:id='r{number}'/>"
        for number, (name, _content) in numbered
    )
    links = "".join(
        f"<Relationship Id='r{number}' Type='{_OFFICE}/worksheet'"
        f" Target='worksheets/sheet{number}.xml'/>"
        for number, _sheet in numbered
    )
    if strings:
        links += f"<Relationship Id='s' Type='{_OFFICE}/sharedStrings' Target='sharedStrings.xml'/>"
        overrides += (
            f"<Override PartName='/xl/sharedStrings.xml' ContentType='{_KIND}.sharedStrings+xml'/>"
        )
    parts = {
        "[Content_Types].xml": f"{_XML}<Types xmlns='{_PACKAGE}/content-types'><Default"
        " Extension='rels' ContentType="
        "'application/vnd.openxmlformats-package.relationships+xml'/><Override PartName="
        f"'/xl/workbook.xml' ContentType='{_KIND}.sheet.main+xml'/>{overrides}</Types>",
        "_rels/.rels": f"{_XML}<Relationships xmlns='{_PACKAGE}/relationships'><Relationship"
        f" Id='r1' Type='{_OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
        "xl/workbook.xml": f"{_XML}<workbook xmlns='{_MAIN}' xmlns:r='{_OFFICE}'>"
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"{_XML}<Relationships xmlns='{_PACKAGE}/relationships'>"
        f"{links}</Relationships>",
    }
    for number, (_name, content) in numbered:
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f"{_XML}<worksheet xmlns='{_MAIN}'><sheetData>{content}</sheetData></worksheet>"
        )
    if strings:
        parts["xl/sharedStrings.xml"] = _XML + strings
    return zipped(parts)


def shared(*strings: str, count: int | None = None) -> str:
    """The part of shared strings, which may claim more than it contains."""
    items = "".join(f"<si><t>{escape(one)}</t></si>" for one in strings)
    claimed = len(strings) if count is None else count
    return f"<sst xmlns='{_MAIN}' count='{claimed}' uniqueCount='{claimed}'>{items}</sst>"


_ODS = (
    "<office:document-content xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0'"
    " xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0'"
    " xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0' office:version='1.3'>"
    "<office:body><office:spreadsheet>{body}"
)
_ODS_END = "</office:spreadsheet></office:body></office:document-content>"


def ods(body: str, *, is_closed: bool = True, manifest: str = "") -> bytes:
    """An OpenDocument workbook with this ``office:spreadsheet``."""
    content = _XML + _ODS.format(body=body) + (_ODS_END if is_closed else "")
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": _XML + "<manifest:manifest xmlns:manifest="
            f"'urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'>{manifest}</manifest:manifest>",
        }
    )


def ods_rows(*rows: tuple[str, ...]) -> str:
    lines = "".join(
        "<table:table-row>"
        + "".join(
            "<table:table-cell office:value-type='string'>"
            f"<text:p>{escape(cell)}</text:p></table:table-cell>"
            for cell in cells
        )
        + "</table:table-row>"
        for cells in rows
    )
    return f"<table:table table:name='People'>{lines}</table:table>"


# OLE containers and BIFF ------------------------------------------------------------------------

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def ole(name: str, content: bytes) -> bytes:
    """An OLE container with one stream ([MS-CFB]); at least 4096 bytes, so no mini stream."""
    content = content.ljust(4096, b"\0")
    count = -(-len(content) // _SECTOR)
    # Sector 0 is the allocation table, 1 the directory, then the stream.
    table = [_FAT, _END, *range(3, 2 + count), _END]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0,
    )  # fmt: skip
    header += struct.pack("<I", 0) + struct.pack("<I", _FREE) * 108

    def entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
        encoded = title.encode("utf-16-le") + b"\0\0"
        return struct.pack(
            "<64sHBBIII16xI16xIQ", encoded, len(encoded), kind, 1, _FREE, _FREE, child, 0, start,
            size,
        )  # fmt: skip

    directory = entry("Root Entry", 5, 1, _END, 0) + entry(name, 2, _FREE, 2, len(content))
    return (
        header
        + struct.pack(f"<{_SECTOR // 4}I", *table)
        + directory.ljust(_SECTOR, b"\0")
        + content.ljust(count * _SECTOR, b"\0")
    )


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def xls(*cells: tuple[int, int, str], middle: bytes = b"") -> bytes:
    """A BIFF8 workbook with these cells: row, column, text. ``middle`` are further records of the
    workbook's own part."""
    bof = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 1997, 0, 6))
    name = b"People"

    def globals_of(offset: int) -> bytes:
        sheet = struct.pack("<IBBBB", offset, 0, 0, len(name), 0) + name
        return bof + middle + record(0x85, sheet) + record(0x0A, b"")

    sheet_start = len(globals_of(0))
    body = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 6))
    for row, column, text in cells:
        encoded = text.encode("latin-1")
        body += record(0x204, struct.pack("<HHHHB", row, column, 0, len(encoded), 0) + encoded)
    body += record(0x0A, b"")
    return ole("Workbook", globals_of(sheet_start) + body)


# .xlsb ------------------------------------------------------------------------------------------


def _binary(kind: int, content: bytes = b"") -> bytes:
    """A record of [MS-XLSB] 2.1.4: kind and size of seven bits an octet."""

    def number(value: int) -> bytes:
        out = bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    return number(kind) + number(len(content)) + content


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(*cells: tuple[int, int, str]) -> bytes:
    """A binary workbook with these cells: row, column, text."""
    rows = b"".join(
        _binary(0, struct.pack("<IIHHBI", row, 0, 300, 0, 0, 0))
        + _binary(6, struct.pack("<II", column, 0) + _wide(text))
        for row, column, text in cells
    )
    last_row = max(row for row, _column, _text in cells)
    last_column = max(column for _row, column, _text in cells)
    bounds = _binary(148, struct.pack("<IIII", 0, last_row, 0, last_column))
    book = (
        _binary(131)
        + _binary(143)
        + _binary(156, struct.pack("<II", 0, 1) + _wide("r1") + _wide("People"))
        + _binary(144)
        + _binary(132)
    )
    return zipped(
        {
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": f"{_XML}<Relationships xmlns='{_PACKAGE}/relationships'>"
            f"<Relationship Id='r1' Type='{_OFFICE}/worksheet' Target='worksheets/sheet1.bin'/>"
            "</Relationships>",
            "xl/worksheets/sheet1.bin": _binary(129)
            + bounds
            + _binary(145)
            + rows
            + _binary(146)
            + _binary(130),
        }
    )
