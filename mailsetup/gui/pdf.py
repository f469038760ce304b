"""PDF by Qt's own writer: a report, or a simple HTML document.

Works without a window and without a running event loop. Fonts are embedded and text stays text.
Nothing is loaded: pictures of the HTML are passed by the caller.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QCoreApplication,
    QIODevice,
    QMarginsF,
    QObject,
    QRect,
    QRectF,
    QSizeF,
    Qt,
    QUrl,
    QUuid,
)
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QPyTextObject,
    QTextBlock,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextOption,
)
from PySide6.QtSvg import QSvgRenderer

from mailsetup.i18n import _, language
from mailsetup.reporting.content import ReportContent
from mailsetup.reporting.paper import print_html

_DPI = 1200
"""Dots per inch of the writer, in which text is laid out."""
_MM = _DPI / 25.4
_SIDE, _TOP, _BOTTOM = 17.5, 15.0, 19.0
"""Margins in millimetres."""
_FOOT = 10.0
"""Distance of the last line from the edge, in millimetres."""
_FAMILIES = ("Segoe UI", "Helvetica Neue", "Noto Sans", "Cantarell", "DejaVu Sans")
_INK, _SOFT = "#17212c", "#52606e"
_DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}(Z|[+-]\d\d'\d\d')")
_CODES = re.compile(rb"beginbfrange.*?endbfrange", re.DOTALL)
"""Ranges of a ToUnicode map from glyphs to characters (PDF 1.7, section 9.10.3)."""


def pdf(content: ReportContent) -> bytes:
    """The report on A4; b"" where this computer has no font.

    The same content gives the same bytes on the same computer.
    """
    printed = print_html(content)
    job = _Job(
        title=f"{content.title}: {content.address}",
        html=printed.body,
        style=printed.style,
        pictures=printed.pictures,
        foot=f"{content.program} · {content.words.nothing_secret}",
        page=content.words.page,
        creator=content.program,
        language=content.language,
        when=content.when,
    )
    return _make_pdf(job)


def html_to_pdf(
    html: str,
    title: str,
    *,
    when: datetime | None = None,
    pictures: Mapping[str, str] | None = None,
) -> bytes:
    """A simple HTML document (Qt's rich text) on A4; b"" without any font.

    External pictures and style sheets are not loaded; ``pictures`` are the SVG files that the
    document names. ``when`` (aware) is the date of the file, by default now.
    """
    job = _Job(
        title=title,
        html=html,
        pictures=pictures,
        foot=title,
        page=_("Page {page} of {pages}"),
        language=language(),
        when=when,
    )
    return _make_pdf(job)


@dataclass(frozen=True, slots=True)
class _Job:
    title: str
    html: str
    foot: str
    page: str
    style: str = ""
    pictures: Mapping[str, str] | None = None
    creator: str = "mailsetup"
    language: str = "en"
    when: datetime | None = None


_PLATFORM: Final = "windows" if sys.platform == "win32" else "offscreen"
"""Qt's offscreen plug-in finds no fonts on Windows."""


@contextmanager
def application() -> Iterator[None]:
    """Qt's fonts need an application object: the existing one, or a temporary one.

    For many files the caller should hold one: making it takes as long as a page.
    """
    if QCoreApplication.instance() is not None:
        yield
        return
    application = QGuiApplication(["mailsetup", "-platform", _PLATFORM])
    try:
        yield
    finally:
        application.shutdown()


def _make_pdf(job: _Job) -> bytes:
    with application():
        families = QFontDatabase.families()
        if not families:
            return b""
        family = next((name for name in _FAMILIES if name in families), "")
        font = QFont(family) if family else QFont()
        # "fi" as one glyph would be copied and searched for as one character.
        font.setFeature(QFont.Tag("liga"), 0)
        return _write_pdf(job, font)


def _write_pdf(job: _Job, font: QFont) -> bytes:
    target = QByteArray()
    buffer = QBuffer(target)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(_DPI)
    when = (job.when or datetime.now(UTC)).astimezone(UTC)
    _set_metadata(writer, job, when)
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(0, 0, 0, 0),
            QPageLayout.Unit.Millimeter,
        )
    )
    area = QSizeF(
        writer.width() - 2 * _SIDE * _MM,
        writer.height() - (_TOP + _BOTTOM) * _MM,
    )
    font.setPointSizeF(9.8)
    document = _document(job, font, writer, area)
    _paint(job, document, writer, area, font)
    buffer.close()
    return _map_spaces(_set_dates(bytes(target.data()), when))


