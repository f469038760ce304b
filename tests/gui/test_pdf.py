"""The PDF: every word of the report as text, one page for a person, the same octets each time."""

import hashlib
import io
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from mailsetup.gui.pdf import html_to_pdf, pdf
from mailsetup.model.finding import Status
from mailsetup.reporting.content import ReportTable
from tests.support.reporting.foreign_text import visible_texts, with_foreign_text
from tests.support.reporting.samples import KINDS, NOW, content

pytestmark = pytest.mark.usefixtures("qapp")
ROOT = Path(__file__).resolve().parents[2]


def opened(written: bytes) -> PdfReader:
    assert written.startswith(b"%PDF-1.")
    return PdfReader(io.BytesIO(written), strict=True)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def entry(dictionary: object, key: str) -> DictionaryObject:
    assert isinstance(dictionary, DictionaryObject)
    value = dictionary[key].get_object()
    if isinstance(value, ArrayObject):
        value = value[0].get_object()
    assert isinstance(value, DictionaryObject)
    return value


def fonts(page: PageObject) -> list[DictionaryObject]:
    found = entry(entry(page, "/Resources"), "/Font").values()
    return [entry(one.get_object(), "/DescendantFonts") for one in found]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_pdf_contains_all_content_as_text(kind: str, language: str) -> None:
    report = content(kind, language)
    pages = opened(pdf(report)).pages
    # A table that goes on has the foot of the page in between.
    bare = [re.sub(r"mailsetup [\d.]+ · .*", "", page.extract_text()) for page in pages]
    text = squeezed("".join(bare))
    assert [line for line in visible_texts(report) if squeezed(line) not in text] == []


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_person_has_one_page_and_the_technician_the_next(kind: str, language: str) -> None:
    report = content(kind, language)
    first, second, *_rest = (page.extract_text() for page in opened(pdf(report)).pages)
    assert report.headline.sentence.split()[0] in first
    assert report.words.technician not in first
    assert second.index(report.words.technician) < 200
    assert all(
        squeezed(line.removeprefix("- ")) in squeezed(first) for line in report.headline.request
    )


def test_pages_are_a4_and_numbered() -> None:
    pages = opened(pdf(content("broken", "es"))).pages
    for number, page in enumerate(pages, 1):
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
        assert f"Página {number} de {len(pages)}" in page.extract_text()


def test_every_font_is_embedded_and_every_picture_drawn_with_lines() -> None:
    for page in opened(pdf(content("broken"))).pages:
        assert fonts(page)
        for font in fonts(page):
            descriptor = entry(font, "/FontDescriptor")
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
        assert not list(page.images)


def test_the_file_has_title_date_and_creator() -> None:
    reader = opened(pdf(content("healthy", "es")))
    assert reader.metadata is not None
    assert reader.metadata.title == "Informe del correo: ana@bodegasdelebro.es"
    assert reader.metadata.creation_date == NOW
    assert reader.metadata.modification_date == NOW
    assert reader.metadata.creator == content("healthy").program
    assert reader.xmp_metadata is not None
    assert reader.xmp_metadata.dc_language == ["es"]


def test_the_same_content_gives_the_same_octets_in_another_process_without_a_window() -> None:
    report = content("broken", "es")
    here = pdf(report)
    assert pdf(report) == here
    assert pdf(replace(report, when=datetime(2020, 1, 1, tzinfo=UTC))) != here
    code = """
import hashlib
from PySide6.QtCore import QCoreApplication
from mailsetup.gui.pdf import pdf
from tests.support.reporting.samples import content
for again in range(2):
    written = pdf(content("broken", "es"))
    assert QCoreApplication.instance() is None
    print(len(written), hashlib.sha256(written).hexdigest())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert first == second
    assert done.stderr == ""
    pages = opened(here).pages
    assert len(pages) == len(opened(pdf(report)).pages)


def test_a_pdf_needs_no_screen_and_no_application(tmp_path: Path) -> None:
    """As the command line does it: whatever platform the environment asks for."""
    code = """
