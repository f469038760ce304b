"""The child process that reads a workbook: the native library runs only here.

It imports only its limits from this program, so that it starts quickly. Messages are JSON and not
pickles: a process that read hostile data must not be able to run code in its parent.

The protocol: ``{"ready": true}``; the parent sends the file's content; ``{"sheets": [...]}``
or ``{"fault": ...}``; the parent sends a sheet's number as often as it wants; for each come
``{"rows": [...]}`` messages and ``{"end": true}``. These carry the number of the request
(``"request": 1`` for the first), because the parent may ask for the next sheet before the end of
one. The child ends when the pipe closes.
"""

import datetime
import io
import itertools
import json
import posixpath
import re
import signal
import zipfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from mailsetup.batch.child_limits import confine_this_process

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

MEMORY = 512 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
"""Bytes that a workbook may claim to unpack to."""
MAX_COLUMNS = 1000
MAX_CELL = 8192
"""Characters of one cell; of a longer one, one more than this is sent."""
_MESSAGE = 256 * 1024
"""Characters after which a message is sent."""

Cell = str | list[str]
"""A text, or the type of another value (`CellKind`) and the text that a user would type for it."""

# [MS-XLS] 2.1.7.20.3: FilePass follows the first BOF, or WriteProtect. The library knows one of its
# two kinds only and would return scrambled texts for the other.
_FILE_PASS = re.compile(rb"\x09\x08\x10\x00.{16}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
_ERROR_CELL = re.compile(rb"<(?:\w+:)?c\b[^>]*\bt=[\"']e[\"'][^>]*>")
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")


def serve(pipe: "Connection[bytes, bytes]", memory: int, seconds: int) -> None:
    """Runs in the child until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    confine_this_process(memory, seconds)
    with pipe:
        try:
            _answer(pipe)
        except (EOFError, OSError):
            return
        except BaseException:  # noqa: BLE001 - a panic of native code is no Exception
            _send(pipe, {"fault": "broken"})


def _send(pipe: "Connection[bytes, bytes]", message: dict[str, Any]) -> None:
    pipe.send_bytes(json.dumps(message).encode())


def _answer(pipe: "Connection[bytes, bytes]") -> None:
    # Before the hostile data arrives: loading the native library takes memory.
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    _send(pipe, {"ready": True})
    content = pipe.recv_bytes()
    fault = _fault_of_container(content)
    if fault:
        _send(pipe, {"fault": fault})
        return
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        _send(pipe, {"fault": "password"})
        return
    sheets = [
        (sheet.name, sheet.visible == SheetVisibleEnum.Visible)
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    _send(pipe, {"sheets": sheets})
    for request in itertools.count(1):
        name = sheets[int(pipe.recv_bytes(20))][0]
        for message in _messages(book, name, content):
            _send(pipe, {"request": request, **message})


def _fault_of_container(content: bytes) -> str:
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        # [MS-OFFCRYPTO] 2.3.2: an encrypted .xlsx is a stream of this name in an OLE container.
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in content
        return "password" if is_encrypted or _FILE_PASS.search(content) else ""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            return "large"
        if any(entry.flag_bits & 1 for entry in entries):
            return "password"
        # OpenDocument 1.3, part 2, 4.6: the manifest names how each file is encrypted.
        manifest = next((one for one in entries if one.filename == "META-INF/manifest.xml"), None)
        if manifest is not None and b"encryption-data" in archive.read(manifest):
            return "password"
    return ""


def _messages(book: "CalamineWorkbook", name: str, content: bytes) -> Iterator[dict[str, Any]]:
    """A sheet's rows that are not empty, each with its number, in messages of bounded size."""
    sheet = book.get_sheet_by_name(name)
    # The library returns the empty rows above the first cell, but not the empty columns left of it.
    _top, left = sheet.start or (0, 0)
    errors = _error_cells(content, name)
    rows: list[tuple[int, list[Cell]]] = []
    size = 0
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells: list[Cell] = [
            value if type(value) is str and len(value) <= MAX_CELL else _cell(value)
            for value in values
        ]
        for column in errors.get(number, ()):
            if left <= column < left + len(cells):
                cells[column - left] = ["error", ""]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        # One row more than the limit shows that there are too many.
        del cells[MAX_COLUMNS + 1 :]
        rows.append((number, cells))
        size += sum(map(len, cells)) + 100
        if size > _MESSAGE:
            yield {"rows": rows}
            rows, size = [], 0
    if rows:
        yield {"rows": rows}
    yield {"end": True}


def _cell(value: object) -> Cell:
    """A value as a user would type it, with its type unless it is a text."""
    match value:
        case str():
            return value[: MAX_CELL + 1]
        case bool():
            return ["truth", str(value)]
        case float() if value.is_integer():
            return ["number", str(int(value))]
        case int() | float():
            return ["number", str(value)]
        case datetime.date() | datetime.time() | datetime.timedelta():
            return ["date", str(value)]
        case _:
            return "" if value is None else str(value)[: MAX_CELL + 1]


def _error_cells(content: bytes, name: str) -> dict[int, list[int]]:
    """The columns (from 0) by row (from 1) that contain an error such as #N/A.

    The library returns such a cell as empty. Only .xlsx files are examined.
    """
    found: dict[int, list[int]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            part = archive.read(_part_of_sheet(archive, name))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, ValueError, OSError):
        return found
    if b"t='e'" not in part and b't="e"' not in part:
        return found
    for cell in _ERROR_CELL.finditer(part):
        reference = _REFERENCE.search(cell.group())
        if reference is not None:
            column = 0
            for letter in reference.group(1):
                column = 26 * column + letter - 64
            found.setdefault(int(reference.group(2)), []).append(column - 1)
    return found


def _part_of_sheet(archive: zipfile.ZipFile, name: str) -> str:
    """The path of a sheet in an .xlsx file (ECMA-376, part 1, 18.2.19). Raises KeyError."""
    relation = ""
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if element.tag.endswith("}sheet") and element.get("name") == name:
            relation = next((v for k, v in element.items() if k.endswith("}id")), "")
    for element in ElementTree.fromstring(  # noqa: S314 - this process has limits of its own
        archive.read("xl/_rels/workbook.xml.rels")
    ):
        if element.get("Id") == relation:
            return posixpath.normpath(posixpath.join("/xl", element.get("Target", "")))[1:]
    raise KeyError(name)