class _Document(QTextDocument):
    """A document that loads no resource."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        return QByteArray()


class _Pictures(QPyTextObject):
    """Draws the passed pictures as vectors; others are left out."""

    def __init__(self, parent: QObject, pictures: Mapping[str, str], scale: float) -> None:
        super().__init__(parent)
        self._scale = scale
        self._drawn = {
            name: QSvgRenderer(QByteArray(svg.encode()), self) for name, svg in pictures.items()
        }

    def intrinsicSize(self, _document: QTextDocument, _at: int, format_: QTextFormat) -> QSizeF:
        image = format_.toImageFormat()
        if image.name() not in self._drawn:
            return QSizeF(0, 0)
        return QSizeF(image.width(), image.height()) * self._scale

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        _document: QTextDocument,
        _at: int,
        format_: QTextFormat,
    ) -> None:
        drawn = self._drawn.get(format_.toImageFormat().name())
        if drawn is not None:
            drawn.render(painter, QRectF(rect))


def _document(job: _Job, font: QFont, writer: QPdfWriter, area: QSizeF) -> QTextDocument:
    document = _Document()
    document.setDocumentMargin(0)
    document.setDefaultFont(font)
    document.setDefaultStyleSheet(job.style)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    document.setDefaultTextOption(option)
    layout = document.documentLayout()
    layout.setPaintDevice(writer)
    # Qt measures the pixels of HTML in those of the screen.
    scale = _DPI / round(QGuiApplication.primaryScreen().logicalDotsPerInchX())
    layout.registerHandler(
        QTextFormat.ObjectTypes.ImageObject.value, _Pictures(document, job.pictures or {}, scale)
    )
    document.setHtml(job.html)
    _put_into_frame(document)
    _use_style_sheet_sizes(document)
    document.setPageSize(area)
    _move_headings(document, area.height())
    return document


def _put_into_frame(document: QTextDocument) -> None:
    """Put everything into one frame.

    When Qt draws a page, it searches the outermost frame for the start of the page, and where a
    table crosses the border it omits what follows. Inside a nested frame it draws everything.
    """
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    cursor.insertFrame(QTextFrameFormat())


def _paint(
    job: _Job, document: QTextDocument, writer: QPdfWriter, area: QSizeF, font: QFont
) -> None:
    context = QAbstractTextDocumentLayout.PaintContext()
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Text, QColor(_INK))
    context.palette = palette
    small = QFont(font)
    small.setPointSizeF(7.8)
    pages = document.pageCount()
    painter = QPainter(writer)
    try:
        for page in range(pages):
            if page:
                writer.newPage()
            painter.save()
            painter.translate(_SIDE * _MM, _TOP * _MM - page * area.height())
            shown = QRectF(0, page * area.height(), area.width(), area.height())
            painter.setClipRect(shown)
            context.clip = shown
            document.documentLayout().draw(painter, context)
            painter.restore()
            _paint_foot(job, painter, writer, small, page + 1, pages)
    finally:
        painter.end()


def _paint_foot(
    job: _Job, painter: QPainter, writer: QPdfWriter, font: QFont, page: int, pages: int
) -> None:
    painter.setFont(font)
    painter.setPen(QColor(_SOFT))
    below = writer.height() - _FOOT * _MM
    line = QRectF(_SIDE * _MM, below - 4 * _MM, writer.width() - 2 * _SIDE * _MM, 5 * _MM)
    number = job.page.format(page=page, pages=pages)
    metrics = painter.fontMetrics()
    room = int(line.width()) - metrics.horizontalAdvance(number) - round(6 * _MM)
    foot = metrics.elidedText(job.foot, Qt.TextElideMode.ElideRight, room)
    painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), foot)
    painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), number)


def _move_headings(document: QTextDocument, height: float) -> None:
    """Move headings from the end of a page to the next one. ``height`` is that of a page."""
    headings = [block for block in _blocks(document) if block.blockFormat().headingLevel() > 1]
    for heading in headings:
        following = heading.next()
        while following.isValid() and following.blockFormat().headingLevel() > 1:
            following = following.next()
        if not following.isValid():
            return
        first = _page(document, heading, height)
        if first != _page(document, following, height, end=True):
            # By a margin above it, not by a page break: after a table, Qt does not draw a heading
            # that a break has moved.
            top = document.documentLayout().blockBoundingRect(heading).top()
            format_ = heading.blockFormat()
            format_.setTopMargin(format_.topMargin() + (first + 1) * height - top + height / 100)
            QTextCursor(heading).setBlockFormat(format_)


def _page(document: QTextDocument, block: QTextBlock, height: float, *, end: bool = False) -> int:
    """The page on which a block begins, or on which its first line ends."""
    top = document.documentLayout().blockBoundingRect(block).top()
    first = block.layout().lineAt(0) if block.layout().lineCount() else None
    return int((top + (first.rect().bottom() if end and first else 0)) // height)


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _use_style_sheet_sizes(document: QTextDocument) -> None:
    """Use the style sheet's size of a heading, where there is one, not HTML's "larger by two"."""
    for block in _blocks(document):
        if not block.blockFormat().headingLevel():
            continue
        piece = block.begin()
        while not piece.atEnd():
            fragment = piece.fragment()
            format_ = fragment.charFormat()
            if format_.fontPointSize():
                cursor = QTextCursor(document)
                cursor.setPosition(fragment.position())
                end = fragment.position() + fragment.length()
                cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                format_.clearProperty(QTextFormat.Property.FontSizeAdjustment.value)
                cursor.setCharFormat(format_)
            piece += 1


_XMP = """<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
 xmp:CreatorTool="{creator}" xmp:CreateDate="{date}" xmp:ModifyDate="{date}"
 xmp:MetadataDate="{date}" xmpMM:DocumentID="uuid:{uuid}">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>"""


def _set_metadata(writer: QPdfWriter, job: _Job, when: datetime) -> None:
    """Title, date and id instead of Qt's own, which depend on the clock and on random numbers."""
    uuid = uuid5(NAMESPACE_URL, f"{when.isoformat()} {job.title} {job.html}")
    writer.setTitle(job.title)
    writer.setCreator(job.creator)
    writer.setDocumentId(QUuid(str(uuid)))
    metadata = _XMP.format(
        creator=escape(job.creator),
        title=escape(job.title),
        date=when.isoformat(timespec="seconds"),
        uuid=uuid,
        language=escape(job.language),
    )
    writer.setDocumentXmpMetadata(QByteArray(metadata.encode()))


def _map_spaces(written: bytes) -> bytes:
    """Map the space glyph to a space: where a font shares it with the tab, Qt writes a tab."""
    return _CODES.sub(lambda found: found.group(0).replace(b"<0009>", b"<0020>"), written)


def _set_dates(written: bytes, when: datetime) -> bytes:
    """Set the report's date in as many bytes: the cross-reference table stays valid."""

    def put(found: re.Match[bytes]) -> bytes:
        zone = b"Z" if found.group(2) == b"Z" else b"+00'00'"
        return found.group(1) + f"{when:%Y%m%d%H%M%S}".encode() + zone

    return _DATE.sub(put, written)