import sys
from pathlib import Path
from mailsetup.gui.pdf import html_to_pdf
Path(sys.argv[1]).write_bytes(html_to_pdf("<h1>Guide</h1><p>Step one</p>", "A guide"))
"""
    target = tmp_path / "guide.pdf"
    subprocess.run(
        [sys.executable, "-c", code, str(target)],
        cwd=ROOT,
        check=True,
        env={"PATH": "", "HOME": str(tmp_path), "QT_QPA_PLATFORM": "xcb"},
    )
    text = opened(target.read_bytes()).pages[0].extract_text()
    assert "Step one" in text


@pytest.mark.parametrize("nasty", ["<script>alert(1)</script>", "<img src='file:///etc/hostname'>"])
def test_text_from_outside_is_shown_as_it_is(nasty: str) -> None:
    written = opened(pdf(with_foreign_text(nasty)))
    text = squeezed("".join(page.extract_text() for page in written.pages))
    assert squeezed(nasty) in text


@pytest.mark.parametrize("rows", [0, 3, 5, 8, 13, 21, 55, 72])
def test_every_heading_and_row_appears_once_wherever_a_page_ends(rows: int) -> None:
    report = content("rejected", "es")
    more = tuple((f"fila {number} única", "a", "b") for number in range(rows))
    first, *others = report.tables
    report = replace(report, tables=(replace(first, rows=more + first.rows), *others))
    written = "\n".join(page.extract_text() for page in opened(pdf(report)).pages)
    for wanted in (*(table.title for table in report.tables), *(row[0] for row in more)):
        assert written.count(wanted) == 1, wanted


def test_hostile_texts_are_laid_out_in_limited_time(qapp: QApplication) -> None:
    for nasty in ("<" * 10_000, "\x00\u202e\x1b[31m" * 3000 + "a", "W" * 10_000, "é " * 5000):
        assert len(opened(pdf(with_foreign_text(nasty))).pages) < 150


def test_an_overlong_word_stays_within_the_page() -> None:
    """Where text begins on the page is known, and so how much of it fits into one line."""
    report = content("broken")
    word = "W" * 1900
    report = replace(
        report,
        tables=(ReportTable("t", ((word, word), ("short", word))),),
        headline=replace(report.headline, request=(word,)),
    )
    longest = 0
    for page in opened(pdf(report)).pages:
        longest = max(longest, *(len(line) for line in page.extract_text().splitlines()))
    # 175 mm hold fewer than ninety capital W of the smallest size that is used.
    assert longest < 130


def test_a_heading_is_never_the_last_line_of_a_page() -> None:
    for rows in range(30, 75):
        lines = "".join(f"<p>row {number}</p>" for number in range(rows))
        table = "<table><tr><td>alpha</td></tr></table>"
        written = html_to_pdf(f"{lines}<h2>Second</h2><h3>Third</h3>{table}", "t", when=NOW)
        texts = [page.extract_text() for page in opened(written).pages]
        together = [text for text in texts if "Second" in text]
        assert len(together) == 1
        assert "Third" in together[0], rows
        assert "alpha" in together[0], rows


def test_each_state_has_its_own_picture() -> None:
    report = content("healthy")
    seen = set()
    for status in Status:
        chain = tuple(replace(link, status=status) for link in report.chain)
        page = opened(pdf(replace(report, chain=chain))).pages[0]
        contents = page.get_contents()
        assert contents is not None
        seen.add(hashlib.sha256(contents.get_data()).hexdigest())
    assert len(seen) == len(Status)


def test_a_simple_document_has_its_title_and_loads_nothing(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    assert image.save(str(picture))
    style = tmp_path / "s.css"
    style.write_text("p { page-break-before: always }")
    written = html_to_pdf(
        f'<html><head><link rel="stylesheet" type="text/css" href="{style.as_uri()}"></head>'
        "<body><h1>Guía</h1><p>Uno</p>"
        f'<p>Dos <img src="{picture.as_uri()}" width="50" height="50"> tres</p></body></html>',
        "Guía de Ana <ana@x.es>",
        when=NOW,
    )
    reader = opened(written)
    assert reader.metadata is not None
    assert reader.metadata.title == "Guía de Ana <ana@x.es>"
    assert reader.metadata.creation_date == NOW
    assert len(reader.pages) == 1
    assert not list(reader.pages[0].images)
    text = reader.pages[0].extract_text()
    assert "Guía" in text
    assert "Page 1 of 1" in text
