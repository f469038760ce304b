"""Read QR codes from pictures, with a decoder of the family that the Android apps use (ZXing)."""

import zxingcpp
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer


def decoded(image: QImage) -> str:
    """The text of the one code in the picture, as UTF-8."""
    gray = image.convertToFormat(QImage.Format.Format_Grayscale8)
    # Qt pads its lines to four bytes.
    width, height, line = gray.width(), gray.height(), gray.bytesPerLine()
    whole = bytes(gray.constBits())
    pixels = b"".join(whole[y * line : y * line + width] for y in range(height))
    view = memoryview(pixels).cast("B", (height, width))
    # Other barcode formats would give false results.
    only = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    found = zxingcpp.read_barcodes(view, formats=only)
    assert len(found) == 1, found
    assert found[0].valid
    assert found[0].format == zxingcpp.BarcodeFormat.QRCode
    text: str = found[0].bytes.decode("utf-8")
    # The reader's own guess of the encoding, which phones use.
    assert found[0].text == text
    return text


def decoded_png(content: bytes) -> str:
    """The text of the code in a PNG."""
    image = QImage.fromData(content)
    assert not image.isNull()
    return decoded(image)


def decoded_svg(content: bytes, *, ground: str = "white", side: int = 800) -> str:
    """The text of the code in an SVG, drawn on a background of this colour."""
    renderer = QSvgRenderer(QByteArray(content))
    assert renderer.isValid()
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor(ground))
    painter = QPainter(image)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    return decoded(image)
